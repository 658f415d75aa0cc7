"""Answering a request with a link in the message: one meaning, one press, no sign-in, and nothing about the carer."""

import logging
import re

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts.logs import WithoutSecrets
from accounts.models import HistoryEntry, OutboxMessage
from providers import staff
from providers.models import Provider, Staff
from tests import factories
from tests.voucher.breaks import FRIDAY, ask, london
from voucher import bookings
from voucher.forms.carer import as_typed
from voucher.ledger import audit
from voucher.messages import answer_links
from voucher.models import Booking

pytestmark = pytest.mark.django_db
State = Booking.State
MONDAY = london(2026, 10, 19, 14)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=10_000)


@pytest.fixture
def asked(award, bryn_cafe, now, clock):
    return ask(award, factories.offer(bryn_cafe), now, note="The key is under the mat")


def link(booking, purpose):
    return reverse("answer", args=[answer_links.token(booking, purpose)])


def state(booking):
    return Booking.objects.get(pk=booking.pk).state


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def set_aside(award):
    award.account.refresh_from_db()
    return award.account.held


def test_the_message_carries_a_link_for_each_answer_and_they_open(client, asked):
    body = OutboxMessage.objects.get(kind="booking_asked").body
    links = re.findall(r"http://\S+(/answer/\S+)", body)

    assert links == [link(asked, purpose) for purpose in ("yes", "times", "no")]
    assert [client.get(each).status_code for each in links] == [200, 200, 200]


@pytest.mark.parametrize("purpose", answer_links.PURPOSES)
def test_a_look_changes_nothing_and_shows_nothing_of_the_carer(client, asked, purpose):
    before = HistoryEntry.objects.count()

    page = client.get(link(asked, purpose))

    assert state(asked) == State.REQUESTED
    assert HistoryEntry.objects.count() == before
    carer = asked.award.carer
    for secret in (carer.first_name, carer.last_name, carer.phone, carer.email, carer.address, "under the mat"):
        assert secret not in page.content.decode()


def test_the_page_says_what_comes_from_the_carer_and_what_is_claimed(client, asked):
    Booking.objects.filter(pk=asked.pk).update(own_pence=1_250)

    assert "£12.50 of it from the carer on the day; you claim £50" in text(client.get(link(asked, "yes")))


def test_yes_confirms_by_the_link_and_leaves_the_price_set_aside(client, asked, award):
    page = client.post(link(asked, "yes"), follow=True)

    assert state(asked) == State.CONFIRMED
    assert "This request is confirmed, and the carer is told." in text(page)
    assert set_aside(award) == 6_250
    entry = HistoryEntry.objects.get(act="booking.confirmed")
    assert (entry.actor, entry.actor_label) == (None, "link in a message")


def test_no_gives_a_reason_and_everything_goes_back(client, asked, award, now):
    page = client.post(link(asked, "no"), {"reason": "other"})
    assert "Say in a few words why you cannot do it." in text(page)

    client.post(link(asked, "no"), {"reason": "no_staff", "note": "Next week again"})

    asked.refresh_from_db()
    assert (asked.state, asked.decline_reason, asked.decline_note) == (State.DECLINED, "no_staff", "Next week again")
    assert set_aside(award) == 0
    assert audit.differences() == []


def test_other_times_are_suggested_and_a_taken_one_is_said_beside_the_field(client, asked):
    page = client.post(link(asked, "times"), {"day": "2026-10-16", "time": "14:00"})
    assert "is the time they asked for" in text(page)

    page = client.post(link(asked, "times"), {"times": [as_typed(MONDAY)]}, follow=True)

    assert state(asked) == State.COUNTERED
    assert "Other times were suggested." in text(page)


def test_after_the_answer_every_link_says_what_became_of_it_and_does_nothing(client, asked):
    client.post(link(asked, "yes"))

    for purpose in answer_links.PURPOSES:
        page = client.post(link(asked, purpose), {"reason": "full", "times": [as_typed(MONDAY)]}, follow=True)
        assert "This request is confirmed" in text(page)
    assert state(asked) == State.CONFIRMED
    assert HistoryEntry.objects.filter(act__startswith="booking.", subject_id=asked.pk).count() == 2


def test_at_the_deadline_the_link_has_run_out(client, asked, clock):
    clock.now = asked.answer_by

    page = client.post(link(asked, "yes"), follow=True)

    assert "The time to answer has run out" in text(page)
    assert state(asked) == State.REQUESTED


