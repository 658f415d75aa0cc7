"""What became of carers' requests in a year: how often providers said yes, how often no and why, or nothing at all."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Case, Count, Exists, OuterRef, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import HistoryEntry
from brochure.models import Category
from voucher.bookings.phone_bookings import BOOKED
from voucher.models import Booking

State, Carer = Booking.State, Booking.Party.CARER
YES, NO, SILENT, NOT_TAKEN = "yes", "no", "silent", "not taken"


@dataclass
class Answered:
    """How many requests came to each end: a yes, a no, no answer in time, other times of which the carer took none."""

    yes: int = 0
    no: int = 0
    silent: int = 0
    not_taken: int = 0

    @property
    def all(self):
        return self.yes + self.no + self.silent + self.not_taken

    @property
    def percent(self):
        """The fill-rate: of all of them the part with a yes, in whole per cent, half up."""
        return (200 * self.yes + self.all) // (2 * self.all) if self.all else 0


@dataclass
class Figures:
    """A period's requests: by kind of break [(Category, Answered)…], and all together.

    Each reason of a no with its count, and each for which a provider cancelled after its yes.
    """

    by_kind: list
    whole: Answered
    reasons: list = field(default_factory=list)
    cancelled: list = field(default_factory=list)


def figures(council, *, after, before):
    """Return the Figures of what carers of a council asked for between two moments; four queries.

    What was taken back before it was answered, or waits, is not counted, nor what was booked at the door or by the
    provider on the telephone, or handed over to it by one that closes: nobody was asked.
    """
    named = {"subject_kind": "booking", "subject_id": OuterRef("pk")}
    said_yes = Exists(HistoryEntry.objects.filter(act="booking.confirmed", **named))
    asked = Booking.objects.filter(council=council, is_walk_in=False, requested_at__gte=after, requested_at__lt=before)
    asked = asked.exclude(Exists(HistoryEntry.objects.filter(act=BOOKED, **named))).filter(handed_over_from=None)
    end = Case(
        When(said_yes, then=Value(YES)),
        When(state__in=[State.DECLINED, State.TIMED_OUT], ended_by=Carer, then=Value(NOT_TAKEN)),
        When(state=State.DECLINED, then=Value(NO)),
        When(state=State.TIMED_OUT, then=Value(SILENT)),
        default=Value(""),
    )
    rows = asked.annotate(end=end).exclude(end="").order_by()
    found = Counter()
    for kind, end, count in rows.values_list("offer__category", "end").annotate(Count("pk")):
        found[kind, end] = count
    kinds = Category.objects.filter(pk__in={kind for kind, _end in found})
    cancelled = rows.filter(end=YES, state=State.CANCELLED, ended_by=Booking.Party.PROVIDER)
    return Figures(
        by_kind=[(kind, _of({end: found[kind.pk, end] for end in (YES, NO, SILENT, NOT_TAKEN)})) for kind in kinds],
        whole=_of({end: sum(found[key] for key in found if key[1] == end) for end in (YES, NO, SILENT, NOT_TAKEN)}),
        reasons=_by_reason(rows.filter(end=NO), dict(Booking.DeclineReason.choices)),
        cancelled=_by_reason(cancelled, Booking.CANCEL_WORDS | {"": _("No reason was asked for")}),
    )


def _by_reason(rows, words):
    """Return [(reason in words, how many)…], the commonest first."""
    counted = rows.values_list("decline_reason").annotate(count=Count("pk"))
    return [(words.get(reason, reason), count) for reason, count in counted.order_by("-count", "decline_reason")]


def _of(ends):
    return Answered(ends[YES], ends[NO], ends[SILENT], ends[NOT_TAKEN])
