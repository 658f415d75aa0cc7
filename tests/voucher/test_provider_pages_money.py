"""The owner's money pages: one press claims, a second one says so, and each line shows its way to payment."""

import datetime as dt
import hashlib
import re
import uuid

import pytest
from django.urls import reverse

from accounts.history import Who
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, confirm, deliver, london
from tests.voucher.test_provider_pages import clock, count_of_queries, press, state, text
from voucher import bookings
from voucher.claiming import withdrawals
from voucher.ledger import audit, books
from voucher.models import Booking, Claim, PaymentRun, RunFile
from voucher.settling import settlement

pytestmark = pytest.mark.django_db
State = Booking.State
MONDAY = london(2026, 10, 19, 9)
PAY_DAY = dt.date(2026, 10, 29)

__all__ = ["clock"]


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def delivered(award, sitting, bryn, now):
    """2½ hours, given whole: £62.50."""
    return deliver(confirm(award, sitting, bryn, now), 150, bryn)


@pytest.fixture
def page(client, bryn, clock):
    client.force_login(bryn)
    clock.at = SATURDAY
    return client


def see(page):
    return page.get(reverse("provider:money"))


def claim(page, *bookings_, key=None, council="caerphilly", **typed):
    """Press "claim" with these ticked, as the page in front of the owner would send it."""
    names = {"bookings": [row.ref for row in bookings_], "key": key or str(uuid.uuid4())} | typed
    data = {f"{council}-{name}": value for name, value in names.items()}
    return page.post(reverse("provider:make_claim", args=[council]), data, follow=True)


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def test_everything_that_is_ready_is_ticked_and_added_up(page, delivered, award, sitting, bryn, now):
    part = deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4)), 135, bryn)

    shown = see(page)

    assert "Ready: £118.75 together" in text(shown)
    assert len(re.findall(r'<input class="govuk-checkboxes__input"[^>]*\schecked', shown.content.decode())) == 2
    assert "£56.25: Sitting at home for Alys, Friday 16 October, 2¼ hours" in text(shown)
    assert part.ref in shown.content.decode()


def test_one_press_claims_what_is_ticked(page, delivered, award, sitting, bryn, bryn_cafe, now):
    later = deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4)), 135, bryn)

    answer = claim(page, delivered, invoice_number="2026/17", own_reference="Job 5, Mon")

    assert "Claimed: £62.50. It is paid on" in text(answer)
    assert "2026/17" in text(answer) and "Job 5, Mon" in text(answer)
    assert "Waiting for a payment run" in text(answer)
    assert (state(delivered), state(later)) == (State.CLAIMED, State.DELIVERED)
    assert books.due(payee=bryn_cafe.pk) == 6250
    assert left(award) == (40_000 - 2 * 6250, 6250)
    assert audit.differences() == []


def test_a_second_press_says_when_it_was_claimed_and_how_much(page, delivered, bryn_cafe, clock):
    claim(page, delivered)
    clock.at = SATURDAY + dt.timedelta(days=1)

    answer = claim(page, delivered)

    assert "Already claimed on Saturday 17 October, £62.50." in text(answer)
    assert books.due(payee=bryn_cafe.pk) == 6250
    assert Claim.objects.count() == 1


def test_the_same_page_sent_twice_shows_the_claim_that_it_made(page, delivered, bryn_cafe, clock):
    claim(page, delivered, key="7f3c1d0e-9f0a-4c55-8b1a-0b2f5a1c9e11")
    clock.at = SATURDAY + dt.timedelta(seconds=2)

    answer = claim(page, delivered, key="7f3c1d0e-9f0a-4c55-8b1a-0b2f5a1c9e11")

    assert "Already claimed on Saturday 17 October, £62.50." in text(answer)
    assert answer.redirect_chain == [(reverse("provider:claim", args=[1]), 302)]
    assert Claim.objects.count() == 1


def test_two_tabs_that_tick_the_same_break_pay_it_once(page, delivered, award, sitting, bryn, bryn_cafe, now):
    other = deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4)), 150, bryn)
    claim(page, delivered)

    answer = claim(page, delivered, other)

    assert "Already claimed on Saturday 17 October, £62.50." in text(answer)
    assert state(other) == State.DELIVERED
    assert books.due(payee=bryn_cafe.pk) == 6250


def test_nothing_ticked_is_said_beside_the_list_and_the_invoice_number_stays(page, delivered):
    answer = claim(page, invoice_number="2026/17")

    assert "Tick at least one break to claim." in text(answer)
    assert 'value="2026/17"' in answer.content.decode()
    assert " checked" not in answer.content.decode()
    assert state(delivered) == State.DELIVERED