def test_a_link_of_an_earlier_time_accepts_nothing_once_the_carer_has_changed_it(client, asked, award, now):
    old = link(asked, "yes")
    bookings.change_time(booking=asked, starts_at=MONDAY, by=factories.TESTS, now=now)

    page = client.post(old, follow=True)

    assert "The carer has asked for another time since then." in text(page)
    assert state(asked) == State.REQUESTED
    body = OutboxMessage.objects.get(kind="time_changed").body
    client.post(re.search(r"http://\S+(/answer/\S+)", body)[1])
    assert state(asked) == State.CONFIRMED


@pytest.mark.parametrize(
    ("purpose", "sent"),
    [("yes", {}), ("no", {"reason": "no_staff"}), ("times", {"times": [as_typed(MONDAY)]})],
)
def test_a_time_that_changes_after_the_link_was_read_is_not_answered_by_it(
    client, asked, award, now, monkeypatch, purpose, sent
):
    """The carer's press comes between two steps of the provider's: what was seen is answered, or nothing is."""
    read, address = answer_links.read, link(asked, purpose)

    def read_just_before(*arguments):
        found = read(*arguments)
        if state(asked) == State.REQUESTED and found.is_open(now):
            bookings.change_time(booking=asked, starts_at=london(2026, 10, 23, 14), by=factories.TESTS, now=now)
        return found

    monkeypatch.setattr(answer_links, "read", read_just_before)
    page = client.post(address, sent, follow=True)

    assert "The carer has asked for another time since then." in text(page)
    assert (state(asked), set_aside(award)) == (State.REQUESTED, 6_250)
    assert audit.differences() == []


@pytest.mark.parametrize("stopped", ["suspended", "closed", "paused"])
def test_a_provider_that_was_stopped_accepts_nothing_but_may_decline(client, asked, stopped):
    why = "To be looked into." if stopped == "suspended" else ""
    Provider.objects.filter(pk=asked.provider_id).update(state=stopped, stopped_because=why)

    for purpose in ("yes", "times"):
        page = client.post(link(asked, purpose), {"times": [as_typed(MONDAY)]})
        assert "Nothing can be accepted at the moment" in text(page)
    assert state(asked) == State.REQUESTED
    client.post(link(asked, "no"), {"reason": "full"})
    assert state(asked) == State.DECLINED


def test_forged_mistyped_and_foreign_links_are_all_the_same_page(client, asked, bryn_cafe, caerphilly, clock):
    good = answer_links.token(asked, "yes")
    other = factories.provider(caerphilly)
    signer = signing.Signer(salt="voucher.messages.answer_links", sep=".")
    number, moment = asked.pk, int(asked.starts_at.timestamp())
    bad = [
        "x",
        good[:-1],
        good.replace("-yes-", "-no-"),
        signing.Signer(salt="something else", sep=".").sign(f"{number}-{bryn_cafe.pk}-yes-{moment}"),
        signer.sign(f"{number}-{other.pk}-yes-{moment}"),
        signer.sign(f"{number + 999}-{bryn_cafe.pk}-yes-{moment}"),
        signer.sign("words"),
    ]
    pages = [client.post(reverse("answer", args=[each])) for each in bad]
    clock.now = asked.ends_at + answer_links.TOLD_FOR + answer_links.TOLD_FOR
    pages.append(client.get(reverse("answer", args=[good])))

    assert {page.status_code for page in pages} == {404}
    assert len({text(page) for page in pages}) == 1
    assert state(asked) == State.REQUESTED


def test_the_address_stays_on_this_site_and_out_of_stores_and_logs(client, asked, caplog):
    page = client.get(link(asked, "yes"))

    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    assert "noindex" in page["X-Robots-Tag"]
    secret, hide = answer_links.token(asked, "yes"), WithoutSecrets(["answer", "calendar"])
    for line in (f"Not Found: /answer/{secret}/", f"GET /cy/answer/{secret}/ 404", f"/calendar/{secret}.ics gone"):
        record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s", (line,), None)
        assert hide.filter(record)
        assert secret not in record.getMessage()
    record = logging.LogRecord("x", logging.WARNING, "", 0, "%s: %s", ("Not Found", "/provider/calendar/new/"), None)
    hide.filter(record)
    assert record.getMessage() == "Not Found: /provider/calendar/new/"


