"""The verbs in random order, against a model in plain dicts that an accountant could keep on paper."""

import datetime as dt

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.voucher.ledger.desk import ACTOR, faults
from voucher.ledger import acts, books
from voucher.ledger.models import AwardAccount, FundAccount, Hold

FIRST_DAY, LAST_DAY = dt.date(2026, 9, 3), dt.date(2027, 3, 2)
NOON = dt.time(12, tzinfo=dt.UTC)
WITHOUT_MOVES = {"freeze", "unfreeze", "extend", "keep"}
PAYEES, RUNS = (7, 8), (1, 2)

picks = st.integers(0, 1_000)
# How much of what there is: a little, all of it to the last penny, or one more than there is.
shares = st.one_of(st.integers(1, 40), st.sampled_from(["all", "one more"]))


def of(there_is, share):
    return max(1, {"all": there_is, "one more": there_is + 1}.get(share, share))


class Machine(RuleBasedStateMachine):
    """Each rule works out on paper what must happen, does it in the books, and compares."""

    books, acts = books, acts

    def __init__(self):
        super().__init__()
        self.today = LAST_DAY - dt.timedelta(days=5)
        self.funds, self.awards, self.holds = {}, {}, {}
        self.due = dict.fromkeys(PAYEES, 0)
        self.paid = {(payee, run): 0 for payee in PAYEES for run in RUNS}
        self.repaid = dict.fromkeys(PAYEES, 0)
        self.taken_back = dict.fromkeys(PAYEES, 0)
        # What the sweeps took from each award and no reinstating gave back.
        self.swept = {}
        self.done, self.keys, self.invoices = [], 0, 0
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    # Doing an act, and doing it again

    def once(self, key, actor, verb, arguments):
        now = dt.datetime.combine(self.today, NOON)

        def do():
            answer = getattr(self.books, verb)(**self.named(verb, key, actor, now), **arguments)
            return getattr(answer, "pk", answer)

        return self.acts.once(key=key, actor=actor, verb=verb, arguments=arguments, now=now, do=do)

    def named(self, verb, key, actor, now):
        if verb in WITHOUT_MOVES:
            return {}
        return {"op_key": key, "actor": actor, "now": now}

    def act(self, verb, refusal, **arguments):
        """Do it; return True and the answer, or False where it was refused as it had to be."""
        self.keys += 1
        key = f"act {self.keys}"
        try:
            answer = self.once(key, ACTOR, verb, arguments)
        except books.Refused as refused:
            assert type(refused) is refusal, f"{verb} was refused: {refused!r}; expected {refusal}"
            return False, None
        assert refusal is None, f"{verb} was done; expected {refusal}"
        self.done.append((key, verb, arguments, answer))
        return True, answer

    @precondition(lambda self: self.done)
    @rule(pick=picks, change=st.sampled_from(["", "", "actor", "arguments"]))
    def use_a_key_again(self, pick, change):
        """For the same act: the same answer, and nothing moves. For anything else: refused."""
        key, verb, arguments, answer = self.done[-1 - pick % len(self.done)]
        if not change:
            assert self.once(key, ACTOR, verb, arguments) == answer
            return
        if change == "arguments":
            arguments = arguments | {"reason": "another"}
        try:
            self.once(key, "user:2" if change == "actor" else ACTOR, verb, arguments)
        except self.acts.KeyWasUsed:
            return
        raise AssertionError(f"The key of {verb} was used again for something else.")

    # The acts

    @initialize()
    def begin_in_the_middle(self):
        """Start where bugs are: holds spent in part and still open, a provider paid in part, the last days near."""
        for unit in ("pence", "minutes"):
            fund = books.open_fund(unit=unit, allocated=1_000)
            self.funds[fund.pk] = {"unit": unit, "allocated": 1_000, "issued": 0}
        for place in (0, 1):
            self.issue(pick=place, share=300, last_in=0)
            self.hold(pick=place, share=80, day=0)
            self.spend(pick=len(self.holds) - 1, share=50, charge=120, payee=place)
            self.hold(pick=place, share=90, day=0)
            self.pay_or_send_back(pick=place, share=30, run=0, back=False)

    @precondition(lambda self: len(self.awards) < 4)
    @rule(pick=picks, share=shares, last_in=st.sampled_from([0, 0, 30]))
    def issue(self, pick, share, last_in):
        number, fund = self.pick(self.funds, pick)
        amount = of(fund["allocated"] - fund["issued"], share)
        short = fund["issued"] + amount > fund["allocated"]
        days = {"first_day": FIRST_DAY, "last_day": LAST_DAY + dt.timedelta(days=last_in)}
        done, award = self.act("issue", books.FundExhausted if short else None, fund=number, amount=amount, **days)
        if done:
            fund["issued"] += amount
            self.awards[award] = {
                "fund": number,
                "unit": fund["unit"],
                "available": amount,
                "held": 0,
                "state": "active",
                "kept_until": None,
                **days,
            }
            self.swept[award] = 0

    @rule(pick=picks, share=shares, day=st.sampled_from([0, 0, 1, "first", "before the first"]))
    def hold(self, pick, share, day):
        number, award = self.pick(self.awards, pick)
        amount = of(award["available"], share)
        first = award["first_day"]
        days = {"first": first, "before the first": first - dt.timedelta(days=1)}
        on = days[day] if day in days else award["last_day"] + dt.timedelta(days=day)
        refusal = None
        if award["state"] == "ended":
            refusal = books.AwardEnded
        elif award["state"] == "frozen":
            refusal = books.AwardFrozen
        elif not award["first_day"] <= on <= award["last_day"]:
            refusal = books.OutsidePeriod
        elif amount > award["available"]:
            refusal = books.NotEnough
        done, hold = self.act("hold", refusal, award=number, amount=amount, on=on)
        if done:
            award["available"] -= amount
            award["held"] += amount
            self.holds[hold] = {
                "award": number, "amount": amount, "state": "open", "payee": None,
                "spent": 0, "refunded": 0, "charged": 0, "charge_refunded": 0, "covered": 0,
            }  # fmt: skip

    @precondition(lambda self: self.holds)
    @rule(pick=picks)
    def release(self, pick):
        number, hold = self.pick(self.holds, pick)
        done, _ = self.act("release", None if hold["state"] == "open" else books.AlreadyResolved, hold=number)
        if done:
            hold["state"] = "released"
            self.let_go(hold, rest=hold["amount"])

    @precondition(lambda self: self.holds)
    @rule(pick=picks, share=shares, charge=st.integers(0, 200), payee=st.integers(0, 1))
    def spend(self, pick, share, charge, payee):
        number, hold = self.pick(self.holds, pick)
        amount, payee = of(hold["amount"], share), PAYEES[payee]
        in_minutes = self.awards[hold["award"]]["unit"] == "minutes"
        refusal = None
        if amount > hold["amount"]:
            refusal = books.MoreThanHeld
        elif hold["state"] != "open":
            refusal = books.AlreadyResolved
        cost = {"charge_pence": charge} if in_minutes else {}
        done, rest = self.act(
            "spend", refusal, hold=number, amount=amount, payee=payee, effective_on=self.today, **cost
        )
        if done:
            assert rest == hold["amount"] - amount
            hold.update(state="spent", spent=amount, charged=charge if in_minutes else 0, payee=payee)
            self.due[payee] += charge if in_minutes else amount
            self.let_go(hold, rest=rest)

    @precondition(lambda self: self.holds)
    @rule(pick=picks, share=shares, kept_share=shares, charge=st.integers(0, 200), payee=st.integers(0, 1))
    def spend_part(self, pick, share, kept_share, charge, payee):
        """Spend a part, keep another set aside under a hold of its own, give the rest back."""
        number, hold = self.pick(self.holds, pick)
        amount, payee = of(hold["amount"] - 1, share), PAYEES[payee]
        still_held = of(max(1, hold["amount"] - amount), kept_share)
        in_minutes = self.awards[hold["award"]]["unit"] == "minutes"
        refusal = None
        if amount + still_held > hold["amount"]:
            refusal = books.MoreThanHeld
        elif hold["state"] != "open":
            refusal = books.AlreadyResolved
        arguments = {"hold": number, "amount": amount, "still_held": still_held, "payee": payee}
        cost = {"charge_pence": charge} if in_minutes else {}
        done, kept = self.act("spend_part", refusal, **arguments, effective_on=LAST_DAY, **cost)
        if done:
            hold.update(state="spent", spent=amount, charged=charge if in_minutes else 0, payee=payee)
            self.due[payee] += charge if in_minutes else amount
            self.let_go(hold, rest=hold["amount"] - amount - still_held)
            self.awards[hold["award"]]["held"] += still_held
            self.holds[kept] = {
                "award": hold["award"], "amount": still_held, "state": "open", "payee": None,
                "spent": 0, "refunded": 0, "charged": 0, "charge_refunded": 0, "covered": 0,
            }  # fmt: skip

    @precondition(lambda self: self.holds)
    @rule(pick=picks, share=shares, payee=st.integers(0, 1))
    def cover(self, pick, share, payee):
        """The fund pays, and what was still set aside goes back to its award whole."""
        number, hold = self.pick(self.holds, pick)
        award, payee = self.awards[hold["award"]], PAYEES[payee]
        fund, in_pence = self.funds[award["fund"]], award["unit"] == "pence"
        pence = of(hold["amount"], share)
        refusal = None
        if in_pence and pence > hold["amount"]:
            refusal = books.MoreThanHeld
        elif in_pence and fund["issued"] + pence > fund["allocated"]:
            refusal = books.FundExhausted
        elif hold["state"] == "spent" or hold["covered"]:
            refusal = books.AlreadyResolved
        done, back = self.act("cover", refusal, hold=number, pence=pence, payee=payee)
        if done:
            was_open = hold["state"] == "open"
            assert back == (hold["amount"] if was_open else 0)
            hold.update(state="released", covered=pence)
            self.due[payee] += pence
            fund["issued"] += pence if in_pence else 0
            if was_open:
                self.let_go(hold, rest=back)

    @precondition(lambda self: self.spent_holds())
    @rule(pick=picks, share=shares, charge_share=shares)
    def refund(self, pick, share, charge_share):
        number, hold = self.pick(self.spent_holds(), pick)
        award = self.awards[hold["award"]]
        amount = of(hold["spent"] - hold["refunded"], share)
        charge = of(hold["charged"] - hold["charge_refunded"], charge_share) if award["unit"] == "minutes" else 0
        short = hold["refunded"] + amount > hold["spent"] or hold["charge_refunded"] + charge > hold["charged"]
        cost = {"charge_pence": charge} if award["unit"] == "minutes" else {}
        refusal = books.MoreThanSpent if short else None
        done, back_to = self.act("refund", refusal, hold=number, amount=amount, **cost)
        if done:
            hold["refunded"] += amount
            hold["charge_refunded"] += charge
            back = charge if award["unit"] == "minutes" else amount
            self.due[hold["payee"]] -= back
            self.taken_back[hold["payee"]] += back
            assert back_to == ("fund" if award["state"] == "ended" else "award")
            if award["state"] == "ended":
                self.funds[award["fund"]]["issued"] -= amount
            else:
                award["available"] += amount

    @rule(pick=picks, day=st.sampled_from(["today", "last day", "day after", "early"]))
    def expire_or_end(self, pick, day):
        number, award = self.pick(self.awards, pick)
        last = award["last_day"]
        on = {"last day": last, "day after": last + dt.timedelta(days=1)}.get(day, self.today)
        if day != "early":
            over = award["state"] == "ended" or max(last, award["kept_until"] or last) < on
            self.sweep(number, award, None if over else books.NotYetOver, on)
            return
        done, back = self.act("end", None, award=number, reason="moved away")
        self.took_back(done, back, number, award)

    def sweep(self, number, award, refusal, on):
        done, back = self.act("expire", refusal, award=number, on=on)
        self.took_back(done, back, number, award)

    def took_back(self, done, back, number, award):
        if done:
            assert back == award["available"]
            self.funds[award["fund"]]["issued"] -= back
            self.swept[number] += back
            award.update(available=0, state="ended")

    @rule(pick=picks, days=st.sampled_from([-1, 0, 1, 1, 30]), kept=st.booleans())
    def extend(self, pick, days, kept):
        """And try at once to set something aside on the new last day, because an extension is for that."""
        number, award = self.pick(self.awards, pick)
        if kept:
            self.keep(pick=pick, days=10, sweep_after=1)
        last_day = award["last_day"] + dt.timedelta(days=days)
        refusal = books.AwardEnded if award["state"] == "ended" else books.NotLater if days <= 0 else None
        done, _ = self.act("extend", refusal, award=number, last_day=last_day)
        if done:
            award.update(last_day=last_day, kept_until=None)
        self.hold(pick=pick, share=1, day=0)

    @rule(pick=picks, days=st.sampled_from([None, 0, 1, 10]), sweep_after=st.sampled_from([1, 2, 11]))
    def keep(self, pick, days, sweep_after):
        """And try at once to end it, because what is kept must not be swept."""
        number, award = self.pick(self.awards, pick)
        last = award["last_day"]
        until = None if days is None else last + dt.timedelta(days=days)
        refusal = None
        if award["state"] == "ended":
            refusal = books.AwardEnded
        elif until and last < self.today:
            refusal = books.AlreadyOver
        done, _ = self.act("keep", refusal, award=number, until=until, on=self.today)
        if done:
            award["kept_until"] = until
        on = last + dt.timedelta(days=sweep_after)
        over = award["state"] == "ended" or max(last, award["kept_until"] or last) < on
        self.sweep(number, award, None if over else books.NotYetOver, on)

    @rule(pick=picks, days=st.sampled_from([0, 1, 1, 30]), day=st.sampled_from(["today", 0, 1, 1]), again=st.booleans())
    def reinstate(self, pick, days, day, again):
        """And sweep at once and open it again, because what came back must not come back a second time."""
        number, award = self.pick(self.awards, pick)
        fund, swept = self.funds[award["fund"]], self.swept[number]
        on = self.today if day == "today" else award["last_day"] + dt.timedelta(days=day)
        refusal = None
        if fund["issued"] + swept > fund["allocated"]:
            refusal = books.FundExhausted
        elif award["state"] != "ended" or award["last_day"] >= on:
            refusal = books.NotYetOver
        elif not days:
            refusal = books.NotLater
        last_day = award["last_day"] + dt.timedelta(days=days)
        done, back = self.act("reinstate", refusal, award=number, last_day=last_day, on=on)
        if done:
            assert back == swept
            fund["issued"] += back
            self.swept[number] = 0
            award.update(available=award["available"] + back, state="active", last_day=last_day, kept_until=None)
        if done and again:
            self.sweep(number, award, None, last_day + dt.timedelta(days=1))
            self.reinstate(pick=pick, days=1, day=1, again=False)

    @rule(pick=picks, share=shares, up=st.booleans())
    def adjust(self, pick, share, up):
        number, award = self.pick(self.awards, pick)
        fund = self.funds[award["fund"]]
        limit = fund["allocated"] - fund["issued"] if up else award["available"]
        amount = of(limit, share)
        refusal = None
        if up and amount > limit:
            refusal = books.FundExhausted
        elif award["state"] == "ended":
            refusal = books.AwardEnded
        elif amount > limit:
            refusal = books.NotEnough
        signed = amount if up else -amount
        done, _ = self.act("adjust", refusal, award=number, amount=signed, reason="entered wrongly")
        if done:
            award["available"] += signed
            fund["issued"] += signed

    @rule(pick=picks, verb=st.sampled_from(["freeze", "unfreeze"]))
    def freeze_or_unfreeze(self, pick, verb):
        """And try at once to set something aside, because what follows a freeze is what can go wrong."""
        number, award = self.pick(self.awards, pick)
        done, _ = self.act(verb, books.AwardEnded if award["state"] == "ended" else None, award=number)
        if done:
            award["state"] = "frozen" if verb == "freeze" else "active"
        self.hold(pick=pick, share=1, day=0)

    @rule(pick=picks, share=shares, run=st.integers(0, 1), back=st.booleans())
    def pay_or_send_back(self, pick, share, run, back):
        payee, run = PAYEES[pick % 2], RUNS[run]
        limit = self.paid[payee, run] if back else self.due[payee]
        amount = of(max(0, limit), share)
        verb, reason = ("unsettle", {"reason": "account closed"}) if back else ("settle", {})
        refusal = books.MoreThanDue if amount > limit else None
        done, _ = self.act(verb, refusal, payee=payee, amount=amount, run=run, **reason)
        if done:
            moved = -amount if back else amount
            self.due[payee] -= moved
            self.paid[payee, run] += moved

    @rule(pick=picks, share=shares, never=st.booleans())
    def pay_back_by_invoice(self, pick, share, never):
        """Or write down that it never comes: either way the payee owes so much less."""
        payee = PAYEES[pick % 2]
        limit = sum(pence for (who, _run), pence in self.paid.items() if who == payee) - self.repaid[payee]
        limit = max(0, min(limit, self.taken_back[payee] - self.repaid[payee])) if never else limit
        amount = of(max(0, limit), share)
        refusal, self.invoices = (books.MoreThanDue if amount > limit else None), self.invoices + 1
        told = {"payee": payee, "amount": amount, "reason": "found after payment"}
        verb, number = ("write_off", "invoice") if never else ("repay", "receipt")
        done, _ = self.act(verb, refusal, **told, **{number: self.invoices})
        if done:
            self.due[payee] += amount
            self.repaid[payee] += amount

    @rule(days=st.sampled_from([-3, -1, 1, 5, 6, 30]))
    def let_time_pass(self, days):
        self.today += dt.timedelta(days=days)

    # Comparing

    @invariant()
    def books_say_what_the_paper_says(self):
        assert not connection.needs_rollback
        for model, paper in ((FundAccount, self.funds), (AwardAccount, self.awards), (Hold, self.holds)):
            columns = [name for name in next(iter(paper.values()), {}) if name not in {"fund", "award", "payee"}]
            found = {row.pop("pk"): row for row in model.objects.filter(pk__in=paper).values("pk", *columns)}
            assert found == {number: {name: row[name] for name in columns} for number, row in paper.items()}
            assert model.objects.count() == len(paper)
        assert self.books.due_by_payee() == {payee: due for payee, due in self.due.items() if due}
        assert faults() == []

    def pick(self, paper, pick):
        return list(paper.items())[pick % len(paper)]

    def spent_holds(self):
        return {number: hold for number, hold in self.holds.items() if hold["state"] == "spent"}

    def let_go(self, hold, *, rest):
        award = self.awards[hold["award"]]
        award["held"] -= hold["amount"]
        award["available"] += rest
