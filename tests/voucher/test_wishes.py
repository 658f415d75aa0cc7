"""Wishes: taken down once, gathered under themes, met by an offer with one message, and counted for providers."""

import datetime as dt

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure.models import OfferPrice
from tests import factories
from voucher.carers import wishes
from voucher.models import Wish

pytestmark = pytest.mark.django_db

CODE = Who(label="code 1234")


def wish(council, now, *, carer=None, theme="games_social", words="Cards on Friday"):
    return wishes.make(council=council, carer=carer, theme=theme, words=words, wanted_when="", by=CODE, now=now)


@pytest.mark.parametrize(
    ("words", "theme"),
    [
        ("a card evening", "games_social"),
        ("gemau cardiau", "games_social"),
        ("somebody to sit with my mother at night", "sitting"),
        ("gwarchod dros y Sul", "sitting"),
        ("a weekend away", "overnight"),
        ("aquafit, swimming for beginners", "sport"),
        ("dysgu gwnïo", "learning"),
        ("someone to mow the lawn", "home"),
        ("a lift to choir", "transport"),
        ("torri gwallt gartref", "body"),
        ("somewhere to relax", "body"),
        ("xyzzy", "other"),
        ("", "other"),
    ],
)
def test_a_theme_is_suggested_from_the_words(words, theme):
    assert wishes.theme_of(words) == theme


def test_the_same_open_wish_of_a_carer_is_taken_down_once_and_a_visitors_is_not_told_apart(caerphilly, now):
    carer = factories.carer(caerphilly)

    assert wish(caerphilly, now, carer=carer) == wish(caerphilly, now, carer=carer)
    assert wish(caerphilly, now) != wish(caerphilly, now)
    assert HistoryEntry.objects.filter(act="wish.made").count() == 3


def test_a_carer_counts_once_however_often_she_wishes(caerphilly, now):
    alys = factories.carer(caerphilly)
    for number in range(6):
        wish(caerphilly, now, carer=alys, words=f"Cards {number}")

    (count,) = wishes.counts(now=now, council=caerphilly)

    assert (count.wishes, count.people, count.makes_a_group) == (6, 1, False)


def test_six_people_within_90_days_make_a_group_and_five_do_not(caerphilly, now):
    """R38."""
    early = now - dt.timedelta(days=91)
    wish(caerphilly, early, carer=factories.carer(caerphilly))
    for _ in range(5):
        wish(caerphilly, now - dt.timedelta(days=89), carer=factories.carer(caerphilly))

    (five,) = wishes.counts(now=now, council=caerphilly)
    wish(caerphilly, now)
    (six,) = wishes.counts(now=now, council=caerphilly)

    assert (five.people, five.waiting, five.makes_a_group) == (5, 6, False)
    assert (six.people, six.makes_a_group) == (6, True)


def test_a_council_sees_its_own_wishes_and_a_region_how_many(caerphilly, flintshire, now):
    newport = factories.council(slug="newport", name_en="Newport", name_cy="Casnewydd")
    for council in (caerphilly, newport, flintshire):
        wish(council, now)

    assert [each.people for each in wishes.counts(now=now, council=caerphilly)] == [1]
    assert [each.people for each in wishes.counts(now=now, region="gwent")] == [2]


def test_the_carer_who_waits_is_told_once_of_the_offer_that_meets_the_wish(caerphilly, bryn_cafe, carys, now):
    row, offer = wish(caerphilly, now, carer=factories.carer(caerphilly)), factories.offer(bryn_cafe)

    wishes.meet(wish=row, offer=offer, by=Who(carys), now=now)
    with pytest.raises(wishes.NotOpen):
        wishes.meet(wish=row, offer=offer, by=Who(carys), now=now)

    (message,) = OutboxMessage.objects.all()
    assert message.kind == "wish_met" and "Sitting at home" in message.body
    assert Wish.objects.get().met_by == offer


def test_nobody_is_written_to_while_we_keep_silent_or_where_there_is_no_carer(caerphilly, bryn_cafe, carys, now):
    quiet, offer = factories.carer(caerphilly, quiet_since=now), factories.offer(bryn_cafe)

    for row in (wish(caerphilly, now, carer=quiet), wish(caerphilly, now)):
        wishes.meet(wish=row, offer=offer, by=Who(carys), now=now)

    assert not OutboxMessage.objects.exists()


def test_a_wish_that_is_closed_can_be_changed_no_more(caerphilly, bryn_cafe, carys, now):
    row = wish(caerphilly, now)
    wishes.confirm(wish=row, theme="learning", by=Who(carys), now=now)
    wishes.close(wish=row, by=Who(carys), now=now)

    with pytest.raises(wishes.NotOpen):
        wishes.confirm(wish=row, theme="home", by=Who(carys), now=now)
    assert (Wish.objects.get().theme, Wish.objects.get().confirmed_by) == ("learning", carys)


def test_offers_that_appeared_after_the_wish_and_fit_it_are_suggested(caerphilly, bryn_cafe, now, today):
    wish(caerphilly, now, theme="sitting")
    factories.offer(bryn_cafe)
    newer = factories.offer(bryn_cafe, title_en="Sitting at night")
    OfferPrice.objects.filter(offer=newer).update(first_day=today + dt.timedelta(days=3))
    later = today + dt.timedelta(days=3)

    assert wishes.new_offers(council=caerphilly, on=today) == {"sitting": 0}
    assert wishes.new_offers(council=caerphilly, on=later) == {"sitting": 1}
    assert wishes.offers_that_fit(theme="sitting", council=caerphilly, on=later).first() == newer
    assert not wishes.offers_that_fit(theme="learning", council=caerphilly, on=later).exists()
