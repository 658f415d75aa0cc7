"""P5, P13, P14, P15: what a provider gave, claims and is paid, through the pages; the books say the same."""

import datetime as dt
import html
import re
import uuid

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import Council
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, ask, london
from voucher import bookings
from voucher.claiming import absences, claims, disputes
from voucher.ledger import audit, books
from voucher.models import Booking, ClaimLine, Invoice, PaymentRun
from voucher.settling import settlement_audit

pytestmark = pytest.mark.django_db
State = Booking.State

ASKED = london(2026, 9, 7, 10)
BREAK = london(2026, 9, 11, 14)
MONDAY = london(2026, 9, 14, 9)
THURSDAY = london(2026, 9, 17, 10)
TUESDAY = london(2026, 9, 22, 12)


class World:
    """Somebody at the pages, at a moment."""

    def __init__(self, client, clock):
        self.client, self.clock = client, clock

    def at(self, moment, person):
        self.clock.now = moment
        self.client.force_login(person)
        return self

    def look(self, name, *args, **query):
        return self._text(self.client.get(reverse(name, args=args), query))

    def press(self, name, *args, **typed):
        return self._text(self.client.post(reverse(name, args=args), typed, follow=True))

    def claim(self, *rows, council="caerphilly", **typed):
        names = {"bookings": [row.ref for row in rows], "key": str(uuid.uuid4())} | typed
        data = {f"{council}-{name}": value for name, value in names.items()}
        return self._text(self.client.post(reverse("provider:make_claim", args=[council]), data, follow=True))

    def form_of(self, name):
        """Return what a browser sends of the first form of the page: all that is ticked and filled in."""
        page = self.client.get(reverse(name)).content.decode()
        data = {}
        for field in re.findall(r"<input[^>]*>", page):
            found = dict(re.findall(r'(\w+)="([^"]*)"', field))
            if "name" not in found or (found.get("type") == "checkbox" and "checked" not in field):
                continue
            data.setdefault(found["name"], []).append(html.unescape(found.get("value", "on")))
        data.pop("csrfmiddlewaretoken", None)
        return data

    @staticmethod
    def _text(answer):
        assert answer.status_code == 200, answer.status_code
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def world(client, clock):
    return World(client, clock)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


def confirmed(award, offer, owner, *, starts_at=BREAK, minutes=150, asked=ASKED):
    booking = ask(award, offer, asked, starts_at=starts_at, minutes=minutes)
    bookings.confirm(booking=booking, by=Who(owner), now=asked)
    return booking


def state(booking):
    return Booking.objects.get(pk=booking.pk).state


