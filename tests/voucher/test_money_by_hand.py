"""Figures with odd pennies, worked out by hand: what is claimed, struck, owed and paid is right to the penny."""

import datetime as dt

import pytest

from accounts import days
from accounts.history import Who
from providers.models import Provider
from tests import factories
from tests.voucher import claimed
from tests.voucher.breaks import ALYS, london
from tests.voucher.top_ups import own
from voucher import bookings, top_ups
from voucher.claiming import claims, disputes, pay_days, withdrawals
from voucher.granting import awards
from voucher.ledger import audit, books
from voucher.models import Booking, ClaimLine, Task, TopUp
from voucher.settling import line_checks, settlement, settlement_audit, settlement_figures

pytestmark = pytest.mark.django_db

PAY_ON = dt.date(2026, 10, 15)


def sound(now):
    return audit.differences(now) == claims.differences() == settlement_audit.differences() == []


def left(award):
    balance = awards.balance(type(award).objects.select_related("account").get(pk=award.pk))
    return balance.left, balance.set_aside, balance.used


def make(award, offer, starts_at, minutes, pence, now, by):
    row = bookings.make(
        award=award,
        offer=offer,
        starts_at=starts_at,
        minutes=minutes,
        seen_price_pence=pence,
        by=ALYS,
        now=now,
        key=f"{offer.pk} {starts_at}",
    )
    bookings.confirm(booking=row, by=by, now=now)
    return row


def test_three_of_seven_sessions_for_50_pounds_are_21_43(caerphilly, bryn_cafe, bryn, now):
    """£50 · 3 / 7 = £21.428…, half a penny up; the other £28.57 comes back."""
    dates = ", ".join(f"2026-11-{day:02} 10:00" for day in range(2, 9))
    seven = {"unit": "course", "minutes": 420, "sessions": 7, "courses": dates, "hours": "Mon-Sun 10:00-11:00"}
    course = factories.offer(bryn_cafe, price_pence=5_000, **seven)
    award = factories.award(caerphilly)
    row = make(award, course, london(2026, 11, 2, 10), 420, 5_000, now, Who(bryn))
    over = london(2026, 11, 8, 12)

    bookings.deliver(booking=row, minutes=180, by=Who(bryn), now=over)
    (line,) = claimed.claim(bryn_cafe, [row], by=Who(bryn), now=over)

    assert (line.amount_pence, left(award)) == (2143, (27_857, 0, 2143))
    # Taken out and marked as all seven: the whole is set aside and spent again.
    withdrawals.withdraw(booking=row, by=Who(bryn), now=over)
    assert left(award) == (25_000, 5_000, 0)
    row.refresh_from_db()
    bookings.undo(booking=row, by=Who(bryn), now=over)
    bookings.deliver(booking=row, minutes=420, by=Who(bryn), now=over)
    claimed.claim(bryn_cafe, [row], by=Who(bryn), now=over)
    assert (left(award), books.due(bryn_cafe.pk)) == ((25_000, 0, 5_000), 5_000)
    assert sound(over)


def test_hours_pay_a_weekend_price_in_pence_and_nothing_for_what_is_free(caerphilly, bryn_cafe, bryn, now):
    award = factories.award(caerphilly, unit="minutes", value=600)
    sitting = factories.offer(bryn_cafe, price_pence=2_501)
    sitting.prices.create(rate="weekend", price_pence=3_333, first_day=dt.date(2026, 1, 1))
    free = factories.offer(bryn_cafe, price_pence=0)
    saturday = london(2026, 10, 17, 10)
    paid = make(award, sitting, saturday, 90, 5_000, now, Who(bryn))
    nothing = make(award, free, saturday, 120, 0, now, Who(bryn))

    bookings.deliver(booking=paid, minutes=75, by=Who(bryn), now=saturday)
    bookings.deliver(booking=nothing, minutes=60, by=Who(bryn), now=saturday)

    # £33.33 an hour: an hour and a half is £49.995, so £50; an hour and a quarter £41.66.
    (line,) = claimed.claim(bryn_cafe, list(claims.ready(bryn_cafe)), by=Who(bryn), now=saturday)
    assert (line.amount_pence, left(award)) == (4_166, (525, 0, 75))
    assert sound(saturday)


