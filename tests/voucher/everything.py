"""Everything that moves money, in any order: carers, providers, the team, finance, the card company and the clock.

A walk keeps its own account on paper, from the bookings alone, and compares it with the books after every step.
"""

import datetime as dt
import random
import uuid

from django.db import transaction
from django.utils import timezone

from accounts.history import Who
from brochure import prices
from providers import stripe_api
from providers.models import Provider
from tests import factories
from tests.voucher import everything_of_providers
from tests.voucher.breaks import ALYS
from tests.voucher.top_ups.own import shop
from voucher import bookings, jobs, rules, top_ups
from voucher.bookings import phone_bookings, requests, tasks
from voucher.changes import applications, circumstances
from voucher.claiming import claims, disputes
from voucher.granting import award_changes, awards
from voucher.ledger import audit, books, seals
from voucher.ledger.models import FundAccount, Hold
from voucher.models import (
    Application,
    Award,
    Booking,
    Circumstance,
    ClaimLine,
    Dispute,
    PaymentRun,
    RunLine,
    Suggestion,
    Task,
    TopUp,
)
from voucher.settling import settlement, settlement_audit

State, Party = Booking.State, Booking.Party
BEFORE = (State.UNPAID, State.REQUESTED, State.COUNTERED, State.CONFIRMED)
REFUSALS = (
    *(bookings.Refused, bookings.BookingMoved, bookings.BadTime, bookings.BadLength, bookings.HasStarted),
    *(bookings.NotYet, bookings.StaleCost, bookings.TooLateToMove, bookings.AlreadyProposed, bookings.FundExhausted),
    *(claims.NothingToClaim, claims.NotReady, claims.TooLate, claims.AlreadyClaimed),
    *(disputes.NotDisputable, disputes.AlreadyDisputed, disputes.BadMinutes, disputes.Resolved),
    *(settlement.NothingToPay, settlement.LinesMoved, settlement.MoreToGiveBack, settlement.RunMoved),
    *(top_ups.NotPayable, stripe_api.Unavailable, tasks.TaskDone),
    *(applications.Refused, books.Refused, awards.OverTheLimit),
    *(circumstances.AlreadyRecorded, circumstances.BadDay, circumstances.StalePlan),
    *everything_of_providers.REFUSALS,
)
CLOCKS = (
    *(top_ups.end_what_was_not_paid, jobs.time_out_requests, jobs.time_out_moves, jobs.end_awards),
    *(jobs.close_awards, top_ups.close_pages, top_ups.give_back_what_is_due),
    *everything_of_providers.CLOCKS,
)


