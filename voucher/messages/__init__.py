"""The scheme's messages, one function each: written into the outbox within the act they tell of, sent after it.

A message holds no code and no balance, and nothing about the person cared for: whoever reads it
over a shoulder learns of one break and no more.
"""

from voucher.messages.awards import application_answered as application_answered
from voucher.messages.awards import award_changed as award_changed
from voucher.messages.awards import award_granted as award_granted
from voucher.messages.awards import award_reminder as award_reminder
from voucher.messages.awards import questions as questions
from voucher.messages.awards import questions_told as questions_told
from voucher.messages.awards import reminders_told as reminders_told
from voucher.messages.bookings import booked_by_helper as booked_by_helper
from voucher.messages.bookings import booked_by_phone as booked_by_phone
from voucher.messages.bookings import booking_asked as booking_asked
from voucher.messages.bookings import booking_cancelled as booking_cancelled
from voucher.messages.bookings import booking_cancelled_for_provider as booking_cancelled_for_provider
from voucher.messages.bookings import booking_confirmed as booking_confirmed
from voucher.messages.bookings import booking_declined as booking_declined
from voucher.messages.bookings import booking_did_not_happen as booking_did_not_happen
from voucher.messages.bookings import booking_missed as booking_missed
from voucher.messages.bookings import booking_timed_out as booking_timed_out
from voucher.messages.bookings import break_coming as break_coming
from voucher.messages.bookings import break_key as break_key
from voucher.messages.bookings import emergency as emergency
from voucher.messages.bookings import is_reminded_of_breaks as is_reminded_of_breaks
from voucher.messages.bookings import nobody_came_for_provider as nobody_came_for_provider
from voucher.messages.carers import account_made as account_made
from voucher.messages.carers import address_code as address_code
from voucher.messages.carers import code_bound as code_bound
from voucher.messages.carers import permission_given as permission_given
from voucher.messages.carers import pin_changed as pin_changed
from voucher.messages.carers import wish_met as wish_met
from voucher.messages.money import claim_made as claim_made
from voucher.messages.money import dispute_made as dispute_made
from voucher.messages.money import dispute_resolved as dispute_resolved
from voucher.messages.money import lines_left_out as lines_left_out
from voucher.messages.money import own_money_given_back as own_money_given_back
from voucher.messages.money import own_money_not_paid as own_money_not_paid
from voucher.messages.requests import choices_used_up as choices_used_up
from voucher.messages.requests import half_confirmed as half_confirmed
from voucher.messages.requests import half_fell_away as half_fell_away
from voucher.messages.requests import move_answered as move_answered
from voucher.messages.requests import move_asked as move_asked
from voucher.messages.requests import next_choice_asked as next_choice_asked
from voucher.messages.requests import pair_confirmed as pair_confirmed
from voucher.messages.requests import pair_ended as pair_ended
from voucher.messages.requests import pair_not_needed as pair_not_needed
from voucher.messages.requests import suggestion_taken as suggestion_taken
from voucher.messages.requests import suggestions_not_taken as suggestions_not_taken
from voucher.messages.requests import time_changed as time_changed
from voucher.messages.requests import times_suggested as times_suggested