def test_an_invoice_number_that_is_too_long_is_refused_and_the_ticks_stay(page, delivered):
    answer = claim(page, delivered, invoice_number="7" * 31, own_reference="8" * 31)

    assert "An invoice number can be 30 letters and figures long." in text(answer)
    assert "A reference can be 30 letters and figures long." in text(answer)
    assert " checked" in answer.content.decode()
    assert state(delivered) == State.DELIVERED


def test_what_was_undone_meanwhile_is_not_claimed(page, delivered, bryn):
    bookings.undo(booking=delivered, by=Who(user=bryn), now=SATURDAY)

    answer = claim(page, delivered)

    assert "The list has changed since you opened it, so nothing was claimed." in text(answer)
    assert not Claim.objects.exists()


def test_another_providers_break_cannot_be_ticked(page, caerphilly, award, now):
    other = factories.provider(caerphilly, name="Caffi Arall")
    owner = factories.provider_staff(other, "arall@provider.example")
    theirs = deliver(confirm(award, factories.offer(other), owner, now), 150, owner)

    answer = claim(page, theirs)

    assert "nothing was claimed" in text(answer)
    assert state(theirs) == State.DELIVERED


def test_an_award_in_hours_is_paid_in_pounds(page, caerphilly, sitting, bryn, bryn_cafe, now):
    hours = factories.award(caerphilly, value=960, unit="minutes")
    booking = confirm(hours, sitting, bryn, now)
    press(page, "deliver", booking, **{"delivered-minutes": "135"})

    answer = claim(page, booking)

    assert "£56.25" in text(answer)
    assert books.due(payee=bryn_cafe.pk) == 5625
    assert left(hours) == (960 - 135, 0)
    assert audit.differences() == []


def test_a_break_that_the_carer_cancelled_late_is_ready_with_its_share(page, award, sitting, bryn, bryn_cafe, now):
    booking = confirm(award, sitting, bryn, now)
    bookings.cancel(booking=booking, party="carer", by=ALYS, now=FRIDAY - dt.timedelta(hours=20))

    assert "£31.25: Sitting at home for Alys, Friday 16 October (cancelled late)" in text(see(page))
    answer = claim(page, booking)

    assert "Cancelled late" in text(answer)
    assert books.due(payee=bryn_cafe.pk) == 3125
    assert audit.differences() == []


def test_a_free_break_is_thanked_for_and_not_listed(page, award, bryn_cafe, bryn, now):
    free = confirm(award, factories.offer(bryn_cafe, price_pence=0), bryn, now)
    # How much of it was given is asked without sums of nothing.
    asked = text(page.get(reverse("provider:booking", args=[free.ref])))
    assert "All of it: 2½ hours 2¼ hours" in asked and "£0" not in asked
    deliver(free, 150, bryn)

    assert "Nothing is ready." in text(see(page))
    shown = text(page.get(reverse("provider:booking", args=[free.ref])))
    assert "It was free, so there is nothing to claim." in shown
    assert "Marked by mistake? You can undo it." in shown and "until it is claimed" not in shown


def test_a_councils_own_service_is_asked_for_a_bank_once_carers_of_another_council_come(
    page, award, bryn_cafe, bryn, now
):
    newport, offer = (
        factories.council(slug="newport", name_en="Newport", name_cy="Casnewydd"),
        factories.offer(bryn_cafe),
    )
    Provider.objects.filter(pk=bryn_cafe.pk).update(legal_form=Provider.LegalForm.COUNCIL)
    confirm(award, offer, bryn, now)
    assert "no bank is needed" in text(page.get(reverse("provider:bank")))

    confirm(factories.award(newport), offer, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4))

    assert "no bank is needed" not in text(page.get(reverse("provider:bank")))
    assert "The bank account that we pay into" in text(see(page))


def test_each_council_is_claimed_from_by_itself(page, caerphilly, delivered, sitting, bryn, now):
    newport = factories.council(slug="newport", name_en="Newport", name_cy="Casnewydd")
    theirs = deliver(
        confirm(factories.award(newport), sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4)), 150, bryn
    )

    shown = text(see(page))
    assert "Claim from Caerphilly" in shown and "Claim from Newport" in shown
    assert "nothing was claimed" in text(claim(page, theirs))
    claim(page, theirs, council="newport")

    assert Claim.objects.get().council == newport
    assert (state(theirs), state(delivered)) == (State.CLAIMED, State.DELIVERED)


