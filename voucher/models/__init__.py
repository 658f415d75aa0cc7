"""The scheme's nouns: funds, carers, awards, codes, requests, bookings, claims and payment runs.

Each row that moves money holds the key to its account or hold in the ledger; the ledger has never heard of it.
"""

from voucher.models.awards import Award as Award
from voucher.models.awards import Carer as Carer
from voucher.models.awards import Code as Code
from voucher.models.awards import Fund as Fund
from voucher.models.bookings import Booking as Booking
from voucher.models.bookings import BreakRequest as BreakRequest
from voucher.models.bookings import Choice as Choice
from voucher.models.bookings import HoldBefore as HoldBefore
from voucher.models.bookings import Suggestion as Suggestion
from voucher.models.carers import Answers as Answers
from voucher.models.carers import Application as Application
from voucher.models.carers import Circumstance as Circumstance
from voucher.models.carers import Permission as Permission
from voucher.models.carers import SavedOffer as SavedOffer
from voucher.models.carers import Wish as Wish
from voucher.models.disputes import Dispute as Dispute
from voucher.models.disputes import FoundAnew as FoundAnew
from voucher.models.door import Handover as Handover
from voucher.models.door import WaitingPlace as WaitingPlace
from voucher.models.door import WalkIn as WalkIn
from voucher.models.invoices import Invoice as Invoice
from voucher.models.invoices import InvoiceLine as InvoiceLine
from voucher.models.invoices import InvoicePayment as InvoicePayment
from voucher.models.invoices import InvoicePaymentLine as InvoicePaymentLine
from voucher.models.invoices import InvoiceWriteOff as InvoiceWriteOff
from voucher.models.own_money import StripeEvent as StripeEvent
from voucher.models.own_money import TopUp as TopUp
from voucher.models.settlement import CardPayment as CardPayment
from voucher.models.settlement import Claim as Claim
from voucher.models.settlement import ClaimLine as ClaimLine
from voucher.models.settlement import LineLeftOut as LineLeftOut
from voucher.models.settlement import PaymentRun as PaymentRun
from voucher.models.settlement import ReturnedPayment as ReturnedPayment
from voucher.models.settlement import RunFile as RunFile
from voucher.models.settlement import RunLine as RunLine
from voucher.models.tasks import Task as Task
from voucher.models.withholding import Withholding as Withholding
