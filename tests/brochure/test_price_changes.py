"""R52: a dearer price is told 28 days before, a much dearer one is agreed first, and a lower one may begin today."""

import datetime as dt

import pytest

from accounts.history import Who
from accounts.models import HistoryEntry
from brochure import catalogue, editions, offering, price_changes, prices
from brochure.models import OfferPrice
from brochure.price_changes import AlreadyBegun, NoStandardPrice, NothingNew, TooEarly
from tests import factories

pytestmark = pytest.mark.django_db
BRYN, CARYS = Who(label="Bryn"), Who(label="Carys")


def days(number):
    return dt.timedelta(days=number)


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, price_pence=2400)


@pytest.fixture
def propose(sitting, now):
    def propose(first_day, *, offer=sitting, at=now, **rates):
        return price_changes.propose(offer=offer, rates=rates, first_day=first_day, by=BRYN, now=at)

    return propose


def rows(offer):
    return sorted((row.rate, row.first_day, row.price_pence) for row in offer.prices.all())


def test_r52_a_dearer_price_begins_28_days_after_it_was_told(propose, sitting, today):
    with pytest.raises(TooEarly) as refused:
        propose(today + days(27), standard=2500)
    propose(today + days(28), standard=2500)

    assert refused.value.first_day == today + days(28)
    assert prices.rates_of(sitting, today + days(27)).standard == 2400
    assert prices.rates_of(sitting, today + days(28)).standard == 2500


def test_r52_the_days_of_notice_are_the_councils(propose, sitting, caerphilly, today):
    caerphilly.scheme.price_notice_days = 7
    caerphilly.scheme.save()

    assert propose(today + days(7), standard=2500).earliest == today + days(7)


def test_r52_a_lower_price_may_begin_today_once_a_day(propose, sitting, today):
    propose(today, standard=2000)

    assert prices.rates_of(sitting, today).standard == 2000
    with pytest.raises(TooEarly) as refused:
        propose(today, standard=1900)
    assert refused.value.first_day == today + days(1)
    with pytest.raises(TooEarly):
        propose(today - days(1), standard=1900)


@pytest.mark.parametrize(("pence", "waits"), [(2640, False), (2641, True)])
def test_r52_more_than_ten_percent_waits_for_the_carers_team(propose, sitting, today, pence, waits):
    first_day = today + days(30)

    assert propose(first_day, standard=pence).waits is waits

    assert prices.rates_of(sitting, first_day).standard == (2400 if waits else pence)
    assert price_changes.waiting_prices(sitting) == ({("standard", first_day): pence} if waits else {})


def test_r52_small_steps_do_not_add_up_to_a_large_one(propose, sitting, today):
    assert not propose(today + days(28), standard=2600).waits

    assert propose(today + days(29), standard=2800).waits


def test_r52_a_rate_that_is_new_is_measured_by_what_such_a_break_costs_now(propose, sitting, today):
    small = propose(today + days(28), weekend=2600)
    large = propose(today + days(28), bank_holiday=3600)

    assert (small.waits, large.waits) == (False, True)
    with pytest.raises(TooEarly):
        propose(today, evening=2500)
    assert not propose(today, evening=2300).is_dearer


def test_r52_one_rate_that_gets_dearer_makes_the_whole_of_it_dearer(propose, today):
    with pytest.raises(TooEarly):
        propose(today, standard=2000, weekend=2500)


def test_r52_what_was_given_free_is_not_charged_without_the_carers_team(bryn_cafe, propose, today):
    donated = factories.offer(bryn_cafe, price_pence=0)

    assert propose(today + days(28), offer=donated, standard=1).waits


def test_r52_the_carers_team_agrees_and_the_price_begins_on_its_day(propose, sitting, today, now):
    first_day = today + days(40)
    propose(first_day, standard=3000, weekend=3500)

    offering.approve(version=offering.waiting_version(sitting), by=CARYS, now=now + days(5))

    assert prices.own_rates([sitting.pk], first_day)[sitting.pk] == {"standard": 3000, "weekend": 3500}
    assert prices.rates_of(sitting, first_day - days(1)).standard == 2400
    assert price_changes.waiting_prices(sitting) == {}


