"""News from a provider's door: a walk-in waits for the carer's yes, or is booked; too many codes did not work."""

import logging

from accounts import mail
from voucher.messages.telling import about_carer, tell_carer

log = logging.getLogger(__name__)


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
    scheme = provider.council.scheme
    for name, to, language in (
        ("codes_locked", provider.email, provider.language),
        ("codes_locked_for_team", scheme.team_email, ""),
    ):
        try:
            mail.write(
                name,
                to=to,
                language=language,
                context={"provider": provider, "scheme": scheme, "again_at": again_at},
                dedupe_key=f"{name}/{provider.pk}/{again_at.isoformat()}",
                council=provider.council,
            )
        except mail.BadAddress:
            log.warning("%s of provider %s has no usable address", name, provider.ref)
