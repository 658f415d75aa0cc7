"""Helpers: twenty minutes with the code, or a dated permission; they see what they need, and both names are kept."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage, User
from tests import factories
from tests.voucher.carer.pages import FRIDAY_TYPED, TEAM, form_of, look, send, text_of
from voucher import bookings
from voucher.carers import helping, pins
from voucher.changes import applications
from voucher.granting import awards
from voucher.models import Booking, Carer, Permission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
START, BEGIN = "helping:start", "helping:begin"
OVER = "Your time to help is over"


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=40_000)


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=TEAM, now=now)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, slug="sitting-at-home")


@pytest.fixture
def hywel(caerphilly):
    """A desk volunteer."""
    return factories.user("hywel@council.example", name="Hywel", role="volunteer", council=caerphilly)


@pytest.fixture
def mair(db):
    """Alys's sister."""
    return factories.user("mair@post.example", name="Mair")


@pytest.fixture
def desk(client, hywel, code):
    """Hywel's browser, helping Alys from now on."""
    client.force_login(hywel)
    client.post(reverse(BEGIN), {"code": code, "agrees": "on"})
    return client


@pytest.fixture
def permission(award, mair, today):
    return factories.permission(award.carer, mair, today)


@pytest.fixture
def sister(mair, permission):
    """Mair's browser, acting for Alys."""
    browser = Client()
    browser.force_login(mair)
    browser.post(reverse("helping:act", args=[permission.pk]))
    return browser


def test_a_volunteer_sees_what_is_left_with_whom_and_for_how_long(desk, award):
    page = text_of(desk.get(reverse("my:award")))

    assert "£400" in page
    assert f"You are helping Alys, award {award.ref}, until 11.20am." in page
    assert "20 minutes are left." in page
    assert "Stop helping" in page
    entry = HistoryEntry.objects.get(act="award.helped")
    assert (entry.actor.name, entry.on_behalf_of) == ("Hywel", f"award {award.ref}")
    assert entry.details == {"agreed": "present", "role": "volunteer"}


def test_r36_after_twenty_minutes_the_award_is_closed_whatever_page_was_kept_open(desk, award, sitting, clock, now):
    kept_open = look(desk, sitting)
    clock.now = now + dt.timedelta(minutes=19, seconds=59)
    assert desk.get(reverse("my:award")).status_code == 200
    clock.now = now + dt.timedelta(minutes=20)

    pressed = send(desk, sitting, form_of(kept_open))

    assert pressed.url == reverse(START)
    assert OVER in text_of(desk.get(reverse(START)))
    assert not Booking.objects.exists()
    clock.now = now + dt.timedelta(minutes=5)
    assert desk.get(reverse("my:award")).status_code == 302


def test_a_booking_by_a_helper_carries_both_names_and_the_carer_is_told(desk, award, sitting):
    send(desk, sitting, form_of(look(desk, sitting)))

    row = Booking.objects.get()
    entry = HistoryEntry.objects.get(act="booking.requested")
    assert (entry.actor.name, entry.on_behalf_of) == ("Hywel", f"award {award.ref}")
    assert OutboxMessage.objects.get(kind="booked_by_helper").to == award.carer.email
    assert desk.get(reverse("my:booking", args=[row.ref])).status_code == 200
    desk.post(reverse("my:cancel", args=[row.ref]), {"seen_due_pence": 0})
    row.refresh_from_db()
    assert row.state == Booking.State.CANCELLED


def test_a_booking_by_the_carer_is_not_told_as_a_helpers(award, sitting, now):
    breaks = {"starts_at": dt.datetime.fromisoformat(FRIDAY_TYPED), "minutes": 60, "seen_price_pence": 2500}
    bookings.make(award=award, offer=sitting, by=TEAM, now=now, key="k", **breaks)

    assert not OutboxMessage.objects.filter(kind="booked_by_helper").exists()


CLOSED = ["statement", "account", "account_code", "preferences", "pin", "helpers", "who_looked", "data"]


@pytest.mark.parametrize("page", CLOSED)
def test_what_a_helper_does_not_need_is_not_there(desk, sister, page):
    assert desk.get(reverse(f"my:{page}")).status_code == 404
    assert sister.get(reverse(f"my:{page}")).status_code == 404


def test_a_helper_sees_no_address_no_note_and_no_other_award(desk, award, caerphilly, sitting, hywel, now):
    factories.award(caerphilly, carer_row=factories.carer(caerphilly, user=hywel))
    breaks = {"starts_at": dt.datetime.fromisoformat(FRIDAY_TYPED), "minutes": 60, "seen_price_pence": 2500}
    row = bookings.make(award=award, offer=sitting, note="He wakes at six.", by=TEAM, now=now, key="k", **breaks)

    page = desk.get(reverse("my:award")).content.decode()
    booked = desk.get(reverse("my:booking", args=[row.ref])).content.decode()

    for private in (award.carer.address, award.carer.phone, award.carer.email, award.carer.last_name, "Show award"):
        assert private not in page + booked
    assert "He wakes at six." not in booked
    assert reverse("my:statement") not in page


