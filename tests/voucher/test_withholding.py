"""P9: finance lets the payments to a provider wait, with a reason; what is claimed stays owed (R73)."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from providers import staff
from tests import factories
from tests.voucher import claimed
from tests.voucher.test_provider_pages import clock, text
from voucher.claiming import withholding
from voucher.ledger import audit, books
from voucher.models import Claim, Withholding
from voucher.settling import line_checks, settlement, settlement_figures

pytestmark = pytest.mark.django_db
PAY_ON = dt.date(2026, 10, 15)
WHY = "The account may be another’s."

__all__ = ["clock"]


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def lines(bryn_cafe, bryn, award):
    """Two lines of £25, claimed by Bryn Café on 28 September."""
    return claimed.lines(bryn_cafe, award, number=2, by=Who(bryn))


@pytest.fixture
def others(caerphilly, award):
    other = factories.provider(caerphilly, name="Caffi Arall")
    owner = factories.provider_staff(other, "arall@provider.example")
    return claimed.lines(other, factories.award(caerphilly), by=Who(owner))


def run_of(lines, council, by, now, key="run"):
    return settlement.prepare(council=council, lines=lines, pay_on=PAY_ON, by=Who(by), now=now, key=key)


def withhold(provider, by, now, reason=WHY):
    return withholding.withhold(council=provider.council, provider=provider, reason=reason, by=Who(by), now=now)


def test_no_run_takes_what_waits_and_the_others_are_paid(lines, others, caerphilly, bryn_cafe, ffion, gwen, now):
    prepared = run_of(lines, caerphilly, ffion, now)
    withhold(bryn_cafe, ffion, now)

    with pytest.raises(settlement.LinesMoved):
        settlement.release(run=prepared, by=Who(gwen), now=now)
    settlement.void(run=prepared, reason="The payments wait", by=Who(ffion), now=now)
    with pytest.raises(settlement.LinesMoved):
        run_of([*lines, *others], caerphilly, ffion, now, "all")
    run = run_of(others, caerphilly, ffion, now, "others")
    settlement.release(run=run, by=Who(gwen), now=now)

    found = line_checks.looked_at(settlement.awaiting(caerphilly))
    assert {each.line for each in found} == set(lines)
    assert {(each.failed[0].key, each.withheld_because) for each in found} == {("withheld", WHY)}
    assert books.due(payee=bryn_cafe.pk) == 5000
    assert audit.differences(now) == []


def test_a_run_that_is_released_is_paid_all_the_same(
    lines, caerphilly, bryn_cafe, bryn, ffion, gwen, now, client, clock
):
    settlement.release(run=run_of(lines, caerphilly, ffion, now), by=Who(gwen), now=now)
    withhold(bryn_cafe, ffion, now)
    client.force_login(bryn)

    assert books.due(payee=bryn_cafe.pk) == 0
    assert "£50 Your next payment: Thursday 15 October" in text(client.get(reverse("provider:money")))


def test_it_has_a_reason_and_is_of_nobody_who_works_there_and_stands_once(bryn_cafe, caerphilly, ffion, gwen, now):
    with pytest.raises(withholding.NoReason):
        withhold(bryn_cafe, ffion, now, " ")
    row = withhold(bryn_cafe, ffion, now)
    with pytest.raises(withholding.IsWithheld):
        withhold(bryn_cafe, gwen, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Withholding.objects.create(council=caerphilly, provider=bryn_cafe, reason=WHY, begun_by=gwen, begun_at=now)
    with pytest.raises(withholding.NoReason):
        withholding.let_go(withholding=row, reason="", by=Who(ffion), now=now)
    staff.give_post(user=gwen, provider=bryn_cafe, kind="claims", by=Who(ffion), now=now)
    with pytest.raises(staff.WorksThere):
        withholding.let_go(withholding=row, reason="All is well.", by=Who(gwen), now=now)
    withholding.let_go(withholding=row, reason="All is well.", by=Who(ffion), now=now)
    with pytest.raises(withholding.IsOver):
        withholding.let_go(withholding=row, reason="Again.", by=Who(ffion), now=now)
    with pytest.raises(staff.WorksThere):
        withhold(bryn_cafe, gwen, now)

    acts = HistoryEntry.objects.filter(act__startswith="payments.").order_by("pk")
    assert [(each.act, each.details) for each in acts] == [("payments.withheld", {}), ("payments.let_go", {})]


def test_the_pages_say_it_to_each_in_their_own_words(
    lines, caerphilly, bryn_cafe, bryn, award, ffion, now, client, clock
):
    """From finance's press to its second one: what finance reads, and what the provider reads and never does."""
    run_of(lines[:1], caerphilly, ffion, now)
    money, statement = reverse("provider:money"), reverse("provider:claim", args=[1])
    finance = reverse("finance:withheld")
    client.force_login(ffion)
    written = OutboxMessage.objects.count()

    answer = client.post(reverse("finance:withhold"), {"provider": bryn_cafe.ref, "reason": ""})
    assert "Say why the payments should wait." in text(answer)
    answer = client.post(reverse("finance:withhold"), {"provider": bryn_cafe.ref, "reason": WHY}, follow=True)
    assert WHY in text(answer) and "Run 1 pays this provider and is not released." in text(answer)
    assert f"Finance lets the payments to this provider wait. “{WHY}”" in text(client.get(reverse("finance:prepare")))

    told = OutboxMessage.objects.get(kind="payments_withheld", to=bryn_cafe.email)
    assert "does not mean that anybody has done something wrong" in told.body and "stays owed to you" in told.body
    assert OutboxMessage.objects.filter(kind="payments_withheld", to=bryn.email).count() == 1
    assert "2 breaks that were claimed are withheld: £50.00" in text(client.get(finance))

    ready = claimed.delivered(
        award, lines[0].booking.offer, by=Who(bryn), starts_at=claimed.BREAK + dt.timedelta(days=9)
    )
    client.force_login(bryn)
    shown = [text(client.get(page)) for page in (money, statement, reverse("provider:inbox"))]
    assert f"Payments of {caerphilly.name} to you wait for now" in shown[0]
    assert "Your payments wait for now, so we cannot say the day." in shown[0]
    assert "planned for" not in shown[0] and "Claim today" not in shown[0]
    assert "Waits for now Your payments wait for now. What you claimed stays owed to you." in shown[1]
    assert f"To ask about it, ring {caerphilly.scheme.team_name}" in shown[1]
    assert "£50.00 is ready to claim. Your payments wait for now" in shown[2]
    data = {"caerphilly-bookings": [ready.ref], "caerphilly-key": "7f3c1d0e-9f0a-4c55-8b1a-0b2f5a1c9e11"}
    answer = client.post(reverse("provider:make_claim", args=["caerphilly"]), data, follow=True)
    assert "Claimed: £50. Your payments wait for now, so we cannot say the day." in text(answer)
    assert Claim.objects.get(number=2).pay_promised_on is None
    assert WHY not in "".join([*shown, text(answer)])

    client.force_login(ffion)
    row = Withholding.objects.get()
    go = reverse("finance:let_go", args=[row.pk])
    assert "Say why the payments can be made again." in text(client.post(go, {}))
    client.post(go, {f"go-{row.pk}-reason": "The bank has confirmed it."})
    assert "No payments wait." in text(client.get(finance))
    assert WHY in text(client.get(finance)) and "The bank has confirmed it." in text(client.get(finance))
    assert Claim.objects.get(number=2).pay_promised_on == dt.date(2026, 10, 20)
    assert "go on" in OutboxMessage.objects.get(kind="payments_let_go", to=bryn_cafe.email).body
    bodies = [f"{each.subject} {each.body}" for each in OutboxMessage.objects.all()[written:]]
    assert not any(WHY in body for body in bodies)


