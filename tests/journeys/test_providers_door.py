"""At a provider's door: a code is checked, a carer who did not book is taken in, a paper list is typed in later."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage
from providers.models import Provider
from tests import factories
from tests.voucher.breaks import ALYS, confirm, london
from tests.voucher.carer.pages import TEAM, text_of
from voucher import bookings, codes, jobs
from voucher.carers import pins
from voucher.door import code_checks
from voucher.granting import awards
from voucher.ledger import audit
from voucher.models import Booking, Task, WalkIn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
CHECK = "/provider/code/"
YES, SHORT, NO = "Yes, enough for this", "No, not enough for this", "No, this code does not work"


@pytest.fixture
def swim(bryn_cafe):
    """£12.50 for the pool, with no need to book."""
    return factories.offer(
        bryn_cafe, unit="session", minutes=90, price_pence=1_250, title_en="Swim", places=2, takes_walk_ins=True
    )


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=6_250)


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=TEAM, now=now)


def at_work(provider, kind):
    client = Client()
    client.force_login(factories.provider_staff(provider, f"{kind}@provider.example", name=kind, kind=kind))
    return client


@pytest.fixture
def desk(bryn_cafe):
    return at_work(bryn_cafe, "desk")


@pytest.fixture
def owner(bryn):
    client = Client()
    client.force_login(bryn)
    return client


@pytest.fixture
def phone(code):
    """The carer's own phone, with her award open on it."""
    client = Client()
    client.post(reverse("open_award"), {"code": code})
    return client


def check(page, code, offer, units=1, **more):
    return page.post(CHECK, {"code": code, "offer": offer.pk, "units": units, **more}, follow=True)


def take(page, answer):
    """Press the button under the yes."""
    ref = re.search(r'name="check" value="(\w+)"', answer.content.decode())[1]
    return page.post(reverse("provider:take_walk_in"), {"check": ref}, follow=True)


def figures(award):
    award.account.refresh_from_db()
    return award.account.available, award.account.held


def test_p3_the_answer_to_code_and_pin_is_yes_not_enough_or_not_valid_with_a_number_and_no_balance(
    desk, sitting, award, code, now
):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)

    # £62.50 is there: two and a half hours at £25 would be all of it; three hours are more.
    right = text_of(check(desk, code, sitting, units=2, pin="7294"))
    too_dear = text_of(check(desk, code, sitting, units=3, pin="7294"))
    wrong = text_of(check(desk, codes.generate(), sitting, pin="7294"))

    number = HistoryEntry.objects.filter(act="code.checked").earliest("pk").details["ref"]
    assert YES in right and "Alys" in right and number in right
    assert SHORT in too_dear and NO in wrong
    for page in (right, too_dear, wrong):
        for private in (award.carer.last_name, "62.50", "12.50", award.ref, code, award.carer.phone):
            assert private not in page
    assert "Alys" not in too_dear and "Alys" not in wrong


def test_p3_ten_failures_in_an_hour_lock_the_check_and_alert_the_provider_and_the_team_once(
    desk, sitting, code, bryn_cafe, caerphilly, clock, now
):
    for _ in range(10):
        assert NO in text_of(check(desk, codes.generate(), sitting))
    for _ in range(3):
        assert "Too many codes did not work" in text_of(check(desk, code, sitting))

    told = OutboxMessage.objects.filter(kind__startswith="codes_locked")
    assert {row.to for row in told} == {bryn_cafe.email, caerphilly.scheme.team_email}
    assert told.count() == 2
    assert HistoryEntry.objects.filter(act="provider.codes_locked").count() == 1
    assert Task.objects.get().provider == bryn_cafe
    team = Client()
    team.force_login(factories.user("carys@council.example", name="Carys", role="team", council=caerphilly))
    assert "Ten wrong codes in an hour were tried at a provider" in text_of(team.get(reverse("team:tasks")))
    clock.now = now + dt.timedelta(hours=1)
    assert YES in text_of(check(desk, code, sitting))


def test_p3_not_enough_counts_as_a_try_so_that_nobody_feels_for_the_balance(desk, sitting, code):
    for _ in range(code_checks.SHORT_AN_HOUR):
        assert SHORT in text_of(check(desk, code, sitting, units=3))

    page = text_of(check(desk, code, sitting))
    assert "Try again in an hour" in page and YES not in page


