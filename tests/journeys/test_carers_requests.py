"""Carers ask for a break: second choices, other times, a sitter meanwhile, another time; told through the pages."""

import datetime as dt
import re
import uuid
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutboxMessage
from tests import factories
from tests.voucher.breaks import london
from voucher import bookings, jobs
from voucher.claiming import claims
from voucher.forms.carer import as_typed
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, BreakRequest
from voucher.navigation import OPEN_AWARD

pytestmark = pytest.mark.django_db
State = Booking.State
THURSDAY = london(2026, 10, 22, 14)
SATURDAY = london(2026, 10, 24, 9)


@pytest.fixture
def mair(caerphilly):
    return factories.provider(caerphilly, name="Mair", postcode="NP12 1AA")


@pytest.fixture
def of_bryn(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2_500)


@pytest.fixture
def of_mair(mair):
    return factories.offer(mair, price_pence=2_300)


def opened(award):
    """A browser in which the award was opened with its code."""
    client = Client()
    code = awards.new_code(award=award, by=factories.TESTS, now=timezone.now())
    client.post(reverse("open_award"), {"code": code})
    assert client.session[OPEN_AWARD] == award.pk
    return client


def staff(provider, name):
    client = Client()
    client.force_login(factories.provider_staff(provider, f"{name}@provider.example", name=name))
    return client


def last_look(client, offer, starts_at, minutes, **more):
    query = {"minutes": minutes, "starts_at": as_typed(starts_at), **more}
    return client.get(reverse("my:ask", args=[offer.slug]), query)


def follow(client, page, words):
    """Follow the link that says these words."""
    found = [href for href, text in links(page) if words in text]
    assert found, f"No link says “{words}”."
    return client.get(found[0])


def links(page):
    html = page.content.decode()
    for href, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL):
        yield href.replace("&amp;", "&"), re.sub(r"<[^>]+>", "", text)


def press_ask(client, page, **typed):
    """Press the one button of the last look, with all that its form holds."""
    html = page.content.decode()
    form = html[html.index('<form method="post" action="/my/ask/') :] if "/my/ask/" in html else html
    form = form[: form.index("</form>")]
    data = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', form):
        name, value = re.search(r'name="([^"]+)"', tag)[1], re.search(r'value="([^"]*)"', tag)[1]
        data.setdefault(name, []).append(value)
    data.pop("csrfmiddlewaretoken", None)
    return client.post(re.search(r'action="([^"]+)"', form)[1], data | typed)


