"""Claims: paid once, in pence, for what was delivered or cancelled late; the books balance after each."""

import datetime as dt
import uuid

import pytest

from accounts import wording
from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, confirm, deliver, london
from voucher import bookings, rules
from voucher.claiming import claims
from voucher.ledger import acts, audit, books
from voucher.models import Booking, Claim, ClaimLine

pytestmark = pytest.mark.django_db
State, Party = Booking.State, Booking.Party


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def delivered(award, sitting, bryn, now):
    """2½ hours at £25, given whole: £62.50."""
    return deliver(confirm(award, sitting, bryn, now), 150, bryn)


def claim(bookings_, owner, at, *, key=None, invoice_number="", late_reason="", council=None):
    return claims.make(
        provider=bookings_[0].provider,
        council=council or bookings_[0].council,
        bookings=bookings_,
        invoice_number=invoice_number,
        late_reason=late_reason,
        by=Who(user=owner),
        now=at,
        key=key or str(uuid.uuid4()),
    )


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def test_a_claim_moves_what_was_set_aside_to_the_provider(delivered, award, bryn, bryn_cafe):
    made = claim([delivered], bryn, SATURDAY, invoice_number="INV-7")

    delivered.refresh_from_db()
    assert delivered.state == State.CLAIMED
    assert left(award) == (33_750, 0)
    assert books.due(payee=bryn_cafe.pk) == 6250
    assert (made.number, made.invoice_number, made.made_at) == (1, "INV-7", SATURDAY)
    assert [(line.booking, line.amount_pence) for line in made.lines.all()] == [(delivered, 6250)]
    assert audit.differences() == []


def test_the_part_that_was_not_given_goes_back_to_the_award(award, sitting, bryn, bryn_cafe, now):
    part = deliver(confirm(award, sitting, bryn, now), 135, bryn)

    made = claim([part], bryn, SATURDAY)

    assert made.lines.get().amount_pence == 5625
    assert left(award) == (40_000 - 5625, 0)
    assert books.due(payee=bryn_cafe.pk) == 5625
    assert audit.differences() == []


def test_an_award_in_hours_pays_the_provider_in_pence(caerphilly, sitting, bryn, bryn_cafe, now):
    award = factories.award(caerphilly, value=960, unit="minutes")
    part = deliver(confirm(award, sitting, bryn, now), 135, bryn)

    made = claim([part], bryn, SATURDAY)

    assert made.lines.get().amount_pence == 5625
    assert left(award) == (960 - 135, 0)
    assert books.due(payee=bryn_cafe.pk) == 5625
    assert audit.differences() == []


def test_a_break_cancelled_late_is_claimed_for_its_share_and_moves_no_money_again(award, sitting, bryn, bryn_cafe, now):
    late = confirm(award, sitting, bryn, now)
    bookings.cancel(booking=late, party=Party.CARER, by=ALYS, now=FRIDAY - dt.timedelta(hours=20))
    assert books.due(payee=bryn_cafe.pk) == 3125

    made = claim([late], bryn, SATURDAY)

    assert made.lines.get().amount_pence == 3125
    assert books.due(payee=bryn_cafe.pk) == 3125
    assert left(award) == (40_000 - 3125, 0)
    assert audit.differences() == []


def test_a_break_cancelled_in_time_is_not_there_to_claim(award, sitting, bryn, bryn_cafe, now):
    early = confirm(award, sitting, bryn, now)
    bookings.cancel(booking=early, party=Party.CARER, by=ALYS, now=now)

    assert list(claims.ready(bryn_cafe)) == []
    with pytest.raises(claims.NotReady):
        claim([early], bryn, SATURDAY)


def test_a_free_break_needs_no_claim_and_stays_delivered(award, bryn_cafe, bryn, now):
    free = deliver(confirm(award, factories.offer(bryn_cafe, price_pence=0), bryn, now), 150, bryn)

    assert list(claims.ready(bryn_cafe)) == []
    with pytest.raises(claims.NotReady):
        claim([free], bryn, SATURDAY)
    free.refresh_from_db()
    assert free.state == State.DELIVERED