def test_p3_right_codes_use_up_nothing(desk, sitting, code):
    for _ in range(12):
        assert YES in text_of(check(desk, code, sitting))


def test_p3_a_booking_of_today_is_shown_with_its_number_and_leads_to_marking_it(
    desk, owner, sitting, award, code, bryn, clock, now
):
    at_two = london(2026, 10, 14, 14)
    booking = bookings.make(
        award=award, offer=sitting, starts_at=at_two, minutes=150, seen_price_pence=6_250, by=ALYS, now=now, key="1"
    )
    bookings.confirm(booking=booking, by=factories.TESTS, now=now)
    clock.now = london(2026, 10, 14, 13, 50)

    # Nothing is left beside it, and nothing need be.
    at_desk, at_counter = (text_of(check(page, code, sitting)) for page in (desk, owner))

    assert f"Alys has a booking at 2pm: Sitting at home, number {booking.ref}." in at_desk
    assert f"Mark {booking.ref} as given" in at_counter
    assert f"Mark {booking.ref}" not in at_desk


def test_the_square_on_a_voucher_leads_whoever_stands_at_a_door_to_the_check_and_a_carer_to_the_award(
    desk, owner, client, bryn_cafe, swim
):
    assert desk.get("/v/")["Location"] == owner.get("/v/")["Location"] == CHECK
    assert desk.get("/cy/v/")["Location"] == "/cy" + CHECK
    # What follows the # goes along in the browser; the page fills it in by its script.
    assert "data-code-from-address" in desk.get(CHECK).content.decode()
    assert "Your code" in text_of(client.get("/v/"))
    assert "Your code" in text_of(at_work(bryn_cafe, "claims").get("/v/"))
    # Nobody comes to the door of who has not joined yet: their own voucher is what they hold.
    Provider.objects.filter(pk=bryn_cafe.pk).update(state=Provider.State.JOINING)
    assert "Your code" in text_of(owner.get("/v/"))


def test_somebody_who_is_both_carer_and_provider_chooses_whose_code_it_is(owner, bryn, caerphilly):
    factories.carer(caerphilly, user=bryn)

    page = owner.get("/v/")

    assert "Whose code is this?" in text_of(page)
    assert page.content.decode().count("data-keep-code") == 2
    assert "Your code" in text_of(owner.get("/v/?next=/my/"))


def test_a_walk_in_with_code_and_pin_is_booked_and_confirmed_at_once(desk, swim, award, code, now, clock):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)

    page = text_of(take(desk, check(desk, code, swim, pin="7294")))

    booking = Booking.objects.get()
    assert (booking.state, booking.is_walk_in, booking.price_pence) == ("confirmed", True, 1_250)
    assert (booking.starts_at, booking.ends_at) == (now, now + dt.timedelta(minutes=90))
    assert figures(award) == (5_000, 1_250)
    assert "Booked and confirmed" in page and booking.ref in page and "Alys" in page
    assert "50.00" not in page
    assert HistoryEntry.objects.filter(act="booking.walk_in", subject_id=booking.pk).exists()
    assert audit.differences() == []


def test_a_walk_in_without_pin_waits_for_the_carers_own_yes_on_her_phone(desk, swim, award, code, phone, clock, now):
    page = take(desk, check(desk, code, swim))
    row = WalkIn.objects.get()

    assert "Waiting for Alys to say yes" in text_of(page)
    assert not Booking.objects.exists() and figures(award) == (6_250, 0)
    assert OutboxMessage.objects.filter(kind="walk_in_asked", to=award.carer.email).count() == 1
    assert "Bryn Café asks for your yes" in text_of(phone.get(reverse("my:award")))
    question = reverse("my:walk_in", args=[row.ref])
    assert "Shall £12.50 go to Bryn Café?" in text_of(phone.get(question))

    clock.now = now + dt.timedelta(minutes=5)
    phone.post(question, {"answer": "yes"})
    phone.post(question, {"answer": "yes"})

    booking = Booking.objects.get()
    assert (booking.state, booking.is_walk_in, booking.starts_at) == ("confirmed", True, now)
    assert figures(award) == (5_000, 1_250)
    assert "Booked and confirmed" in text_of(desk.get(reverse("provider:walk_in", args=[row.ref])))
    assert "asks for your yes" not in text_of(phone.get(reverse("my:award")))
    assert audit.differences() == []


