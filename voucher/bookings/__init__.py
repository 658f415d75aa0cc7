"""Bookings: what happens between a carer who asks for a break and the provider who gives it.

Asking sets the price aside at once. Every later change is a compare-and-set on the booking's state, in
the same transaction as the money it moves, its line of history and its message: of two people who press
at the same moment one wins, and the other is told what happened.
"""

from voucher.asking import IS_LIVE as IS_LIVE
from voucher.asking import TAKES_A_PLACE as TAKES_A_PLACE
from voucher.asking import AdultsOnly as AdultsOnly
from voucher.asking import AlreadyAsked as AlreadyAsked
from voucher.asking import AwardClosed as AwardClosed
from voucher.asking import BadLength as BadLength
from voucher.asking import BadShare as BadShare
from voucher.asking import Full as Full
from voucher.asking import NotEnough as NotEnough
from voucher.asking import NotLive as NotLive
from voucher.asking import NotOpen as NotOpen
from voucher.asking import OtherRegion as OtherRegion
from voucher.asking import OutsidePeriod as OutsidePeriod
from voucher.asking import OvernightAlone as OvernightAlone
from voucher.asking import Quote as Quote
from voucher.asking import Refused as Refused
from voucher.asking import StalePrice as StalePrice
from voucher.asking import TooSoon as TooSoon
from voucher.asking import at_the_same_time as at_the_same_time
from voucher.asking import quote as quote
from voucher.asking import quotes as quotes
from voucher.asking import refuse_offer as refuse_offer
from voucher.asking import refuse_unless_possible as refuse_unless_possible
from voucher.asking import taken_by_offer as taken_by_offer
from voucher.asking import taken_times as taken_times
from voucher.bookings.answering import confirm as confirm
from voucher.bookings.answering import decline as decline
from voucher.bookings.answering import requests_past_their_deadline as requests_past_their_deadline
from voucher.bookings.answering import time_out as time_out
from voucher.bookings.cancelling import Cost as Cost
from voucher.bookings.cancelling import HasStarted as HasStarted
from voucher.bookings.cancelling import StaleCost as StaleCost
from voucher.bookings.cancelling import cancel as cancel
from voucher.bookings.cancelling import cost_of_cancelling as cost_of_cancelling
from voucher.bookings.choices import choices_after as choices_after
from voucher.bookings.choices import choices_before as choices_before
from voucher.bookings.delivering import deliver as deliver
from voucher.bookings.delivering import did_not_happen as did_not_happen
from voucher.bookings.delivering import due_for as due_for
from voucher.bookings.delivering import not_marked as not_marked
from voucher.bookings.delivering import undo_delivery as undo_delivery
from voucher.bookings.emergencies import FundExhausted as FundExhausted
from voucher.bookings.emergencies import late_share as late_share
from voucher.bookings.emergencies import pay_late as pay_late
from voucher.bookings.making import Wanted as Wanted
from voucher.bookings.making import ask as ask
from voucher.bookings.making import ask_provider as ask_provider
from voucher.bookings.making import asked_with as asked_with
from voucher.bookings.making import make as make
from voucher.bookings.moving import AlreadyProposed as AlreadyProposed
from voucher.bookings.moving import TooLateToMove as TooLateToMove
from voucher.bookings.moving import accept_move as accept_move
from voucher.bookings.moving import change_time as change_time
from voucher.bookings.moving import decline_move as decline_move
from voucher.bookings.moving import may_move as may_move
from voucher.bookings.moving import moves_past_their_deadline as moves_past_their_deadline
from voucher.bookings.moving import propose_move as propose_move
from voucher.bookings.moving import proposed as proposed
from voucher.bookings.moving import take_back_move as take_back_move
from voucher.bookings.moving import time_out_move as time_out_move
from voucher.bookings.pairs import lost_half as lost_half
from voucher.bookings.pairs import other_half as other_half
from voucher.bookings.steps import BookingMoved as BookingMoved
from voucher.bookings.steps import NotYet as NotYet
from voucher.bookings.suggesting import SUGGESTIONS_MOST as SUGGESTIONS_MOST
from voucher.bookings.suggesting import BadTime as BadTime
from voucher.bookings.suggesting import open_suggestions as open_suggestions
from voucher.bookings.suggesting import suggest as suggest
from voucher.bookings.suggesting import take as take
from voucher.bookings.suggesting import take_none as take_none
