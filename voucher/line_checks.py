"""The automatic checks on every claim line before it is paid; each says in a sentence what it found wrong.

A line is looked at with what stands around it: its booking, its award, its provider's bank account and
the books. The number of queries is the same for one line and for a thousand.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, F, QuerySet, Sum, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from brochure.models import Offer
from providers.models import BankAccount, Provider
from voucher import bacs, rules
from voucher.ledger import books
from voucher.ledger.models import Hold, Transfer, Unit
from voucher.models import Booking, ClaimLine, RunLine

# What a line needs beside it, so that looking costs no further query.
AROUND_A_LINE = (
    "claim__provider",
    "claim__council",
    "booking__award__account",
    "booking__award__fund__account",
    "booking__offer__category",
    "booking__dispute__hold",
)


@dataclass(frozen=True)
class Check:
    """One check: its key, what it makes sure of, and what is wrong where it fails."""

    key: str
    title: Promise
    failed: Promise


CHECKS = [
    Check(
        "delivered",
        _("The break was delivered, or was cancelled late"),
        _("The booking is not marked as delivered or as cancelled late."),
    ),
    Check(
        "council",
        _("The award, the booking and the claim are this council's"),
        _("The award, the booking and the claim are not all of this council."),
    ),
    Check(
        "period",
        _("The break was within the days of the award"),
        _("The break was before the first day or after the last day of the award."),
    ),
    Check(
        "amount",
        _("The amount is the one agreed, and the one in the books"),
        _("The amount differs from what was agreed or from what the books say was spent."),
    ),
    Check(
        "more",
        _("The provider's lines come to more than it has to give back"),
        _("The provider has more to give back than its lines together; they wait until it has claimed more."),
    ),
    Check(
        "vat",
        _("VAT is claimed only with a VAT number"),
        _("VAT is claimed, but the provider has no VAT number."),
    ),
    Check(
        "once",
        _("Nothing is claimed or paid twice"),
        _("The same award, offer and time is claimed a second time, or the line is in another payment run."),
    ),
    Check(
        "due",
        _("The books say that the provider is due this much"),
        _("The books say that the provider is due less than its lines together."),
    ),
    Check(
        "bank",
        _("The provider's bank account was checked by a second person"),
        _("The provider has no bank account that a second person has checked."),
    ),
]


@dataclass(frozen=True)
class CheckedLine:
    """A claim line after the checks. `account` is where it is paid; empty for a recharge within the council."""

    line: ClaimLine
    failed: tuple[Check, ...]
    account: BankAccount | None
    is_recharge: bool

    @property
    def passes(self):
        return not self.failed

    @property
    def provider(self):
        return self.line.claim.provider


def looked_at(lines: QuerySet, *, run=None) -> list[CheckedLine]:
    """Check every claim line of a query; a line that is in `run` may be in it, and in no other live run."""
    lines = list(lines.select_related(*AROUND_A_LINE))
    around = _Around(lines, run)
    return [around.look_at(line) for line in lines]


def passed(checked: Iterable[CheckedLine]) -> dict[str, int]:
    """Return how many lines passed each check, by its key."""
    checked = list(checked)
    failures = Counter(check.key for each in checked for check in each.failed)
    return {check.key: len(checked) - failures[check.key] for check in CHECKS}


def is_recharged(provider: Provider, council) -> bool:
    """True for the council's own service: it is recharged inside the council and never paid through the bank."""
    return provider.legal_form == Provider.LegalForm.COUNCIL and provider.council_id == council.pk