def test_a_claim_whose_page_was_pressed_before_the_payments_were_withheld_has_a_day_when_they_are_let_go(
    award, caerphilly, bryn_cafe, bryn, ffion, gwen, now
):
    offer = factories.offer(bryn_cafe)
    paid, waits = (
        claimed.delivered(award, offer, minutes=60, starts_at=claimed.BREAK + dt.timedelta(days=day), by=Who(bryn))
        for day in range(2)
    )
    before = claimed.claim(bryn_cafe, [paid], by=Who(bryn))
    settlement.release(run=run_of(before, caerphilly, ffion, now), by=Who(gwen), now=now)
    # As from before there was a promise.
    Claim.objects.update(pay_promised_on=None)
    row = withhold(bryn_cafe, ffion, now)
    [line] = claimed.claim(bryn_cafe, [waits], by=Who(bryn), now=now - dt.timedelta(seconds=1))
    assert line.claim.pay_promised_on is None

    withholding.let_go(withholding=row, reason="All is well.", by=Who(ffion), now=now)

    assert list(Claim.objects.order_by("pk").values_list("pay_promised_on", flat=True)) == [
        None,
        withholding.promised(provider=bryn_cafe, council=caerphilly, on=now.date()),
    ]


def test_what_is_withheld_is_shown_under_that_name_and_is_not_overdue(
    lines, others, caerphilly, bryn_cafe, ffion, now, client, clock
):
    row = withhold(bryn_cafe, ffion, now)
    clock.now = now + dt.timedelta(days=45)
    today = clock.now.date()
    client.force_login(ffion)

    def figures():
        late = (
            settlement_figures.overdue(caerphilly, on=today),
            settlement_figures.promises_missed(caerphilly, on=today),
        )
        return [set(lines) for lines in late]

    assert figures() == [set(others), set(others)]
    assert settlement_figures.withheld_by_provider(caerphilly) == {bryn_cafe.pk: {"lines": 2, "pence": 5_000}}
    assert "2 breaks that were claimed, £50.00 in all, are withheld" in text(client.get(reverse("finance:overdue")))

    withholding.let_go(withholding=row, reason="All is well.", by=Who(ffion), now=clock.now)

    assert figures() == [{*lines, *others}, {*lines, *others}]
    assert "withheld" not in text(client.get(reverse("finance:overdue")))