def test_r52_agreed_after_its_day_a_price_begins_when_it_is_agreed(propose, sitting, today, now):
    propose(today + days(28), standard=3000)

    offering.approve(version=offering.waiting_version(sitting), by=CARYS, now=now + days(33))

    assert prices.rates_of(sitting, today + days(32)).standard == 2400
    assert prices.rates_of(sitting, today + days(33)).standard == 3000


def test_r52_the_carers_team_says_no_and_nothing_changes(propose, sitting, today, now):
    propose(today + days(28), standard=3000)

    offering.refuse(version=offering.waiting_version(sitting), reason="Too much at once.", by=CARYS, now=now)

    assert rows(sitting) == [("standard", dt.date(2026, 1, 1), 2400)]
    assert price_changes.waiting_prices(sitting) == {}


def test_a_price_that_has_not_begun_can_be_taken_back(propose, sitting, today, now):
    propose(today + days(28), standard=2500)

    price_changes.take_back(offer=sitting, rate="standard", first_day=today + days(28), by=BRYN, now=now)

    assert rows(sitting) == [("standard", dt.date(2026, 1, 1), 2400)]
    with pytest.raises(AlreadyBegun):
        price_changes.take_back(offer=sitting, rate="standard", first_day=today + days(28), by=BRYN, now=now)
    acts = HistoryEntry.objects.filter(subject_kind="offer", subject_id=sitting.pk).values_list("act", flat=True)
    assert {"offer.prices_set", "offer.prices_taken_back"} <= set(acts)


def test_a_price_that_has_begun_cannot_be_taken_back(propose, sitting, today, now):
    propose(today, standard=2000)

    with pytest.raises(AlreadyBegun):
        price_changes.take_back(offer=sitting, rate="standard", first_day=today, by=BRYN, now=now)


def test_what_waits_can_be_taken_back_and_the_rest_goes_on_waiting(propose, sitting, today, now):
    first_day = today + days(28)
    propose(first_day, standard=3000, weekend=3500)

    price_changes.take_back(offer=sitting, rate="weekend", first_day=first_day, by=BRYN, now=now)
    assert price_changes.waiting_prices(sitting) == {("standard", first_day): 3000}
    price_changes.take_back(offer=sitting, rate="standard", first_day=first_day, by=BRYN, now=now)
    assert offering.waiting_version(sitting) is None


def test_what_was_set_and_taken_back_does_not_come_back_with_what_waited(propose, sitting, today, now):
    propose(today + days(28), standard=2500)
    propose(today + days(28), weekend=3500)

    price_changes.take_back(offer=sitting, rate="standard", first_day=today + days(28), by=BRYN, now=now)
    offering.approve(version=offering.waiting_version(sitting), by=CARYS, now=now)

    assert rows(sitting)[1:] == [("weekend", today + days(28), 3500)]


def test_what_is_set_while_another_price_waits_stays_when_that_is_agreed(propose, sitting, today, now):
    propose(today + days(28), weekend=3500)
    propose(today, standard=2300)

    offering.approve(version=offering.waiting_version(sitting), by=CARYS, now=now)

    assert prices.own_rates([sitting.pk], today + days(28))[sitting.pk] == {"standard": 2300, "weekend": 3500}


def test_a_large_price_for_a_day_that_has_one_is_asked_for_another_day(propose, today):
    propose(today + days(28), standard=2500)

    with pytest.raises(TooEarly) as refused:
        propose(today + days(28), standard=3000)

    assert refused.value.first_day == today + days(29)


def test_of_a_day_that_has_not_come_the_newest_word_counts(propose, sitting, today):
    propose(today + days(28), standard=2500)
    propose(today + days(28), standard=2550)

    assert rows(sitting)[1:] == [("standard", today + days(28), 2550)]


def test_the_same_prices_again_are_refused(propose, today):
    with pytest.raises(NothingNew):
        propose(today + days(28), standard=2400)


def test_the_first_prices_of_a_draft_hold_at_once_and_may_be_said_again(bryn_cafe, propose, today, now):
    draft = factories.offer(bryn_cafe, state="draft", price_pence=2400)
    draft.prices.all().delete()

    with pytest.raises(NoStandardPrice):
        propose(today, offer=draft, weekend=2800)
    propose(today, offer=draft, standard=2400)
    propose(today, offer=draft, standard=9900, weekend=12_000)

    assert rows(draft) == [("standard", today, 9900), ("weekend", today, 12_000)]


