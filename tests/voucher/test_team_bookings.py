"""No money is stuck: the carers team says what became of a break nobody marked, and claims what came too late."""

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.breaks import ALYS, FRIDAY, SATURDAY, ask, confirm, deliver, london
from tests.voucher.test_provider_pages import clock, count_of_queries, left, state, text
from voucher import bookings
from voucher.claiming import claims
from voucher.ledger import audit, books
from voucher.models import Booking, Claim, ClaimLine

pytestmark = pytest.mark.django_db
State = Booking.State
TOO_LATE = london(2026, 12, 16, 9)
VERBS = ["deliver", "did_not_happen", "cancel", "claim"]

__all__ = ["clock"]


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def confirmed(award, sitting, bryn, now):
    """2½ hours on Friday, £62.50."""
    return confirm(award, sitting, bryn, now)


@pytest.fixture
def team(client, carys, clock):
    """Carys's browser, three days after the break."""
    client.force_login(carys)
    clock.at = SATURDAY + dt.timedelta(days=2)
    return client


@pytest.fixture
def theirs(flintshire):
    """A confirmed break of a carer of another council."""
    provider = factories.provider(flintshire)
    owner = factories.provider_staff(provider, "nia@provider.example", name="Nia")
    return confirm(factories.award(flintshire), factories.offer(provider), owner, london(2026, 10, 12, 11))


def listed(team, kind):
    return list(team.get(reverse("team:listing", args=[kind])).context["page"])


def press(team, name, row, **typed):
    return team.post(reverse(f"team:{name}", args=[row.ref]), typed, follow=True)


def claim(team, row, *others, key=None, reason="on_paper", **typed):
    refs = [each.ref for each in (row, *others)]
    names = {"bookings": refs, "late_reason": reason, "key": key or str(uuid.uuid4())} | typed
    return press(team, "claim", row, **{f"claim-{name}": value for name, value in names.items()})


def test_a_break_that_nobody_marked_is_listed_once_it_is_two_days_over(team, confirmed, theirs, clock):
    over = confirmed.ends_at + dt.timedelta(days=2)

    clock.at = over
    assert listed(team, "not-marked") == []
    clock.at = over + dt.timedelta(seconds=1)
    assert listed(team, "not-marked") == [confirmed]

    todo = team.get(reverse("team:queue")).content.decode()
    line = re.search(r'<a class="todo__link" href="/team/lists/not-marked/">(.*?)</a>', todo)[1]
    assert "Breaks that nobody has marked" in line
    assert ">1<" in line
    page = team.get(reverse("team:listing", args=["not-marked"])).content.decode()
    assert reverse("team:booking", args=[confirmed.ref]) in page
    assert confirmed.provider.phone in page


def test_a_break_is_listed_as_not_claimed_from_the_day_after_the_claim_window(team, confirmed, theirs, bryn, clock):
    """R15: 60 days after Friday 16 October is Tuesday 15 December, still the provider's own."""
    deliver(confirmed, 150, bryn)
    deliver(theirs, 150, bryn)

    clock.at = london(2026, 12, 15, 23, 59)
    assert listed(team, "not-claimed") == []
    clock.at = london(2026, 12, 16, 0)
    assert listed(team, "not-claimed") == [confirmed]
    assert "To be claimed: £62.50" in text(team.get(reverse("team:listing", args=["not-claimed"])))

    bookings.undo(booking=confirmed, by=Who(bryn), now=clock.at)
    assert listed(team, "not-claimed") == []


def test_a_late_cancellation_that_was_not_claimed_is_listed_and_one_in_good_time_is_not(
    team, confirmed, award, sitting, bryn, now, clock
):
    in_time = confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4))
    party = Booking.Party.CARER
    bookings.cancel(booking=in_time, party=party, by=ALYS, now=now)
    bookings.cancel(booking=confirmed, party=party, by=ALYS, now=FRIDAY - dt.timedelta(hours=1))
    clock.at = TOO_LATE

    assert listed(team, "not-claimed") == [confirmed]
    claim(team, confirmed)

    assert state(confirmed) == State.CLAIMED
    assert ClaimLine.objects.get().amount_pence == confirmed.due_pence
    assert audit.differences() == []


def test_the_page_says_in_a_sentence_how_the_booking_stands(team, confirmed, bryn, clock):
    address = reverse("team:booking", args=[confirmed.ref])

    said = text(team.get(address))
    assert "nobody has said what was given. Until somebody does, this stays set aside: £62.50." in said
    assert f"First ring Bryn Café: {confirmed.provider.phone}" in said

    deliver(confirmed, 150, bryn)
    assert "Given, and not claimed yet: £62.50. The provider can claim it until Tuesday 15 December." in text(
        team.get(address)
    )
    clock.at = TOO_LATE
    assert "time to claim ended on Tuesday 15 December, so only you can claim it now." in text(team.get(address))


