"""Awards: granting one to a carer, giving it a code, opening it with that code, and saying how it stands."""

import collections
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Length

from accounts import history
from voucher import codes, messages, rules
from voucher.granting.award_statement import statement
from voucher.ledger import acts, books
from voucher.ledger.books import FundExhausted
from voucher.ledger.models import Transfer
from voucher.messages import writing
from voucher.models import Award, Carer, Code

__all__ = [
    "Balance",
    "CodeRefused",
    "FundExhausted",
    "OverTheLimit",
    "PrintedMeanwhile",
    "RefTaken",
    "WrongCouncil",
    "balance",
    "balances",
    "issue",
    "issue_with_code",
    "letter_instead",
    "named_by",
    "new_code",
    "new_code_once",
    "of_council",
    "open_with",
    "opens_for",
    "put_codes",
    "revoke_code",
    "statement",
]

Kind = Transfer.Kind


class WrongCouncil(Exception):
    """The carer or the fund belongs to another council than the award."""


class RefTaken(Exception):
    """Another award of this council has that reference."""


class OverTheLimit(Exception):
    """More than one worker may issue alone; `limit` is in the fund's unit."""

    def __init__(self, limit):
        super().__init__(limit)
        self.limit = limit


class CodeRefused(Exception):
    """The code opens nothing. People are told one thing; `reason` is for the log: malformed, unknown, ended, bound."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class PrintedMeanwhile(Exception):
    """Someone else has printed some of these letters; nothing was changed."""


@dataclass(frozen=True)
class Balance:
    """How an award stands, in pence or in minutes (`unit`); the five parts always make up what was given."""

    unit: str
    given: int
    left: int
    set_aside: int
    used: int
    expired: int


def issue(*, council, carer, fund, value, first_day, assessment_ref, assessment_date, by, now, key, ref="") -> Award:
    """Grant a carer an award of `value` pence or minutes (the fund's unit) from `first_day` on; it has no code yet.

    The same key again returns the same award. Without a reference the next free one is taken.
    Applies R1 (six calendar months) and R19 (one worker's limit). Raises WrongCouncil, OverTheLimit, RefTaken and
    the ledger's FundExhausted; then nothing was written.
    """
    if carer.council_id != council.pk or fund.council_id != council.pk:
        raise WrongCouncil
    limit = rules.worker_limit(council.scheme, fund.account.unit)
    if by.user is not None and value > limit:
        raise OverTheLimit(limit)

    def grant():
        given_ref = ref or next_ref()
        if Award.objects.filter(council=council, ref=given_ref).exists():
            raise RefTaken(given_ref)
        account = books.issue(
            fund=fund.account,
            amount=value,
            first_day=first_day,
            last_day=rules.last_day(first_day, council.scheme.validity_months),
            op_key=key,
            actor=by.actor,
            now=now,
        )
        award = Award(
            ref=given_ref,
            council=council,
            carer=carer,
            fund=fund,
            account=account,
            value=value,
            assessment_ref=assessment_ref,
            assessment_date=assessment_date,
            issued_by=by.user,
            issued_at=now,
        )
        try:
            award.save()
        except IntegrityError as taken:
            # Two at the same moment chose the same next reference; the database lets one have it.
            raise RefTaken(given_ref) from taken
        history.record(act="award.issued", subject=award, by=by, at=now, council=council, value=value)
        # Somebody else is cared for now, so she is written to again.
        writing.end_silence(carer=carer, by=by, now=now)
        return {"award": award.pk}

    arguments = {
        "council": council.pk,
        "carer": carer.pk,
        "fund": fund.pk,
        "value": value,
        "first_day": first_day,
        "assessment_ref": assessment_ref,
        "assessment_date": assessment_date,
        "ref": ref,
    }
    answer = acts.once(key=key, actor=by.actor, verb="award.issue", arguments=arguments, now=now, do=grant)
    return Award.objects.select_related("account", "carer", "council", "fund").get(pk=answer["award"])


def issue_with_code(*, council, carer=None, new_carer=None, by, now, key, **terms):
    """Grant an award and give it a code at once, for a carer or for a new one with these details.

    Returns (award, code). The same key again returns the same award and None: a code is shown once.
    Raises what issue raises; then no carer was added either.
    """
    shown = {}

    def grant():
        row = carer
        if row is None:
            row = Carer.objects.create(council=council, **new_carer)
            history.record(act="carer.added", subject=row, by=by, at=now, council=council)
        award = issue(council=council, carer=row, by=by, now=now, key=f"{key}/award", **terms)
        shown["code"] = new_code(award=award, by=by, now=now)
        messages.award_granted(award)
        return {"award": award.pk}

    arguments = {name: getattr(value, "pk", value) for name, value in terms.items()}
    arguments |= {"council": council.pk, "carer": carer and carer.pk, "new_carer": new_carer}
    answer = acts.once(key=key, actor=by.actor, verb="award.issue_with_code", arguments=arguments, now=now, do=grant)
    return of_council(council).get(pk=answer["award"]), shown.get("code")


def new_code_once(*, award, by, now, key):
    """Give the award a new code unless this key has done so before; return the code, or None the second time."""
    shown = {}

    def make():
        shown["code"] = new_code(award=award, by=by, now=now)

    acts.once(key=key, actor=by.actor, verb="award.new_code", arguments={"award": award.pk}, now=now, do=make)
    return shown.get("code")


def of_council(council):
    """Return a council's awards with all that a page about one shows; another council's are not among them."""
    return Award.objects.filter(council=council).select_related("account", "carer", "council__scheme", "fund__account")


def next_ref():
    """Return the next reference, A0161 after A0160; one series for all councils, so that none is mistaken."""
    longest_first = Award.objects.filter(ref__regex=r"^A\d{4,10}$").order_by(Length("ref").desc(), "-ref")
    newest = longest_first.values_list("ref", flat=True).first()
    return f"A{int(newest[1:]) + 1 if newest else 1:04}"


def new_code(*, award, by, now) -> str:
    """Give the award a new code and return it, the only time it can be seen; the old one is dead at once.

    Money and bookings belong to the award and stay as they are.
    """
    code = codes.generate()
    with transaction.atomic():
        put_codes(codes_by_award={award: code}, by=by, now=now)
    return code


def put_codes(*, codes_by_award, by, now, printed=False, first_print=False):
    """Write new codes for many awards, all or none, ending their old ones; needs an open transaction.

    With `printed` the awards count as printed now; with `first_print` too, PrintedMeanwhile is raised when any of
    them has been printed since it was chosen.
    """
    # In the order of their numbers, so that two who print at once wait for each other instead of locking up.
    awards = sorted(codes_by_award, key=lambda award: award.pk)
    numbers = [award.pk for award in awards]
    list(Award.objects.select_for_update().filter(pk__in=numbers).order_by("pk").values_list("pk"))
    if printed:
        unprinted = Q(printed_at__isnull=True) if first_print else Q()
        if Award.objects.filter(unprinted, pk__in=numbers).update(printed_at=now) != len(numbers):
            raise PrintedMeanwhile
    Code.objects.filter(award__in=numbers, state=Code.State.ACTIVE).update(state=Code.State.REPLACED, ended_at=now)
    rows = []
    for award in awards:
        key_id, digest = codes.digest(codes_by_award[award])
        last_four = codes.last_four(codes_by_award[award])
        rows.append(Code(award=award, key_id=key_id, digest=digest, last_four=last_four, made_at=now))
    Code.objects.bulk_create(rows)
    for award, row in zip(awards, rows, strict=True):
        act = "code.printed" if printed else "code.made"
        history.record(act=act, subject=award, by=by, at=now, council=award.council, ends_in=row.last_four)


def revoke_code(*, award, by, now):
    """End the award's code without a new one: found by a stranger, or no longer wanted. Returns True if one ended."""
    with transaction.atomic():
        ended = Code.objects.filter(award=award, state=Code.State.ACTIVE).update(state=Code.State.REVOKED, ended_at=now)
        if ended:
            history.record(act="code.revoked", subject=award, by=by, at=now, council=award.council)
    return bool(ended)


def letter_instead(*, award, by, now):
    """End the award's code, and let a letter with a fresh one wait to be printed; nobody need read out anything."""
    with transaction.atomic():
        revoke_code(award=award, by=by, now=now)
        Award.objects.filter(pk=award.pk).update(printed_at=None)


def open_with(*, code, user=None) -> Award:
    """Return the award that this code opens, with its account, carer and council; raise CodeRefused.

    A bound code opens it only for the carer who is signed in as `user` (R42). A code that is used up, or whose last day
    has passed, still opens: the carer may read the statement, and the ledger refuses whatever would move money. One
    lookup by keyed hash, the same for every code, so the time it takes tells a stranger nothing.
    """
    award = named_by(code=code)
    if not opens_for(award.carer, user):
        raise CodeRefused("bound")
    return award


def opens_for(carer, user):
    """R42. Return True where this carer's code opens the award for whoever is signed in as `user` (None: nobody)."""
    own = user is not None and carer.user_id is not None and carer.user_id == user.pk
    return rules.code_opens(bound=carer.code_bound_at is not None, is_own_sign_in=own)


def named_by(*, code="", number=None) -> Award:
    """Return the award of this code for someone who answers for it by another sign-in: a provider, or staff.

    Bound or not, the code is the award's; raise CodeRefused for one that is not live. A page that asked a moment ago
    asks again by the code's `number`, for it must not keep the code.
    """
    if number is None and not codes.is_well_formed(code):
        raise CodeRefused("malformed")
    wanted = {"digest__in": codes.candidates(code)} if number is None else {"pk": number}
    row = (
        Code.objects.filter(**wanted).select_related("award__account", "award__carer", "award__council__scheme").first()
    )
    if row is None:
        raise CodeRefused("unknown")
    if row.state != Code.State.ACTIVE:
        raise CodeRefused("ended")
    return row.award


def number_of(*, code):
    """Return the number under which a code is stored, to ask by it again (named_by); None for one that is unknown."""
    return Code.objects.filter(digest__in=codes.candidates(code)).values_list("pk", flat=True).first()


def balance(award) -> Balance:
    """Return how the award stands now, from its account and its transfers."""
    return balances([award])[award.pk]


def balances(awards):
    """Return {award's pk: Balance} for many awards (with their accounts loaded) in one query."""
    sums = collections.Counter()
    accounts = [award.account_id for award in awards]
    rows = (
        # The pence that an hours award costs its fund are not the carer's to see: only the award's own unit counts.
        Transfer.objects.filter(award__in=accounts, unit=F("award__unit"))
        .filter(Q(kind__in=[Kind.SPEND, Kind.REFUND, Kind.EXPIRE]) | Q(reason=Transfer.REINSTATED))
        .values_list("award", "kind", "credit_kind")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    for account, kind, went_to, total in rows:
        if kind in {Kind.EXPIRE, Kind.ADJUST}:
            # More time, given after the last day, brings back what had expired.
            sums[account, "expired"] += total if kind == Kind.EXPIRE else -total
        else:
            sums[account, "used"] += total if kind == Kind.SPEND else -total
            # A refund after the award has ended goes to the fund instead.
            sums[account, "expired"] += total if went_to == Transfer.Side.FUND else 0
    return {award.pk: _balance(award.account, sums) for award in awards}


def _balance(account, sums):
    used, expired = sums[account.pk, "used"], sums[account.pk, "expired"]
    given = account.available + account.held + used + expired
    return Balance(account.unit, given, account.available, account.held, used, expired)