def test_a_helper_cannot_waive_what_cancelling_costs(desk, award, sitting, clock, now):
    breaks = {"starts_at": dt.datetime.fromisoformat(FRIDAY_TYPED), "minutes": 60, "seen_price_pence": 2500}
    row = bookings.make(award=award, offer=sitting, by=TEAM, now=now, key="k", **breaks)
    bookings.confirm(booking=row, by=TEAM, now=now)
    clock.now = row.starts_at - dt.timedelta(hours=3)
    code = awards.new_code(award=award, by=TEAM, now=now)
    desk.post(reverse(BEGIN), {"code": code, "agrees": "on"})

    desk.post(reverse("my:cancel", args=[row.ref]), {"waive": "yes"})

    row.refresh_from_db()
    assert row.state == Booking.State.CONFIRMED


def test_stopping_closes_the_award_and_leads_back(desk):
    assert desk.post(reverse("my:leave")).url == reverse(START)
    assert desk.get(reverse("my:award")).url.startswith(reverse("voucher"))


def test_without_the_carers_agreement_nothing_opens(client, hywel, code):
    client.force_login(hywel)

    page = client.post(reverse(BEGIN), {"code": code})

    assert "Tick this when the carer is there and agrees" in text_of(page)
    assert "helping" not in client.session


def test_a_wrong_code_is_refused_in_the_same_words_as_everywhere(client, hywel):
    client.force_login(hywel)

    assert "This code does not open an award." in text_of(
        client.post(reverse(BEGIN), {"code": "0000-0000-0000", "agrees": "on"})
    )