def test_the_team_answers_a_request_for_a_provider_that_it_has_rung(team, award, sitting, carys, clock, now):
    asked, also = ask(award, sitting, now), ask(award, sitting, now, starts_at=SATURDAY)
    clock.at = now
    page = text(team.get(reverse("team:booking", args=[asked.ref])))
    assert f"First ring Bryn Café: {asked.provider.phone}" in page
    clock.at = asked.answer_by - dt.timedelta(hours=1)
    assert reverse("team:booking", args=[asked.ref]) in team.get(reverse("team:queue")).content.decode()
    assert "They say yes: confirm it for them" in page

    seen_another = press(team, "confirm", asked, seen=SATURDAY.isoformat())
    assert "somebody was quicker" in text(seen_another)
    for _twice in range(2):
        answer = press(team, "confirm", asked, seen=asked.starts_at.isoformat())
        assert "Confirmed for the provider. We have told the carer." in text(answer)
    assert "Choose the reason that fits best." in text(press(team, "decline", also))
    assert "Declined for the provider." in text(press(team, "decline", also, **{"decline-reason": "full"}))

    assert (state(asked), state(also), also.decline_reason) == (State.CONFIRMED, State.DECLINED, "full")
    entry = HistoryEntry.objects.get(act="booking.confirmed")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"provider {asked.provider.ref}")
    assert audit.differences() == claims.differences() == []


@pytest.mark.parametrize(("minutes", "due"), [(150, 6250), (90, 3750)])
def test_the_team_says_how_much_was_given(team, confirmed, carys, minutes, due):
    answers = [press(team, "deliver", confirmed, **{"delivered-minutes": minutes}) for _twice in range(2)]

    assert all("Marked as given." in text(answer) for answer in answers)
    assert state(confirmed) == State.DELIVERED
    assert (confirmed.delivered_minutes, confirmed.due_pence) == (minutes, due)
    entry = HistoryEntry.objects.get(act="booking.delivered")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"provider {confirmed.provider.ref}")
    assert audit.differences() == claims.differences() == []


def test_a_length_that_cannot_be_is_refused_beside_its_field(team, confirmed):
    answer = press(team, "deliver", confirmed, **{"delivered-minutes": 100})

    assert "Choose how much was given from the list." in text(answer)
    assert state(confirmed) == State.CONFIRMED


def test_the_team_says_that_it_did_not_happen_and_everything_goes_back(team, confirmed, award, carys):
    assert "Choose what happened." in text(press(team, "did_not_happen", confirmed))

    for _twice in range(2):
        answer = press(team, "did_not_happen", confirmed, **{"not-why": "we_could_not"})
        assert "Noted: it did not happen." in text(answer)

    assert (state(confirmed), confirmed.ended_by) == (State.DID_NOT_HAPPEN, Booking.Party.TEAM)
    assert left(award) == (40_000, 0)
    entry = HistoryEntry.objects.get(act="booking.we_could_not")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"provider {confirmed.provider.ref}")
    assert audit.differences() == claims.differences() == []


def test_the_team_cancels_free_of_charge_for_the_carer(team, confirmed, award, bryn_cafe):
    for _twice in range(2):
        assert "Cancelled. Everything has gone back to the carer" in text(press(team, "cancel", confirmed))

    assert (state(confirmed), confirmed.ended_by) == (State.CANCELLED, Booking.Party.TEAM)
    assert left(award) == (40_000, 0)
    assert books.due(payee=bryn_cafe.pk) == 0
    assert audit.differences() == claims.differences() == []


def test_whoever_was_slower_is_told_and_changes_nothing(team, confirmed, bryn):
    deliver(confirmed, 150, bryn)

    for name, typed in (("cancel", {}), ("did_not_happen", {"not-why": "nobody_came"})):
        assert "Nothing was changed: somebody was quicker." in text(press(team, name, confirmed, **typed))

    assert state(confirmed) == State.DELIVERED
    assert not HistoryEntry.objects.filter(act="booking.nobody_came").exists()
    assert audit.differences() == []


def test_what_is_too_early_is_said_and_changes_nothing(team, confirmed, clock):
    clock.at = FRIDAY - dt.timedelta(hours=1)

    assert "That can be said from" in text(press(team, "deliver", confirmed, **{"delivered-minutes": 150}))
    assert "Mark as given" not in text(team.get(reverse("team:booking", args=[confirmed.ref])))
    assert state(confirmed) == State.CONFIRMED


def test_the_team_claims_for_the_provider_with_a_reason(team, confirmed, award, bryn, bryn_cafe, carys, clock):
    deliver(confirmed, 135, bryn)
    clock.at = TOO_LATE

    assert "Choose why it is late." in text(claim(team, confirmed, reason=""))
    answer = claim(team, confirmed, invoice_number="2026/17")

    assert "Claimed for the provider: £56.25. It waits for the next payment run." in text(answer)
    made = Claim.objects.get()
    assert (made.made_by, made.invoice_number, state(confirmed)) == (carys, "2026/17", State.CLAIMED)
    entry = HistoryEntry.objects.get(act="claim.made")
    assert (entry.on_behalf_of, entry.details["late_reason"]) == (f"provider {bryn_cafe.ref}", "on_paper")
    assert books.due(payee=bryn_cafe.pk) == 5625
    assert left(award) == (40_000 - 5625, 0)
    assert listed(team, "not-claimed") == []
    assert audit.differences() == claims.differences() == []