def test_a_walk_in_is_marked_given_and_claimed_as_any_break(owner, swim, award, code, phone, clock, now):
    take(owner, check(owner, code, swim))
    phone.post(reverse("my:walk_in", args=[WalkIn.objects.get().ref]), {"answer": "yes"})
    booking = Booking.objects.get()
    clock.now = now + dt.timedelta(hours=2)

    owner.post(reverse("provider:deliver", args=[booking.ref]), {"delivered-minutes": 90})

    booking.refresh_from_db()
    assert (booking.state, booking.due_pence) == ("delivered", 1_250)


def test_the_carers_no_takes_nothing(desk, swim, award, code, phone):
    take(desk, check(desk, code, swim))
    row = WalkIn.objects.get()

    phone.post(reverse("my:walk_in", args=[row.ref]), {"answer": "no"})
    phone.post(reverse("my:walk_in", args=[row.ref]), {"answer": "yes"})

    assert not Booking.objects.exists() and figures(award) == (6_250, 0)
    assert "The carer said no" in text_of(desk.get(reverse("provider:walk_in", args=[row.ref])))


def test_after_half_an_hour_the_question_is_over(desk, swim, award, code, phone, clock, now):
    take(desk, check(desk, code, swim))
    row = WalkIn.objects.get()
    clock.now = now + dt.timedelta(minutes=30)

    phone.post(reverse("my:walk_in", args=[row.ref]), {"answer": "yes"})

    assert not Booking.objects.exists()
    assert "Nobody answered in time" in text_of(desk.get(reverse("provider:walk_in", args=[row.ref])))
    list(jobs.run(clock.now))
    row.refresh_from_db()
    assert row.state == "ran_out"