def test_a_second_claim_says_when_and_how_much_it_was(delivered, bryn, bryn_cafe):
    first = claim([delivered], bryn, SATURDAY)

    with pytest.raises(claims.AlreadyClaimed) as refused:
        claim([delivered], bryn, SATURDAY + dt.timedelta(days=1))

    assert (refused.value.when, refused.value.amount, refused.value.number) == (SATURDAY, 6250, first.number)
    assert books.due(payee=bryn_cafe.pk) == 6250
    assert Claim.objects.count() == 1
    assert audit.differences() == []


def test_the_same_key_gives_the_same_claim(delivered, bryn, bryn_cafe):
    first = claim([delivered], bryn, SATURDAY, key="k")

    again = claim([delivered], bryn, SATURDAY + dt.timedelta(seconds=3), key="k")

    assert again == first
    assert books.due(payee=bryn_cafe.pk) == 6250
    assert ClaimLine.objects.count() == 1


def test_the_same_key_for_other_bookings_is_refused(delivered, award, sitting, bryn, now):
    other = deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4)), 150, bryn)
    claim([delivered], bryn, SATURDAY, key="k")

    with pytest.raises(acts.KeyWasUsed):
        claim([other], bryn, SATURDAY, key="k")


def test_a_claim_is_all_or_nothing(delivered, award, sitting, bryn, bryn_cafe, now):
    not_given = confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4))

    with pytest.raises(claims.NotReady):
        claim([delivered, not_given], bryn, SATURDAY)

    delivered.refresh_from_db()
    assert delivered.state == State.DELIVERED
    assert books.due(payee=bryn_cafe.pk) == 0
    assert not Claim.objects.exists()
    assert audit.differences() == []


def test_nothing_is_no_claim(delivered, bryn, bryn_cafe, caerphilly):
    with pytest.raises(claims.NothingToClaim):
        claims.make(provider=bryn_cafe, council=caerphilly, bookings=[], by=Who(user=bryn), now=SATURDAY, key="k")


def test_another_providers_booking_cannot_be_claimed(delivered, caerphilly):
    other = factories.provider(caerphilly, name="Caffi Arall")
    owner = factories.provider_staff(other, "arall@provider.example")

    with pytest.raises(claims.NotReady):
        claims.make(provider=other, council=caerphilly, bookings=[delivered], by=Who(user=owner), now=SATURDAY, key="k")


def test_another_provider_is_not_told_of_the_claim_that_was_made(delivered, bryn, caerphilly):
    claim([delivered], bryn, SATURDAY)
    other = factories.provider(caerphilly, name="Caffi Arall")
    owner = factories.provider_staff(other, "arall@provider.example")

    with pytest.raises(claims.NotReady):
        claims.make(provider=other, council=caerphilly, bookings=[delivered], by=Who(user=owner), now=SATURDAY, key="k")


def test_a_claim_is_of_one_council(delivered, bryn):
    newport = factories.council(slug="newport", name_en="Newport", name_cy="Casnewydd")

    with pytest.raises(claims.NotReady):
        claim([delivered], bryn, SATURDAY, council=newport)


def test_a_delivery_that_was_undone_can_no_longer_be_claimed(delivered, bryn, award):
    bookings.undo(booking=delivered, by=Who(user=bryn), now=SATURDAY)

    with pytest.raises(claims.NotReady):
        claim([delivered], bryn, SATURDAY)
    assert left(award) == (33_750, 6250)


def test_a_claimed_delivery_cannot_be_undone(delivered, bryn):
    claim([delivered], bryn, SATURDAY)

    with pytest.raises(bookings.BookingMoved) as moved:
        bookings.undo(booking=delivered, by=Who(user=bryn), now=SATURDAY)
    assert moved.value.state == State.CLAIMED


def test_the_last_day_to_claim_is_in_time_and_the_day_after_is_not(delivered, bryn):
    last_day = london(2026, 12, 15, 23, 59)  # 60 days after 16 October

    with pytest.raises(claims.TooLate) as late:
        claim([delivered], bryn, last_day + dt.timedelta(minutes=1))
    assert late.value.bookings == [delivered]

    assert claim([delivered], bryn, last_day).lines.count() == 1


def test_the_carers_team_can_claim_for_a_provider_after_the_window(delivered, carys, bryn_cafe):
    made = claim([delivered], carys, london(2027, 1, 20, 10), late_reason=claims.LateReason.ON_PAPER)

    assert books.due(payee=bryn_cafe.pk) == 6250
    assert HistoryEntry.objects.get(act="claim.made", subject_id=made.pk).details["late_reason"] == "on_paper"


