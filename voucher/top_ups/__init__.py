"""Own money: what a carer pays herself where a break costs more than is left, directly to the provider or by card.

It is never ours: it goes to the provider, and comes back from the provider's account. So none of it is in the ledger.
The place and the award's part are set aside first, and committed; only then is the card company spoken to, outside any
transaction. What it says back may come twice, late or in any order, and does each thing once.
"""

from voucher.top_ups.asking import NoOwnMoney as NoOwnMoney
from voucher.top_ups.asking import NotThatWay as NotThatWay
from voucher.top_ups.asking import Share as Share
from voucher.top_ups.asking import StaleShare as StaleShare
from voucher.top_ups.asking import ask as ask
from voucher.top_ups.asking import share as share
from voucher.top_ups.asking import ways as ways
from voucher.top_ups.events import take_in as take_in
from voucher.top_ups.paying import NotPayable as NotPayable
from voucher.top_ups.paying import close_pages as close_pages
from voucher.top_ups.paying import end_unpaid as end_unpaid
from voucher.top_ups.paying import end_what_was_not_paid as end_what_was_not_paid
from voucher.top_ups.paying import look as look
from voucher.top_ups.paying import open_card_page as open_card_page
from voucher.top_ups.refunding import give_back_what_is_due as give_back_what_is_due
