"""News from a provider's door: a walk-in waits for the carer's yes, or is booked; too many codes did not work."""

from providers.telling import tell
from voucher.messages.telling import about_carer, tell_carer


def walk_in_asked(walk_in):
    """Ask the carer, who stands at the door, whether the award may pay for it. Not by letter: see walk_ins."""
    context = {
        "walk_in": walk_in,
        "offer": walk_in.offer,
        "provider": walk_in.provider,
        "scheme": walk_in.award.council.scheme,
    }
    about_carer("walk_in_asked", walk_in.award.carer, context, key=walk_in.ref)


def walk_in_booked(booking):
    """Tell the carer what the award pays for without having been booked before, and how to say that it is not so."""
    tell_carer("walk_in_booked", booking)


def codes_locked(provider, *, again_at):
    """Tell the provider, and the carers team of its council, that too many codes did not work there within an hour."""
    key = f"{provider.pk}/{again_at.isoformat()}"
    team = provider.council.scheme.team_email
    tell("codes_locked", provider, key=key, again_at=again_at)
    tell("codes_locked_for_team", provider, key=key, to=team, language="", again_at=again_at)
