"""What follows when papers or checks of a provider have ended (R47): arranged anew, and back again.

Nothing has to run for an offer to be hidden: Offer.is_in_order looks at the day. What was given is claimed and paid
as ever.
"""

import re
from contextlib import contextmanager, suppress

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import days
from accounts.history import Who
from brochure import care_checks, exemptions
from brochure.models import Offer
from providers import cover, details, papers, staff
from providers.models import Document, Provider
from providers.telling import tell
from voucher.bookings import tasks
from voucher.models import Booking, Task
from voucher.standing.endings import SHOWN, WORKS

CIW_NUMBER = re.compile(r"[A-Z]?\d{4,10}", re.ASCII)


def lapsed(now):
    """Return the working providers of which something has ended: of their own, or of an offer in the brochure."""
    today = timezone.localdate(now)
    own = Q(insurance_until__lt=today) | Q(papers_until__lt=today)
    of_an_offer = Offer.objects.filter(state__in=SHOWN, checked_until__lt=today)
    rows = Provider.objects.filter(own | Q(pk__in=of_an_offer.values("provider")), state__in=WORKS)
    return rows.select_related("council__scheme")


def follow(*, provider, now):
    """Give the carers team its tasks after a lapse: the provider, and each confirmed break to come; each once a lapse.

    The provider is told which of its offers are hidden. Carers are told nothing here: a worker rings them when there
    is something else to suggest.
    """
    today = timezone.localdate(now)
    with transaction.atomic():
        provider = Provider.objects.locked(provider.pk)
        offers = Offer.objects.filter(provider=provider, state__in=SHOWN, checked_until__lt=today)
        ends = [provider.insurance_until, provider.papers_until, *offers.values_list("checked_until", flat=True)]
        if not (over := [end for end in ends if end and end < today]):
            # Something newer was accepted in the same moment.
            return
        ended = max(over)
        if not provider.tasks.filter(kind=Task.Kind.PAPERS, made_at__gte=days.end_of(ended)).exists():
            tasks.give_about_provider(provider=provider, kind=Task.Kind.PAPERS, now=now)
            if hidden := _hidden(provider, today):
                tell("offers_hidden", provider, key=f"{provider.pk}/{ended}", hidden=hidden)
        rows = _lapsed_bookings(provider, now)
        given = {task.booking_id: task for task in Task.objects.filter(kind=Task.Kind.REARRANGE, booking__in=rows)}
        for booking in rows:
            task = given.get(booking.pk)
            # What was settled in an earlier lapse is to be settled again.
            if task is None or (task.done_at and task.done_at < days.end_of(booking.offer.good_until)):
                tasks.give_again(booking=booking, kind=Task.Kind.REARRANGE, now=now)


def begin(*, document, now):
    """Count a paper whose first day has come; what it brings back into order is off the carers team's list.

    It is done in the name of whoever accepted the paper: a task that is done says by whom.
    """
    with _brought_back(document.provider, Who(user=document.seen_by), now):
        papers.begin(document=document, now=now)
        care_checks.recount(document.provider, on=timezone.localdate(now))


class Registered(Exception):
    """R46. A registration was accepted for the number so far; another number comes with a registration of its own."""


def accept(*, document, by, now, valid_from=papers.AS_SHOWN, valid_until=None):
    """Accept a paper as papers.accept does; what it brings back into order is off the carers team's list.

    The number on a registration is the provider's from then on. Raises staff.WorksThere as well.
    """
    staff.refuse_colleague(document.provider, by)
    with _brought_back(document.provider, by, now):
        papers.accept(document=document, by=by, now=now, valid_from=valid_from, valid_until=valid_until)
        if document.kind == Document.Kind.CIW and (number := _number(document)):
            details.change(provider=document.provider, told={"ciw_number": number}, by=by, now=now)
            document.provider.refresh_from_db()
        care_checks.recount(document.provider, on=timezone.localdate(now))