def test_after_the_claim_window_the_page_says_whom_to_ring(page, delivered, clock):
    clock.at = london(2026, 12, 16, 9)

    shown = text(see(page))
    assert "The time to claim these has passed" in shown
    assert "01632 960000" in shown
    answer = claim(page, delivered)

    assert "Ring the carers team: they can claim it for you." in text(answer)
    assert state(delivered) == State.DELIVERED


@pytest.mark.parametrize("provider_state", ["paused", "suspended", "closed"])
def test_a_provider_that_is_not_live_can_claim_its_past_work(page, delivered, bryn_cafe, provider_state):
    factories.put(bryn_cafe, provider_state)

    claim(page, delivered)

    assert books.due(payee=bryn_cafe.pk) == 6250


def test_the_vat_within_is_on_the_statement_of_a_registered_provider(page, delivered, bryn_cafe):
    bryn_cafe.vat_number, bryn_cafe.vat_treatment = "GB123456789", "standard"
    bryn_cafe.save()

    answer = claim(page, delivered)

    assert "VAT in it" in text(answer)
    assert "£10.42" in text(answer)


def test_who_is_registered_late_is_pointed_to_what_was_claimed_without_vat(
    page, delivered, award, sitting, bryn, bryn_cafe, now, caerphilly, ffion
):
    """Of breaks from the first day on, while no run has them; claimed again they have it, and nothing is said."""
    before = deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY - dt.timedelta(days=1)), 60, bryn)
    in_a_run = deliver(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4)), 60, bryn)
    claim(page, before, delivered, in_a_run)
    line = in_a_run.claim_lines.get()
    settlement.prepare(council=caerphilly, lines=[line], pay_on=PAY_DAY, by=Who(user=ffion), now=MONDAY, key="run")
    assert "Claimed without VAT" not in text(see(page))

    days = {"vat_from_day": "16", "vat_from_month": "10", "vat_from_year": "2026"}
    said = {"vat_treatment": "standard", "vat_number": "GB 123 456 789"} | days
    saved = page.post(reverse("provider:vat"), said, follow=True)

    for shown in (saved, see(page)):
        assert shown.context["without_vat"] == [delivered.claim_lines.get()]
        assert "there is no VAT in what you claimed. Take each out of its claim and claim it again" in text(shown)
        assert "ring the carers team before you take it out" not in text(shown)
    bryn_cafe.refresh_from_db()
    [late] = withdrawals.claimed_without_vat(bryn_cafe, on=dt.date(2027, 3, 1))
    assert late.is_late
    page.post(reverse("provider:withdraw", args=[delivered.ref]))
    claim(page, delivered)
    assert "Claimed without VAT" not in text(see(page))
    assert delivered.claim_lines.get(struck_at=None).vat_pence == 1042
    assert audit.differences() == []


def test_a_line_shows_its_way_to_payment(page, delivered, caerphilly, ffion, gwen, clock):
    claim(page, delivered)
    address = reverse("provider:claim", args=[1])
    assert "Waiting for a payment run" in text(page.get(address))
    assert "No payment is planned just now." in text(see(page))

    lines = settlement.awaiting(caerphilly)
    run = settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_DAY, by=Who(user=ffion), now=MONDAY, key="run")
    assert "In a payment run Planned for 29 October 2026, not released yet" in text(page.get(address))
    assert "A payment of £62.50 is planned for Thursday 29 October." in text(see(page))
    assert "Your next payment:" not in text(see(page))
    assert "£62.50 is planned to be paid on Thursday 29 October" in text(page.get(reverse("provider:inbox")))
    clock.at = london(2026, 10, 29, 9)
    assert "In a payment run Not released yet" in text(page.get(address))
    assert "£62.50 is planned. The council has not released it yet" in text(see(page))
    assert "£62.50 is planned to be paid; the council" in text(page.get(reverse("provider:inbox")))
    clock.at = SATURDAY

    settlement.release(run=run, by=Who(user=gwen), now=MONDAY)
    assert "£62.50 Your next payment: Thursday 29 October" in text(see(page))
    assert "reaches your account on Thursday 29 October" in text(page.get(reverse("provider:inbox")))
    assert "On its way to your bank 29 October 2026" in text(page.get(address))
    clock.at = london(2026, 10, 29, 9)
    assert "Paid 29 October 2026" in text(page.get(address))
    assert audit.differences() == []


