"""Checking a carer's code at the counter: yes or no against a price, and nothing else, ten wrong ones an hour."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry
from brochure.models import Offer
from providers import pausing
from tests import factories
from tests.voucher import breaks
from tests.voucher.breaks import ALYS
from tests.voucher.test_provider_pages import clock, text
from voucher import bookings, codes
from voucher.carers import pins
from voucher.door import code_checks
from voucher.granting import awards
from voucher.ledger import books
from voucher.standing import suspending

pytestmark = pytest.mark.django_db

__all__ = ["clock"]
YES = "Yes, enough for this"
NO = "No, this code does not work"
SHORT = "No, not enough for this"
ADDRESS = "/provider/code/"


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=6_250)


@pytest.fixture
def sitting(bryn_cafe):
    """£25 an hour."""
    return factories.offer(bryn_cafe)


@pytest.fixture
def code(award, now):
    return awards.new_code(award=award, by=ALYS, now=now)


@pytest.fixture
def page(client, bryn_cafe, sitting, clock):
    client.force_login(factories.provider_staff(bryn_cafe, "desk@provider.example", kind="desk"))
    return client


def check(page, code, offer, units=2):
    return page.post(ADDRESS, {"code": code, "offer": offer.pk, "units": units}, follow=True)


def test_enough_is_answered_with_yes_a_first_name_a_number_and_nothing_more(page, code, sitting, award):
    answer = check(page, code, sitting)

    assert YES in text(answer)
    ref = HistoryEntry.objects.get(act="code.checked").details["ref"]
    assert f"Alys: {sitting.title_en}, 2 hours, £50. Number of this check: {ref}" in text(answer)
    for private in (award.carer.last_name, award.carer.phone, "62.50", "12.50", award.ref, code):
        assert private not in text(answer)
    assert code not in answer.content.decode()
    assert HistoryEntry.objects.get(act="code.checked").subject_id == award.pk


def test_the_address_is_the_one_in_the_menu(page):
    assert reverse("provider:check_code") == ADDRESS


def test_a_scanned_voucher_is_read_from_behind_its_hash(page, code, sitting):
    assert YES in text(check(page, f"https://breaks.example/v/#{code}", sitting))


def test_a_code_in_small_letters_with_spaces_is_read(page, code, sitting):
    assert YES in text(check(page, code.lower().replace("-", " "), sitting))


def test_exactly_enough_is_enough_and_a_penny_short_is_not(page, code, bryn_cafe):
    assert YES in text(check(page, code, factories.offer(bryn_cafe, price_pence=6250), units=1))
    assert SHORT in text(check(page, code, factories.offer(bryn_cafe, price_pence=6251), units=1))


def test_an_hours_award_is_measured_in_hours(page, caerphilly, sitting, now):
    award = factories.award(caerphilly, value=120, unit="minutes")
    code = awards.new_code(award=award, by=ALYS, now=now)

    assert YES in text(check(page, code, sitting, units=2))
    assert SHORT in text(check(page, code, sitting, units=3))


def test_every_code_that_opens_nothing_is_refused_in_the_same_words(page, sitting, code, award, now):
    replaced = code
    revoked = awards.new_code(award=award, by=ALYS, now=now)
    awards.revoke_code(award=award, by=ALYS, now=now)

    answers = [text(check(page, each, sitting)) for each in (codes.generate(), replaced, revoked)]

    assert [NO in answer for answer in answers] == [True] * 3
    assert len({answer[answer.index(NO) :].split("What is it for?")[0] for answer in answers}) == 1
    assert "Alys" not in "".join(answers)


def test_every_good_code_that_does_not_pay_is_refused_in_the_same_words(page, caerphilly, sitting, code, now):
    over = factories.award(caerphilly, first_day=dt.date(2026, 1, 1), now=dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC))
    not_begun = factories.award(caerphilly, first_day=dt.date(2026, 10, 13))
    run_out = awards.new_code(award=over, by=ALYS, now=now)
    early = awards.new_code(award=not_begun, by=ALYS, now=now)

    answers = [
        text(check(page, each, sitting, units))
        for each, units in [
            (run_out, 2),
            (early, 2),
            (code, 3),
        ]
    ]

    assert [SHORT in answer for answer in answers] == [True] * 3
    assert len({answer[answer.index(SHORT) :].split("What is it for?")[0] for answer in answers}) == 1
    assert "Alys" not in "".join(answers)


def test_a_code_of_another_part_of_wales_is_said_to_be_good_elsewhere_and_nothing_more(page, flintshire, sitting, now):
    there = factories.award(flintshire, carer_row=factories.carer(flintshire, first_name="Heledd"))
    answer = check(page, awards.new_code(award=there, by=ALYS, now=now), sitting)

    assert "This code is good in another part of Wales" in text(answer)
    for private in ("Heledd", "300", "Flintshire", there.ref):
        assert private not in text(answer)


def test_where_the_carer_has_a_pin_the_code_alone_says_only_to_ask_for_it(page, sitting, award, code, clock, now):
    pins.put(carer=award.carer, pin="7294", by=ALYS, now=now)

    enough, too_dear = check(page, code, sitting), check(page, code, sitting, units=3)
    wrong = page.post(ADDRESS, {"code": code, "offer": sitting.pk, "units": 2, "pin": "7295"}, follow=True)
    right = page.post(ADDRESS, {"code": code, "offer": sitting.pk, "units": 2, "pin": "7294"}, follow=True)
    right_but_too_dear = page.post(ADDRESS, {"code": code, "offer": sitting.pk, "units": 3, "pin": "7294"}, follow=True)

    assert "Ask for the PIN" in text(enough) and "Ask for the PIN" in text(too_dear)
    assert YES not in text(enough)
    assert f"{NO} The code or the PIN may be mistyped" in text(wrong)
    assert YES in text(right)
    assert SHORT in text(right_but_too_dear)
    assert "7294" not in right.content.decode()


def test_five_wrong_pins_lock_the_pin_for_every_provider(page, sitting, award, code, clock, now):
    pins.put(carer=award.carer, pin="7294", by=ALYS, now=now)
    typed = {"code": code, "offer": sitting.pk, "units": 2}
    for _ in range(5):
        page.post(ADDRESS, typed | {"pin": "7295"}, follow=True)

    assert "Too many wrong PINs" in text(page.post(ADDRESS, typed | {"pin": "7294"}, follow=True))
    clock.at = now + dt.timedelta(hours=1)
    assert YES in text(page.post(ADDRESS, typed | {"pin": "7294"}, follow=True))


def test_a_bound_code_is_still_good_at_the_counter(page, sitting, award, code, now):
    award.carer.user = factories.user(award.carer.email)
    award.carer.code_bound_at = now
    award.carer.save()

    assert YES in text(check(page, code, sitting))


def test_a_revoked_code_and_a_frozen_award_are_refused(page, sitting, award, code, now, transactional_freeze):
    transactional_freeze(award)
    assert SHORT in text(check(page, code, sitting))

    awards.revoke_code(award=award, by=Who(label="tests"), now=now)
    assert NO in text(check(page, code, sitting))


@pytest.fixture
def transactional_freeze(now):
    from django.db import transaction

    def freeze(award):
        with transaction.atomic():
            books.freeze(award=award.account)

    return freeze


def test_after_ten_wrong_codes_in_an_hour_even_a_right_one_waits(page, sitting, code, clock, now):
    for _ in range(10):
        assert NO in text(check(page, codes.generate(), sitting))

    assert "Too many codes did not work" in text(check(page, code, sitting))

    clock.at = now + dt.timedelta(hours=1)
    assert YES in text(check(page, code, sitting))


def test_r72_a_no_is_a_look_too_and_after_some_in_an_hour_nothing_more_is_said_anywhere(
    page, client, caerphilly, sitting, code, award, clock, now
):
    for units in range(10, 10 + code_checks.SHORT_AN_HOUR):
        assert SHORT in text(check(page, code, sitting, units))
    # Each stands among what the carer sees of who looked.
    looks = HistoryEntry.objects.filter(act="code.checked")
    assert looks.filter(details__provider=sitting.provider_id).count() == code_checks.SHORT_AN_HOUR

    other = factories.provider(caerphilly, name="Siop Goffi")
    theirs = factories.offer(other)
    for browser, offer in ((page, sitting), (client, theirs)):
        if offer == theirs:
            browser.force_login(factories.provider_staff(other, "goffi@provider.example"))
        answer = text(check(browser, code, offer, 1))
        assert "Try again in an hour" in answer and YES not in answer and "Alys" not in answer
    assert looks.count() == code_checks.SHORT_AN_HOUR

    clock.at = now + dt.timedelta(hours=1)
    assert YES in text(check(client, code, theirs, 1))


def test_the_limit_is_the_providers_and_not_the_persons(page, client, bryn, sitting, code):
    for _ in range(10):
        check(page, codes.generate(), sitting)
    client.force_login(bryn)

    assert "Too many codes did not work" in text(check(client, code, sitting))


def test_another_provider_is_not_held_up(page, client, caerphilly, sitting, code):
    for _ in range(10):
        check(page, codes.generate(), sitting)
    other = factories.provider(caerphilly, name="Caffi Arall")
    client.force_login(factories.provider_staff(other, "arall@provider.example"))

    assert YES in text(check(client, code, factories.offer(other)))


def test_a_slip_of_the_finger_is_said_beside_the_field_and_does_not_count(page, sitting, code):
    slip = ("1" if code[0] != "1" else "2") + code[1:]
    for _ in range(11):
        answer = check(page, slip, sitting)

    assert 'id="id_code_error"' in answer.content.decode()
    assert f'value="{slip}"' in answer.content.decode()
    assert YES in text(check(page, code, sitting))


@pytest.mark.parametrize("units", ["", "0", "100", "two", "1.5"])
def test_how_many_must_be_a_whole_number(page, sitting, code, units):
    answer = check(page, code, sitting, units)

    assert 'id="id_units_error"' in answer.content.decode()


def test_another_providers_offer_cannot_be_asked_about(page, caerphilly, code):
    theirs = factories.offer(factories.provider(caerphilly, name="Caffi Arall"))

    assert "Choose one of your own offers from the list." in text(check(page, code, theirs))


def test_a_code_in_the_address_is_never_read(page, sitting, code):
    answer = page.get(ADDRESS, {"code": code, "offer": sitting.pk, "units": 1})

    assert YES not in text(answer)
    assert f'value="{code}"' not in answer.content.decode()


def test_a_provider_without_offers_has_nothing_to_check(client, caerphilly, clock):
    other = factories.provider(caerphilly, name="Caffi Arall", state="suspended", stopped_because="To be looked into.")
    factories.offer(other)
    client.force_login(factories.provider_staff(other, "arall@provider.example"))

    assert "there is nothing to check a code for" in text(client.get(ADDRESS))


@pytest.mark.parametrize("nothing_new", ["pause", "hidden"])
def test_r56_what_was_booked_before_a_pause_is_checked_at_the_door(
    page, award, caerphilly, bryn_cafe, sitting, code, clock, now, nothing_new
):
    booking = breaks.ask(award, sitting, now, minutes=60)
    bookings.confirm(booking=booking, by=factories.TESTS, now=now)
    someone_else = awards.new_code(award=factories.award(caerphilly), by=ALYS, now=now)
    if nothing_new == "pause":
        pausing.pause(provider=bryn_cafe, reason="own", by=factories.TESTS, now=now)
    else:
        Offer.objects.filter(pk=sitting.pk).update(state="paused")
    assert "there is nothing to check a code for" in text(page.get(ADDRESS))

    clock.at = booking.starts_at
    assert "Yes, this is booked" in text(check(page, code, sitting, units=1))
    answer = text(check(page, someone_else, sitting, units=1))
    assert "Nothing is booked here today with this code" in answer and YES not in answer
    # R65: one that was stopped gives nothing.
    suspending.suspend(provider=bryn_cafe, reason="A worry.", by=factories.TESTS, now=clock.at)
    assert "there is nothing to check a code for" in text(page.get(ADDRESS))


def test_a_check_leads_on_to_its_answer_and_going_back_asks_nothing_again(page, sitting, code, clock, now):
    typed = {"code": code, "offer": sitting.pk, "units": 2}
    lead = page.post(ADDRESS, typed)
    in_another_tab = page.post(ADDRESS, {"code": codes.generate(), "offer": sitting.pk, "units": 1})

    assert (lead.status_code, in_another_tab.status_code) == (302, 302)
    for _look in range(2):
        answer = page.get(lead.url)
        assert f"Alys: {sitting.title_en}, 2 hours, £50." in text(answer) and "Checked at 11am." in text(answer)
        assert NO in text(page.get(in_another_tab.url))
    award = awards.named_by(code=code)
    assert HistoryEntry.objects.filter(act="code.checked").count() == 1
    # What leads to it is no code, and nothing of the award's.
    bare = codes.normalise(code)
    assert not re.search(f"{bare}|{code}|{award.ref}|{answer.context['yes'].check}", lead.url)
    assert not re.search(f"{bare}|{code}", str(dict(page.session)) + answer.content.decode())

    clock.at = now + dt.timedelta(minutes=16)
    assert "An answer is shown for a quarter of an hour" in text(page.get(lead.url))
    assert "Alys" not in text(page.get(lead.url))


def test_an_answer_is_shown_to_nobody_else(page, client, bryn, bryn_cafe, sitting, code):
    lead = page.post(ADDRESS, {"code": code, "offer": sitting.pk, "units": 2})
    other = factories.provider(bryn_cafe.council, name="Caffi Arall")
    factories.offer(other)

    colleague = Client()
    colleague.force_login(bryn)
    assert "Alys" not in text(colleague.get(lead.url))
    # The same browser, now at work for somebody else.
    worker = bryn_cafe.staff.get(kind="desk").user
    other.staff.create(user=worker, kind="desk")
    session = page.session
    session["provider"] = other.pk
    session.save()
    assert "Alys" not in text(page.get(lead.url))


def test_a_good_code_is_tried_again_without_typing_it_and_each_try_is_a_look(page, sitting, award, code, now):
    short = check(page, code, sitting, units=3)
    assert SHORT in text(short) and code not in short.content.decode()
    again = {"again": short.context["again"], "offer": sitting.pk, "units": 2, "code": ""}

    assert YES in text(page.post(ADDRESS, again, follow=True))
    assert HistoryEntry.objects.filter(act="code.checked").count() == 2

    pins.put(carer=award.carer, pin="7294", by=ALYS, now=now)
    asked = page.post(ADDRESS, again, follow=True)
    assert "Ask for the PIN" in text(asked)
    # Now it is no longer optional, and the only thing that the page waits for.
    optional = "The carer’s PIN (optional)"
    assert optional in text(short) and optional not in text(asked)
    assert asked.content.decode().count("autofocus") == 1 and "autofocus" not in short.content.decode()
    wrong = page.post(ADDRESS, again | {"again": asked.context["again"], "pin": "7295"}, follow=True)
    assert NO in text(wrong)
    assert YES in text(page.post(ADDRESS, again | {"again": wrong.context["again"], "pin": "7294"}, follow=True))

    # A code that works no more is refused, and without an answer before there is nothing to leave empty.
    awards.revoke_code(award=award, by=ALYS, now=now)
    assert NO in text(page.post(ADDRESS, again | {"again": wrong.context["again"], "pin": "7294"}, follow=True))
    nothing = page.post(ADDRESS, again | {"again": "made-up"})
    assert 'id="id_code_error"' in nothing.content.decode()


def test_after_a_wrong_code_and_pin_nothing_says_which_of_them_was_wrong(page, sitting, award, code, now):
    pins.put(carer=award.carer, pin="7294", by=ALYS, now=now)
    typed = {"offer": sitting.pk, "units": 2, "pin": "7295"}

    pages = [page.post(ADDRESS, typed | {"code": each}, follow=True) for each in (code, codes.generate())]

    assert text(pages[0]) == text(pages[1])
    assert all("again" not in re.findall(r'name="(\w+)"', each.content.decode()) for each in pages)