def agree(*, exemption, valid_until, by, now):
    """Agree to an exemption as exemptions.agree does; what it brings back is off the carers team's list.

    Raises staff.WorksThere as well.
    """
    staff.refuse_colleague(exemption.offer.provider, by)
    with _brought_back(exemption.offer.provider, by, now):
        exemptions.agree(exemption=exemption, valid_until=valid_until, by=by, now=now)


def add_check(*, provider, by, now, **about):
    """Note a worker's check as care_checks.add_check does; what it brings back is off the carers team's list."""
    with _brought_back(provider, by, now):
        return care_checks.add_check(provider=provider, by=by, now=now, **about)


def change_number(*, provider, number, by, now):
    """Note the number with Care Inspectorate Wales; whether each offer with care is covered is counted anew (R46).

    Raises Registered where the number is another one than that of an accepted registration that counts.
    """
    is_another = provider.ciw_number not in {"", number}
    if is_another and care_checks.shown_by(provider).registered.holds(timezone.localdate(now)):
        raise Registered
    with _brought_back(provider, by, now):
        details.change(provider=provider, told={"ciw_number": number}, by=by, now=now)
        provider.refresh_from_db()
        care_checks.recount(provider, on=timezone.localdate(now))


def _number(document):
    """Return the number with Care Inspectorate Wales that stands on a paper, or "" where it tells none."""
    number = document.reference.replace(" ", "").upper()
    return number if CIW_NUMBER.fullmatch(number) else ""


def let_go(*, provider, kind, by, now):
    """Ask for a paper no more as papers.let_go does; what it brings back into order is off the carers team's list.

    Raises staff.WorksThere as well.
    """
    staff.refuse_colleague(provider, by)
    with _brought_back(provider, by, now):
        papers.let_go(provider=provider, kind=kind, by=by, now=now)


def booked_after(*, provider, day, now, last=cover.END):
    """Return how many confirmed breaks of a provider end after a day, up to another: to be arranged anew."""
    rows = _to_come(provider, now).values_list("ends_at", flat=True)
    return sum(day < timezone.localdate(ends_at) <= last for ends_at in rows)


@contextmanager
def _brought_back(provider, by, now):
    """Do something that may bring a provider back; tasks of breaks that were out of order and no longer are end."""
    with transaction.atomic():
        before = _lapsed_bookings(provider, now)
        yield
        provider.refresh_from_db()
        if provider.state not in WORKS:
            return
        still = {booking.pk for booking in _lapsed_bookings(provider, now)}
        back = [booking.pk for booking in before if booking.pk not in still and not _closes(provider, booking)]
        done = Q(kind=Task.Kind.REARRANGE, booking__in=back)
        if not lapsed(now).filter(pk=provider.pk).exists():
            done |= Q(kind=Task.Kind.PAPERS, provider=provider)
        for task in Task.objects.filter(done, done_at=None).select_related("booking", "provider", "council"):
            # A worker may have said so in the same moment.
            with suppress(tasks.TaskDone):
                tasks.done(task=task, by=by, now=now)


def _hidden(provider, today):
    """Return the offers that carers would see, had nothing ended."""
    rows = Offer.objects.filter(provider=provider, state=Offer.State.LIVE).select_related("provider")
    return [row for row in rows.order_by("pk") if not row.is_in_order(on=today)]


def _closes(provider, booking):
    return provider.closes_on is not None and timezone.localdate(booking.ends_at) > provider.closes_on


def _to_come(provider, now):
    return Booking.objects.filter(provider=provider, state=Booking.State.CONFIRMED, starts_at__gt=now)


def _lapsed_bookings(provider, now):
    """Return the confirmed breaks to come of which something that was asked has ended by today."""
    today = timezone.localdate(now)
    rows = _to_come(provider, now).select_related("offer__provider", "council", "award")
    return [row for row in rows.order_by("starts_at", "pk") if not row.offer.is_in_order(on=today)]