def test_a_withdrawn_offer_has_no_new_prices(bryn_cafe, propose, today):
    gone = factories.offer(bryn_cafe, state="withdrawn")

    with pytest.raises(offering.NotPossible):
        propose(today, offer=gone, standard=1)
    assert OfferPrice.objects.filter(offer=gone).count() == 1


def test_r52_a_rate_is_left_out_from_a_day_on_and_at_once_where_nothing_gets_dearer(sitting, propose, today):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))
    saturday = dt.datetime(2026, 12, 5, 10, tzinfo=dt.UTC)

    made = propose(today + days(1), weekend=None)

    assert (made.is_dearer, made.waits) == (False, False)
    assert prices.rates_of(sitting, today).at(saturday) == 2800
    assert prices.rates_of(sitting, today + days(1)).at(saturday) == 2400
    assert prices.own_rates([sitting.pk], today + days(1))[sitting.pk] == {"standard": 2400}
    with pytest.raises(NothingNew):
        propose(today + days(2), weekend=None)


def test_r52_leaving_out_a_cheaper_rate_is_a_dearer_price(sitting, propose, today, now):
    for rate, pence in (("evening", 2200), ("weekend", 2000)):
        OfferPrice.objects.create(offer=sitting, rate=rate, price_pence=pence, first_day=dt.date(2026, 1, 1))

    with pytest.raises(TooEarly):
        propose(today + days(27), evening=None)
    assert not propose(today + days(28), evening=None).waits
    assert propose(today + days(28), weekend=None).waits
    offering.approve(version=offering.waiting_version(sitting), by=CARYS, now=now)

    assert prices.own_rates([sitting.pk], today + days(28))[sitting.pk] == {"standard": 2400}


def test_r52_two_steps_of_which_each_is_small_wait_where_they_meet_on_a_later_day(sitting, propose, today):
    """From £22 to £24 in the evenings by leaving that price out, and the standard price then rises to £26."""
    OfferPrice.objects.create(offer=sitting, rate="evening", price_pence=2200, first_day=dt.date(2026, 1, 1))
    assert not propose(today + days(40), standard=2600).waits

    assert propose(today + days(30), evening=None).waits


def test_a_rate_that_will_be_left_out_can_be_taken_back(sitting, propose, today, now):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))
    propose(today + days(1), weekend=None)

    price_changes.take_back(offer=sitting, rate="weekend", first_day=today + days(1), by=BRYN, now=now)

    assert prices.own_rates([sitting.pk], today + days(1))[sitting.pk] == {"standard": 2400, "weekend": 2800}


def test_the_standard_price_is_never_left_out(propose, today):
    with pytest.raises(NoStandardPrice):
        propose(today + days(28), standard=None)


def test_while_an_edition_promises_a_rate_that_was_left_out_it_is_shown_and_paid(sitting, propose, today, now):
    OfferPrice.objects.create(offer=sitting, rate="evening", price_pence=2200, first_day=dt.date(2026, 1, 1))
    edition = editions.freeze(by=CARYS, now=now)
    propose(today + days(28), evening=None)
    after, evening = today + days(30), dt.datetime(2027, 1, 6, 19, tzinfo=dt.UTC)

    promised = prices.rates_of(sitting, after)
    assert (promised.at(evening), promised.shown) == (2200, {"standard": 2400, "evening": 2200})

    [offer] = prices.attach(list(catalogue.live_offers(on=after)), after)
    [(day, changed)] = price_changes.what_carers_will_pay(offer, on=after)
    assert (day, changed) == (edition.prices_until + days(1), {"evening": 2400})


def test_r52_a_cheaper_rate_begins_today_though_another_becomes_dearer_later(sitting, propose, today):
    OfferPrice.objects.create(offer=sitting, rate="weekend", price_pence=2800, first_day=dt.date(2026, 1, 1))
    propose(today + days(28), standard=2600)

    made = propose(today + days(40), weekend=2700)

    assert (made.is_dearer, made.earliest) == (False, today)
