"""The carers team answers offers, changes and photos: the provider is told once, in its language."""

import pytest

from accounts.history import Who
from accounts.models import OutboxMessage
from brochure import offering, photos
from brochure.models import Offer, Photo
from tests import factories
from tests.brochure.test_offering import sent_draft
from tests.brochure.test_photos import file_of, picture
from tests.voucher.breaks import ask
from voucher.granting import typical_awards
from voucher.standing import offer_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(bryn):
    return Who(user=bryn)


@pytest.fixture
def team(carys):
    return Who(user=carys)


def photo_of(offer, by, now):
    return photos.add(offer=offer, drawn=photos.draw(file_of(picture(480, 360))), alt_en="A garden", by=by, now=now)


def test_the_provider_is_told_in_its_language_that_a_new_offer_is_in_the_brochure(bryn_cafe, by, team, now):
    bryn_cafe.language = "cy"
    bryn_cafe.save()
    _draft, version = sent_draft(bryn_cafe, by, now)

    offer_desk.approve(version=version, by=team, now=now)
    with pytest.raises(offering.ChangedSince):
        offer_desk.approve(version=version, by=team, now=now)

    [told] = OutboxMessage.objects.all()
    assert (told.kind, told.to, told.language, told.council) == (
        "offer_agreed",
        bryn_cafe.email,
        "cy",
        bryn_cafe.council,
    )


def test_a_change_that_is_agreed_and_one_that_is_refused_are_told(sitting, by, team, now):
    offering.change(offer=sitting, to={"title_en": "Company"}, by=by, now=now)
    offer_desk.approve(version=offering.waiting_version(sitting), by=team, now=now)
    offering.change(offer=sitting, to={"title_en": "The best"}, by=by, now=now)
    offer_desk.refuse(version=offering.waiting_version(sitting), reason="No praise.", by=team, now=now)

    agreed, refused = OutboxMessage.objects.order_by("pk")
    assert agreed.subject == "Your change to Company is in the brochure"
    assert "No praise." in refused.body and "The brochure goes on as it was." in refused.body
    assert f"/provider/offers/{sitting.number}/" in refused.body


def test_a_provider_without_an_address_keeps_nobody_from_answering(sitting, by, team, now):
    sitting.provider.email = "none"
    sitting.provider.save()
    offering.change(offer=sitting, to={"title_en": "Company"}, by=by, now=now)

    offer_desk.approve(version=offering.waiting_version(sitting), by=team, now=now)

    assert Offer.objects.get(pk=sitting.pk).title_en == "Company"
    assert not OutboxMessage.objects.exists()


def test_what_waits_is_counted_for_its_own_council_only(bryn_cafe, flintshire, caerphilly, by, team, now):
    sitting, elsewhere = factories.offer(bryn_cafe), factories.offer(factories.provider(flintshire))
    draft, _version = sent_draft(bryn_cafe, by, now)
    for offer in (sitting, elsewhere):
        offering.change(offer=offer, to={"title_en": "New"}, by=by, now=now)
        photo_of(offer, by, now)
    # The photo of a draft is looked at with the draft.
    photo_of(draft, by, now)

    assert (offer_desk.waiting_count(caerphilly), offer_desk.waiting_count(flintshire)) == (3, 2)


def test_a_photo_is_answered_once_and_told_only_where_it_is_refused(sitting, by, team, now):
    one, two = photo_of(sitting, by, now), photo_of(sitting, by, now)

    offer_desk.answer_photo(photo=one, by=team, now=now)
    offer_desk.answer_photo(photo=two, reason="A face.", by=team, now=now)
    offer_desk.answer_photo(photo=two, reason="A face again.", by=team, now=now)

    assert set(Photo.objects.values_list("state", flat=True)) == {"shown", "refused"}
    [told] = OutboxMessage.objects.all()
    assert "A face." in told.body and f"/provider/offers/{sitting.number}/photos/" in told.body


def test_what_is_booked_stays_when_an_offer_is_withdrawn(caerphilly, sitting, by, now):
    booking = ask(factories.award(caerphilly), sitting, now)

    assert list(offer_desk.live_bookings(sitting)) == [booking]
    offering.withdraw(offer=sitting, by=by, now=now)

    assert list(offer_desk.live_bookings(sitting)) == [booking]


def test_a_booking_keeps_the_version_by_which_it_was_asked_for(caerphilly, sitting, by, team, now):
    offering.change(offer=sitting, to={"places": 2}, by=by, now=now)
    sitting.refresh_from_db()
    first = ask(factories.award(caerphilly), sitting, now)
    offering.change(offer=sitting, to={"notice_hours": 12, "title_en": "Company"}, by=by, now=now)
    offer_desk.approve(version=offering.waiting_version(sitting), by=team, now=now)
    second = ask(factories.award(caerphilly), Offer.objects.get(pk=sitting.pk), now)

    assert first.offer_version.content["title_en"] == "Sitting at home"
    assert (second.offer_version.content["title_en"], second.offer_version.content["notice_hours"]) == ("Company", 12)


def test_typical_awards_say_what_they_buy_by_each_unit(caerphilly, flintshire):
    pounds, hours = factories.fund(caerphilly), factories.fund(caerphilly, unit="minutes")
    for _number in range(11):
        factories.award(caerphilly, fund_row=pounds, value=40_000)
    for _number in range(10):
        factories.award(caerphilly, fund_row=hours, value=960, unit="minutes")

    def buys(price_pence, unit, minutes, region="gwent"):
        return typical_awards.what_they_buy(region, price_pence=price_pence, unit=unit, minutes=minutes)

    assert typical_awards.in_words("gwent") == ["£400", "16 hours"]
    assert buys(2500, "hour", 60) == [
        "Of a typical award of £400 this is 16 hours.",
        "Of a typical award of 16 hours this is 16 hours.",
    ]
    assert buys(15_000, "night", 1440) == [
        "Of a typical award of £400 this is 2 nights.",
        "This is more than a typical award of 16 hours pays for.",
    ]
    assert buys(0, "session", 60) == []
    assert buys(2500, "hour", 60, region="north-wales") == []