def left(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def differences():
    return audit.differences() + claims.differences() + settlement_audit.differences()


def pay(world, ffion, gwen, at=THURSDAY):
    """Prepare what waits as the page proposes it, and release it as a second person."""
    world.at(at, ffion).press("finance:prepare", **world.form_of("finance:prepare"))
    run = PaymentRun.objects.order_by("-number").first()
    world.at(at, gwen).press("finance:release", run.number)
    run.refresh_from_db()
    assert run.state == PaymentRun.State.RELEASED
    return run


def test_p5_two_and_a_quarter_of_two_and_a_half_hours_are_claimed_once_and_paid_on_the_day_that_was_promised(
    world, award, bryn_cafe, bryn, ffion, gwen
):
    booking = confirmed(award, factories.offer(bryn_cafe), bryn)
    world.at(MONDAY, bryn)
    world.press("provider:deliver", booking.ref, **{"delivered-minutes": "135"})

    page = world.look("provider:money")
    assert "£56.25: Sitting at home for Alys, Friday 11 September, 2¼ hours" in page
    assert "Claim today, and you are paid on Tuesday 22 September." in page
    page = world.claim(booking, invoice_number="BC-41")
    assert "Claimed: £56.25. It is paid on Tuesday 22 September." in page
    assert "Promised for Tuesday 22 September" in page and "BC-41" in page
    again = world.at(MONDAY + dt.timedelta(days=1), bryn).claim(booking)

    assert "Already claimed on Monday 14 September, £56.25." in again
    assert ClaimLine.objects.count() == 1
    assert (left(award), books.due(payee=bryn_cafe.pk)) == ((40_000 - 5625, 0), 5625)
    run = pay(world, ffion, gwen)
    assert (run.pay_on, run.total_pence) == (dt.date(2026, 9, 22), 5625)
    page = world.at(TUESDAY, bryn).look("provider:claim", 1)
    assert "Paid 22 September" in page and "Claimed on 14 September" in page
    assert books.due(payee=bryn_cafe.pk) == 0
    assert "£56.25" in world.look("provider:figures")
    assert differences() == []


def test_p5_a_slip_is_undone_until_it_is_in_a_run_and_then_the_page_says_what_else_can_be_done(
    world, award, bryn_cafe, bryn, ffion
):
    booking = confirmed(award, factories.offer(bryn_cafe), bryn)
    world.at(MONDAY, bryn).press("provider:deliver", booking.ref, **{"delivered-minutes": "150"})
    world.claim(booking)

    page = world.press("provider:withdraw", booking.ref)
    assert "Taken out of the claim. You can mark it anew, or claim it again." in page
    assert "Taken out of the claim 14 September" in page
    assert "It was taken out of the claim already, on" in world.press("provider:withdraw", booking.ref)
    assert (state(booking), books.due(payee=bryn_cafe.pk), left(award)) == (State.DELIVERED, 0, (33_750, 6250))
    world.press("provider:undo", booking.ref)
    world.press("provider:deliver", booking.ref, **{"delivered-minutes": "135"})
    assert "Claimed: £56.25." in world.claim(booking)

    world.at(THURSDAY, ffion).press("finance:prepare", **world.form_of("finance:prepare"))
    page = world.at(THURSDAY, bryn).press("provider:withdraw", booking.ref)
    assert "It is in the payment of Tuesday 22 September already, so it can no longer be taken out." in page
    assert "what they find is taken off your next payment" in page
    assert "Claimed by mistake?" not in world.look("provider:claim", 2)
    assert books.due(payee=bryn_cafe.pk) == 5625
    assert differences() == []


def test_p5_the_carer_who_did_not_come_is_believed_when_it_was_otherwise(world, award, bryn_cafe, bryn):
    booking = confirmed(award, factories.offer(bryn_cafe), bryn)

    world.at(BREAK + dt.timedelta(minutes=20), bryn)
    assert "If the carer did not come, £31.25 can be claimed" in world.look("provider:booking", booking.ref)
    page = world.press("provider:did_not_happen", booking.ref, **{"not-why": "nobody_came"})

    assert "Alys did not come. You can claim £31.25 for it" in page
    assert (left(award), books.due(payee=bryn_cafe.pk)) == ((36_875, 0), 3125)
    world.at(MONDAY, bryn)
    assert "£31.25: Sitting at home for Alys, Friday 11 September (the carer did not come)" in world.look(
        "provider:money"
    )
    absences.say_otherwise(booking=Booking.objects.get(), by=ALYS, now=MONDAY)
    assert "You say that the carer did not come, and the carer says that it was otherwise." in world.look(
        "provider:booking", booking.ref
    )
    assert (left(award), books.due(payee=bryn_cafe.pk)) == ((40_000, 0), 0)
    assert differences() == []


def test_p13_overpaid_40_pounds_are_taken_off_the_next_payment_itemised(
    world, award, bryn_cafe, bryn, ffion, gwen, carys
):
    offer = factories.offer(bryn_cafe, price_pence=2000)
    booking = confirmed(award, offer, bryn, minutes=240)
    world.at(MONDAY, bryn).press("provider:deliver", booking.ref, **{"delivered-minutes": "240"})
    world.claim(booking)
    pay(world, ffion, gwen)
    dispute = disputes.make(booking=Booking.objects.get(), said_minutes=120, by=ALYS, now=TUESDAY)
    disputes.resolve(dispute=dispute, found_minutes=120, finding="Two hours, both say now.", by=Who(carys), now=TUESDAY)

    page = world.at(TUESDAY, bryn).look("provider:money")
    # What is released already comes whole.
    assert "Your next payment: Tuesday 22 September" in page and "The payment after this one is £40.00 smaller" in page
    assert "Your next payment is £40.00 smaller" in world.at(london(2026, 9, 23, 9), bryn).look("provider:money")
    assert "Sitting at home , 11 September 2026: −£40.00. What was found: Two hours, both say now." in page
    assert "If no payment comes before 22 November 2026, the council sends you an invoice for it instead." in page
    assert books.due(payee=bryn_cafe.pk) == -4000

    other = confirmed(award, offer, bryn, starts_at=london(2026, 9, 25, 14), minutes=240, asked=TUESDAY)
    world.at(london(2026, 9, 28, 9), bryn).press("provider:deliver", other.ref, **{"delivered-minutes": "240"})
    world.claim(other)
    run = pay(world, ffion, gwen, at=london(2026, 10, 1, 10))
    assert run.total_pence == 4000
    page = world.at(london(2026, 10, 7, 9), bryn).look("provider:figures")
    assert "−£40.00" in page and "Taken off, after a dispute" in page
    assert (books.due(payee=bryn_cafe.pk), left(award)) == (0, (40_000 - 12_000, 0))
    assert differences() == []


def test_p13_where_no_run_comes_within_60_days_finance_writes_an_invoice_and_it_is_paid_once(
    world, award, bryn_cafe, bryn, ffion, gwen, carys
):
    booking = confirmed(award, factories.offer(bryn_cafe, price_pence=2000), bryn, minutes=240)
    world.at(MONDAY, bryn).press("provider:deliver", booking.ref, **{"delivered-minutes": "240"})
    world.claim(booking)
    pay(world, ffion, gwen)
    dispute = disputes.make(booking=Booking.objects.get(), said_minutes=120, by=ALYS, now=TUESDAY)
    disputes.resolve(dispute=dispute, found_minutes=120, finding="Two hours.", by=Who(carys), now=TUESDAY)

    assert "Invoices to write" not in world.at(london(2026, 11, 21, 9), ffion).look("finance:overdue")
    world.at(london(2026, 11, 22, 9), ffion)

    assert "Invoices to write: 1." in world.look("finance:runs")
    assert f"Bryn Café, {booking.ref}: −£40.00" in world.look("finance:overdue")
    prefix = f"write-{bryn_cafe.ref}"
    typed = {f"{prefix}-number": "AR-77", f"{prefix}-key": str(uuid.uuid4())}
    typed |= {f"{prefix}-dated_day": "22", f"{prefix}-dated_month": "11", f"{prefix}-dated_year": "2026"}
    assert "Noted. The provider is told" in world.press("finance:write_invoice", bryn_cafe.ref, **typed)
    page = world.at(london(2026, 11, 23, 9), bryn).look("provider:money")
    assert "Invoice AR-77 of" in page and "Your next payment is" not in page

    invoice = Invoice.objects.get().pk
    prefix = f"paid-{invoice}-paid_on"
    day = {f"{prefix}_day": "1", f"{prefix}_month": "12", f"{prefix}_year": "2026", f"paid-{invoice}-amount": "40"}
    page = world.at(london(2026, 12, 1, 9), ffion).press("finance:invoice_paid", invoice, **day)
    assert "Nothing is owed for this invoice any more." in page and "Paid 1 Dec" in page
    assert "−£40.00" in world.at(london(2026, 12, 1, 9), bryn).look("provider:figures")
    assert (books.due(payee=bryn_cafe.pk), differences()) == (0, [])


def test_p14_a_donated_break_uses_nothing_is_never_claimed_and_counts_as_a_break(world, award, bryn_cafe, bryn):
    offer = factories.offer(bryn_cafe, price_pence=0, unit="session", title_en="A night at our hotel")
    booking = confirmed(award, offer, bryn, minutes=60)

    world.at(MONDAY, bryn)
    page = world.press("provider:deliver", booking.ref, **{"delivered-minutes": "60"})

    assert "Given. It was free, so there is nothing to claim. Thank you." in page
    assert "Nothing is ready." in world.look("provider:money")
    assert "The list has changed" in world.claim(booking)
    page = world.look("provider:figures")
    assert "September 2026 £0.00 £0.00 0 1" in page
    assert (left(award), state(booking), ClaimLine.objects.count()) == ((40_000, 0), State.DELIVERED, 0)
    assert differences() == []


def test_p15_the_councils_own_day_base_is_recharged_and_no_bank_is_asked(world, award, caerphilly, ffion, gwen):
    base = factories.provider(caerphilly, name="Canolfan Ddydd", bank=False, legal_form=Provider.LegalForm.COUNCIL)
    owner = factories.provider_staff(base, "base@council.example")
    booking = confirmed(award, factories.offer(base, price_pence=4000, unit="session"), owner, minutes=60)
    world.at(MONDAY, owner).press("provider:deliver", booking.ref, **{"delivered-minutes": "60"})

    page = world.look("provider:money")
    assert "We have no checked bank account" not in page
    assert "you are paid inside the council and no bank is needed" in page
    assert "The bank account that we pay into" not in page
    world.claim(booking)
    assert "Recharge, not through the bank" in world.at(THURSDAY, ffion).look("finance:prepare")
    run = pay(world, ffion, gwen)

    assert run.lines.get().bank_account is None
    assert not run.files.filter(kind="bacs").exists()
    assert "Credited within the council 22 September" in world.at(THURSDAY, owner).look("provider:claim", 1)
    assert "Paid 22 September" in world.at(TUESDAY, owner).look("provider:claim", 1)
    assert (books.due(payee=base.pk), left(award)) == (0, (36_000, 0))
    assert differences() == []


def test_a_missed_promise_is_told_kindly_with_the_new_day_and_shown_to_finance(world, award, bryn_cafe, bryn, ffion):
    booking = confirmed(award, factories.offer(bryn_cafe), bryn)
    world.at(MONDAY, bryn).press("provider:deliver", booking.ref, **{"delivered-minutes": "150"})
    world.claim(booking)

    page = world.at(TUESDAY + dt.timedelta(days=1), bryn).look("provider:claim", 1)

    assert "We are sorry: we had said 22 September 2026. It is planned for 29 September 2026 now." in page
    page = world.at(TUESDAY + dt.timedelta(days=1), ffion).look("finance:overdue")
    assert "Past the day that was promised" in page and booking.ref in page


def test_a_line_that_was_left_out_says_why_and_one_without_a_bank_account_too(
    world, award, bryn_cafe, bryn, ffion, caerphilly
):
    offer = factories.offer(bryn_cafe)
    first = confirmed(award, offer, bryn)
    second = confirmed(award, offer, bryn, starts_at=BREAK + dt.timedelta(hours=3))
    world.at(MONDAY, bryn)
    for booking in (first, second):
        world.press("provider:deliver", booking.ref, **{"delivered-minutes": "150"})
    world.claim(first, second)
    lines = {line.booking_id: line.pk for line in ClaimLine.objects.all()}
    form = world.at(THURSDAY, ffion).form_of("finance:prepare")
    del form[f"take-{lines[second.pk]}"]
    world.press("finance:prepare", **(form | {f"why-{lines[second.pk]}": "We ask about the time."}))

    page = world.at(THURSDAY, bryn).look("provider:claim", 1)

    assert "In a payment run Planned for 22 September 2026, not released yet" in page
    assert "Left out of the payment of 22 September 2026: We ask about the time." in page
    bryn_cafe.bank_accounts.update(state="refused")
    page = world.look("provider:claim", 1)
    assert "We have no bank account of yours that we may pay into just now." in page


def test_the_same_carer_and_hour_at_two_providers_is_asked_about_unless_one_is_care_meanwhile(
    world, award, bryn_cafe, bryn, ffion
):
    def at(name, slug):
        provider = factories.provider(Council.objects.get(slug="caerphilly"), name=name)
        owner = factories.provider_staff(provider, f"{slug}@provider.example")
        booking = confirmed(award, factories.offer(provider, category=factories.category(slug)), owner)
        world.at(MONDAY, owner).press("provider:deliver", booking.ref, **{"delivered-minutes": "150"})
        world.claim(booking)
        return owner, booking

    at("Sitters", "sitting")
    at("Gwallt", "hair-and-beauty")  # a haircut while somebody sits: as it should be
    owner, booking = at("Nofio", "swim-and-sport")

    page = world.look("provider:claim", 1)
    assert "Held for a question" in page and "That is often right; we ask before we pay." in page
    page = world.at(THURSDAY, ffion).look("finance:prepare")
    assert "2 breaks can be paid" in page
    assert "Another provider claims the same carer and hour. Both may be right" in page
    line = ClaimLine.objects.get(booking=booking)
    assert "Say in a few words" in world.press("finance:asked", line.pk, note=" ")
    world.press("finance:asked", line.pk, note="A swim of an hour, then the haircut.")
    assert "3 breaks can be paid" in world.look("finance:prepare")
    assert "Waiting for a payment run" in world.at(THURSDAY, owner).look("provider:claim", 1)