def test_several_breaks_of_one_provider_are_claimed_together(team, confirmed, award, sitting, bryn, now, clock):
    evening = confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(hours=4))
    for row in (confirmed, evening):
        deliver(row, 150, bryn)
    clock.at = TOO_LATE

    page = team.get(reverse("team:booking", args=[confirmed.ref])).content.decode()
    boxes = re.findall(r'<input class="govuk-checkboxes__input"[^>]*>', page)
    assert len(boxes) == 2
    assert [confirmed.ref in box for box in boxes if " checked" in box] == [True]
    claim(team, confirmed, evening)

    assert ClaimLine.objects.filter(claim=Claim.objects.get()).count() == 2


@pytest.mark.parametrize("same_key", [True, False])
def test_a_claim_sent_twice_is_made_once_and_said_kindly(team, confirmed, bryn, bryn_cafe, clock, same_key):
    deliver(confirmed, 150, bryn)
    clock.at = TOO_LATE
    key = str(uuid.uuid4())
    claim(team, confirmed, key=key)
    clock.at += dt.timedelta(seconds=2)

    answer = claim(team, confirmed, key=key if same_key else None)

    assert "Already claimed on Wednesday 16 December, £62.50." in text(answer)
    assert Claim.objects.count() == 1
    assert books.due(payee=bryn_cafe.pk) == 6250
    assert audit.differences() == []


def test_what_the_provider_can_claim_itself_the_team_does_not_claim(team, confirmed, bryn):
    deliver(confirmed, 150, bryn)

    assert "The list has changed since you opened it" in text(claim(team, confirmed))
    assert state(confirmed) == State.DELIVERED
    assert not Claim.objects.exists()


def test_another_councils_break_is_not_claimed_along(team, confirmed, theirs, bryn, clock):
    deliver(confirmed, 150, bryn)
    deliver(theirs, 150, bryn)
    clock.at = TOO_LATE

    assert "The list has changed since you opened it" in text(claim(team, confirmed, theirs))
    assert not Claim.objects.exists()


def test_another_councils_booking_is_not_there(team, theirs):
    assert team.get(reverse("team:booking", args=[theirs.ref])).status_code == 404
    for name in VERBS:
        assert press(team, name, theirs).status_code == 404
    assert state(theirs) == State.CONFIRMED


@pytest.mark.parametrize("somebody", ["bryn", "ffion", "gwen", "aled", "dafydd"])
def test_nobody_but_the_carers_team_finds_these_pages(client, request, confirmed, somebody):
    client.force_login(request.getfixturevalue(somebody))

    assert client.get(reverse("team:booking", args=[confirmed.ref])).status_code == 404
    for name in VERBS:
        assert press(client, name, confirmed).status_code == 404
    assert state(confirmed) == State.CONFIRMED


@pytest.mark.parametrize("kind", ["not-marked", "not-claimed"])
def test_the_lists_take_the_same_number_of_queries_however_long_they_are(
    team, confirmed, award, sitting, bryn, now, clock, kind
):
    clock.at = TOO_LATE + dt.timedelta(days=5)
    rows, address = [confirmed], reverse("team:listing", args=[kind])
    if kind == "not-claimed":
        deliver(confirmed, 150, bryn)
    # The first look of a day is written down; what is counted is every one after it.
    team.get(reverse("team:booking", args=[confirmed.ref]))
    few = count_of_queries(team, address)
    few_on_page = count_of_queries(team, reverse("team:booking", args=[confirmed.ref]))

    for day in (1, 2, 3):
        rows.append(confirm(award, sitting, bryn, now, starts_at=FRIDAY + dt.timedelta(days=day)))
        if kind == "not-claimed":
            deliver(rows[-1], 150, bryn)

    assert listed(team, kind) == rows
    assert count_of_queries(team, address) == few
    assert count_of_queries(team, reverse("team:booking", args=[confirmed.ref])) == few_on_page


def test_the_pages_are_there_in_welsh(team, confirmed, bryn, clock):
    address = "/cy" + reverse("team:booking", args=[confirmed.ref])
    assert "Seibiannau heb eu nodi gan neb" in text(team.get("/cy/team/"))
    assert "Rhoddwyd y seibiant" in text(team.get(address))

    deliver(confirmed, 150, bryn)
    clock.at = TOO_LATE

    assert "Seibiannau na chawsant eu hawlio mewn pryd" in text(team.get("/cy/team/lists/not-claimed/"))
    assert "Hawlio ar ran y darparwr" in text(team.get(address))