class _Around:
    """What the books, the bank accounts and the other claims say about many lines, asked once."""

    def __init__(self, lines, run):
        providers = {line.claim.provider_id for line in lines}
        self.due = books.due_by_payee()
        self.asked = Counter()
        for line in lines:
            self.asked[line.claim.provider_id] += line.amount_pence
        self.accounts = {
            account.provider_id: account
            for account in BankAccount.objects.filter(provider__in=providers, state=BankAccount.State.CHECKED)
        }
        self.spent = _spent(hold for line in lines for hold in _holds(line.booking))
        self.told = _told({line.booking_id for line in lines})
        self.taken = set(
            RunLine.objects.filter(claim_line__in=lines, live=True)
            .exclude(run=run)
            .values_list("claim_line_id", flat=True)
        )
        self.twice = _claimed_twice(lines)

    def look_at(self, line):
        provider, council = line.claim.provider, line.claim.council
        is_recharge = is_recharged(provider, council)
        account = None if is_recharge else self.accounts.get(provider.pk)
        results = {
            "delivered": _was_delivered(line.booking),
            "council": {line.booking.council_id, line.booking.award.council_id} == {council.pk},
            "period": _is_within_period(line.booking),
            "amount": self._amount_is_right(line),
            "vat": not line.vat_pence or bool(provider.vat_number),
            "once": line.pk not in self.taken and line.pk not in self.twice,
            "more": self.asked[provider.pk] > 0,
            "due": self.asked[provider.pk] <= self.due.get(provider.pk, 0),
            "bank": is_recharge or _can_be_paid(account),
        }
        failed = tuple(check for check in CHECKS if not results[check.key])
        return CheckedLine(line=line, failed=failed, account=account, is_recharge=is_recharge)

    def _amount_is_right(self, line):
        """True where all lines of the booking are what is due and undisputed, and the books have that, or all of it.

        The books have all of it where it was claimed before the carer disputed it.
        """
        booking = line.booking
        in_books = sum(self.spent.get((hold, booking.provider_id), 0) for hold in _holds(booking))
        is_told = self.told[booking.pk] == booking.undisputed_pence
        return booking.provider_id == line.claim.provider_id and is_told and in_books in _may_be_in_books(booking)


def _dispute(booking):
    return getattr(booking, "dispute", None)


def _holds(booking):
    """Return the booking's holds: its own, and the one that a disputed part stayed set aside in."""
    dispute = _dispute(booking)
    return [booking.hold_id, dispute.hold_id] if dispute and dispute.hold_id else [booking.hold_id]


def _may_be_in_books(booking):
    dispute = _dispute(booking)
    if dispute and dispute.hold and dispute.hold.state == Hold.State.OPEN:
        return {booking.undisputed_pence}
    return {booking.due_pence}


def _told(bookings):
    """Return what all lines of each booking come to, in pence."""
    rows = ClaimLine.objects.filter(booking__in=bookings).order_by().values_list("booking")
    return dict(rows.annotate(pence=Sum("amount_pence")))


def _spent(holds):
    """Return what the books say each payee is due for each hold, in pence, with refunds taken off."""
    rows = (
        Transfer.objects.filter(hold__in=list(holds), unit=Unit.PENCE)
        .values_list("hold", "payee")
        .annotate(
            net=Sum(
                Case(
                    When(credit_kind=Transfer.Side.PAYABLE, then=F("amount")),
                    When(debit_kind=Transfer.Side.PAYABLE, then=-F("amount")),
                    default=0,
                )
            )
        )
        .order_by()
    )
    return {(hold, payee): int(net) for hold, payee, net in rows if payee is not None}


def _claimed_twice(lines):
    """Return the numbers of the lines whose award, offer and time were claimed before: the first one is right.

    Only of breaks that were given: one that was cancelled late may be booked again for the same time.
    """
    first, again = {}, set()
    ours = {line.booking.award_id for line in lines}
    rows = ClaimLine.objects.filter(booking__award__in=ours, booking__delivered_at__isnull=False).order_by("pk")
    for pk, booking, *what in rows.values_list(
        "pk", "booking", "booking__award", "booking__offer", "booking__starts_at"
    ):
        if first.setdefault(tuple(what), booking) != booking:
            again.add(pk)
    return again


def _was_delivered(booking):
    dispute = _dispute(booking)
    # Nothing of it took place, as was found after it was paid: then a line takes back what was paid.
    was_found = dispute is not None and dispute.found_minutes is not None
    was_given = booking.delivered_at is not None and (bool(booking.delivered_minutes) or was_found)
    was_cancelled_late = booking.ended_at is not None and booking.delivered_at is None
    return booking.state == Booking.State.CLAIMED and (was_given or was_cancelled_late)


def _is_within_period(booking):
    first_day, last_day = booking.award.account.first_day, booking.award.account.last_day
    day = timezone.localdate(booking.starts_at)
    nights = booking.minutes // booking.unit_minutes if booking.offer.unit == Offer.Unit.NIGHT else 1
    return rules.nights_covered(first_day, last_day, day, nights) == nights


def _can_be_paid(account):
    """True for an account that a second person has checked and that Bacs can write down."""
    if account is None:
        return False
    try:
        bacs.check_payment(
            bacs.Payment(account.sort_code, account.account_number, account.name, 1, reference="BREAKS RUN")
        )
    except bacs.BacsFault:
        return False
    return True