def test_the_pin_stands_for_the_agreement_and_a_wrong_one_for_nothing(client, hywel, award, code, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    client.force_login(hywel)

    assert "That is not the PIN." in text_of(client.post(reverse(BEGIN), {"code": code, "pin": "7295", "agrees": "on"}))
    assert client.post(reverse(BEGIN), {"code": code, "pin": "7294"}).url == reverse("my:award")
    assert HistoryEntry.objects.get(act="award.helped").details["agreed"] == "pin"


def test_a_bound_code_opens_for_a_helper_only_with_the_pin(client, hywel, award, code, now):
    user = factories.user(award.carer.email)
    Carer.objects.filter(pk=award.carer_id).update(user=user, code_bound_at=now)
    client.force_login(hywel)

    without_pin = text_of(client.post(reverse(BEGIN), {"code": code, "agrees": "on"}))
    award.carer.refresh_from_db()
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    agreed = text_of(client.post(reverse(BEGIN), {"code": code, "agrees": "on"}))

    assert "This code does not open an award." in without_pin
    assert "The carer types the PIN." in agreed
    assert client.post(reverse(BEGIN), {"code": code, "pin": "7294"}).status_code == 302


def test_a_code_that_is_bound_meanwhile_ends_the_help_unless_the_pin_was_typed(desk, hywel, award, code, now):
    pins.put(carer=award.carer, pin="7294", by=TEAM, now=now)
    by_pin = Client()
    by_pin.force_login(hywel)
    by_pin.post(reverse(BEGIN), {"code": code, "pin": "7294"})

    Carer.objects.filter(pk=award.carer_id).update(user=factories.user(award.carer.email), code_bound_at=now)

    assert desk.get(reverse("my:award")).url == reverse(START)
    assert by_pin.get(reverse("my:award")).status_code == 200


def test_a_replaced_code_ends_the_help_at_once(desk, award, now):
    awards.new_code(award=award, by=TEAM, now=now)

    assert desk.get(reverse("my:award")).url == reverse(START)


def test_whoever_is_no_volunteer_any_more_helps_no_more(desk, hywel):
    hywel.roles.all().delete()

    assert desk.get(reverse("my:award")).status_code == 302


def test_a_volunteer_of_another_council_opens_nothing(client, flintshire, code):
    client.force_login(factories.user("v@flintshire.example", role="volunteer", council=flintshire))

    assert "This code does not open an award." in text_of(client.post(reverse(BEGIN), {"code": code, "agrees": "on"}))


def test_a_stranger_has_no_page_to_help_from(client, dafydd, code):
    client.force_login(dafydd)

    assert client.get(reverse(START)).status_code == 404
    assert client.post(reverse(BEGIN), {"code": code, "agrees": "on"}).status_code == 404


def test_an_advocate_whom_some_carer_trusts_helps_others_with_their_code(client, caerphilly, mair, code, today):
    other = factories.carer(caerphilly)
    factories.permission(other, mair, today, kind="advocate")
    client.force_login(mair)

    client.post(reverse(BEGIN), {"code": code, "agrees": "on"})

    assert "You are helping Alys" in text_of(client.get(reverse("my:award")))
    assert HistoryEntry.objects.get(act="award.helped").details["role"] == "advocate"


def test_an_advocates_leave_at_the_desk_ends_with_the_days_of_the_permission(client, caerphilly, mair, code, today):
    over = factories.carer(caerphilly, first_name="Megan")
    factories.permission(over, mair, today - dt.timedelta(days=40), kind="advocate", days=30)
    # Another council's carer trusts them still: so they have a page to begin on.
    elsewhere = factories.carer(factories.council("torfaen", "Torfaen", "Torfaen"), first_name="Nia")
    factories.permission(elsewhere, mair, today, kind="advocate")
    client.force_login(mair)

    assert "This code does not open an award." in text_of(client.post(reverse(BEGIN), {"code": code, "agrees": "on"}))
    assert "helping" not in client.session


def test_help_gives_the_session_a_new_key_at_both_doors(client, hywel, code, mair, permission):
    client.force_login(hywel)
    before = client.session.session_key
    client.post(reverse(BEGIN), {"code": code, "agrees": "on"})
    assert client.session.session_key != before

    client.force_login(mair)
    before = client.session.session_key
    client.post(reverse("helping:act", args=[permission.pk]))
    assert client.session.session_key != before


def test_twenty_minutes_cannot_be_taken_over_by_somebody_else_in_the_same_browser(desk, mair):
    session = dict(desk.session)
    desk.force_login(mair)
    taken = desk.session
    taken.update({key: session[key] for key in ("award", "code", "helping")})
    taken.save()

    assert desk.get(reverse("my:award")).status_code == 302


def test_a_permission_opens_the_award_and_says_until_which_day(sister, award):
    page = text_of(sister.get(reverse("my:award")))

    assert f"You are acting for Alys, award {award.ref}. You may until" in page
    assert "11 November 2026" in page


def test_a_permission_that_ends_between_the_look_and_the_press_takes_nothing(sister, award, sitting, permission, now):
    kept_open = look(sister, sitting)
    helping.end(permission=permission, by=TEAM, now=now)

    pressed = send(sister, sitting, form_of(kept_open))

    assert pressed.url == reverse(START)
    assert not Booking.objects.exists()


def test_a_permission_is_over_on_the_day_after_its_last(sister, permission, clock):
    clock.now = dt.datetime.combine(permission.last_day, dt.time(12), tzinfo=dt.UTC)
    mine = Client()
    mine.force_login(permission.helper)
    assert mine.post(reverse("helping:act", args=[permission.pk])).url == reverse("my:award")
    clock.now = dt.datetime.combine(permission.last_day + dt.timedelta(days=1), dt.time(0, 1), tzinfo=dt.UTC)
    mine.force_login(permission.helper)

    assert mine.get(reverse("my:award")).status_code == 302
    assert mine.post(reverse("helping:act", args=[permission.pk])).status_code == 404


def test_nobody_acts_by_anothers_permission(client, dafydd, permission):
    client.force_login(dafydd)

    for page in ("act", "give_up"):
        assert client.post(reverse(f"helping:{page}", args=[permission.pk])).status_code == 404
    permission.refresh_from_db()
    assert permission.ended_at is None


@pytest.fixture
def alys(code):
    browser = Client()
    browser.post(reverse("open_award"), {"code": code})
    return browser


def leave_for(email, **changes):
    """What the carer types for someone, from today until 31 March."""
    first = {"first_day_day": "12", "first_day_month": "10", "first_day_year": "2026"}
    last = {"last_day_day": "31", "last_day_month": "3", "last_day_year": "2027"}
    return {"name": "Mair Rees", "email": email, "kind": "relative"} | first | last | changes


def test_a_carer_gives_leave_and_the_helper_is_made_known_and_written_to(alys, award):
    page = alys.post(reverse("my:helpers"), leave_for("mair.new@post.example"), follow=True)

    row = Permission.objects.get()
    assert (row.first_day, row.last_day) == (dt.date(2026, 10, 12), dt.date(2027, 3, 31))
    assert row.helper == User.objects.get(email="mair.new@post.example")
    assert "Mair Rees" in text_of(page)
    kinds = set(OutboxMessage.objects.values_list("kind", "to"))
    assert kinds == {("permission_given", award.carer.email), ("permission_for_helper", "mair.new@post.example")}


def test_whether_the_helper_signs_in_here_already_is_not_told(alys, mair):
    known = alys.post(reverse("my:helpers"), leave_for(mair.email))
    new = alys.post(reverse("my:helpers"), leave_for("somebody.new@post.example"))

    assert (known.status_code, known.url) == (new.status_code, new.url)
    # Neither that the address is known, nor whose it is: only what was typed is said again.
    told = text_of(alys.get(new.url)) + "".join(OutboxMessage.objects.values_list("body", flat=True))
    assert mair.name not in told.replace("Mair Rees", "")
    assert told.count("End this for Mair Rees") == 2


def test_a_helpers_name_stands_on_one_line(alys, award):
    alys.post(reverse("my:helpers"), leave_for("mair.new@post.example", name="Mair\r\n\r\nRing 0900 900 900"))

    assert Permission.objects.get().name == "Mair Ring 0900 900 900"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last_day_year": "2028"}, "It can last 12 months at most."),
        ({"last_day_month": "9", "last_day_year": "2026", "last_day_day": "1"}, "The last day must be"),
        ({"first_day_year": "2025"}, "The date must be"),
        ({"name": ""}, "Enter the name"),
        ({"kind": ""}, "Choose who they are to you."),
        ({"first_day_day": ""}, "The date needs a day."),
        ({"last_day_month": "13"}, "That day does not exist."),
        ({"kind": "volunteer"}, "Choose one from the list."),
    ],
)
def test_leave_that_cannot_be_given_is_said_at_its_field(alys, changes, said):
    assert said in text_of(alys.post(reverse("my:helpers"), leave_for("mair.new@post.example", **changes)))
    assert not Permission.objects.exists()


