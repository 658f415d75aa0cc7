"""The automatic checks on every claim line before it is paid; each says in a sentence what it found wrong.

A line is looked at with what stands around it: its booking, its award, its provider's bank account and
the books. The number of queries is the same for one line and for a thousand.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from brochure.models import Offer
from providers.models import BankAccount, Provider
from voucher import rules
from voucher.claiming import claims, withholding
from voucher.ledger import books
from voucher.ledger.models import Hold, Transfer
from voucher.models import Booking, ClaimLine, Invoice, InvoiceLine, PaymentRun, RunLine
from voucher.settling import paid_accounts

# What a line needs beside it, so that looking costs no further query.
AROUND_A_LINE = (
    "claim__provider",
    "claim__council__scheme",
    "booking__award__account",
    "booking__award__fund__account",
    "booking__offer__category",
    "booking__dispute__hold",
    "booking__found_anew",
)


@dataclass(frozen=True)
class Check:
    """One check: its key, what it makes sure of, and what is wrong where it fails."""

    key: str
    title: Promise
    failed: Promise


CHECKS = [
    Check(
        "withheld",
        _("The payments to the provider do not wait (R73)"),
        _("Finance lets the payments to this provider wait."),
    ),
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
        _("The provider's lines come to at least what it has to give back"),
        _("The provider has more to give back than its lines together; they wait until it has claimed more."),
    ),
    Check(
        "vat",
        _("VAT is claimed only with a VAT number that counts on the day of the break"),
        _("VAT is claimed, but the provider has no VAT number for that day."),
    ),
    Check(
        "once",
        _("Nothing is claimed or paid twice"),
        _("The same award, offer and time is claimed a second time, or the line is in another payment run."),
    ),
    Check(
        "same_time",
        _("No two providers claim the same carer and hour, unless somebody has asked"),
        _("Another provider claims the same carer and hour. Both may be right: ask, and write down what they say."),
    ),
    Check(
        "own",
        _("No carer works for the provider that is paid, unless somebody has asked"),
        _("The carer works for this provider. It may be right: ask the carers team, and write down what they say."),
    ),
    Check(
        "due",
        _("The books say that the provider is due this much"),
        _("The books say that the provider is due less than its lines together."),
    ),
    Check(
        "bank",
        _("The provider's bank account was checked by a second person"),
        _("The provider has no bank account that a second person has checked, or its payments are held."),
    ),
]


@dataclass(frozen=True)
class CheckedLine:
    """A claim line after the checks. `account` is where it is paid; empty for a recharge within the council.

    It is empty too where all lines of the provider come to nothing together: then nothing is sent anywhere.
    """

    line: ClaimLine
    failed: tuple[Check, ...]
    account: BankAccount | None
    is_recharge: bool
    # Where the council pays through the card company: the provider's account there.
    stripe_account: str = ""
    # Why the payments to the provider wait (R73): for finance and the auditor only.
    withheld_because: str = ""

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


def owed_by(providers):
    """Return {provider: Counter {council: pence}} of what providers have still to give back to each council.

    What an invoice asks for (R69) stands under None: no council takes it off a payment.
    """
    paid = RunLine.objects.filter(live=True, run__state=PaymentRun.State.RELEASED).values("claim_line")
    rows = ClaimLine.objects.filter(claim__provider__in=providers, amount_pence__lt=0).exclude(pk__in=paid)
    live = InvoiceLine.objects.filter(live=True, invoice__provider__in=providers)
    asked_for = set(live.filter(invoice__state=Invoice.State.OPEN).values_list("claim_line", flat=True))
    rows = rows.exclude(pk__in=live.filter(invoice__state__in=Invoice.SETTLED).values("claim_line"))
    owed = defaultdict(Counter)
    for pk, provider, council, pence in rows.order_by().values_list(
        "pk", "claim__provider", "claim__council", "amount_pence"
    ):
        owed[provider][None if pk in asked_for else council] -= pence
    part_paid = Invoice.objects.filter(provider__in=providers, state=Invoice.State.OPEN, paid_pence__gt=0)
    for provider, pence in part_paid.order_by().values_list("provider", "paid_pence"):
        owed[provider][None] -= pence
    return owed


def owed_elsewhere(owed, provider, council):
    """Return what a provider has to give back to others than this council, in pence, of what owed_by gives.

    A council pays what it owes in full; what the provider owes another is for that one to take off, and what an
    invoice asks for comes in by itself.
    """
    return owed[provider].total() - owed[provider][council]


class _Around:
    """What the books, the bank accounts and the other claims say about many lines, asked once."""

    def __init__(self, lines, run):
        providers = {line.claim.provider_id for line in lines}
        self.due = _due(providers)
        self.owed = owed_by(providers)
        # What a council is asked for by a provider, all lines together.
        self.asked = Counter()
        for line in lines:
            self.asked[line.claim.provider_id, line.claim.council_id] += line.amount_pence
        self.accounts = paid_accounts.accounts(providers, run)
        self.prepared = dict(run.lines.values_list("claim_line", "stripe_account")) if run else {}
        self.held = paid_accounts.held(self.accounts.values())
        self.withheld = withholding.reasons(providers)
        self.held_by_card_company = paid_accounts.held_by_card_company(providers)
        self.spent = _spent(hold for line in lines for hold in _holds(line.booking))
        self.told = _told({line.booking_id for line in lines})
        self.taken = set(
            RunLine.objects.filter(claim_line__in=lines, live=True)
            .exclude(run=run)
            .values_list("claim_line_id", flat=True)
        )
        self.twice = _claimed_twice(lines)
        self.meets = _same_time_elsewhere(lines)
        self.own = _of_own_people(lines)

    def look_at(self, line):
        provider, council = line.claim.provider, line.claim.council
        is_recharge, asked = is_recharged(provider, council), self.asked[provider.pk, council.pk]
        goes_nowhere = is_recharge or not asked
        stripe_account = "" if goes_nowhere else self._stripe_account(line, provider, council)
        account = None if goes_nowhere or stripe_account else self.accounts.get(provider.pk)
        elsewhere = owed_elsewhere(self.owed, provider.pk, council.pk)
        withheld_because = self.withheld.get((provider.pk, council.pk), "")
        results = {
            "withheld": not withheld_because,
            "delivered": _was_delivered(line.booking),
            "council": {line.booking.council_id, line.booking.award.council_id} == {council.pk},
            "period": _is_within_period(line.booking),
            "amount": self._amount_is_right(line),
            # What takes VAT back needs no number: it may be that there is none any more.
            "vat": line.vat_pence <= 0 or _may_have_vat(line.booking, provider),
            "once": line.pk not in self.taken and line.pk not in self.twice,
            "same_time": line.asked_at is not None or line.pk not in self.meets,
            "own": line.asked_at is not None or line.pk not in self.own,
            "more": asked >= 0,
            "due": asked <= self.due.get(provider.pk, 0) + elsewhere,
            "bank": goes_nowhere or self._can_be_sent(account, stripe_account, provider),
        }
        failed = tuple(check for check in CHECKS if not results[check.key])
        return CheckedLine(
            line=line,
            failed=failed,
            account=account,
            is_recharge=is_recharge,
            stripe_account=stripe_account,
            withheld_because=withheld_because,
        )

    def _stripe_account(self, line, provider, council):
        """Return the account with the card company that is paid: of a prepared run the one it was prepared for."""
        if line.pk in self.prepared:
            return self.prepared[line.pk]
        goes_there = council.scheme.pays_by_card_company and provider.takes_transfers
        return provider.stripe_account if goes_there else ""

    def _can_be_sent(self, account, stripe_account, provider):
        if stripe_account:
            # One that was closed, takes nothing any more, or took nothing the last time, is not paid.
            is_theirs = provider.takes_transfers and provider.stripe_account == stripe_account
            return is_theirs and provider.pk not in self.held_by_card_company
        return paid_accounts.can_be_written(account) and account.pk not in self.held

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
    """Return the booking's holds: its own, the one that a disputed part stayed in, and that of what was found anew."""
    others = (_dispute(booking), getattr(booking, "found_anew", None))
    return [booking.hold_id, *(row.hold_id for row in others if row and row.hold_id)]


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
    rows = claims.moved_to_payees(Transfer.objects.filter(hold__in=list(holds), payee__isnull=False))
    return {(row["hold"], row["payee"]): int(row["pence"]) for row in rows}


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


