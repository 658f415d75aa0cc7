"""News of a provider that is stopped, goes on or closes: to the provider, and to the carers it is booked by."""

from providers.telling import tell
from voucher.messages.telling import tell_carer


def provider_stopped(provider, now):
    """Tell a provider that it is stopped and whom to ring; why is said on the telephone."""
    _tell("provider_stopped", provider, now)


def provider_goes_on(provider, now):
    """Tell a provider that it goes on."""
    _tell("provider_goes_on", provider, now)


def provider_closes(provider, now):
    """Tell a provider which day is its last, and what it can still do after."""
    _tell("provider_closes", provider, now)


def provider_closes_not(provider, last_day, now):
    """Tell a provider that the carers team has taken back what was to be its last day."""
    _tell("provider_closes_not", provider, now, last_day=last_day)


def first_months_longer(provider):
    """Tell a provider who of the carers team looks after it for longer, and until when (R44)."""
    tell("first_months_longer", provider, key=f"{provider.pk}/{provider.provisional_until:%Y-%m-%d}")


def break_to_rearrange(booking, now):
    """Tell a carer, without saying why, that the carers team arranges a break anew with her."""
    tell_carer("break_to_rearrange", booking, again=f"{now:%Y-%m-%dT%H:%M}")


def break_goes_on(booking, now):
    """Tell a carer that her break takes place as it was booked after all."""
    tell_carer("break_goes_on", booking, again=f"{now:%Y-%m-%dT%H:%M}")


def handover_offered(handover):
    """Ask a carer whether another provider may give her break."""
    booking = handover.booking
    about = {"handover": handover, "successor": handover.offer.provider, "new_offer": handover.offer}
    tell_carer("handover_offered", booking, again=f"{handover.pk}", **about)


def _tell(name, provider, now, **more):
    tell(name, provider, key=f"{provider.pk}/{now:%Y-%m-%dT%H:%M}", **more)