class Walk(everything_of_providers.Providers):
    """Seven awards that end in a month, offers of few places, funds that run dry, and a clock that only goes on."""

    def __init__(self, council, card_company, now, seed):
        self.random, self.now, self.council, self.company = random.Random(seed), now, council, card_company
        pounds = factories.fund(council, allocated=60_000)
        hours = factories.fund(council, unit="minutes", allocated=1_200)
        terms = {"first_day": dt.date(2026, 5, 7), "now": dt.datetime(2026, 5, 7, 9, tzinfo=dt.UTC)}
        values = {pounds: (30_000, 9_000, 7_000, 9_500), hours: (400, 200, 260)}
        self.awards = [
            factories.award(council, fund_row=fund, unit=fund.account.unit, value=value, **terms)
            for fund, each in values.items()
            for value in each
        ]
        self.given = {award.pk: award.value for award in self.awards}
        own = shop(council, name="Shop")
        mair = factories.provider(council, name="Mair")
        hair = factories.category("hair-and-beauty", name_en="Hair", name_cy="Gwallt")
        always = {"hours": "Mon-Sun 00:00-24:00", "notice_hours": 2}
        walked = {"takes_walk_ins": True, **always}
        self.offers = [
            factories.offer(own, price_pence=10_001, category=hair, unit="session", minutes=300, places=2, **always),
            factories.offer(own, price_pence=2_333, category=hair, **walked),
            factories.offer(mair, price_pence=2_500, category=hair, **walked),
            factories.offer(mair, price_pence=1, **walked),
        ]
        people = {"team": "team", "second": "team", "prepares": "finance_preparer", "releases": "finance_approver"}
        for name, role in people.items():
            row = factories.user(f"{name}{seed}@council.example", role=role, council=council)
            setattr(self, name, Who(user=row))
        self.owners = {
            row.pk: Who(user=factories.provider_staff(row, f"owner{row.pk}@provider.example")) for row in (own, mair)
        }
        self.offers += self.more_offers(hair, own, always)
        self.seen, self.events, self.asked = [], [], []
        self.done, self.refused = {}, {}

    # How a step is chosen.

    def step(self):
        """Do something; where it is refused, or there is nothing to do it to, try something else."""
        for _try in range(6):
            if self.attempt():
                return

    def attempt(self):
        names = [name for name in dir(self) if name.startswith("do_")]
        weights = [getattr(getattr(self, name), "weight", 2) for name in names]
        [name] = self.random.choices(names, weights)
        try:
            done = getattr(self, name)()
        except REFUSALS as refusal:
            self.company.down = False
            self.refused.setdefault(name, set()).add(type(refusal).__name__)
            return False
        if done is not False:
            self.done[name] = self.done.get(name, 0) + 1
        return done is not False

    def any(self, rows):
        rows = list(rows)
        return self.random.choice(rows) if rows else None

    def booking(self, *states):
        """A booking in one of these states as it is now; one time in five, one as a tab showed it long ago."""
        if self.seen and self.random.random() < 0.2:
            return self.random.choice(self.seen)
        row = self.any(Booking.objects.filter(state__in=states).order_by("pk"))
        if row is not None:
            # Two of it: what one press does to its row is not seen by the other tab.
            self.seen.append(Booking.objects.get(pk=row.pk))
        return row

    def moment(self):
        first = self.now.replace(minute=0) + dt.timedelta(hours=3)
        return first + dt.timedelta(
            days=self.random.choice([0, 0, 1, 2, 3, 5, 12]), minutes=30 * self.random.randrange(10)
        )

    def wanted(self):
        offer = self.random.choice(self.offers)
        minutes = offer.minutes if offer.unit == "session" else self.random.choice([60, 90, 150])
        minutes = offer.minutes if offer.unit == "course" else minutes
        starts_at = self.start_of(offer)
        # The price that was seen: today's, and now and then that of a page which was open too long.
        unit_price = prices.rates_of(offer, timezone.localdate(self.now)).at(starts_at)
        if self.random.random() < 0.05:
            unit_price = offer.prices.first().price_pence
        return bookings.Wanted(offer, starts_at, minutes, rules.price_for(unit_price, minutes, offer.minutes))

    def award(self):
        return Award.objects.select_related("account", "council__scheme", "carer").get(
            pk=self.random.choice(self.awards).pk
        )

    # The carer.

    def do_ask(self):
        parts = [[self.wanted() for _ in range(self.random.randint(1, 3))] for _ in range(self.random.randint(1, 2))]
        if len(parts) == 2 and self.random.random() < 0.7:
            # Most pairs are for the same time.
            parts[1] = [
                bookings.Wanted(w.offer, parts[0][0].starts_at, w.minutes, w.seen_price_pence) for w in parts[1]
            ]
        asked = {"award": self.award(), "parts": parts, "by": ALYS, "now": self.now, "key": str(uuid.uuid4())}
        made = bookings.ask(**asked)
        self.asked.append((asked, [each.pk for each in made]))

    do_ask.weight = 9

    def do_ask_again(self):
        if not self.asked:
            return False
        asked, made = self.random.choice(self.asked)
        assert [each.pk for each in bookings.ask(**asked)] == made

    def do_ask_with_own_money(self):
        award, wanted = self.award(), bookings.Wanted(self.offers[0], self.moment(), 300, 10_001)
        if self.random.random() < 0.3:
            wanted = self.wanted()
        what = {"offer": wanted.offer, "starts_at": wanted.starts_at, "minutes": wanted.minutes}
        price = bookings.quote(award=award, **what, on=timezone.localdate(self.now))
        share = top_ups.share(award=award, offer=wanted.offer, price=price, minutes=wanted.minutes)
        top_ups.ask(
            award=award,
            offer=wanted.offer,
            starts_at=wanted.starts_at,
            minutes=wanted.minutes,
            seen_price_pence=wanted.seen_price_pence,
            seen_own_pence=share.own_pence,
            way=self.random.choice(["card", "card", "direct"]),
            by=ALYS,
            now=self.now,
            key=str(uuid.uuid4()),
        )

    do_ask_with_own_money.weight = 9

    def do_pay(self):
        row = self.any(TopUp.objects.filter(way="card", state="waiting").order_by("pk"))
        if row is None:
            return False
        top_ups.open_card_page(booking=row.booking, language="en", now=self.now)
        row.refresh_from_db()
        if self.random.random() < 0.8:
            self.events.append(self.company.pay(row.session_id))
            if self.random.random() < 0.6:
                top_ups.look(booking=row.booking, now=self.now)

    do_pay.weight = 8

    def do_expire(self):
        open_ = [number for number, row in self.company.sessions.items() if row["status"] == "open"]
        if number := self.any(open_):
            self.events.append(self.company.expire(number))
        return bool(open_)

    def do_tell(self):
        """An event of the card company, perhaps for the second time, perhaps late."""
        refunds = self.company.refunds.values()
        if refunds and self.random.random() < 0.3:
            row = self.random.choice(list(refunds))
            paid = next(s for s in self.company.sessions.values() if s["payment_intent"] == row["payment_intent"])
            self.events.append(self.company.event("refund.updated", row, paid["account"]))
        raw = self.any(self.events)
        if raw is None:
            return False
        event = stripe_api.Event(raw["id"], raw["type"], raw["account"], raw["data"]["object"])
        top_ups.take_in(event=event, now=self.now)

    def do_cancel(self):
        row, party = self.booking(*BEFORE), self.random.choice(list(Party))
        return row is not None and bookings.cancel(booking=row, party=party, by=ALYS, now=self.now)

    do_cancel.weight = 1

    def do_cancel_late(self):
        near = self.now + dt.timedelta(hours=47)
        row = self.any(Booking.objects.filter(state=State.CONFIRMED, starts_at__range=(self.now, near)).order_by("pk"))
        emergency, seen = self.random.random() < 0.5, None
        if row is None:
            return False
        if self.random.random() < 0.5:
            seen = bookings.cost_of_cancelling(row, self.now).due_pence
        act = {"booking": row, "party": Party.CARER, "by": ALYS, "now": self.now}
        bookings.cancel(**act, seen_due_pence=seen, emergency=emergency)

    do_cancel_late.weight = 4

    def do_take(self):
        row = self.booking(State.COUNTERED)
        one = row and self.any(row.suggestions.order_by("pk"))
        return one is not None and bookings.take(booking=row, suggestion=one, by=ALYS, now=self.now)

    def do_take_none(self):
        row = self.booking(State.COUNTERED)
        return row is not None and bookings.take_none(booking=row, by=ALYS, now=self.now)

    def do_change(self):
        row = self.booking(State.REQUESTED)
        return row is not None and bookings.change_time(booking=row, starts_at=self.moment(), by=ALYS, now=self.now)

    def do_move(self):
        row = self.booking(State.CONFIRMED)
        return row is not None and bookings.propose_move(booking=row, starts_at=self.moment(), by=ALYS, now=self.now)

    def do_dispute(self):
        row = self.booking(State.DELIVERED, State.CLAIMED)
        if row is None or not row.delivered_minutes:
            return False
        said = self.random.choice(disputes.what_can_be_said(row))
        return disputes.make(booking=row, said_minutes=said, by=ALYS, now=self.now)

    do_dispute.weight = 4

    def do_apply(self):
        award = self.award()
        kind = self.random.choice(["more_time", "more_value"])
        until = award.account.last_day + dt.timedelta(days=self.random.randint(1, 20))
        amount = self.random.choice([60, 900])
        wanted = {"wanted_until": until} if kind == "more_time" else {"wanted_amount": amount}
        return applications.apply(award=award, kind=kind, reason="other", **wanted, by=ALYS, now=self.now)

    # The provider.

    def do_confirm(self):
        row = self.booking(State.REQUESTED)
        return row is not None and bookings.confirm(booking=row, by=self.owners[row.provider_id], now=self.now)

    do_confirm.weight = 14

    def do_decline(self):
        row = self.booking(State.REQUESTED)
        return row is not None and bookings.decline(booking=row, reason="full", by=ALYS, now=self.now)

    def do_suggest(self):
        row = self.booking(State.REQUESTED)
        starts = [self.moment() for _ in range(self.random.randint(1, 3))]
        return row is not None and bookings.suggest(booking=row, starts=starts, by=ALYS, now=self.now)

    def do_answer_move(self):
        open_ = Suggestion.objects.filter(by=Party.CARER, state="open").order_by("pk").first()
        verb = self.random.choice([bookings.accept_move, bookings.decline_move, bookings.take_back_move])
        return open_ is not None and verb(booking=open_.booking, by=ALYS, now=self.now)

    def do_deliver(self):
        begun = Booking.objects.filter(state=State.CONFIRMED, starts_at__lte=self.now).order_by("pk")
        row = self.any(begun)
        if row is None:
            return False
        lengths = rules.delivered_lengths(row.offer.unit, row.unit_minutes, row.minutes, row.session_count)
        minutes = self.random.choice([row.minutes, self.random.choice(lengths)])
        bookings.deliver(booking=row, minutes=minutes, by=self.owners[row.provider_id], now=self.now)

    do_deliver.weight = 14

    def do_undo(self):
        row = self.booking(State.DELIVERED, State.DID_NOT_HAPPEN)
        return row is not None and bookings.undo(booking=row, by=self.owners[row.provider_id], now=self.now)

    do_undo.weight = 3

    def do_not_happen(self):
        row = self.booking(State.CONFIRMED)
        party = self.random.choice(list(Party))
        return row is not None and bookings.did_not_happen(booking=row, party=party, by=ALYS, now=self.now)

    def do_book_by_phone(self):
        wanted = self.wanted()
        row = phone_bookings.book(
            award=self.award(),
            offer=wanted.offer,
            starts_at=wanted.starts_at,
            minutes=wanted.minutes,
            seen_price_pence=wanted.seen_price_pence,
            by=self.owners[wanted.offer.provider_id],
            now=self.now,
            key=str(uuid.uuid4()),
        )
        if self.random.random() < 0.3:
            phone_bookings.object_to(booking=row, by=ALYS, now=self.now)

    do_book_by_phone.weight = 5

    def do_disown(self):
        row = self.booking(*BEFORE, State.DELIVERED, State.CLAIMED)
        return row is not None and phone_bookings.disown(booking=row, by=self.team, now=self.now)

    do_disown.weight = 1

    def do_claim(self):
        provider = self.any(Provider.objects.order_by("pk"))
        rows = [row for row in claims.ready(provider) if self.random.random() < 0.7]
        act = {"by": self.owners[provider.pk], "now": self.now, "key": str(uuid.uuid4())}
        return claims.make(provider=provider, council=self.council, bookings=rows, **act)

    do_claim.weight = 7

    # The carers team.

    def do_resolve(self):
        row = self.any(Dispute.objects.order_by("pk"))
        if row is None:
            return False
        found = self.random.choice(disputes.what_can_be_found(row))
        return disputes.resolve(dispute=row, found_minutes=found, finding="Both rung.", by=self.team, now=self.now)

    do_resolve.weight = 4

    def do_answer_application(self):
        row = self.any(Application.objects.order_by("pk"))
        if row is None:
            return False
        what = self.random.choice(["grant", "grant", "refuse", "withdraw"])
        if what == "refuse":
            return applications.refuse(application=row, answer="No.", by=self.team, now=self.now)
        if what == "withdraw":
            return applications.withdraw(application=row, by=ALYS, now=self.now)
        applications.grant(
            application=row, until=row.wanted_until, amount=row.wanted_amount, by=self.team, now=self.now
        )
        self.given[row.award_id] += row.wanted_amount or 0

    def do_change_award(self):
        award, amount = self.award(), self.random.choice([-700, -60, 60, 600])
        act = {"by": self.team, "now": self.now, "key": str(uuid.uuid4())}
        award_changes.change(award=award, amount=amount, reason="mistake", **act)
        self.given[award.pk] += amount

    def do_freeze(self):
        verb = self.random.choice([books.freeze, books.unfreeze, books.unfreeze])
        with transaction.atomic():
            verb(award=self.award().account)

    do_freeze.weight = 1

    def do_pay_late(self):
        row = self.any(Task.objects.filter(kind=Task.Kind.PAY_BY_HAND).order_by("pk"))
        return row is not None and bookings.pay_late(task=row, by=self.team, now=self.now)

    def do_record(self):
        carer, kind = self.award().carer, self.random.choice(list(Circumstance.Kind))
        days = circumstances.days_to_honour(kind, on=timezone.localdate(self.now))
        until = days and days[0] + dt.timedelta(days=self.random.randrange(15))
        given = {"carer": carer, "kind": kind, "honoured_until": until, "now": self.now}
        seen = circumstances.plan(**given).seen
        circumstances.record(**given, happened_on=timezone.localdate(self.now), seen=seen, by=self.team)

    do_record.weight = 0.3

    # Finance.

    def do_prepare(self):
        lines = [line for line in settlement.awaiting(self.council) if self.random.random() < 0.8]
        day = rules.earliest_pay_day(timezone.localdate(self.now))
        act = {"by": self.prepares, "now": self.now, "key": str(uuid.uuid4())}
        return settlement.prepare(council=self.council, lines=lines, pay_on=day, **act)

    do_prepare.weight = 4

    def do_release(self):
        run = self.any(PaymentRun.objects.order_by("pk"))
        day = rules.earliest_pay_day(timezone.localdate(self.now))
        return run is not None and settlement.release(run=run, by=self.releases, now=self.now, pay_on=day)

    do_release.weight = 4

    def do_void(self):
        run = self.any(PaymentRun.objects.order_by("pk"))
        return run is not None and settlement.void(run=run, reason="Anew.", by=self.prepares, now=self.now)

    do_void.weight = 1

    # The clock, and the card company's bad days.

    def do_wait(self):
        self.now += dt.timedelta(minutes=self.random.choice([10, 61, 300, 1_440]))
        self.company.down = self.random.random() < 0.1
        self.company.loses_answers = self.random.random() < 0.1
        self.company.refuses_refunds = self.random.choice([""] * 9 + ["insufficient_funds"])
        self.clocks()
        self.company.down = self.company.loses_answers = False
        self.company.refuses_refunds = ""

    do_wait.weight = 6

    def clocks(self):
        for job in CLOCKS:
            _done, failed = job(self.now)
            assert failed == 0, job.__name__

    def finish(self):
        """Let the clock run until all that falls due has fallen due, and everybody has heard of it."""
        for _each in range(3):
            for raw in self.events:
                event = stripe_api.Event(raw["id"], raw["type"], raw["account"], raw["data"]["object"])
                top_ups.take_in(event=event, now=self.now)
            self.now += dt.timedelta(days=60)
            self.clocks()
        self.check()
        assert audit.differences(self.now) == []
        assert not Booking.objects.filter(state__in=[State.UNPAID, State.REQUESTED, State.COUNTERED]).exists()
        assert not TopUp.objects.filter(state__in=["waiting", "refund_due"]).exists()
        assert not Suggestion.objects.filter(state="open").exists()

    # The account on paper.

    def check(self):
        seals.seal(self.now)
        assert audit.differences() + seals.differences() + claims.differences() + settlement_audit.differences() == []
        assert requests.differences() == []
        rows = list(Booking.objects.select_related("dispute__hold", "hold", "top_up"))
        for award in self.awards:
            self.check_award(award, [row for row in rows if row.award_id == award.pk])
        for provider in self.owners:
            self.check_provider(provider, [row for row in rows if row.provider_id == provider])
        for row in rows:
            self.check_own(row)
        for fund in FundAccount.objects.all():
            assert 0 <= fund.issued <= fund.allocated

    def check_award(self, award, rows):
        award = Award.objects.select_related("account").get(pk=award.pk)
        balance = awards.balance(award)
        held = sum(row.amount for row in rows if row.state in BEFORE)
        # Of what was found anew where none of it was found before, no more than is due is set aside again.
        held += sum(row.hold.amount if row.hold else 0 for row in rows if row.state == State.DELIVERED)
        held += sum(row.in_question_amount for row in rows if is_kept(row))
        used = sum(row.due_amount - (row.in_question_amount if is_kept(row) else 0) for row in rows if is_spent(row))
        assert (balance.set_aside, balance.used, balance.given) == (held, used, self.given[award.pk])

    def check_provider(self, provider, rows):
        earned = sum(row.due_pence - (row.in_question_pence if is_kept(row) else 0) for row in rows if is_spent(row))
        paid = RunLine.objects.filter(provider=provider, run__state="released", live=True)
        paid = paid.values_list("amount_pence", flat=True)
        assert books.due(provider) == earned - sum(paid)
        assert sum(ClaimLine.objects.filter(claim__provider=provider).values_list("amount_pence", flat=True)) == sum(
            row.undisputed_pence for row in rows if row.state == State.CLAIMED
        )
        for row in rows:
            assert 0 <= (row.due_pence or 0) <= row.price_pence - row.own_pence

    def check_own(self, row):
        """What the carer paid is with the provider, on its way back, or back; never more than the price."""
        own = getattr(row, "top_up", None)
        if own is None:
            assert not row.own_pence
            return
        back = [each for each in self.company.refunds.values() if each["payment_intent"] == own.payment_intent]
        back = sum(each["amount"] for each in back) if own.payment_intent else 0
        if own.state == "refunded":
            assert back == own.back_pence
        elif own.state == "refund_due":
            assert back in {0, own.back_pence}
        else:
            assert back == 0
        if own.kept_pence is None:
            assert row.state in {*BEFORE, State.DELIVERED} or is_open(row)
            return
        whole = whole_cost(row)
        by_hand = Task.objects.filter(booking=row, kind=Task.Kind.CARD).exists()
        assert own.kept_pence == max(whole - row.award_pence, 0) or is_open(row) or by_hand
        if row.state in {State.CANCELLED, State.CLAIMED} and not row.emergency and not is_open(row) and not by_hand:
            assert (row.due_pence or 0) + own.kept_pence == whole <= row.price_pence


def is_open(row):
    return hasattr(row, "dispute") and row.dispute.state == Dispute.State.OPEN


def is_kept(row):
    """True where what is in question stayed set aside under a hold of its own."""
    return (
        row.state == State.CLAIMED
        and is_open(row)
        and row.dispute.hold is not None
        and (row.dispute.hold.state == Hold.State.OPEN)
    )


def is_spent(row):
    return row.state in {State.CLAIMED, State.CANCELLED, State.DID_NOT_HAPPEN} and row.due_pence is not None


def whole_cost(row):
    """What a booking that has ended cost in all, in pence: the council's part and the carer's own."""
    if row.state == State.CLAIMED and row.delivered_minutes is not None:
        if row.delivered_minutes == row.minutes:
            return row.price_pence
        return rules.price_for(row.unit_price_pence, row.delivered_minutes, row.unit_minutes)
    if row.due_pence and not row.emergency:
        return rules.late_cancel_share(row.price_pence, row.late_cancel_percent)
    return 0
