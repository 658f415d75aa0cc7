"""The statement of an award: every movement in words, on the day to which it belongs."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import wording
from voucher.ledger.models import Transfer
from voucher.models import Booking, ClaimLine, Dispute, FoundAnew, HoldBefore

Kind = Transfer.Kind


@dataclass(frozen=True)
class Line:
    """One line of a statement: what happened on a day, the amount (signed), and what was left to use after it."""

    on: dt.date
    words: str
    amount: int
    left_after: int
    booking: Booking | None = None
    # Whether it changes what is left; what is used was set aside before, and makes it no smaller a second time.
    counts: bool = True
    # What else the carer should know of it, in a sentence: her own share, or that it cost her nothing.
    note: str = ""

    @property
    def size(self):
        return abs(self.amount)


def statement(award):
    """Return the award's Lines, oldest first, in the active language."""
    # What the fund pays in an emergency is not the carer's to see.
    rows = Transfer.objects.filter(award=award.account_id, unit=award.account.unit).exclude(kind=Kind.COVER)
    transfers = rows.order_by("pk")
    bookings = {
        booking.hold_id: booking
        for booking in Booking.objects.filter(award=award, hold__isnull=False).select_related("offer", "provider")
    }
    disputes = Dispute.objects.filter(booking__award=award, hold__isnull=False)
    bookings |= {
        dispute.hold_id: dispute.booking for dispute in disputes.select_related("booking__offer", "booking__provider")
    }
    anew = FoundAnew.objects.filter(booking__award=award, hold__isnull=False)
    bookings |= {row.hold_id: row.booking for row in anew.select_related("booking__offer", "booking__provider")}
    struck = ClaimLine.with_struck.filter(booking__award=award, struck_hold__isnull=False)
    struck = struck.select_related("booking__offer", "booking__provider")
    bookings |= {line.struck_hold_id: line.booking for line in struck}
    before = HoldBefore.objects.filter(booking__award=award).select_related("booking__offer", "booking__provider")
    bookings |= {row.hold_id: row.booking for row in before}
    lines, left = [], 0
    for transfer in transfers:
        booking = bookings.get(transfer.hold_id)
        change = _change(transfer)
        left += change
        shown = -transfer.amount if transfer.kind == Kind.SPEND else change
        words, note = _words(transfer, booking), _note(transfer, booking)
        lines.append(Line(_day(transfer), words, shown, left, booking, change != 0, note))
    return lines


def _day(transfer):
    """The day a line belongs to: a price is set aside on the day of asking, whenever the break is."""
    return timezone.localdate(transfer.written_at) if transfer.kind == Kind.HOLD else transfer.effective_on


def _change(transfer):
    """What a transfer does to what is left to use: in, out, or nothing (a spend takes what was set aside before)."""
    if (transfer.credit_kind, transfer.credit_id) == (Transfer.Side.AWARD, transfer.award_id):
        return transfer.amount
    if (transfer.debit_kind, transfer.debit_id) == (Transfer.Side.AWARD, transfer.award_id):
        return -transfer.amount
    return 0


def _note(transfer, booking):
    if transfer.reason == FoundAnew.REASON and transfer.kind == Kind.HOLD:
        return _("The carers team looked once more at how much of it took place.")
    if booking is not None and transfer.kind == Kind.HOLD and booking.own_pence:
        return _("You pay %(own)s of the price yourself.") % {"own": wording.money(booking.own_pence)}
    if booking is not None and transfer.kind == Kind.RELEASE and booking.emergency:
        return _("It was an emergency, so cancelling cost you nothing.")
    return ""


def _words(transfer, booking):
    if transfer.kind == Kind.ADJUST and transfer.reason == Transfer.REINSTATED:
        return _("Given back to you: you have more time")
    if transfer.kind == Kind.ADJUST and transfer.reason:
        is_more = transfer.credit_kind == Transfer.Side.AWARD
        return _("Added by the carers team") if is_more else _("Taken back by the carers team")
    if booking is not None:
        named = {"offer": booking.offer.title, "provider": booking.provider.name}
        return {
            Kind.HOLD: _("Set aside for %(offer)s, %(provider)s"),
            Kind.RELEASE: _("Given back: %(offer)s, %(provider)s"),
            Kind.SPEND: _("Used for %(offer)s, %(provider)s"),
            Kind.REFUND: _("Given back after payment: %(offer)s, %(provider)s"),
            Kind.EXPIRE: _("Given back after the last day, to the council: %(offer)s, %(provider)s"),
        }.get(transfer.kind, _("Corrected: %(offer)s, %(provider)s")) % named
    return {
        Kind.ISSUE: _("Your award"),
        Kind.HOLD: _("Set aside for a break"),
        Kind.RELEASE: _("Given back"),
        Kind.SPEND: _("Used for a break"),
        Kind.REFUND: _("Given back after payment"),
        Kind.EXPIRE: _("Not used by the last day, back to the council"),
    }.get(transfer.kind, _("Corrected by the carers team"))