def test_a_run_that_was_voided_leaves_the_line_waiting(page, delivered, caerphilly, ffion):
    claim(page, delivered)
    run = settlement.prepare(
        council=caerphilly,
        lines=settlement.awaiting(caerphilly),
        pay_on=PAY_DAY,
        by=Who(user=ffion),
        now=MONDAY,
        key="run",
    )
    settlement.void(run=run, reason="Wrong day", by=Who(user=ffion), now=MONDAY)

    assert "Waiting for a payment run" in text(page.get(reverse("provider:claim", args=[1])))


def remittance(provider, user, **fields):
    run = PaymentRun.objects.create(
        council=provider.council,
        number=1,
        pay_on=PAY_DAY,
        total_pence=6250,
        line_count=1,
        prepared_by=user,
        prepared_at=MONDAY,
    )
    content = b"%PDF-1.7"
    defaults = {
        "kind": RunFile.Kind.REMITTANCE,
        "provider": provider,
        "language": "en",
        "name": "remittance-1.pdf",
        "council": provider.council,
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": content,
        "made_at": MONDAY,
    }
    return RunFile.objects.create(run=run, **(defaults | fields))


def test_a_remittance_advice_is_there_to_download(page, bryn_cafe, ffion):
    file = remittance(bryn_cafe, ffion)

    assert reverse("provider:remittance", args=[file.pk]) in see(page).content.decode()
    answer = page.get(reverse("provider:remittance", args=[file.pk]))

    assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
    assert "remittance-1.pdf" in answer["Content-Disposition"]


def test_the_papers_of_earlier_payments_are_pages_further(page, bryn_cafe, ffion):
    first = remittance(bryn_cafe, ffion)
    every = reverse("provider:remittances")
    before = count_of_queries(page, every)
    RunFile.objects.bulk_create(
        RunFile(
            run=first.run,
            kind=first.kind,
            provider=bryn_cafe,
            language=f"{number}",
            name=f"remittance-{number}.pdf",
            council=first.council,
            sha256=first.sha256,
            content=first.content,
            made_at=MONDAY + dt.timedelta(weeks=number),
        )
        for number in range(1, 21)
    )
    oldest = reverse("provider:remittance", args=[first.pk])

    assert oldest not in see(page).content.decode()
    assert every in see(page).content.decode()
    assert oldest not in page.get(every).content.decode()
    assert oldest in page.get(every, {"page": 2}).content.decode()
    assert count_of_queries(page, every) == before


def test_another_providers_remittance_and_the_councils_files_are_not_there(page, caerphilly, bryn_cafe, ffion):
    theirs = remittance(factories.provider(caerphilly, name="Caffi Arall"), ffion)
    bacs = RunFile.objects.create(
        run=theirs.run,
        kind=RunFile.Kind.BACS,
        name="bacs.txt",
        council=caerphilly,
        sha256="0" * 64,
        content=b"VOL1",
        made_at=MONDAY,
    )

    for file in (theirs, bacs):
        assert page.get(reverse("provider:remittance", args=[file.pk])).status_code == 404
    assert reverse("provider:remittance", args=[theirs.pk]) not in see(page).content.decode()


def test_a_provider_without_a_checked_account_is_told_so(client, caerphilly, clock):
    unpaid = factories.provider(caerphilly, name="Caffi Arall", bank=False)
    client.force_login(factories.provider_staff(unpaid, "arall@provider.example"))

    assert "We have no checked bank account for you" in text(see(client))


@pytest.mark.parametrize("kind, sees", [("owner", True), ("claims", False)])
def test_only_the_owner_finds_the_pages_of_how_one_is_paid(client, caerphilly, clock, kind, sees):
    unpaid = factories.provider(caerphilly, name="Caffi Arall", bank=False)
    client.force_login(factories.provider_staff(unpaid, "arall@provider.example", kind=kind))

    page = see(client).content.decode()

    for name in ("bank", "own_money"):
        assert (reverse(f"provider:{name}") in page) is sees


def test_the_money_page_asks_the_database_as_often_for_many_as_for_one(page, award, sitting, bryn, now):
    def given(hour):
        starts_at = FRIDAY + dt.timedelta(hours=hour - 14)
        return deliver(confirm(award, sitting, bryn, now, starts_at=starts_at, minutes=60), 60, bryn)

    claim(page, given(8))
    given(9)
    money = reverse("provider:money")
    claim(page, given(10))
    before = count_of_queries(page, money), count_of_queries(page, reverse("provider:claim", args=[1]))
    rows = [given(hour) for hour in range(11, 15)]
    claim(page, *rows[:3])

    assert (count_of_queries(page, money), count_of_queries(page, reverse("provider:claim", args=[3]))) == before