def test_two_presses_at_the_desk_are_one_question_and_one_booking(desk, swim, award, code, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    answer = check(desk, code, swim, pin="7294")

    take(desk, answer)
    take(desk, answer)

    assert (Booking.objects.count(), WalkIn.objects.count()) == (1, 1)
    assert figures(award) == (5_000, 1_250)


def test_a_second_check_of_the_same_visit_shows_the_booking_instead_of_taking_twice(desk, swim, award, code, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    first, second = check(desk, code, swim, pin="7294"), check(desk, code, swim, pin="7294")
    take(desk, first)

    assert "on your list of today already" in text_of(take(desk, second))
    assert Booking.objects.count() == 1


def test_a_check_is_good_for_a_quarter_of_an_hour_and_for_no_other_session(desk, owner, swim, award, code, clock, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    answer = check(desk, code, swim, pin="7294")

    assert "Check the code again" in text_of(take(owner, answer))
    clock.now = now + dt.timedelta(minutes=16)
    assert "Check the code again" in text_of(take(desk, answer))
    assert not Booking.objects.exists()


def test_an_offer_that_is_to_be_booked_takes_nobody_at_the_door(desk, sitting, code):
    answer = check(desk, code, sitting)

    assert YES in text_of(answer)
    assert 'name="check"' not in answer.content.decode()


def test_whoever_works_there_cannot_say_yes_in_the_carers_place(owner, swim, code, bryn):
    take(owner, check(owner, code, swim))
    row = WalkIn.objects.get()
    owner.post(reverse("open_award"), {"code": code})

    answer = owner.post(reverse("my:walk_in", args=[row.ref]), {"answer": "yes"})

    assert answer.status_code == 404
    assert not Booking.objects.exists()


def test_another_carer_and_another_provider_find_nothing_there(desk, swim, code, caerphilly, now):
    take(desk, check(desk, code, swim))
    row = WalkIn.objects.get()
    other = Client()
    stranger = factories.award(caerphilly)
    other.post(reverse("open_award"), {"code": awards.new_code(award=stranger, by=TEAM, now=now)})
    elsewhere = at_work(factories.provider(caerphilly, name="Caffi Arall"), "bookings")

    assert other.get(reverse("my:walk_in", args=[row.ref])).status_code == 404
    assert other.post(reverse("my:walk_in", args=[row.ref]), {"answer": "yes"}).status_code == 404
    assert elsewhere.get(reverse("provider:walk_in", args=[row.ref])).status_code == 404


def test_the_carer_may_say_within_seven_days_that_it_was_not_her(desk, swim, award, code, phone, now, clock):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    take(desk, check(desk, code, swim, pin="7294"))
    booking = Booking.objects.get()
    page = reverse("my:booking", args=[booking.ref])

    assert "says that you came without having booked" in text_of(phone.get(page))
    phone.post(reverse("my:not_mine", args=[booking.ref]))

    booking.refresh_from_db()
    assert booking.state == "cancelled"
    assert figures(award) == (6_250, 0)


def test_the_carer_sees_who_looked(desk, swim, award, code, phone):
    take(desk, check(desk, code, swim))

    page = text_of(phone.get(reverse("my:who_looked")))

    assert "Checked whether your code is enough" in page and "Bryn Café" in page


def test_no_code_and_no_pin_reaches_an_address_the_session_or_a_letter(desk, swim, award, code, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    page = take(desk, check(desk, code, swim, pin="7294"))

    bare = codes.normalise(code)
    for text in (str(page.redirect_chain), str(dict(desk.session.items())), page.content.decode()):
        assert code not in text and bare not in text and "7294" not in text
    for row in OutboxMessage.objects.all():
        assert bare not in row.body and code not in row.body


# Entered afterwards


@pytest.fixture
def friday(award, caerphilly, sitting, bryn, now):
    """Two bookings of Friday 16 October at two, for two and a half hours each."""
    sitting.places = 2
    sitting.save()
    return [confirm(each, sitting, bryn, now) for each in (award, factories.award(caerphilly))]


LIST = "/provider/diary/2026-10-16/enter/"
SUNDAY = london(2026, 10, 18, 18)


def typed(**rows):
    """What the form of the list sends: empty rows but for these."""
    form = {f"number-{place}-given": "whole" for place in range(3)}
    return form | {name.replace("__", "-"): value for name, value in rows.items()}


def test_p6_a_day_without_signal_is_printed_kept_on_paper_and_entered_up_to_sixty_days_later(
    owner, desk, friday, clock
):
    first, second = friday
    printed = text_of(owner.get("/provider/diary/2026-10-16/"))
    assert first.ref in printed and second.ref in printed and "Came" in printed
    assert "07700" not in printed and "Stryd Fawr" not in printed

    clock.now = SUNDAY
    page = owner.get(LIST)
    assert first.ref in text_of(page) and "Alys" in text_of(page)
    sent = typed(**{f"booking-{first.ref}-given": "135", "number-0-ref": second.ref.lower(), "number-0-given": "carer"})
    answer = text_of(owner.post(LIST, sent, follow=True))

    assert "Entered: 2 breaks." in answer
    rows = {row.pk: row for row in Booking.objects.all()}
    assert (rows[first.pk].state, rows[first.pk].due_pence) == ("delivered", 5_625)
    assert (rows[second.pk].state, rows[second.pk].not_given) == ("did_not_happen", "carer")

    clock.now = SUNDAY + dt.timedelta(days=1)
    again = text_of(owner.post(LIST, typed(**{"number-0-ref": first.ref}), follow=True))
    assert f"{first.ref} was already marked on" in again and "Nothing has changed." in again
    assert Booking.objects.get(pk=first.pk).due_pence == 5_625
    assert audit.differences() == []


def test_p6_a_number_that_is_not_theirs_is_said_kindly_and_nothing_is_saved(owner, friday, caerphilly, clock, now):
    there = factories.provider(caerphilly, name="Caffi Arall")
    other = confirm(factories.award(caerphilly), factories.offer(there), factories.user("huw@provider.example"), now)
    clock.now = SUNDAY

    page = owner.post(LIST, typed(**{f"booking-{friday[0].ref}-given": "150", "number-0-ref": other.ref}))

    assert "We find no booking of yours with this number." in text_of(page)
    assert f'value="{other.ref}"' in page.content.decode()
    assert set(Booking.objects.values_list("state", flat=True)) == {"confirmed"}


def test_p6_a_list_older_than_can_be_claimed_or_of_tomorrow_cannot_be_entered(owner, friday, clock):
    clock.now = london(2026, 12, 15, 9)
    assert owner.get(LIST).status_code == 200
    for when in (london(2026, 12, 16, 9), london(2026, 10, 15, 9)):
        clock.now = when
        answer = owner.get(LIST, follow=True)
        assert answer.redirect_chain and "The date must be" in text_of(answer)
    assert owner.get("/provider/diary/yesterday/enter/").status_code == 404


def test_p6_the_day_is_chosen_among_the_last_ones_or_by_its_date(owner, clock):
    clock.now = SUNDAY
    choose = reverse("provider:choose_day")

    assert LIST in owner.get(choose).content.decode()
    date = {"day_day": "20", "day_month": "8", "day_year": "2026"}
    assert owner.get(choose, date)["Location"] == "/provider/diary/2026-08-20/enter/"
    assert "The date must be" in text_of(owner.get(choose, date | {"day_month": "7"}))


def test_p6_who_came_without_booking_is_entered_with_code_and_pin(owner, swim, award, code, now, clock):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    clock.now = SUNDAY
    came = {"came-0-offer": swim.pk, "came-0-units": 1, "came-0-time": "10:30", "came-0-code": code}
    key = {"came-0-key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
    empty = {
        f"came-{place}-{name}": value
        for place in (1, 2)
        for name, value in (("offer", swim.pk), ("units", 1), ("key", "00000000-0000-4000-8000-000000000000"))
    }

    refused = owner.post(LIST, typed(**came, **key, **empty, **{"came-0-pin": "7295"}))
    assert "the PIN does not belong to it" in text_of(refused)
    for _ in range(2):
        owner.post(LIST, typed(**came, **key, **empty, **{"came-0-pin": "7294"}))

    booking = Booking.objects.get()
    assert (booking.state, booking.is_walk_in, booking.due_pence) == ("delivered", True, 1_250)
    assert booking.starts_at == london(2026, 10, 16, 10, 30)
    assert figures(award) == (5_000, 1_250)
    assert audit.differences() == []


def test_p6_who_came_without_booking_and_has_no_pin_is_asked_and_has_a_week(owner, swim, award, code, phone, clock):
    clock.now = SUNDAY
    came = {"came-0-offer": swim.pk, "came-0-units": 1, "came-0-time": "10:30", "came-0-code": code}
    came |= {"came-0-key": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
    empty = {
        f"came-{place}-{name}": value
        for place in (1, 2)
        for name, value in (("offer", swim.pk), ("units", 1), ("key", "00000000-0000-4000-8000-000000000000"))
    }

    page = text_of(owner.post(LIST, typed(**came, **empty), follow=True))
    assert "1 carer is asked for their yes." in page
    clock.now = SUNDAY + dt.timedelta(days=6)
    phone.post(reverse("my:walk_in", args=[WalkIn.objects.get().ref]), {"answer": "yes"})
    clock.now += dt.timedelta(minutes=5)
    owner.post(
        LIST,
        typed(
            **{f"booking-{Booking.objects.get().ref}-given": "90"},
            **empty,
            **{"came-0-offer": swim.pk, "came-0-units": 1, "came-0-key": came["came-0-key"]},
        ),
    )

    assert Booking.objects.get().state == "delivered"


def test_the_desk_has_todays_list_without_prices_and_no_other_page(desk, friday, clock):
    clock.now = london(2026, 10, 16, 9)
    today = text_of(desk.get("/provider/diary/"))

    assert friday[0].ref in today and "Alys" in today
    assert "£" not in today
    assert "/provider/bookings/" not in desk.get("/provider/diary/").content.decode()
    assert desk.get("/provider/diary/2026-10-16/").status_code == 200
    for address in ("/provider/diary/2026-10-17/", LIST, f"/provider/bookings/{friday[0].ref}/", "/provider/money/"):
        assert desk.get(address).status_code == 404
    assert desk.post(f"/provider/bookings/{friday[0].ref}/contact/").status_code == 404


def test_the_days_list_takes_the_same_number_of_queries_however_long_it_is(
    owner, friday, clock, caerphilly, sitting, bryn
):
    def count(page):
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(page).status_code == 200
        return len(queries)

    clock.now = SUNDAY
    pages = ("/provider/diary/2026-10-16/", LIST)
    before = [count(page) for page in pages]
    sitting.places = 4
    sitting.save()
    clock.now = london(2026, 10, 12, 11)
    for _ in range(2):
        confirm(factories.award(caerphilly), sitting, bryn, clock.now)
    clock.now = SUNDAY

    assert [count(page) for page in pages] == before