def test_a_claim_after_the_awards_last_day_is_paid(caerphilly, sitting, bryn, bryn_cafe, now):
    award = factories.award(caerphilly, value=40_000, first_day=dt.date(2026, 4, 17), now=london(2026, 4, 17, 9))
    booking = deliver(confirm(award, sitting, bryn, now), 150, bryn)
    assert award.account.last_day == FRIDAY.date()

    claim([booking], bryn, london(2026, 11, 2, 9))

    assert books.due(payee=bryn_cafe.pk) == 6250
    assert audit.differences() == []


def test_claims_of_one_provider_are_numbered_one_after_another(award, sitting, bryn, now):
    hours = [
        deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=h), minutes=60), 60, bryn)
        for h in (0, 2, 4)
    ]

    assert [claim([booking], bryn, SATURDAY).number for booking in hours] == [1, 2, 3]


def test_a_provider_that_was_suspended_since_can_claim_its_past_work(delivered, bryn, bryn_cafe):
    factories.put(bryn_cafe, "suspended")

    claim([delivered], bryn, SATURDAY)

    assert books.due(payee=bryn_cafe.pk) == 6250


@pytest.mark.parametrize(
    ("treatment", "number", "gross", "vat"),
    [
        ("standard", "GB123456789", 6250, 1042),  # 1041.67
        ("standard", "GB123456789", 3, 1),  # half a penny, up
        ("standard", "GB123456789", 2, 0),
        ("standard", "", 6250, 0),
        ("reduced", "GB123456789", 6250, 298),  # 297.62
        ("zero", "GB123456789", 6250, 0),
        ("exempt", "", 6250, 0),
        ("not registered", "", 6250, 0),
        ("outside scope", "GB123456789", 6250, 0),
    ],
)
def test_the_vat_in_a_price_is_worked_out_from_the_providers_treatment(treatment, number, gross, vat):
    assert rules.vat_within(gross, treatment, number) == vat


def test_the_vat_rates_are_named_as_providers_name_them():
    assert set(rules.VAT_PARTS) < set(Provider.Vat.values)


def test_a_line_keeps_the_vat_of_the_day_it_was_claimed(delivered, bryn, bryn_cafe):
    bryn_cafe.vat_number, bryn_cafe.vat_treatment = "GB123456789", "standard"
    bryn_cafe.save()
    delivered.refresh_from_db()

    made = claim([delivered], bryn, SATURDAY)

    assert made.lines.get().vat_pence == 1042


def test_the_claim_is_told_and_written_down(delivered, bryn, bryn_cafe):
    made = claim([delivered], bryn, SATURDAY)

    mail = OutboxMessage.objects.get(kind="claim_made")
    assert mail.to == bryn_cafe.email
    assert "£62.50" in mail.subject
    assert f"/provider/money/{made.number}/" in mail.body
    assert f"It is paid on {wording.day(made.pay_promised_on, 'long')}." in mail.body
    assert delivered.award.carer.first_name not in mail.body
    entry = HistoryEntry.objects.get(act="claim.made")
    assert (entry.actor, entry.details) == (bryn, {"number": 1, "lines": 1, "pence": 6250})
    assert HistoryEntry.objects.get(act="booking.claimed").subject_id == delivered.pk


def test_what_is_marked_anew_while_it_is_claimed_is_claimed_anew(caerphilly, bryn_cafe, bryn, now, monkeypatch):
    hours = factories.award(caerphilly, unit="minutes", value=600)
    # So cheap that an hour and half an hour both cost a penny: only the minutes differ.
    row = deliver(confirm(hours, factories.offer(bryn_cafe, price_pence=1), bryn, now, minutes=60), 60, bryn)
    number = claims._next_number

    def marked_anew_meanwhile(provider):
        bookings.undo(booking=Booking.objects.get(pk=row.pk), by=Who(bryn), now=SATURDAY)
        bookings.deliver(booking=Booking.objects.get(pk=row.pk), minutes=30, by=Who(bryn), now=SATURDAY)
        return number(provider)

    monkeypatch.setattr(claims, "_next_number", marked_anew_meanwhile)
    with pytest.raises(claims.NotReady):
        claim([row], bryn, SATURDAY)

    assert not Claim.objects.exists()
    assert left(hours) == (540, 60)
