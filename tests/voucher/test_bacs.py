"""The Bacs file: byte for byte as the golden sample, and nothing that Bacs would refuse."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voucher import rules
from voucher.settling import bacs

# Read with a ruler: labels are 80 characters, records 100. The blanks at the ends count.
GOLDEN_LINES = [
    "VOL1000017                               123456                                1",
    "HDR1A123456S   12345600001700010001       26278 26286 000000                    ",
    "HDR2F0200000100                                   00                            ",
    "UHL1 26279999999    000000001 DAILY  001                                        ",
    "4455668765432109911223312345678    00000004550SIR CYMRU CARERS  BREAKS RUN 17 L1  PWLL NOFIO LTD    ",
    "7788990011223309911223312345678    00000012000SIR CYMRU CARERS  BREAKS RUN 17 L2  GWYL CREFFT CIC   ",
    "1122331234567801711223312345678    00000016550SIR CYMRU CARERS  CONTRA            SIR CYMRU CARERS  ",
    "EOF1A123456S   12345600001700010001       26278 26286 000000                    ",
    "EOF2F0200000100                                   00                            ",
    "UTL10000000016550000000001655000000010000002                                    ",
]
COUNCIL = bacs.Originator("123456", "Sir Cymru Carers", "112233", "12345678")
POOL = bacs.Payment("445566", "87654321", "Pwll Nofio Ltd", 4550, "Breaks run 17 L1")
CRAFTS = bacs.Payment("778899", "00112233", "Gŵyl Crefft CIC", 12000, "Breaks run 17 L2")
MONDAY, TUESDAY = dt.date(2026, 10, 5), dt.date(2026, 10, 6)


def file_of(payments, originator=COUNCIL, **changed):
    figures = {"serial": 17, "file_number": 1, "processing_on": TUESDAY, "created_on": MONDAY} | changed
    return bacs.standard_18(originator=originator, payments=payments, **figures)


def changed(payment, **fields):
    return bacs.Payment(**(vars(payment) | fields))


def test_the_file_is_the_golden_sample_byte_for_byte():
    assert file_of([POOL, CRAFTS]).encode("ascii") == "".join(f"{line}\r\n" for line in GOLDEN_LINES).encode("ascii")


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Gŵyl Tŷ'r Coed", "GWYL TYR COED"),
        ("Ŵ ŵ Ŷ ŷ Â â Ê ê Î î Ô ô Û û Ï ï ö", "W W Y Y A A E E I I O O U U I I O"),
        ("Siân & Rhŷs Cyf.", "SIAN & RHYS CYF."),
        ("Cwm-bach / Nant", "CWM-BACH / NANT"),
        ("O’Brien (Bargod), £5 @ 3%", "OBRIEN BARGOD 5 3"),
        ("Straße Łódź Øre Œuvre", "STRASSE LODZ ORE OEUVRE"),
        ("new\r\nline\tand\x00nul", "NEW LINE AND NUL"),
        ("咖啡", ""),
    ],
)
def test_bacs_prints_letters_without_their_accents(written, printed):
    assert bacs.transliterate(written) == printed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_pence", 0),
        ("amount_pence", -1),
        ("amount_pence", 100_000_000_000),
        ("amount_pence", 12.5),
        ("amount_pence", True),
        ("sort_code", "44556"),
        ("sort_code", "44-55-66"),
        ("sort_code", "٤٤٥٥٦٦"),
        ("sort_code", "000000"),
        ("account_number", "8765432"),
        ("account_number", "8765432X"),
        ("account_number", "87654321\n"),
        ("name", "咖啡"),
        ("name", "- /"),
        ("reference", "L1"),
        ("reference", "ŵŵŵŵŵŵ"),
        ("reference", "-BREAKS"),
        ("reference", "DDIC BREAKS"),
        ("reference", "BREAKS RUN 12345678"),
    ],
)
def test_a_payment_that_bacs_would_misread_is_refused(field, value):
    with pytest.raises(bacs.BacsFault) as refusal:
        file_of([changed(POOL, **{field: value})])

    assert (refusal.value.field, refusal.value.value) == (field, value)


def test_the_largest_amount_fills_its_eleven_digits():
    record = file_of([changed(POOL, amount_pence=99_999_999_999)]).split("\r\n")[4]

    assert record[35:46] == "99999999999"


def test_a_total_beyond_eleven_digits_is_refused():
    most = changed(POOL, amount_pence=99_999_999_999)

    with pytest.raises(bacs.BacsFault, match="total_pence"):
        file_of([most, POOL])


@pytest.mark.parametrize(
    ("what", "day"),
    [
        ("a Saturday", dt.date(2026, 10, 10)),
        ("a Sunday", dt.date(2026, 10, 11)),
        ("Christmas Day", dt.date(2026, 12, 25)),
        ("the day in lieu of Boxing Day", dt.date(2026, 12, 28)),
        ("Good Friday", dt.date(2027, 3, 26)),
        ("Easter Monday", dt.date(2027, 3, 29)),
        ("the early May bank holiday", dt.date(2027, 5, 3)),
    ],
)
def test_a_day_on_which_bacs_rests_is_refused(what, day):
    with pytest.raises(bacs.BacsFault, match="processing_on"):
        file_of([POOL], processing_on=day)


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"serial": 0}, "serial"),
        ({"serial": 1_000_000}, "serial"),
        ({"file_number": 0}, "file_number"),
        ({"file_number": 1000}, "file_number"),
        ({"created_on": TUESDAY}, "created_on"),
    ],
)
def test_figures_outside_their_fields_are_refused(figures, field):
    with pytest.raises(bacs.BacsFault, match=field):
        file_of([POOL], **figures)


@pytest.mark.parametrize("number", [0, 10_000_000])
def test_a_file_has_at_least_one_payment_and_no_more_than_its_trailer_can_count(number):
    with pytest.raises(bacs.BacsFault, match="records"):
        file_of([POOL] * number)


@pytest.mark.parametrize(
    ("originator", "field"),
    [
        (bacs.Originator("12345", "Council", "112233", "12345678"), "user_number"),
        (bacs.Originator("123456", "’", "112233", "12345678"), "name"),
        (bacs.Originator("123456", "Council", "11223", "12345678"), "sort_code"),
        (bacs.Originator("123456", "Council", "112233", "1234567"), "account_number"),
    ],
)
def test_a_council_that_is_not_set_up_to_pay_is_refused(originator, field):
    with pytest.raises(bacs.BacsFault, match=field):
        file_of([POOL], originator=originator)


def test_the_year_turns_within_the_file():
    lines = file_of([POOL], created_on=dt.date(2026, 12, 31), processing_on=dt.date(2027, 1, 4)).split("\r\n")

    assert lines[1][41:53] == " 26365 27011"
    assert lines[3][4:10] == " 27004"


def test_a_payment_is_processed_on_the_working_day_before_it_arrives():
    tuesday_after_christmas = dt.date(2026, 12, 29)

    assert bacs.processing_day(tuesday_after_christmas) == dt.date(2026, 12, 24)
    assert rules.earliest_pay_day(dt.date(2026, 12, 23)) == tuesday_after_christmas


@pytest.mark.parametrize(
    ("released_on", "paid_on"),
    [
        (dt.date(2026, 10, 12), dt.date(2026, 10, 14)),
        (dt.date(2026, 10, 15), dt.date(2026, 10, 19)),
        (dt.date(2026, 10, 17), dt.date(2026, 10, 21)),
        (dt.date(2026, 12, 25), dt.date(2026, 12, 31)),
    ],
)
def test_r18_a_run_is_paid_two_working_days_after_bacs_takes_it_in(released_on, paid_on):
    assert rules.earliest_pay_day(released_on) == paid_on


def test_r20_a_claim_is_paid_within_thirty_days():
    assert rules.pay_by(dt.date(2026, 10, 1)) == dt.date(2026, 10, 31)


names = st.text(min_size=1, max_size=60).filter(lambda text: re.search(r"[A-Z0-9]", bacs.transliterate(text)))
payments = st.builds(
    bacs.Payment,
    sort_code=st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    account_number=st.from_regex(r"[0-9]{8}", fullmatch=True),
    name=names,
    amount_pence=st.integers(1, 5_000_000_000),
    reference=st.integers(1, 99_999).map("Breaks run {}".format),
)


@given(st.lists(payments, min_size=1, max_size=20), names, st.integers(1, 999_999), st.integers(1, 999))
def test_every_file_has_the_right_widths_totals_and_characters(some, name, serial, file_number):
    text = file_of(
        some, originator=bacs.Originator("123456", name, "112233", "12345678"), serial=serial, file_number=file_number
    )
    *lines, rest = text.split("\r\n")

    assert rest == ""
    assert [len(line) for line in lines] == [80] * 4 + [100] * (len(some) + 1) + [80] * 3
    assert re.fullmatch(r"[A-Z0-9.&/ -]*", "".join(lines))
    credits, contra, trailer = lines[4 : 4 + len(some)], lines[4 + len(some)], lines[-1]
    total = sum(payment.amount_pence for payment in some)
    assert sum(int(line[35:46]) for line in credits) == total
    assert {line[15:17] for line in credits} == {"99"}
    assert (contra[15:17], int(contra[35:46])) == ("17", total)
    assert (int(trailer[4:17]), int(trailer[17:30]), int(trailer[30:37]), int(trailer[37:44])) == (
        total,
        total,
        1,
        len(some),
    )