@pytest.mark.parametrize(("pence", "share"), [(1, 1), (2, 1), (3, 2)])
def test_half_of_a_penny_is_a_penny_where_the_carer_did_not_come(caerphilly, bryn_cafe, bryn, now, pence, share):
    award, offer = factories.award(caerphilly), factories.offer(bryn_cafe, price_pence=pence)
    row = make(award, offer, london(2026, 10, 16, 10), 60, pence, now, Who(bryn))
    said_at = london(2026, 10, 16, 10, 15)

    bookings.did_not_happen(booking=row, party="provider", why="carer", by=Who(bryn), now=said_at)

    (told,) = settlement_figures.funds(caerphilly)
    assert (told.not_claimed_pence, books.due(bryn_cafe.pk)) == (share, share)
    (line,) = claimed.claim(bryn_cafe, list(claims.ready(bryn_cafe)), by=Who(bryn), now=said_at)
    assert (line.amount_pence, left(award)) == (share, (30_000 - share, 0, share))
    assert sound(said_at)


def test_a_line_that_was_struck_and_claimed_anew_has_the_vat_of_its_own_day(caerphilly, bryn_cafe, bryn, now):
    """R50. A number that counts from the day after the break changes nothing of it; 6p in 37p is a sixth."""
    row = claimed.delivered(
        factories.award(caerphilly), factories.offer(bryn_cafe, price_pence=37), minutes=60, by=Who(bryn)
    )
    vat = {"vat_number": "GB123456789", "vat_treatment": "standard", "vat_from": dt.date(2026, 9, 22)}
    Provider.objects.filter(pk=bryn_cafe.pk).update(**vat)
    row = Booking.objects.get(pk=row.pk)
    (first,) = claimed.claim(bryn_cafe, [row], by=Who(bryn))
    assert (first.amount_pence, first.vat_pence) == (37, 6)

    withdrawals.withdraw(booking=row, by=Who(bryn), now=now)
    Provider.objects.filter(pk=bryn_cafe.pk).update(vat_from=dt.date(2026, 9, 23))
    (again,) = claimed.claim(bryn_cafe, [Booking.objects.get(pk=row.pk)], by=Who(bryn), now=now)

    assert (again.amount_pence, again.vat_pence) == (37, 0)
    assert ClaimLine.objects.get().pk == again.pk and sound(now)


def test_what_is_owed_to_one_council_does_not_hold_up_another_that_owes_more(
    caerphilly, flintshire, bryn_cafe, bryn, carys, ffion, gwen, now
):
    """A provider works for two councils: each takes off what it is owed itself, and pays what it owes."""
    other = factories.council("torfaen", "Torfaen", "Torfaen")
    sitting = factories.offer(bryn_cafe, price_pence=2_501)
    ours = claimed.delivered(factories.award(caerphilly), sitting, minutes=120, by=Who(bryn))
    run = settlement.prepare(
        council=caerphilly,
        lines=claimed.claim(bryn_cafe, [ours], by=Who(bryn)),
        pay_on=PAY_ON,
        by=Who(ffion),
        now=now,
        key="1",
    )
    settlement.release(run=run, by=Who(gwen), now=now)
    ours = Booking.objects.get(pk=ours.pk)
    dispute = disputes.make(booking=ours, said_minutes=0, by=ALYS, now=now)
    disputes.resolve(dispute=dispute, found_minutes=0, finding="Nobody came.", by=Who(carys), now=now)
    assert books.due(bryn_cafe.pk) == -5_002

    later = claimed.BREAK + dt.timedelta(days=1)
    theirs = claimed.delivered(factories.award(other), sitting, minutes=60, starts_at=later, by=Who(bryn))
    lines = claimed.claim(bryn_cafe, [theirs], by=Who(bryn))
    assert [each.passes for each in line_checks.looked_at(settlement.awaiting(other))] == [True]
    prepares, releases = (
        factories.user(f"{name}@t.example", role=name, council=other)
        for name in ("finance_preparer", "finance_approver")
    )
    run = settlement.prepare(council=other, lines=lines, pay_on=PAY_ON, by=Who(prepares), now=now, key="2")
    settlement.release(run=run, by=Who(releases), now=now)

    assert books.due(bryn_cafe.pk) == -5_002
    # Ours is taken off when it has claimed more of us, and not before.
    assert [each.passes for each in line_checks.looked_at(settlement.awaiting(caerphilly))] == [False]
    assert sound(now)


