"""Why the books refuse an act. Each carries the figures or days that explain it, and nothing about people."""


class NoTransaction(RuntimeError):
    """A verb was called outside a transaction: its rows could be written by halves."""


class BooksDiffer(RuntimeError):
    """A stored figure contradicts the transfers: somebody wrote past the verbs. Run audit_ledger."""


class Refused(Exception):
    """The books refuse an act. Nothing was moved."""


class NotEnough(Refused):
    """The award has less left to use than was asked for."""

    def __init__(self, available):
        super().__init__(f"Only {available} is left to use.")
        self.available = available


class OutsidePeriod(Refused):
    """The day is before the award's first day or after its last."""

    def __init__(self, first_day, last_day):
        super().__init__(f"The award is for breaks from {first_day} to {last_day}.")
        self.first_day = first_day
        self.last_day = last_day


class AwardFrozen(Refused):
    """The award is stopped for now; nothing can be set aside from it."""


class AwardEnded(AwardFrozen):
    """The award has ended for good; nothing can be set aside from it or added to it."""


class FundExhausted(Refused):
    """The fund has less left to give to awards than was asked for."""

    def __init__(self, left):
        super().__init__(f"Only {left} is left in the fund.")
        self.left = left


class AlreadyResolved(Refused):
    """The hold was spent or released before."""

    def __init__(self, state):
        super().__init__(f"The hold is {state}.")
        self.state = state


class MoreThanHeld(Refused):
    """More was to be spent than was set aside."""

    def __init__(self, held):
        super().__init__(f"Only {held} was set aside.")
        self.held = held


class MoreThanSpent(Refused):
    """More was to be refunded than was spent (or charged) and not yet refunded."""

    def __init__(self, left, charge_left):
        super().__init__(f"Only {left} (and {charge_left} pence of the charge) can be refunded.")
        self.left = left
        self.charge_left = charge_left


class MoreThanDue(Refused):
    """More was to be paid than the payee is due, or returned than a run has paid."""

    def __init__(self, due):
        super().__init__(f"Only {due} pence is due.")
        self.due = due


class NotYetOver(Refused):
    """The award still has days to run, so nothing can expire."""

    def __init__(self, last_day):
        super().__init__(f"The last day of use is {last_day}.")
        self.last_day = last_day


class NotLater(Refused):
    """The new last day is not after the one the award has."""

    def __init__(self, last_day):
        super().__init__(f"The last day of use is {last_day} already.")
        self.last_day = last_day


class AlreadyOver(Refused):
    """The last day has passed, so it is too late to keep what is left."""

    def __init__(self, last_day):
        super().__init__(f"The last day of use was {last_day}.")
        self.last_day = last_day