def _same_time_elsewhere(lines):
    """Return the numbers of the lines of which another provider claimed the same carer and hour before.

    That is normal where one is the carer's own break and the other is care for the person cared for meanwhile.
    """
    given = [line for line in lines if line.booking.delivered_minutes and not line.is_finding]
    if not given:
        return set()
    carers = {line.booking.award.carer_id for line in given}
    others = (
        ClaimLine.objects.filter(part=ClaimLine.Part.CLAIMED, booking__award__carer__in=carers)
        .filter(booking__delivered_minutes__gt=0)
        .filter(booking__ends_at__gt=min(line.booking.starts_at for line in given))
        .filter(booking__starts_at__lt=max(line.booking.ends_at for line in given))
        .select_related("booking__award", "booking__offer__category")
    )
    by_carer = defaultdict(list)
    for other in others:
        by_carer[other.booking.award.carer_id].append(other)
    return {
        line.pk
        for line in given
        if any(_meets(line, other) for other in by_carer[line.booking.award.carer_id] if other.pk < line.pk)
    }


def _of_own_people(lines):
    """Return the numbers of the lines whose carer works for the provider: both sides of the break are one person."""
    works_there = Q(claim__provider__staff__user=F("booking__award__carer__user"))
    return set(ClaimLine.objects.filter(works_there, pk__in=[line.pk for line in lines]).values_list("pk", flat=True))


def _meets(line, other):
    ours, theirs = line.booking, other.booking
    together = ours.starts_at < theirs.ends_at and theirs.starts_at < ours.ends_at
    return together and ours.provider_id != theirs.provider_id and _is_care(ours) == _is_care(theirs)


def _is_care(booking):
    offer = booking.offer
    return rules.is_for_the_person_cared_for(offer.category.slug, offer.personal_care, offer.accommodation)


def _due(providers):
    """Return what each of these providers is due; of one it is asked alone, so that its own pages stay quick."""
    if len(providers) == 1:
        return {provider: books.due(provider) for provider in providers}
    return books.due_by_payee()


def _may_have_vat(booking, provider):
    """True where the provider's VAT number counts on the day of the break (R50)."""
    day = timezone.localdate(booking.starts_at)
    return bool(provider.vat_number) and rules.vat_holds(day, provider.vat_from, provider.vat_until)


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
