"""What providers bring into the walk: walk-ins, paper lists, slips, absences, queues, accounts, prices, the end of one.

Mixed into tests.voucher.everything.Walk, which chooses the steps and keeps the account on paper.
"""

import datetime as dt
import uuid

from django.utils import timezone

from accounts.history import Who
from brochure import price_changes
from brochure.availability import LONDON
from providers.models import BankAccount, Provider
from tests import factories
from tests.voucher.breaks import ALYS
from voucher import bookings, jobs, rules
from voucher.bookings import waiting_list
from voucher.claiming import absences, appeals, found_anew, withdrawals
from voucher.door import day_entries, walk_ins
from voucher.models import Booking, Handover, PaymentRun, ReturnedPayment, Task, WaitingPlace, WalkIn
from voucher.settling import account_changes, returned_payments
from voucher.standing import closing, handovers, suspending

State, Party, NotGiven = Booking.State, Booking.Party, Booking.NotGiven
REFUSALS = (
    *(walk_ins.WalkInMoved, day_entries.Faulty, waiting_list.PlaceGone, withdrawals.NotClaimed, withdrawals.InARun),
    *(withdrawals.IsDisputed, withdrawals.RestWasUsed, returned_payments.NotPaid, returned_payments.TooEarly),
    *(returned_payments.Cleared, account_changes.ChangeMoved, account_changes.ChangeWaits),
    *(account_changes.SameAccount, account_changes.NotCalled, account_changes.SamePerson),
    *(suspending.NotWorking, suspending.NotStopped, closing.NotOpen, closing.NoSuccessor, closing.TooSoon),
    *(handovers.Over, price_changes.Refused, appeals.TooLate, appeals.AppealedBefore),
)
CLOCKS = (
    *(jobs.end_walk_ins, jobs.keep_places, jobs.time_out_handovers, jobs.close_providers),
    jobs.use_changed_accounts,
)