def test_nobody_needs_leave_to_act_for_themself(alys, award):
    page = alys.post(reverse("my:helpers"), leave_for(award.carer.email))

    assert "That is your own address." in text_of(page)


def test_new_leave_for_the_same_person_takes_the_place_of_the_old(alys, award, permission, mair):
    alys.post(reverse("my:helpers"), leave_for(mair.email))

    permission.refresh_from_db()
    assert permission.ended_at is not None
    assert helping.of_carer(award.carer, permission.first_day).count() == 1


def test_five_people_may_act_for_a_carer_and_not_six(award, today, now):
    days = {"first_day": today, "last_day": today + dt.timedelta(days=9)}
    for number in range(5):
        who = {"email": f"h{number}@post.example", "name": "H", "kind": "relative"}
        helping.give(carer=award.carer, by=TEAM, now=now, **who, **days)

    with pytest.raises(helping.TooMany):
        helping.give(carer=award.carer, email="h6@post.example", name="H", kind="relative", by=TEAM, now=now, **days)


def test_the_carer_ends_it_at_once_and_the_helper_may_too(alys, sister, permission, award, mair, today):
    alys.post(reverse("my:end_helper", args=[permission.pk]))

    assert sister.get(reverse("my:award")).status_code == 302
    again = factories.permission(award.carer, mair, today)
    sister.post(reverse("helping:give_up", args=[again.pk]))
    again.refresh_from_db()
    assert again.ended_at is not None
    assert HistoryEntry.objects.filter(act="permission.ended").count() == 2


def test_a_carer_does_not_end_anothers_permission(alys, caerphilly, mair, today):
    theirs = factories.permission(factories.carer(caerphilly), mair, today)

    assert alys.post(reverse("my:end_helper", args=[theirs.pk])).status_code == 404


def test_the_team_gives_leave_on_the_carers_behalf(client, carys, award):
    client.force_login(carys)
    client.post(reverse("team:book_for", args=[award.ref]))

    client.post(reverse("my:helpers"), leave_for("mair.new@post.example"))

    entry = HistoryEntry.objects.get(act="permission.given")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {award.ref}")


def test_a_helper_may_ask_for_more_with_both_names_and_reads_nothing_that_was_asked_before(desk, award, hywel, now):
    _first, last = applications.days_for_more_time(award, on=now.date())
    said = {"reason": "illness", "words": "My husband wanders."}
    applications.apply(award=award, kind="more_time", **said, wanted_until=last, by=TEAM, now=now)
    address = reverse("my:apply", args=["more-to-use"])
    assert address in desk.get(reverse("my:award")).content.decode()

    pressed = desk.post(address, {"amount": "40", "reason": "costs_more", "words": ""}, follow=True)

    row = award.applications.get(kind="more_value")
    assert (row.state, row.wanted_amount) == ("open", 4_000)
    entry = HistoryEntry.objects.filter(actor=hywel, on_behalf_of=f"award {award.ref}", details__role="volunteer")
    assert entry.filter(act__startswith="application").count() == 1
    again = desk.get(reverse("my:apply", args=["more-time"]), follow=True)
    for page in (pressed, desk.get(reverse("my:award")), again):
        assert "wanders" not in text_of(page)


def test_a_new_award_is_not_asked_for_by_a_helper(desk):
    assert desk.get(reverse("my:apply", args=["new-award"])).status_code == 404
