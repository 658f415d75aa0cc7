"""Requests at random: choices, pairs, other times and moves in any order; after each step all agrees and balances."""

import datetime as dt
import random
import uuid

import pytest
from django.db.models import Sum

from tests import factories
from tests.voucher.breaks import ALYS, london
from voucher import bookings, jobs
from voucher.bookings import requests
from voucher.claiming import claims
from voucher.ledger import audit
from voucher.ledger.models import AwardAccount
from voucher.models import Booking, Suggestion

pytestmark = pytest.mark.django_db
State = Booking.State
LIVE = (State.REQUESTED, State.COUNTERED, State.CONFIRMED)


class Walk:
    """A council with three offers of few places, two carers, and a clock that only goes on."""

    def __init__(self, council, now, seed):
        self.random, self.now = random.Random(seed), now
        self.awards = [factories.award(council, value=value) for value in (30_000, 60_000)]
        pool = factories.provider(council, name="Pool", insurance_until=dt.date(2026, 11, 20))
        mair = factories.provider(council, name="Mair")
        self.offers = [
            factories.offer(pool, price_pence=1_500, unit="session", places=2),
            factories.offer(mair, price_pence=2_500, notice_hours=2),
            factories.offer(mair, price_pence=2_300, places=1),
        ]
        self.refused = self.done = 0

    def moment(self):
        return london(2026, 10, 13, 8) + dt.timedelta(
            days=self.random.randrange(30), minutes=30 * self.random.randrange(24)
        )

    def wanted(self):
        offer = self.random.choice(self.offers)
        minutes = offer.minutes if offer.unit == "session" else self.random.choice([60, 90, 150])
        return bookings.Wanted(offer, self.moment(), minutes, offer.prices.first().price_pence * minutes // 60)

    def any(self, *states):
        rows = list(Booking.objects.filter(state__in=states).order_by("pk"))
        return self.random.choice(rows) if rows else None

    def step(self):
        act = self.random.choice([name for name in dir(self) if name.startswith("do_")])
        try:
            done = getattr(self, act)()
        except (bookings.Refused, bookings.BookingMoved, bookings.BadTime, bookings.HasStarted, bookings.NotYet):
            self.refused += 1
        except (bookings.TooLateToMove, bookings.AlreadyProposed):
            self.refused += 1
        else:
            self.done += done is not False

    def do_ask(self):
        parts = [[self.wanted() for _ in range(self.random.randint(1, 3))] for _ in range(self.random.randint(1, 2))]
        award = self.random.choice(self.awards)
        bookings.ask(award=award, parts=parts, by=ALYS, now=self.now, key=str(uuid.uuid4()))

    do_ask_again = do_ask_more = do_ask

    def do_confirm(self):
        row = self.any(State.REQUESTED)
        return row is not None and bookings.confirm(booking=row, by=ALYS, now=self.now)

    def do_decline(self):
        row = self.any(State.REQUESTED)
        return row is not None and bookings.decline(booking=row, reason="full", by=ALYS, now=self.now)

    def do_suggest(self):
        row = self.any(State.REQUESTED)
        starts = [self.moment() for _ in range(self.random.randint(1, 3))]
        return row is not None and bookings.suggest(booking=row, starts=starts, by=ALYS, now=self.now)

    def do_take(self):
        row = self.any(State.COUNTERED)
        if row is None:
            return False
        one = self.random.choice(list(row.suggestions.order_by("pk")))
        return bookings.take(booking=row, suggestion=one, by=ALYS, now=self.now)

    def do_take_none(self):
        row = self.any(State.COUNTERED)
        return row is not None and bookings.take_none(booking=row, by=ALYS, now=self.now)

    def do_cancel(self):
        row, party = self.any(*LIVE), self.random.choice(["carer", "provider", "team"])
        return row is not None and bookings.cancel(booking=row, party=party, by=ALYS, now=self.now)

    def do_change(self):
        row = self.any(State.REQUESTED)
        return row is not None and bookings.change_time(booking=row, starts_at=self.moment(), by=ALYS, now=self.now)

    def do_move(self):
        row = self.any(State.CONFIRMED)
        return row is not None and bookings.propose_move(booking=row, starts_at=self.moment(), by=ALYS, now=self.now)

    def do_answer_move(self):
        open_ = Suggestion.objects.filter(by="carer", state="open").order_by("pk").first()
        verb = self.random.choice([bookings.accept_move, bookings.decline_move, bookings.take_back_move])
        return open_ is not None and verb(booking=open_.booking, by=ALYS, now=self.now)

    def do_deliver(self):
        row = self.any(State.CONFIRMED)
        return row is not None and bookings.deliver(booking=row, minutes=row.minutes, by=ALYS, now=self.now)

    def do_not_happen(self):
        row = self.any(State.CONFIRMED)
        return row is not None and bookings.did_not_happen(booking=row, party="carer", by=ALYS, now=self.now)

    def do_wait(self):
        self.now += dt.timedelta(hours=self.random.choice([1, 5, 20]))
        assert [jobs.time_out_requests(self.now)[1], jobs.time_out_moves(self.now)[1]] == [0, 0]

    def check(self, whole):
        assert requests.differences() == []
        if whole:
            assert audit.differences() == []
            assert claims.differences() == []
        for award in self.awards:
            account = AwardAccount.objects.get(pk=award.account_id)
            waiting = Booking.objects.filter(award=award, state__in=(*LIVE, State.DELIVERED))
            assert account.held == (waiting.aggregate(total=Sum("amount"))["total"] or 0)
        for offer in self.offers:
            self.check_places(offer)

    def check_places(self, offer):
        """Nobody is in a place that is somebody else's: at no moment more than there are, one booking's own aside."""
        rows = [
            (b.pk, b.starts_at, b.ends_at)
            for b in Booking.objects.filter(offer=offer, state__in=("requested", "confirmed"))
        ]
        open_ = Suggestion.objects.filter(booking__offer=offer, state="open")
        rows += [(s.booking_id, s.starts_at, s.ends_at) for s in open_]
        for _pk, start, _end in rows:
            assert len({pk for pk, first, last in rows if first <= start < last}) <= offer.places


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_pressed_in_whatever_order_all_agrees_after_each_step(caerphilly, now, seed):
    walk = Walk(caerphilly, now, seed)

    for number in range(45):
        walk.step()
        walk.check(whole=number % 5 == 4)

    assert walk.done > 12
    assert Booking.objects.count() > 3


@pytest.fixture
def pair(caerphilly, bryn_cafe, now):
    offers = [factories.offer(bryn_cafe), factories.offer(bryn_cafe)]
    wanted = [bookings.Wanted(offer, london(2026, 10, 22, 14), 60, 2_500) for offer in offers]
    extra = bookings.Wanted(factories.offer(bryn_cafe), london(2026, 10, 22, 14), 60, 2_500)
    award = factories.award(caerphilly)
    return bookings.ask(award=award, parts=[[wanted[0], extra], [wanted[1]]], by=ALYS, now=now, key="pair")


BROKEN = {
    "more than one live booking": lambda pair: Booking.objects.filter(pk=pair[1].pk).update(part=1),
    "waits, and nothing before it": lambda pair: Booking.objects.filter(pk=pair[0].pk).update(state="timed_out"),
    "is open, and its booking waits": lambda pair: Suggestion.objects.create(
        booking=pair[0],
        by="provider",
        starts_at=pair[0].starts_at,
        ends_at=pair[0].ends_at,
        answer_by=pair[0].answer_by,
        made_at=pair[0].requested_at,
    ),
    "no other time is suggested": lambda pair: Booking.objects.filter(pk=pair[0].pk).update(state="countered"),
    "half of it stands alone": lambda pair: Booking.objects.filter(pk=pair[1].pk).update(state="timed_out"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_does_not_agree_is_found(pair, fault):
    assert requests.differences() == []

    BROKEN[fault](pair)

    assert any(fault in sentence for sentence in requests.differences())
    assert set(requests.differences()) <= set(claims.differences())
