"""The carers team and a provider press at once about an offer, a photo or joining: one word counts, nothing twice."""

import datetime as dt
import time

import pytest
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure import offering, photos, price_changes
from brochure.models import Offer, OfferVersion, Photo
from providers.models import JoiningNote, Provider
from tests import factories
from tests.providers import joiners
from tests.voucher.ledger.desk import at_once
from voucher.standing import joining_checks, joining_desk, offer_desk

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
TURNS = pytest.mark.parametrize("turn", range(4))
LATER = 0.05
MESSAGES = ("offer_agreed", "offer_refused", "photo_refused", "joining_approved", "joining_refused", "joining_sent")
BETTER, BEST = "A quiet afternoon.", "A quiet afternoon, with tea."


@pytest.fixture(autouse=True)
def read_beforehand():
    """Read words, messages and addresses: the first who writes a message would hold the others' lock meanwhile."""
    reverse("provider:papers")
    for language in ("en", "cy"):
        with translation.override(language):
            for kind in MESSAGES:
                for part in ("subject", "body"):
                    get_template(f"messages/{kind}/{part}.txt")
            str(OfferVersion.State.WAITING.label)


@pytest.fixture
def council():
    return factories.council()


@pytest.fixture
def team(council):
    """Two workers of the carers team."""
    names = ("carys@council.example", "mair@council.example")
    return [Who(user=factories.user(name, role="team", council=council)) for name in names]


@pytest.fixture
def sitting(council):
    return factories.offer(factories.provider(council), price_pence=2400)


@pytest.fixture
def owner(sitting):
    return Who(user=factories.provider_staff(sitting.provider))


def kinds(results):
    return sorted(type(each).__name__ for each in results if isinstance(each, Exception))


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def wish(sitting, words, by, now):
    return offering.change(offer=fresh(sitting), to={"description_en": words}, by=by, now=now)


def states(offer):
    return sorted(offer.versions.values_list("state", flat=True))


def told(kind):
    return OutboxMessage.objects.filter(kind=kind).count()


@TURNS
def test_a_yes_is_for_what_was_looked_at_though_the_provider_changes_it_again(sitting, owner, team, now, turn):
    wish(sitting, BETTER, owner, now)
    seen, before = offering.waiting_version(sitting), sitting.description_en

    def change_again():
        # Every other time a little later, so that either may be first.
        time.sleep(turn % 2 * LATER)
        return wish(sitting, BEST, owner, now)

    results = at_once(lambda: offer_desk.approve(version=fresh(seen), by=team[0], now=now), change_again)

    assert set(kinds(results)) <= {"ChangedSince"}
    agreed = isinstance(results[0], Offer)
    assert fresh(sitting).description_en == (BETTER if agreed else before)
    assert offering.waiting_version(sitting).content["description_en"] == BEST
    assert told("offer_agreed") == agreed
    current = sitting.versions.get(state="current")
    assert current.content["description_en"] == (BETTER if agreed else before)


@TURNS
def test_of_two_answers_at_once_one_counts_and_is_told(sitting, owner, team, now, turn):
    wish(sitting, BETTER, owner, now)
    seen = offering.waiting_version(sitting)

    results = at_once(
        lambda: offer_desk.approve(version=fresh(seen), by=team[0], now=now),
        lambda: offer_desk.approve(version=fresh(seen), by=team[1], now=now),
        lambda: offer_desk.refuse(version=fresh(seen), reason="Too short.", by=team[1], now=now),
    )

    assert kinds(results) == ["ChangedSince", "ChangedSince"]
    assert told("offer_agreed") + told("offer_refused") == 1
    assert HistoryEntry.objects.filter(act__in=["offer.approved", "offer.refused"]).count() == 1
    assert states(sitting).count("current") == 1 and "waiting" not in states(sitting)


