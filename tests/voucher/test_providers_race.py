"""Two people at one moment on the provider's side: an account taken back as it is used, a yes as it is cancelled."""

import datetime as dt

import pytest

from accounts.history import Who
from providers.models import BankAccount, Provider
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, london
from tests.voucher.ledger.desk import TURNS, at_once
from voucher import bookings, jobs
from voucher.claiming import claims, disputes, withdrawals
from voucher.ledger import audit, books
from voucher.models import Booking, Handover, PaymentRun, ReturnedPayment
from voucher.settling import account_changes, returned_payments, settlement, settlement_audit
from voucher.standing import closing, handovers, suspending

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

NOW = dt.datetime(2026, 10, 12, 10, tzinfo=dt.UTC)
PAY_ON, RETURNED = dt.date(2026, 10, 15), dt.datetime(2026, 10, 16, 10, tzinfo=dt.UTC)


@pytest.fixture
def council():
    return factories.council()


@pytest.fixture
def cafe(council):
    return factories.provider(council)


@pytest.fixture
def owner(cafe):
    return Who(user=factories.provider_staff(cafe, "bryn@provider.example"))


@pytest.fixture
def people(council):
    roles = {"ffion": "finance_preparer", "gwen": "finance_approver", "carys": "team"}
    return {name: Who(factories.user(f"{name}@c.example", role=role, council=council)) for name, role in roles.items()}


@pytest.fixture
def agreed(cafe, owner, people):
    account = asked(cafe, owner)
    account_changes.record_call(account=account, spoke_to="Bryn", by=people["ffion"], now=NOW)
    account_changes.agree(account=account, by=people["gwen"], now=NOW)
    return account


@pytest.fixture
def run(council, cafe, owner, people):
    """A prepared run that pays the café £50 for one break."""
    row = claimed.delivered(factories.award(council), factories.offer(cafe), by=owner)
    lines = claimed.claim(cafe, [row], by=owner)
    return settlement.prepare(council=council, lines=lines, pay_on=PAY_ON, by=people["ffion"], now=NOW, key="run")


@pytest.fixture
def handover(council, cafe, owner):
    heir = factories.provider(council, name="Siop Goffi")
    factories.offer(heir, price_pence=2_600)
    row = bookings.make(
        award=factories.award(council, value=6_000),
        offer=factories.offer(cafe),
        starts_at=london(2026, 11, 12, 10),
        minutes=120,
        seen_price_pence=5_000,
        by=ALYS,
        now=NOW,
        key="ask",
    )
    bookings.confirm(booking=row, by=owner, now=NOW)
    closing.announce(provider=cafe, last_day=dt.date(2026, 11, 9), successor=heir, by=owner, now=NOW)
    return Handover.objects.select_related("booking").get()


def asked(cafe, owner):
    new = {"name": "Bryn Powell", "sort_code": "445566", "account_number": "20202020"}
    return account_changes.ask(provider=cafe, **new, by=owner, now=NOW)


def sound():
    return audit.differences() == claims.differences() == settlement_audit.differences() == []


@TURNS
@pytest.mark.parametrize("act", ["withdraw", "refuse"])
def test_an_account_that_is_taken_back_as_it_is_used_is_one_or_the_other(agreed, cafe, owner, people, act, turn):
    later = NOW + dt.timedelta(days=2)
    ends = {
        "withdraw": lambda: account_changes.withdraw(account=agreed, by=owner, now=later),
        "refuse": lambda: account_changes.refuse(account=agreed, reason="Not theirs.", by=people["gwen"], now=later),
    }

    used, ended = at_once(lambda: jobs.use_changed_accounts(later), ends[act])

    agreed.refresh_from_db()
    paid = cafe.bank_accounts.get(state="checked")
    if isinstance(ended, account_changes.ChangeMoved):
        assert (used, paid) == ((1, 0), agreed)
    else:
        assert (ended, agreed.state) == (None, BankAccount.State.REFUSED) and used != (1, 0)
        assert paid != agreed


@TURNS
@pytest.mark.parametrize("act", ["withdraw", "refuse"])
def test_an_account_is_agreed_to_or_not_taken(cafe, owner, people, act, turn):
    account = asked(cafe, owner)
    account_changes.record_call(account=account, spoke_to="Bryn", by=people["ffion"], now=NOW)
    ends = {
        "withdraw": lambda: account_changes.withdraw(account=account, by=owner, now=NOW),
        "refuse": lambda: account_changes.refuse(account=account, reason="No.", by=people["gwen"], now=NOW),
    }

    agreed, ended = at_once(lambda: account_changes.agree(account=account, by=people["gwen"], now=NOW), ends[act])

    account.refresh_from_db()
    # Agreed to and then taken back is fine; taken back and then agreed to is not.
    assert (ended, account.state) == (None, "refused") or (agreed, account.state) == (dt.date(2026, 10, 14), "agreed")