def test_the_log_of_a_page_that_is_not_there_hides_the_link(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["without_secrets"]
    assert settings.LOGGING["filters"]["without_secrets"]["folders"] == ["answer", "calendar"]


def test_many_presses_from_one_place_are_stopped(client, asked, clock):
    address = link(asked, "no")

    answers = [client.post(address, {}).status_code for _ in range(31)]

    assert answers == [200] * 30 + [429]
    assert client.get(address).status_code == 200


def test_a_press_from_another_site_is_refused(asked):
    client = Client(enforce_csrf_checks=True)

    assert client.post(link(asked, "yes")).status_code == 403
    assert state(asked) == State.REQUESTED


def test_in_welsh_the_page_keeps_its_link(client, asked):
    page = client.get("/cy" + link(asked, "yes"))

    assert page.status_code == 200
    assert 'lang="cy"' in page.content.decode()


def test_a_link_ends_with_its_break(asked):
    with pytest.raises(answer_links.Unknown):
        answer_links.read(answer_links.token(asked, "yes"), FRIDAY + answer_links.TOLD_FOR * 2)


@pytest.fixture
def colleague(bryn_cafe):
    """Somebody taken on for the bookings, who has come in once."""
    user = factories.user("mari@provider.example", name="Mari", language="cy")
    return staff.give_post(user=user, provider=bryn_cafe, kind="bookings", by=factories.TESTS, now=FRIDAY)


def links_to(address):
    return re.findall(r"http://\S+(/(?:cy/)?answer/\S+)", OutboxMessage.objects.get(to=address).body)


def test_a_colleague_for_the_bookings_is_written_to_too_and_her_yes_is_hers(client, colleague, asked, bryn_cafe):
    assert OutboxMessage.objects.filter(kind="booking_asked").count() == 2
    (yes, times, no), (theirs, *_others) = links_to("mari@provider.example"), links_to(bryn_cafe.email)
    assert len({yes, times, no, theirs}) == 4

    page = client.get(yes)
    assert times.removeprefix("/cy") in page.content.decode()
    client.post(yes)

    assert state(asked) == State.CONFIRMED
    assert HistoryEntry.objects.get(act="booking.confirmed").actor == colleague.user
    # Both hear that it is certain; the calendar goes to both.
    told = OutboxMessage.objects.filter(kind="booking_confirmed_for_provider")
    assert set(told.values_list("to", flat=True)) == {"mari@provider.example", bryn_cafe.email}


@pytest.mark.parametrize("ends", ["left", "desk", "closed"])
def test_a_colleagues_link_ends_when_they_answer_requests_no_more(client, colleague, asked, bryn_cafe, ends):
    yes, *_others = links_to("mari@provider.example")
    theirs, *_others = links_to(bryn_cafe.email)
    if ends == "left":
        colleague.delete()
    elif ends == "desk":
        Staff.objects.filter(pk=colleague.pk).update(kind="desk")
    else:
        type(colleague.user).objects.filter(pk=colleague.user.pk).update(is_active=False)

    assert client.get(yes).status_code == client.post(yes).status_code == 404
    assert state(asked) == State.REQUESTED
    assert client.get(theirs).status_code == 200


def test_nobody_is_written_to_twice_or_before_they_came_in_or_against_their_wish(bryn_cafe, award, now, clock):
    posts = {
        name: staff.give_post(
            user=factories.user(f"{name}@provider.example"),
            provider=bryn_cafe,
            kind="bookings",
            by=factories.TESTS,
            now=now,
        )
        for name in ("same", "new", "quiet", "wishes")
    }
    type(bryn_cafe).objects.filter(pk=bryn_cafe.pk).update(email="Same@provider.example")
    posts["new"].user.emailaddress_set.update(verified=False)
    as_quiet = Client()
    as_quiet.force_login(posts["quiet"].user)
    assert "Write to me no more" in as_quiet.get(reverse("provider:service")).content.decode()
    as_quiet.post(reverse("provider:news"), {"wanted": "no"})

    bryn_cafe.refresh_from_db()
    ask(award, factories.offer(bryn_cafe), now)

    told = OutboxMessage.objects.filter(kind="booking_asked").values_list("to", flat=True)
    assert sorted(told) == ["Same@provider.example", "wishes@provider.example"]