@pytest.mark.parametrize("way", ["card", "direct"])
def test_own_money_follows_a_break_that_is_claimed_anew_as_the_whole(caerphilly, card_company, now, way):
    """£120, of which £80 are the award's: half of it given costs her nothing, all of it £40."""
    shop, award = own.shop(caerphilly), factories.award(caerphilly, value=8_000)
    offer = factories.offer(shop, price_pence=12_000)
    row = own.ask(award, offer, now, way=way)
    if way == "card":
        own.paid(row, card_company, now)
    row = own.fresh(row)
    bookings.confirm(booking=row, by=own.BRYN, now=now)
    later = row.ends_at
    owner = Who(factories.provider_staff(shop, "shop@p.example"))
    bookings.deliver(booking=row, minutes=30, by=owner, now=later)
    claimed.claim(shop, [row], by=owner, now=later)
    assert own.top_up(row).kept_pence == 0
    if way == "card":
        assert top_ups.give_back_what_is_due(later) == (1, 0)

    withdrawals.withdraw(booking=row, by=owner, now=later)
    row.refresh_from_db()
    bookings.undo(booking=row, by=owner, now=later)
    bookings.deliver(booking=row, minutes=60, by=owner, now=later)
    claimed.claim(shop, [row], by=owner, now=later)

    is_told = Task.objects.filter(booking=row, kind=Task.Kind.CARD).exists()
    if way == "direct":
        assert (own.top_up(row).state, own.top_up(row).kept_pence) == (TopUp.State.AGREED, 4_000)
    # What went back to the card cannot be taken again: a person sees to it, and nobody loses £40 unseen.
    assert is_told == (way == "card")
    assert (books.due(shop.pk), left(award)) == (8_000, (0, 0, 8_000))
    assert sound(later)


def test_the_60th_day_is_counted_by_the_clock_in_wales_also_after_summer_time(caerphilly, bryn_cafe, bryn, now):
    """R15. Given on 16 October 2026; sixty days on is 15 December by date, in winter time, up to midnight."""
    offer, award = factories.offer(bryn_cafe), factories.award(caerphilly)
    rows = [make(award, offer, london(2026, 10, 16, hour), 60, 2_500, now, Who(bryn)) for hour in (10, 12)]
    for row in rows:
        bookings.deliver(booking=row, minutes=60, by=Who(bryn), now=row.ends_at)

    claimed.claim(bryn_cafe, rows[:1], by=Who(bryn), now=london(2026, 12, 15, 23, 59))
    with pytest.raises(claims.TooLate):
        claimed.claim(bryn_cafe, rows[1:], by=Who(bryn), now=london(2026, 12, 16, 0))


def test_what_is_claimed_before_easter_is_paid_on_a_working_day_and_as_soon_as_bacs_can(caerphilly):
    """R62. Claimed on Wednesday 24 March 2027, gathered on Maundy Thursday; Friday and Monday are bank holidays."""
    day = pay_days.promised(claimed_on=dt.date(2027, 3, 24), scheme=caerphilly.scheme)

    assert (day, days.is_bank_holiday(dt.date(2027, 3, 26))) == (dt.date(2027, 4, 1), True)