@TURNS
def test_a_run_released_as_another_account_comes_into_use_pays_the_old_one(agreed, cafe, run, people, turn):
    old = cafe.bank_accounts.get(state="checked")
    later = NOW + dt.timedelta(days=2)

    _used, released = at_once(
        lambda: jobs.use_changed_accounts(later),
        lambda: settlement.release(run=run, by=people["gwen"], now=later, pay_on=PAY_ON + dt.timedelta(days=1)),
    )

    assert isinstance(released, PaymentRun), released
    assert set(run.lines.values_list("bank_account", flat=True)) == {old.pk}
    assert books.due(cafe.pk) == 0 and sound()


@TURNS
@pytest.mark.parametrize("party", ["carer", "provider"])
def test_a_yes_to_the_successor_and_a_cancellation_leave_one_break_or_none(handover, owner, party, turn):
    old = handover.booking

    moved, cancelled = at_once(
        lambda: handovers.agree(handover=handover, by=ALYS, now=NOW),
        lambda: bookings.cancel(booking=old, party=party, by=ALYS, now=NOW),
    )

    live = Booking.objects.filter(state__in=Booking.LIVE)
    if isinstance(moved, Booking):
        assert isinstance(cancelled, bookings.BookingMoved), cancelled
        assert list(live) == [moved]
    else:
        assert cancelled is None and not live.exists()
    old.award.account.refresh_from_db()
    assert old.award.account.held == (5_200 if isinstance(moved, Booking) else 0)
    assert sound()


@TURNS
def test_a_yes_to_a_request_as_the_provider_is_stopped_is_arranged_anew_or_too_late(council, cafe, owner, people, turn):
    row = bookings.make(
        award=factories.award(council),
        offer=factories.offer(cafe),
        starts_at=london(2026, 10, 16, 10),
        minutes=60,
        seen_price_pence=2_500,
        by=ALYS,
        now=NOW,
        key="ask",
    )

    stopped, _said = at_once(
        lambda: suspending.suspend(provider=cafe, reason="A worry.", by=people["carys"], now=NOW),
        lambda: bookings.confirm(booking=Booking.objects.get(pk=row.pk), by=owner, now=NOW),
    )

    row.refresh_from_db()
    assert stopped is None
    assert Provider.objects.get(pk=cafe.pk).state == "suspended"
    # Never confirmed with a provider that was stopped, and nobody told.
    assert row.state == "cancelled" or (row.state == "confirmed" and row.tasks.filter(kind="rearrange").exists())
    assert sound()


@TURNS
def test_a_return_that_two_note_at_once_is_one(run, cafe, people, turn):
    released = settlement.release(run=run, by=people["gwen"], now=NOW)

    def note(key):
        return returned_payments.note(
            run=released, provider=cafe, reason="closed", returned_on=PAY_ON, by=people["ffion"], now=RETURNED, key=key
        )

    one, two = at_once(lambda: note("a"), lambda: note("b"))

    assert one == two == ReturnedPayment.objects.get()
    assert books.due(cafe.pk) == 5_000 and sound()


@TURNS
def test_a_return_and_a_finding_on_the_same_line_leave_what_was_found(run, cafe, people, turn):
    released = settlement.release(run=run, by=people["gwen"], now=NOW)
    dispute = disputes.make(booking=Booking.objects.get(), said_minutes=60, by=ALYS, now=NOW)
    returned = {"reason": "closed", "returned_on": PAY_ON, "by": people["ffion"], "now": RETURNED, "key": "back"}
    found = {"found_minutes": 60, "finding": "One hour.", "by": people["carys"], "now": RETURNED}

    at_once(
        lambda: returned_payments.note(run=released, provider=cafe, **returned),
        lambda: disputes.resolve(dispute=dispute, **found),
    )

    assert books.due(cafe.pk) == 2_500
    waiting = settlement.awaiting(cafe.council)
    assert sum(waiting.values_list("amount_pence", flat=True)) == 2_500
    assert sound()


@TURNS
def test_a_booking_taken_out_as_its_run_is_given_up_is_claimed_or_not(run, cafe, owner, people, turn):
    booking = Booking.objects.get()

    taken_out, _voided = at_once(
        lambda: withdrawals.withdraw(booking=booking, by=owner, now=NOW),
        lambda: settlement.void(run=run, reason="Anew.", by=people["ffion"], now=NOW),
    )

    booking.refresh_from_db()
    if isinstance(taken_out, withdrawals.InARun):
        assert (booking.state, books.due(cafe.pk)) == (Booking.State.CLAIMED, 5_000)
    else:
        assert (booking.state, books.due(cafe.pk)) == (Booking.State.DELIVERED, 0), taken_out
    assert sound()
