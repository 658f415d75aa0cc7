"""The Bacs payment file, Standard 18, for one processing day: a pure function from payments to text.

Labels are 80 characters, records 100, each line ends with a carriage return and a line feed.
Bacs knows capitals, digits and `. & / -`; letters with accents lose them (ŵ becomes W, ŷ becomes Y).
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from voucher import rules

AMOUNT_MOST = 99_999_999_999  # eleven digits of pence
RECORDS_MOST = 9_999_999  # seven digits in the trailer's count
SERIAL_MOST = 999_999
FILE_NUMBER_MOST = 999
CREDIT, CONTRA = "99", "17"  # transaction codes
EXPIRY_DAYS = 7  # the file may be overwritten a week after its processing day
# Letters that Unicode does not take apart into a letter and an accent.
LETTERS = str.maketrans({"ß": "SS", "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Þ": "TH", "Ð": "D"})
APOSTROPHES = str.maketrans("", "", "'’‘`´")
NOT_PERMITTED = re.compile(r"[^A-Z0-9.&/ -]")


class BacsFault(Exception):
    """The file cannot be made: `field` says which value is at fault, `value` what it was."""

    def __init__(self, field, value):
        super().__init__(f"{field}: {value!r}")
        self.field = field
        self.value = value


@dataclass(frozen=True)
class Originator:
    """The council that pays: its Bacs user number, its name on statements, and its own account."""

    user_number: str
    name: str
    sort_code: str
    account_number: str


@dataclass(frozen=True)
class Payment:
    """One credit: to whom, how much in pence, and what the payee reads on a statement."""

    sort_code: str
    account_number: str
    name: str
    amount_pence: int
    reference: str


def standard_18(
    *,
    originator: Originator,
    payments: Sequence[Payment],
    serial: int,
    file_number: int,
    processing_on: dt.date,
    created_on: dt.date,
) -> str:
    """Return the whole file. The contra debits the council's own account with the sum of the credits.

    Raises BacsFault where Bacs would refuse the file or read something else than was meant.
    """
    _check_file(originator, payments, serial, file_number, processing_on, created_on)
    own_name = transliterate(originator.name)[:18]
    total = sum(payment.amount_pence for payment in payments)
    if total > AMOUNT_MOST:
        raise BacsFault("total_pence", total)
    header_1 = (
        f"A{originator.user_number}S   {originator.user_number}{serial:06}00010001      "
        f"{_julian(created_on)}{_julian(processing_on + dt.timedelta(days=EXPIRY_DAYS))} 000000"
    )
    header_2 = f"F0200000100{'':35}00"
    contra = Payment(originator.sort_code, originator.account_number, own_name, total, "CONTRA")
    lines = [
        f"VOL1{serial:06}{'':31}{originator.user_number}{'':32}1",
        f"HDR1{header_1}".ljust(80),
        f"HDR2{header_2}".ljust(80),
        f"UHL1{_julian(processing_on)}999999    000000001 DAILY  {file_number:03}".ljust(80),
        *(_record(payment, CREDIT, originator, own_name) for payment in payments),
        _record(contra, CONTRA, originator, own_name),
        f"EOF1{header_1}".ljust(80),
        f"EOF2{header_2}".ljust(80),
        f"UTL1{total:013}{total:013}{1:07}{len(payments):07}".ljust(80),
    ]
    return "".join(f"{line}\r\n" for line in lines)


def total_pence(text: str) -> int:
    """Return the sum of the credits of a file, read from its records, in pence."""
    return sum(int(line[35:46]) for line in text.splitlines() if len(line) == 100 and line[15:17] == CREDIT)


def transliterate(text: str) -> str:
    """Return the text in the characters Bacs prints: "Gŵyl Tŷ'r Coed" becomes "GWYL TYR COED"."""
    plain = unicodedata.normalize("NFKD", text.upper().translate(APOSTROPHES).translate(LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(NOT_PERMITTED.sub(" ", plain).split())


def check_payment(payment: Payment) -> None:
    """Raise BacsFault unless the payment can stand in a file as it is meant."""
    if not re.fullmatch(r"[0-9]{6}", payment.sort_code) or payment.sort_code == "000000":
        raise BacsFault("sort_code", payment.sort_code)
    if not re.fullmatch(r"[0-9]{8}", payment.account_number):
        raise BacsFault("account_number", payment.account_number)
    if type(payment.amount_pence) is not int or not 0 < payment.amount_pence <= AMOUNT_MOST:
        raise BacsFault("amount_pence", payment.amount_pence)
    if not re.search(r"[A-Z0-9]", transliterate(payment.name)):
        raise BacsFault("name", payment.name)
    reference = transliterate(payment.reference)
    clear = re.match(r"[A-Z0-9]", reference) and len(set(reference)) > 1 and not reference.startswith("DDIC")
    if not clear or not 6 <= len(reference) <= 18:
        raise BacsFault("reference", payment.reference)


def processing_day(pay_on: dt.date) -> dt.date:
    """Return the day on which Bacs processes a payment that arrives on `pay_on`: the working day before."""
    return rules.working_days_before(pay_on, 1)


def _check_file(originator, payments, serial, file_number, processing_on, created_on):
    if len(payments) > RECORDS_MOST:
        raise BacsFault("records", len(payments))
    if not payments:
        raise BacsFault("records", 0)
    if not re.fullmatch(r"[0-9]{6}", originator.user_number):
        raise BacsFault("user_number", originator.user_number)
    if not 1 <= serial <= SERIAL_MOST:
        raise BacsFault("serial", serial)
    if not 1 <= file_number <= FILE_NUMBER_MOST:
        raise BacsFault("file_number", file_number)
    if not rules.is_working_day(processing_on):
        raise BacsFault("processing_on", processing_on)
    if created_on >= processing_on:
        raise BacsFault("created_on", created_on)
    check_payment(Payment(originator.sort_code, originator.account_number, originator.name, 1, "CONTRA"))
    for payment in payments:
        check_payment(payment)


def _julian(day):
    return f" {day:%y%j}"


def _record(payment, transaction_code, originator, own_name):
    return (
        f"{payment.sort_code}{payment.account_number}0{transaction_code}"
        f"{originator.sort_code}{originator.account_number}    {payment.amount_pence:011}"
        f"{own_name:18}{transliterate(payment.reference):18}{transliterate(payment.name)[:18]:18}"
    )
