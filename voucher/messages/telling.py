"""How the news of a booking is told: to its carer, to its provider, to the carers team."""

import logging

from django.conf import settings

from accounts import mail
from providers import staff
from voucher.calendars import calendar_files
from voucher.messages import answer_links
from voucher.messages.writing import to_carer
from voucher.models import Booking

log = logging.getLogger(__name__)

State = Booking.State


def about_carer(name, carer, context, *, key, way=None):
    """Tell a carer some news about herself; `key` tells it from other news of that name."""
    to_carer(name, carer, {"carer": carer} | context, f"{name}/{key}", way=way)


def tell_carer(name, booking, *, again="", calendar_of=None, **more):
    """Tell the carer some news of a booking, once for each `again`, with the entry for the calendar if it changed."""
    key = f"{name}/{booking.pk}{again and f'/{again}'}"
    entry, shown = None, calendar_of or booking
    # One that came to nothing takes its entry out of the calendars again.
    if shown.state == State.CONFIRMED or shown.state in Booking.CAME_TO_NOTHING:
        entry = calendar_files.for_carer(shown)
    to_carer(name, booking.award.carer, context_of(booking) | more, key, about=booking, attachment=entry)


def tell_provider(name, booking, *, again="", with_links=False, with_entry=True, **more):
    """Tell the provider, and who wishes it there, some news of a booking; with the entry for the calendar, as above.

    It is told once for each `again`. Without `with_entry` it goes without that file. With links, each reader can
    answer with their own (voucher.messages.answer_links).
    """
    provider, entry = booking.provider, None
    # A request that came to nothing never stood in the provider's calendar.
    stands_there = booking.state in Booking.CAME_TO_NOTHING and booking.answered_at
    if with_entry and (booking.state == State.CONFIRMED or stands_there):
        entry = calendar_files.for_provider(booking)
    readers = [(provider.email, provider.language, None)]
    readers += [(post.user.email, post.user.language, post) for post in staff.told_of_breaks(provider)]
    for to, language, post in readers:
        links = {"links": answer_links.tokens(booking, post)} if with_links else {}
        once = "/".join(str(part) for part in (again, post and f"to-{post.pk}") if part)
        queue(name, booking, to=to, language=language, again=once, attachment=entry, **more, **links)


def queue(name, booking, *, to, language, again="", attachment=None, **more):
    """Write an e-mail about a booking into the outbox; an address that is none is logged, and nothing fails."""
    try:
        mail.write(
            name,
            to=to,
            language=language,
            # Notify takes no calendar files: then the message must not speak of one.
            context=context_of(booking) | {"with_file": attachment and settings.MESSAGES_EMAIL != "notify"} | more,
            dedupe_key=f"{name}/{booking.pk}{again and f'/{again}'}",
            council=booking.council,
            attachment=attachment,
        )
    except mail.BadAddress:
        # A slip in an address must not keep a carer from a break; the news is on the page as well.
        log.warning("%s of booking %s has no usable address", name, booking.pk)


def context_of(booking):
    """Return what every template about a booking knows."""
    return {
        "booking": booking,
        "offer": booking.offer,
        "provider": booking.provider,
        "scheme": booking.council.scheme,
        "unit": booking.award.unit,
        "by_carer": booking.ended_by == Booking.Party.CARER,
        "by_provider": booking.ended_by == Booking.Party.PROVIDER,
    }