@TURNS
def test_a_dearer_price_is_agreed_to_as_it_is_taken_back_or_set_anew(sitting, owner, team, now, turn):
    day = now.date() + dt.timedelta(days=28)
    price_changes.propose(offer=sitting, rates={"standard": 3000}, first_day=day, by=owner, now=now)
    seen = offering.waiting_version(sitting)

    results = at_once(
        lambda: offer_desk.approve(version=fresh(seen), by=team[0], now=now),
        lambda: price_changes.take_back(offer=sitting, rate="standard", first_day=day, by=owner, now=now),
        lambda: price_changes.propose(offer=sitting, rates={"weekend": 2500}, first_day=day, by=owner, now=now),
    )

    assert set(kinds(results)) <= {"ChangedSince"}
    prices = {(row.rate, row.price_pence) for row in sitting.prices.all()}
    # Taken back after the yes or before it, the dearer price is not there; what was set beside it is.
    assert prices == {("standard", 2400), ("weekend", 2500)}
    assert price_changes.waiting_prices(fresh(sitting)) == {}


@TURNS
def test_a_photo_that_is_removed_as_it_is_agreed_to_is_gone(sitting, owner, team, now, turn):
    drawn = photos.Drawn(small=b"small", large=b"large", width=1280, height=720)
    photo = photos.add(offer=sitting, drawn=drawn, alt_en="A garden", by=owner, now=now)

    results = at_once(
        lambda: offer_desk.answer_photo(photo=fresh(photo), by=team[0], now=now),
        lambda: photos.remove(photo=fresh(photo), by=owner, now=now),
        lambda: offer_desk.answer_photo(photo=fresh(photo), reason="Too dark.", by=team[1], now=now),
        lambda: photos.put_first(photo=fresh(photo), by=owner, now=now),
    )

    assert kinds(results) == []
    refused = told("photo_refused")
    assert fresh(photo).state == (Photo.State.REFUSED if refused else Photo.State.REMOVED)
    assert photos.shown([sitting]) == {}


@TURNS
def test_of_two_who_answer_a_joiner_at_once_one_is_heard(council, team, now, turn):
    provider, _owner = joiners.sent(council, now)
    joiners.accept_papers(provider, team[0].user, now)

    def approve(by):
        row = fresh(provider)
        offers, mentor = list(joining_checks.drafts(row)), team[0].user
        return joining_desk.approve(provider=row, offers=offers, mentor=mentor, by=by, now=now)

    results = at_once(
        lambda: approve(team[0]),
        lambda: approve(team[1]),
        lambda: joining_desk.refuse(provider=fresh(provider), words="Not yet.", by=team[1], now=now),
    )

    after = fresh(provider)
    joined = after.state == Provider.State.LIVE
    assert kinds(results) == (["Moved"] if joined else ["Moved", "Moved"])
    assert (told("joining_approved"), told("joining_refused")) == ((1, 0) if joined else (0, 1))
    assert after.provisional_until is None or joined
    offer = Offer.objects.get(provider=provider)
    assert (offer.state == Offer.State.LIVE) == joined
    assert states(offer) == (["current"] if joined else ["waiting"])


@TURNS
def test_who_hands_in_twice_or_takes_it_back_meanwhile_is_there_once(council, team, now, turn):
    provider, user = joiners.begun(council, now)
    joiners.tell(provider, user, now)
    joiners.draft(provider, user, now)
    joiners.show_papers(provider, user, now)
    by = Who(user=user)

    def send():
        return joining_desk.send(provider=fresh(provider), by=by, now=now)

    results = at_once(send, send)

    assert kinds(results) == []
    assert JoiningNote.objects.filter(kind="sent").count() == 1
    assert (told("joining_sent"), told("joining_waits")) == (1, 1)
    assert OfferVersion.objects.filter(offer__provider=provider, state="waiting").count() == 1

    results = at_once(
        lambda: joining_desk.take_back(provider=fresh(provider), by=by, now=now),
        lambda: joining_desk.ask(provider=fresh(provider), words="Who comes?", by=team[0], now=now),
        lambda: joining_desk.withdraw(provider=fresh(provider), by=by, now=now),
    )

    assert set(kinds(results)) <= {"Moved"}
    assert fresh(provider).state == Provider.State.CLOSED