class Providers:
    """The acts of providers' people, and of those who look after them. Needs what Walk has."""

    def more_offers(self, category, own, always):
        """Set out a course of seven sessions, a pool with a waiting list, and one who takes over what closes."""
        days = [dt.date(2026, 10, 14) + dt.timedelta(days=each) for each in range(7)]
        course = ", ".join(f"{day} 10:00" for day in days)
        self.heir = factories.provider(self.council, name="Heir")
        self.owners[self.heir.pk] = Who(user=factories.provider_staff(self.heir, f"heir{self.heir.pk}@p.example"))
        walked = {"category": category, "takes_walk_ins": True}
        in_the_evening = {"hours": "Mon-Sun 16:00-21:00", "notice_hours": 2}
        self.pool = factories.offer(
            self.heir, price_pence=1_999, unit="session", minutes=300, has_waiting_list=True, **walked, **in_the_evening
        )
        seven = {"unit": "course", "minutes": 420, "sessions": 7, "courses": course, "places": 3, "notice_hours": 0}
        return [
            self.pool,
            factories.offer(self.heir, price_pence=2_501, **walked, **always),
            factories.offer(own, price_pence=5_000, category=category, hours="Mon-Sun 10:00-11:00", **seven),
        ]

    def provider(self):
        return self.any(Provider.objects.order_by("pk"))

    def start_of(self, offer):
        """When a break of this offer may begin: the pool has one session an evening, the course its first day."""
        if offer.unit == "course":
            return dt.datetime(2026, 10, 14, 10, tzinfo=LONDON)
        if offer == self.pool:
            day = timezone.localdate(self.now) + dt.timedelta(days=self.random.choice([0, 1, 1, 2, 3]))
            return dt.datetime.combine(day, dt.time(16), LONDON)
        return self.moment()

    # At the door, and from paper.

    def walked_in(self):
        offer, award = self.any([each for each in self.offers if each.takes_walk_ins]), self.award()
        starts_at = self.now - dt.timedelta(minutes=self.random.choice([0, 0, 20, 200, 1_500]))
        minutes = offer.minutes if offer.unit == "session" else self.random.choice([60, 90])
        price = walk_ins.price(award=award, offer=offer, minutes=minutes, starts_at=starts_at)
        return {
            "award": award,
            "offer": offer,
            "minutes": minutes,
            "starts_at": starts_at,
            "seen_price_pence": price.price_pence - (self.random.random() < 0.1),
            "by": self.owners[offer.provider_id],
            "now": self.now,
            "key": str(uuid.uuid4()),
        }

    def do_walk_in(self):
        asked = self.walked_in()
        assert walk_ins.book(**asked).booking_id == walk_ins.book(**asked).booking_id

    do_walk_in.weight = 5

    def do_ask_at_the_door(self):
        walk_ins.ask(**self.walked_in())

    do_ask_at_the_door.weight = 5

    def do_answer_at_the_door(self):
        row = self.any(WalkIn.objects.order_by("pk"))
        verb = self.random.choice([walk_ins.agree, walk_ins.agree, walk_ins.refuse])
        return row is not None and verb(walk_in=row, by=ALYS, now=self.now)

    do_answer_at_the_door.weight = 4

    def do_enter_a_list(self):
        provider = self.provider()
        begun = Booking.objects.filter(provider=provider, starts_at__lte=self.now).order_by("-starts_at", "pk")[:5]
        rows = [day_entries.Row(row.ref, **self.on_paper(row)) for row in begun if self.random.random() < 0.6]
        return bool(rows) and day_entries.enter(provider=provider, rows=rows, by=self.owners[provider.pk], now=self.now)

    do_enter_a_list.weight = 4

    def on_paper(self, row):
        if self.random.random() < 0.3:
            return {"not_given": self.random.choice(list(NotGiven))}
        lengths = rules.delivered_lengths(row.offer.unit, row.unit_minutes, row.minutes, row.session_count)
        return {"minutes": self.random.choice(lengths)} if self.random.random() < 0.5 else {"whole": True}

    # What was given, and slips.

    def do_not_give(self):
        row = self.any(Booking.objects.filter(state=State.CONFIRMED, starts_at__lte=self.now).order_by("pk"))
        if row is None:
            return False
        why = self.random.choice(
            [NotGiven.CARER_DID_NOT_COME, NotGiven.CARER_DID_NOT_COME, NotGiven.PROVIDER_COULD_NOT]
        )
        bookings.did_not_happen(
            booking=row, party=Party.PROVIDER, why=why, by=self.owners[row.provider_id], now=self.now
        )

    do_not_give.weight = 7

    def do_take_back_not_given(self):
        said = Booking.objects.filter(state=State.DID_NOT_HAPPEN, ended_by=Party.PROVIDER)
        row = self.any(said.order_by("pk"))
        return row is not None and bookings.undo(booking=row, by=self.owners[row.provider_id], now=self.now) is None

    do_take_back_not_given.weight = 4

    def do_say_otherwise(self):
        row = self.any(Booking.objects.filter(not_given=NotGiven.CARER_DID_NOT_COME).order_by("pk"))
        return row is not None and absences.say_otherwise(booking=row, by=ALYS, now=self.now) is not None

    do_say_otherwise.weight = 3

    def do_find_for_the_carer(self):
        row = self.any(
            Booking.objects.filter(not_given=NotGiven.CARER_DID_NOT_COME, state=State.CLAIMED).order_by("pk")
        )
        return row is not None and absences.find_for_the_carer(booking=row, by=self.team, now=self.now) is None

    def do_appeal(self):
        """The provider does not agree with what was found, and somebody of the team answers: it stands, or anew."""
        waiting = Task.objects.filter(kind=Task.Kind.APPEAL, done_at=None).order_by("pk").first()
        if waiting is None:
            found = [each for each in Booking.objects.order_by("pk") if appeals.finding_of(each)]
            row = self.any(found)
            return row is not None and appeals.make(booking=row, words="No.", by=ALYS, now=self.now)
        act = {"task": waiting, "words": "Looked.", "by": self.second, "now": self.now}
        lengths = [outcome.minutes for outcome in found_anew.outcomes(waiting.booking)]
        if not lengths or self.random.random() < 0.2:
            return appeals.answer(**act) is None
        appeals.find_anew(minutes=self.random.choice(lengths), **act)

    do_appeal.weight = 6

    def do_take_out_of_the_claim(self):
        row = self.booking(State.CLAIMED)
        if row is None:
            return False
        withdrawals.withdraw(booking=row, by=self.owners[row.provider_id], now=self.now)

    do_take_out_of_the_claim.weight = 6

    # The waiting list.

    def do_wait_for_a_place(self):
        award, offer = self.award(), self.pool
        days = waiting_list.booked_out_days(award=award, offer=offer, minutes=offer.minutes, now=self.now)
        day = self.any(days[:3])
        act = {"by": ALYS, "now": self.now}
        return day is not None and waiting_list.join(award=award, offer=offer, day=day, minutes=offer.minutes, **act)

    do_wait_for_a_place.weight = 6

    def do_answer_a_place(self):
        place = self.any(WaitingPlace.objects.exclude(starts_at=None).select_related("award__account").order_by("pk"))
        if place is None:
            return False
        if self.random.random() < 0.3:
            return waiting_list.leave(place=place, by=ALYS, now=self.now) is None
        place.award = awards_again(place.award)
        price = waiting_list.price_of(place, now=self.now).price_pence
        waiting_list.take(place=place, seen_price_pence=price, by=ALYS, now=self.now, key=str(uuid.uuid4()))

    do_answer_a_place.weight = 6

    # Where it is paid, and what came back.

    def do_note_a_return(self):
        run = self.any(PaymentRun.objects.filter(state="released").order_by("pk"))
        provider = run and self.any(Provider.objects.filter(run_lines__run=run).distinct().order_by("pk"))
        if provider is None:
            return False
        returned_payments.note(
            run=run,
            provider=provider,
            reason="closed",
            returned_on=timezone.localdate(self.now),
            by=self.prepares,
            now=self.now,
            key=str(uuid.uuid4()),
        )

    do_note_a_return.weight = 4

    def do_clear(self):
        row = self.any(ReturnedPayment.objects.order_by("pk"))
        return row is not None and returned_payments.clear(returned=row, by=self.prepares, now=self.now) is None

    do_clear.weight = 3

    def do_ask_for_an_account(self):
        provider = self.provider()
        number = f"{30_000_000 + self.random.randrange(9_000_000)}"
        act = {"by": self.owners[provider.pk], "now": self.now}
        holds = self.random.random() < 0.3
        account_changes.ask(
            provider=provider, name="New", sort_code="445566", account_number=number, holds_payments=holds, **act
        )

    do_ask_for_an_account.weight = 1

    def do_look_at_an_account(self):
        account = self.any(BankAccount.objects.exclude(asked_by=None).order_by("pk"))
        if account is None:
            return False
        act = {"account": account, "now": self.now}
        steps = [
            lambda: account_changes.record_call(**act, spoke_to="Her", by=self.prepares),
            lambda: account_changes.record_call(**act, spoke_to="Her", by=self.releases),
            lambda: account_changes.agree(**act, by=self.releases),
            lambda: account_changes.agree(**act, by=self.releases),
            lambda: account_changes.refuse(**act, reason="Not theirs.", by=self.releases),
            lambda: account_changes.withdraw(**act, by=self.owners[account.provider_id]),
        ]
        self.random.choice(steps)()

    do_look_at_an_account.weight = 4

    # Stopped, closed, handed over; dearer.

    def do_suspend(self):
        provider = self.provider()
        if provider.state == "suspended":
            suspending.resume(provider=provider, by=self.team, now=self.now)
        else:
            suspending.suspend(provider=provider, reason="A worry.", by=self.team, now=self.now)

    do_suspend.weight = 0.4

    def do_resume(self):
        provider = self.any(Provider.objects.filter(state="suspended").order_by("pk"))
        return provider is not None and suspending.resume(provider=provider, by=self.team, now=self.now) is None

    do_resume.weight = 4

    def do_close(self):
        provider = self.provider()
        if provider.closes_on or provider == self.heir:
            return closing.call_off(provider=provider, by=self.team, now=self.now, by_team=True) is None
        last_day = timezone.localdate(self.now) + dt.timedelta(days=self.random.choice([1, 2, 3]))
        successor = self.heir if self.random.random() < 0.9 else None
        act = {"by": self.team, "by_team": True, "now": self.now}
        closing.announce(provider=provider, last_day=last_day, successor=successor, **act)
        if self.random.random() < 0.5:
            closing.announce(provider=provider, last_day=last_day, successor=successor, **act)

    do_close.weight = 0.8

    def do_answer_a_handover(self):
        row = self.any(Handover.objects.order_by("pk"))
        verb = self.random.choice([handovers.agree, handovers.agree, handovers.refuse])
        return row is not None and verb(handover=row, by=ALYS, now=self.now) is not False

    do_answer_a_handover.weight = 6

    def do_reopen(self):
        """A closed provider would leave the walk; its door is opened again, as nobody may in life."""
        rows = Provider.objects.filter(state="closed")
        return bool(rows.update(state="live", closes_on=None, successor=None))

    do_reopen.weight = 5

    def do_price(self):
        offer, today = self.any(self.offers), timezone.localdate(self.now)
        offer.refresh_from_db()
        rate = self.random.choice(["standard", "weekend", "bank_holiday", "evening"])
        pence = self.random.choice([1, 1_900, 2_100, 2_333, 2_600, None])
        day = today + dt.timedelta(days=self.random.choice([0, 0, 0, 1, 28]))
        act = {"by": self.owners[offer.provider_id], "now": self.now}
        return price_changes.propose(offer=offer, rates={rate: pence}, first_day=day, **act)


def awards_again(award):
    """Return the award as it is now, with what asking looks at."""
    return type(award).objects.select_related("account", "council__scheme", "carer").get(pk=award.pk)