def text(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def sound():
    return audit.differences() == [] and claims.differences() == []


def money(award):
    balance = awards.balance(awards.of_council(award.council).get(pk=award.pk))
    return balance.left, balance.set_aside


@pytest.mark.parametrize("answer", ["no", "silence"])
def test_c2_haircut_on_thursday_falls_to_the_second_choice(
    caerphilly, bryn_cafe, mair, of_bryn, of_mair, clock, answer
):
    """£62.50 is set aside; Bryn cannot, or does not answer; £57.50 is set aside for Mair, and she is told once."""
    award = factories.award(caerphilly, value=40_000)
    carer = opened(award)
    page = last_look(carer, of_bryn, THURSDAY, 150)
    assert "£62.50" in text(page)

    page = follow(carer, page, "Add a second choice")
    assert "£57.50" in text(page)
    page = follow(carer, page, "Mair")
    assert BreakRequest.objects.count() == 0
    page = press_ask(carer, page)
    assert page.status_code == 302

    first = Booking.objects.get()
    assert money(award) == (33_750, 6_250)
    if answer == "no":
        bryn = staff(bryn_cafe, "Bryn")
        page = bryn.post(
            reverse("provider:decline", args=[first.ref]), {"decline-reason": "full", "decline-note": ""}, follow=True
        )
    else:
        assert first.answer_by == london(2026, 10, 14, 17)
        clock.now = first.answer_by
        jobs.time_out_requests(clock.now)

    second = Booking.objects.get(offer=of_mair)
    assert money(award) == (34_250, 5_750)
    news = OutboxMessage.objects.filter(to=award.carer.email)
    assert [message.kind for message in news] == ["next_choice_asked"]
    assert "£57.50 is set aside instead of £62.50." in news[0].body
    assert f"/my/bookings/{second.ref}/" in news[0].body
    assert "We have asked Mair instead." in text(carer.get(reverse("my:booking", args=[first.ref])))
    assert sound()

    staff(mair, "Mair").post(reverse("provider:confirm", args=[second.ref]))
    second.refresh_from_db()
    assert second.state == State.CONFIRMED
    assert money(award) == (34_250, 5_750)
    assert sound()


def test_c3_family_wedding_uses_almost_all_and_says_so(caerphilly, bryn_cafe, clock):
    """Saturday 09:00 to 21:00 at £28: £336 of £342.50; £6.50 is left, and the screen warns."""
    award = factories.award(caerphilly, value=34_250)
    weekend = factories.offer(bryn_cafe, price_pence=2_800)
    carer = opened(award)

    page = last_look(carer, weekend, SATURDAY, 720)
    words = text(page)
    assert "£336" in words and "£6.50" in words
    assert "This uses almost all that you have left." in words
    press_ask(carer, page)

    assert money(award) == (650, 33_600)
    assert Booking.objects.get().ends_at == london(2026, 10, 24, 21)
    assert sound()


def test_c12_two_bookings_at_the_same_time_are_warned_of_and_not_blocked(caerphilly, of_bryn, of_mair, clock):
    award = factories.award(caerphilly, value=40_000)
    carer = opened(award)
    press_ask(carer, last_look(carer, of_bryn, THURSDAY, 150))

    page = last_look(carer, of_mair, THURSDAY + dt.timedelta(hours=1), 120)
    assert "You have asked for something at that time too" in text(page)
    assert press_ask(carer, page).status_code == 302

    assert Booking.objects.filter(award=award, state=State.REQUESTED).count() == 2
    assert "at that time too" in text(carer.get(reverse("my:booking", args=[Booking.objects.first().ref])))
    assert "at that time too" not in text(last_look(carer, of_mair, SATURDAY, 60))
    assert sound()


def test_p4_another_time_is_suggested_from_the_request_and_taken_from_a_link(caerphilly, bryn_cafe, of_bryn, clock):
    """“15:00 instead”: the money stays set aside; looking at the link changes nothing, the press confirms."""
    award = factories.award(caerphilly, value=40_000)
    carer, bryn = opened(award), staff(bryn_cafe, "Bryn")
    press_ask(carer, last_look(carer, of_bryn, THURSDAY, 150))
    booking = Booking.objects.get()

    bryn.post(reverse("provider:suggest", args=[booking.ref]), {"day": "2026-10-22", "time": "15:00"})
    message = OutboxMessage.objects.get(kind="times_suggested")
    link = re.search(r"https?://\S+(/my/bookings/\S+)", message.body)[1]
    assert money(award) == (33_750, 6_250)

    for _scan in range(3):
        page = carer.get(link)
    assert "Take Thursday 22 October, 3pm to 5.30pm" in text(page)
    booking.refresh_from_db()
    assert booking.state == State.COUNTERED

    suggestion = booking.suggestions.get()
    for address in (reverse("my:take", args=[booking.ref]), reverse("my:take_none", args=[booking.ref])):
        assert carer.get(address).status_code == 405
    page = carer.post(reverse("my:take", args=[booking.ref]), {"suggestion": suggestion.pk}, follow=True)
    again = carer.post(reverse("my:take", args=[booking.ref]), {"suggestion": suggestion.pk}, follow=True)

    booking.refresh_from_db()
    assert (booking.state, booking.starts_at) == (State.CONFIRMED, THURSDAY + dt.timedelta(hours=1))
    assert "It is booked" in text(page) and "That was done already." in text(again)
    assert money(award) == (33_750, 6_250)
    assert sound()


def test_none_of_the_suggested_times_suits_and_the_next_choice_is_asked(caerphilly, bryn_cafe, of_bryn, of_mair, clock):
    award = factories.award(caerphilly, value=40_000)
    carer, bryn = opened(award), staff(bryn_cafe, "Bryn")
    page = follow(carer, last_look(carer, of_bryn, THURSDAY, 150), "Add a second choice")
    press_ask(carer, follow(carer, page, "Mair"))
    booking = Booking.objects.get()
    bryn.post(reverse("provider:suggest", args=[booking.ref]), {"day": "2026-10-22", "time": "15:00"})
    assert "Then we ask Mair." in text(carer.get(reverse("my:booking", args=[booking.ref])))

    page = carer.post(reverse("my:take_none", args=[booking.ref]), follow=True)

    assert "We have asked Mair now." in text(page)
    assert money(award) == (34_250, 5_750)
    assert sound()


def test_a_swim_and_a_sitter_are_asked_for_together_both_or_neither(caerphilly, bryn_cafe, of_bryn, of_mair, clock):
    """A paired break: one press sets both aside; the sitter comes half an hour before and stays half an hour after."""
    award = factories.award(caerphilly, value=40_000)
    pool = factories.provider(caerphilly, name="Pool")
    kind = factories.category("swim-and-sport", name_en="Swimming", name_cy="Nofio")
    swim = factories.offer(pool, price_pence=1_500, unit="session", minutes=60, category=kind)
    carer = opened(award)

    page = follow(carer, last_look(carer, swim, THURSDAY, 60), "Add a sitter")
    assert "1.30pm to 3.30pm" in text(page)
    page = follow(carer, page, "Bryn Café")
    assert "Set aside for both when you ask £65" in text(page)
    page = follow(carer, page, "Add another sitter")
    page = press_ask(carer, follow(carer, page, "Mair"))

    first, second = Booking.objects.order_by("part")
    assert (first.offer, second.offer, money(award)) == (swim, of_bryn, (33_500, 6_500))
    assert (second.starts_at, second.ends_at) == (london(2026, 10, 22, 13, 30), london(2026, 10, 22, 15, 30))

    staff(pool, "Pool").post(reverse("provider:confirm", args=[first.ref]))
    page = text(carer.get(reverse("my:booking", args=[first.ref])))
    assert "Pool has said yes. Waiting for Bryn Café" in page

    staff(bryn_cafe, "Bryn").post(reverse("provider:decline", args=[second.ref]), {"decline-reason": "full"})
    third = Booking.objects.get(offer=of_mair)
    assert money(award) == (33_900, 6_100)
    staff(of_mair.provider, "Mair").post(reverse("provider:confirm", args=[third.ref]))
    assert BreakRequest.objects.get().settled_at == clock.now
    assert sound()

    # The sitter falls away two hours before: the carer chooses, and cancelling costs nothing.
    clock.now = THURSDAY - dt.timedelta(hours=2)
    sitters = Client()
    sitters.force_login(third.provider.staff.get().user)
    sitters.post(reverse("provider:cancel", args=[third.ref]), {"cancel-reason": "ill"})
    page = carer.get(reverse("my:booking", args=[first.ref]))
    assert "The other half has fallen away" in text(page)
    [find] = [href for href, words in links(page) if "Look for someone else" in words]
    assert dict(parse_qsl(urlsplit(find).query)) == {"day": "2026-10-22", "time": "13:30"}
    assert carer.get(find).status_code == 200
    carer.post(reverse("my:cancel", args=[first.ref]), {"seen_due_pence": "0"})
    assert money(award) == (40_000, 0)
    assert sound()


@pytest.fixture
def asked_pair(caerphilly, of_bryn, clock):
    """A swim and a sitter, asked for in one press: (the award, the carer's browser, the swim, the sitter)."""
    award = factories.award(caerphilly, value=40_000)
    kind = factories.category("swim-and-sport", name_en="Swimming", name_cy="Nofio")
    pool = factories.provider(caerphilly, name="Pool")
    swim = factories.offer(pool, price_pence=1_500, unit="session", minutes=60, category=kind, title_en="Swim")
    carer = opened(award)
    page = follow(carer, follow(carer, last_look(carer, swim, THURSDAY, 60), "Add a sitter"), "Bryn Café")
    press_ask(carer, page)
    return award, carer, *Booking.objects.order_by("part")


def test_before_half_of_a_pair_is_cancelled_both_amounts_that_come_back_are_shown(asked_pair):
    award, carer, first, second = asked_pair

    page = text(carer.get(reverse("my:booking", args=[first.ref])))
    assert "if you cancel one, both are cancelled. It costs you nothing." in page
    assert "£15 for Swim, Pool" in page
    assert f"£50 for {second.offer.title}, Bryn Café" in page
    assert "That is £65 together." in page
    assert "Cancel both" in page

    carer.post(reverse("my:cancel", args=[first.ref]), {"seen_due_pence": "0"})
    assert sorted(Booking.objects.values_list("state", flat=True)) == ["cancelled", "cancelled"]
    assert money(award) == (40_000, 0)
    assert "so the other is cancelled too" in OutboxMessage.objects.get(kind="booking_cancelled").body
    assert sound()


def test_of_a_settled_pair_one_is_cancelled_and_the_page_says_that_the_other_stays(asked_pair, now):
    award, carer, first, second = asked_pair
    for half in (first, second):
        bookings.confirm(booking=half, by=factories.TESTS, now=now)

    page = carer.get(reverse("my:booking", args=[first.ref]))
    assert "This cancels only this one." in text(page)
    assert "stays booked. If you do not need it either, cancel it on its own page." in text(page)
    assert "It costs nothing: £15 is given back." in text(page)
    assert "both are cancelled" not in text(page)
    assert reverse("my:booking", args=[second.ref]) in [href for href, _words in links(page)]

    carer.post(reverse("my:cancel", args=[first.ref]), {"seen_due_pence": "0"})
    second.refresh_from_db()
    assert second.state == State.CONFIRMED
    assert money(award) == (35_000, 5_000)
    assert "cancelled too" not in OutboxMessage.objects.get(kind="booking_cancelled").body
    assert "This cancels only this one." not in text(carer.get(reverse("my:booking", args=[second.ref])))
    assert sound()


def test_a_pair_for_which_there_is_not_enough_sets_nothing_aside(caerphilly, bryn_cafe, of_bryn, clock):
    award = factories.award(caerphilly, value=6_500)
    kind = factories.category("swim-and-sport", name_en="Swimming", name_cy="Nofio")
    swim = factories.offer(bryn_cafe, price_pence=1_500, unit="session", minutes=60, category=kind)
    carer = opened(award)
    page = follow(carer, follow(carer, last_look(carer, swim, THURSDAY, 60), "Add a sitter"), "Bryn Café")
    press_ask(carer, last_look(carer, of_bryn, SATURDAY, 60))
    assert money(award) == (4_000, 2_500)

    page = carer.get(press_ask(carer, page).url)

    assert "There is not enough left for both. Nothing has been set aside." in text(page)
    assert money(award) == (4_000, 2_500)
    assert sound()


def test_a_second_choice_that_went_meanwhile_is_taken_out_before_anything_is_asked(
    caerphilly, of_bryn, of_mair, clock, now
):
    award = factories.award(caerphilly, value=40_000)
    carer = opened(award)
    page = follow(carer, follow(carer, last_look(carer, of_bryn, THURSDAY, 150), "Add a second choice"), "Mair")
    bookings.make(
        award=factories.award(caerphilly, value=40_000),
        offer=of_mair,
        starts_at=THURSDAY,
        minutes=150,
        seen_price_pence=5_750,
        by=factories.TESTS,
        now=now,
        key=str(uuid.uuid4()),
    )

    page = press_ask(carer, page)

    assert "One of your choices can no longer be had" in text(page)
    assert not Booking.objects.filter(award=award).exists()
    assert press_ask(carer, page).status_code == 302
    assert money(award) == (33_750, 6_250)


def test_a_double_press_asks_once_for_a_pair_too(caerphilly, bryn_cafe, of_bryn, clock):
    award = factories.award(caerphilly, value=40_000)
    kind = factories.category("swim-and-sport", name_en="Swimming", name_cy="Nofio")
    swim = factories.offer(bryn_cafe, price_pence=1_500, unit="session", minutes=60, category=kind)
    carer = opened(award)
    page = follow(carer, follow(carer, last_look(carer, swim, THURSDAY, 60), "Add a sitter"), "Bryn Café")

    first, second = press_ask(carer, page), press_ask(carer, page)

    assert (first.status_code, second.status_code, first.url) == (302, 302, second.url)
    assert BreakRequest.objects.count() == 1
    assert money(award) == (33_500, 6_500)


def test_changing_the_language_half_way_keeps_every_choice(caerphilly, bryn_cafe, of_bryn, of_mair, clock):
    award = factories.award(caerphilly, value=40_000)
    carer = opened(award)
    page = follow(carer, follow(carer, last_look(carer, of_bryn, THURSDAY, 150), "Add a second choice"), "Mair")

    welsh = follow(carer, page, "Cymraeg")

    assert welsh.status_code == 200
    assert [line["offer"] for line in welsh.context["also"]] == [of_mair]
    assert welsh.context["form"]["starts_at"].value() == as_typed(THURSDAY)
    english = follow(carer, welsh, "English")
    assert [line["offer"] for line in english.context["also"]] == [of_mair]


def test_a_request_that_is_moved_stays_one_booking_and_the_provider_is_told(caerphilly, bryn_cafe, of_bryn, clock):
    award = factories.award(caerphilly, value=40_000)
    carer = opened(award)
    press_ask(carer, last_look(carer, of_bryn, THURSDAY, 150))
    booking = Booking.objects.get()

    page = follow(carer, carer.get(reverse("my:booking", args=[booking.ref])), "Change the day or the time")
    page = carer.get(reverse("my:change_time", args=[booking.ref]), {"step": "day", "day": "2026-10-23"})
    assert "What time suits you?" in text(page)
    friday = london(2026, 10, 23, 14)
    page = carer.post(reverse("my:change_time", args=[booking.ref]), {"starts_at": as_typed(friday)}, follow=True)

    booking.refresh_from_db()
    assert (Booking.objects.count(), booking.starts_at, booking.state) == (1, friday, State.REQUESTED)
    assert "The time is changed" in text(page)
    assert OutboxMessage.objects.filter(kind="time_changed", to=bryn_cafe.email).count() == 1
    assert money(award) == (33_750, 6_250)
    assert sound()


def test_a_confirmed_break_is_moved_with_the_providers_yes(caerphilly, bryn_cafe, of_bryn, clock):
    award = factories.award(caerphilly, value=40_000)
    carer, bryn = opened(award), staff(bryn_cafe, "Bryn")
    press_ask(carer, last_look(carer, of_bryn, THURSDAY, 150))
    booking = Booking.objects.get()
    bryn.post(reverse("provider:confirm", args=[booking.ref]))
    friday = london(2026, 10, 23, 14)

    page = carer.post(reverse("my:change_time", args=[booking.ref]), {"starts_at": as_typed(friday)}, follow=True)
    assert "You have asked for another time" in text(page)
    page = carer.post(reverse("my:keep_time", args=[booking.ref]), follow=True)
    assert "It stays as it was." in text(page)
    carer.post(reverse("my:change_time", args=[booking.ref]), {"starts_at": as_typed(friday)})
    bryn.post(reverse("provider:accept_move", args=[booking.ref]))

    booking.refresh_from_db()
    assert (booking.starts_at, booking.calendar_sequence, booking.state) == (friday, 1, State.CONFIRMED)
    assert money(award) == (33_750, 6_250)
    assert sound()


@pytest.mark.parametrize(
    "query",
    [
        {"also": "1"},
        {"also": "999999~150~2026-10-22T13:00Z"},
        {"also": "x~y~z"},
        {"also": "1~99999999999999999999~2026-10-22T13:00Z"},
        {"sitter": "~~~~~"},
        {"also": "1~150~9999-12-31T23:59Z"},
    ],
)
def test_bad_choices_in_an_address_are_left_out_with_a_word(caerphilly, of_bryn, clock, query):
    carer = opened(factories.award(caerphilly, value=40_000))

    page = last_look(carer, of_bryn, THURSDAY, 150, **query)

    assert page.status_code == 200
    gone = "The sitter you chose cannot come then" if "sitter" in query else "One of your choices can no longer be had"
    assert gone in text(page)


def test_another_carers_booking_is_not_changed(caerphilly, of_bryn, clock, now):
    mine, other = factories.award(caerphilly, value=40_000), factories.award(caerphilly, value=40_000)
    carer = opened(mine)
    press_ask(carer, last_look(carer, of_bryn, THURSDAY, 150))
    ref = Booking.objects.get().ref
    stranger = opened(other)

    for name in ("take", "take_none", "change_time", "keep_time"):
        assert stranger.post(reverse(f"my:{name}", args=[ref])).status_code == 404


@pytest.fixture
def chosen(caerphilly, of_bryn, of_mair, clock):
    """The last look at a lesson with a second choice and a sitter: (the award, the browser, the page, the lesson)."""
    award = factories.award(caerphilly, value=60_000)
    kind = factories.category("learning", name_en="Learning", name_cy="Dysgu")
    school = factories.provider(caerphilly, name="Welsh school")
    lesson = factories.offer(school, price_pence=1_000, category=kind, title_en="Welsh lesson")
    factories.offer(factories.provider(caerphilly, name="Other school"), price_pence=1_200, category=kind)
    carer = opened(award)
    page = follow(carer, last_look(carer, lesson, THURSDAY, 60), "Add a second choice")
    page = follow(carer, follow(carer, page, "Other school"), "Add a sitter")
    return award, carer, follow(carer, page, "Bryn Café"), lesson


def change(page, what):
    """Return the address behind "Change" beside a line of the last look."""
    rows = re.findall(r"<dt.*?</div>", page.content.decode(), re.DOTALL)
    [row] = [row for row in rows if what in row]
    return re.search(r'href="([^"]+)"', row)[1].replace("&amp;", "&")


def answer(client, page, **typed):
    """Answer one question of the way to a request: send what its form holds, with what is chosen."""
    html = page.content.decode()
    form = html[html.index('<form method="get" novalidate') :]
    form = form[: form.index("</form>")]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    data = {}
    for name, value in [*pairs, *typed.items()]:
        data.setdefault(name, []).append(value)
    return client.get(page.request["PATH_INFO"], data)


def test_another_day_keeps_the_second_choice_and_moves_the_sitter_along(chosen):
    award, carer, page, _lesson = chosen
    assert "1.30pm to 3.30pm" in text(page)

    page = carer.get(change(page, "When"))
    page = answer(carer, page, day="2026-10-24")
    page = answer(carer, page, starts_at=as_typed(SATURDAY))

    assert "Other school" in text(page)
    assert "8.30am to 10.30am" in text(page)
    assert "1.30pm" not in text(page)
    assert "taken" not in text(page)
    press_ask(carer, page)
    first, sitter = Booking.objects.order_by("part")
    assert (first.starts_at, sitter.starts_at, sitter.minutes) == (SATURDAY, london(2026, 10, 24, 8, 30), 120)
    assert [each.offer.provider.name for each in bookings.choices_after(first)] == ["Other school"]
    assert money(award) == (54_000, 6_000)
    assert sound()


def test_another_length_keeps_the_time_and_the_sitter_stays_as_much_longer(chosen):
    award, carer, page, _lesson = chosen

    page = answer(carer, carer.get(change(page, "How long")), minutes="120")

    assert "2pm to 4pm" in text(page)
    assert "1.30pm to 4.30pm" in text(page)
    assert "£24" in text(page)
    press_ask(carer, page)
    assert [row.minutes for row in Booking.objects.order_by("part")] == [120, 180]
    assert money(award) == (50_500, 9_500)


def test_what_cannot_come_along_is_taken_out_and_the_page_says_so(chosen, of_bryn, now):
    _award, carer, page, _lesson = chosen
    of_bryn.hours = "Mon-Fri 08:00-22:00"
    of_bryn.save()

    page = carer.get(change(page, "When"))
    page = answer(carer, answer(carer, page, day="2026-10-24"), starts_at=as_typed(SATURDAY))

    assert "The sitter you chose cannot come then, so we have taken that out." in text(page)
    assert "Other school" in text(page)
    assert not Booking.objects.exists()
    press_ask(carer, page)
    assert Booking.objects.count() == 1


def test_a_time_that_went_meanwhile_keeps_the_other_choices_and_shows_the_new_look_before_it_asks(chosen, now):
    award, carer, page, lesson = chosen
    taken_by_another = factories.award(award.council, value=40_000)
    bookings.make(
        award=taken_by_another, offer=lesson, starts_at=THURSDAY, minutes=60, seen_price_pence=1_000,
        by=factories.TESTS, now=now, key="first",
    )  # fmt: skip

    page = press_ask(carer, page, note="Ring twice.", share="on")
    assert "Someone else has just taken that time." in text(page)
    page = press_ask(carer, page, starts_at=as_typed(SATURDAY), note="Ring twice.", share="on")

    assert not Booking.objects.filter(award=award).exists()
    assert "8.30am to 10.30am" in text(page)
    assert "Ring twice." in page.content.decode()
    press_ask(carer, page, note="Ring twice.", share="on")
    assert Booking.objects.filter(award=award).count() == 2
    assert money(award) == (54_000, 6_000)


def test_own_money_says_that_other_choices_and_the_sitter_are_taken_out(chosen):
    award, carer, page, lesson = chosen
    lesson.provider.takes_own_money = True
    lesson.provider.save()
    award.account.available = 900
    award.account.save()

    page = carer.get(change(page, "How long"), follow=True)

    assert "Your other choices, and the sitter, are then taken out." in text(page)
    plain = carer.get(reverse("my:too_dear", args=[lesson.slug]))
    assert "are then taken out" not in text(plain)
