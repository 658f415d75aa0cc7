"""Who looked at a carer's record: written down once a person and day, and told to the carer in words."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import days, history
from accounts.models import HistoryEntry
from providers.models import Provider
from voucher.models import Award, Booking, Permission

SEEN = "carer.seen"
# By what each act is told to the carer. An act that is not here, done by somebody who helped, is told as one.
OF_THE_CARER = {
    SEEN: gettext_lazy("Looked at your record"),
    "pin.checked": gettext_lazy("Checked your PIN"),
    "carer.identity_checked": gettext_lazy("Asked who you are, on the telephone"),
    "carer.file_made": gettext_lazy("Took a copy of what we hold about you"),
}
OF_THE_AWARD = {
    "award.acted_for": gettext_lazy("Opened your award to act for you"),
    "award.helped": gettext_lazy("Opened your award to help you"),
    "award.opened": gettext_lazy("Opened your award with its code"),
    "code.checked": gettext_lazy("Checked whether your code is enough"),
    "award.walk_in_asked": gettext_lazy("Asked you whether your award may pay for a visit without a booking"),
}
OF_A_BOOKING = {
    "booking.contact_seen": gettext_lazy("Looked at your telephone number and address"),
    "booking.requested": gettext_lazy("Asked for a break for you"),
    "booking.by_phone": gettext_lazy("Booked a break for you on the telephone"),
    "booking.walk_in": gettext_lazy("Booked a visit for you that was not booked before"),
    "booking.cancelled": gettext_lazy("Cancelled a booking for you"),
    "booking.did_not_happen": gettext_lazy("Said for you that nobody came"),
}


@dataclass(frozen=True)
class Look:
    """One look, in the active language: when, by whom (role and organisation), and at what."""

    at: datetime
    who: str
    what: str
    about: str = ""


def note(*, award, by, now):
    """Write down that a member of staff looked at the record of the award's carer, once a person and day."""
    today = days.midnight(timezone.localdate(now))
    seen = HistoryEntry.objects.filter(subject_kind="carer", subject_id=award.carer_id, act=SEEN)
    if not seen.filter(actor=by.user, at__gte=today).exists():
        history.record(act=SEEN, subject=award.carer, by=by, at=now, council=award.council, award=award.pk)


def note_each(*, carers, council, by, now):
    """Write down that a member of staff was shown how to reach these carers on a list, each once a person and day.

    Two statements, however long the list is.
    """
    carers = {carer.pk: carer for carer in carers}
    today = days.midnight(timezone.localdate(now))
    seen = HistoryEntry.objects.filter(subject_kind="carer", subject_id__in=carers, act=SEEN)
    known = set(seen.filter(actor=by.user, at__gte=today).values_list("subject_id", flat=True))
    new = [carers[number] for number in sorted(carers.keys() - known)]
    if new:
        history.record_each(act=SEEN, subjects=new, by=by, at=now, council=council)


def entries_about(carer):
    """Return the rows of history that are looks at the carer's record, or acts of those who helped; newest first."""
    awards = Award.objects.filter(carer=carer).values("pk")
    bookings = Booking.objects.filter(award__carer=carer).values("pk")
    helped = ~Q(on_behalf_of="") | Q(act="booking.contact_seen")
    return (
        HistoryEntry.objects.filter(
            Q(subject_kind="carer", subject_id=carer.pk, act__in=OF_THE_CARER)
            | Q(subject_kind="award", subject_id__in=awards, act__in=OF_THE_AWARD)
            | Q(helped, subject_kind="booking", subject_id__in=bookings)
        )
        .select_related("actor", "council__scheme")
        .order_by("-at", "-pk")
    )


def told(entries, carer):
    """Return these rows as Looks; two queries however many there are."""
    entries = list(entries)
    numbers = {entry.subject_id for entry in entries if entry.subject_kind == "booking"}
    bookings = Booking.objects.select_related("provider", "offer").in_bulk(numbers) if numbers else {}
    numbers = {number for entry in entries if (number := entry.details.get("provider"))}
    providers = Provider.objects.in_bulk(numbers) if numbers else {}
    return [_look(entry, carer, bookings, providers) for entry in entries]


def _look(entry, carer, bookings, providers):
    booking = bookings.get(entry.subject_id) if entry.subject_kind == "booking" else None
    words = OF_THE_CARER | OF_THE_AWARD | OF_A_BOOKING
    what = str(words.get(entry.act, _("Did something for you with a booking")))
    about = f"{booking.offer.title}, {booking.ref}" if booking else ""
    return Look(entry.at, _who(entry, carer, booking, providers), what, about)


def _who(entry, carer, booking, providers):
    """Say as what somebody looked, and for whom they work; a name only where the carer chose the person."""
    if entry.actor_id is None:
        kind, _space, end = entry.actor_label.partition(" ")
        return _("Whoever had the code ending in %(end)s") % {"end": end} if kind == "code" else _("The scheme")
    if entry.actor_id == carer.user_id:
        return _("You, signed in")
    role, council = entry.details.get("role"), entry.council.name if entry.council else ""
    if role == Permission.Kind.VOLUNTEER:
        return _("A desk volunteer, %(council)s") % {"council": council}
    if role:
        return _("%(name)s, whom you gave leave to help") % {"name": entry.actor}
    by_provider = providers.get(entry.details.get("provider"))
    if booking and entry.act == "booking.contact_seen":
        by_provider = booking.provider
    if by_provider:
        return by_provider.name
    team = entry.council.scheme.team_name if entry.council else ""
    return _("%(team)s, %(council)s") % {"team": team, "council": council}
