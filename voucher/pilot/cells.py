"""Reads one cell: each reader returns the value as it is stored, or raises Wrong with a sentence."""

import datetime as dt
import re
import unicodedata
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from brochure import access, availability
from voucher.pilot.files import LONGEST_CELL

POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][ABD-HJLNP-UW-Z]{2})")
# Control signs, signs without a shape (some turn the words after them round), and the line breaks of word processors.
INVISIBLE = {"Cc", "Cf", "Zl", "Zp"}
LARGEST_POUNDS = 50_000
LARGEST_HOURS = 5_000


class Wrong(ValueError):
    """The cell cannot be read; the message is a sentence for people."""


def text(longest):
    def read(cell):
        if len(cell) > min(longest, LONGEST_CELL):
            raise Wrong(
                _("this is too long: %(found)s letters, and the most is %(most)s.")
                % {"found": len(cell), "most": longest}
            )
        if any(unicodedata.category(letter) in INVISIBLE for letter in cell):
            raise Wrong(_("this holds a line break or another invisible sign. Write it on one line."))
        return cell

    return read


def reference(cell):
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}", cell, re.ASCII):
        raise Wrong(_("a reference has letters, numbers and dashes, at most 20 of them."))
    return cell


def choice(*allowed):
    def read(cell):
        if cell.lower() not in allowed:
            words = _("“%(found)s” is not one of: %(allowed)s.")
            raise Wrong(words % {"found": cell, "allowed": ", ".join(filter(None, allowed))})
        return cell.lower()

    return read


def yes_or_no(cell):
    return choice("yes", "no")(cell) == "yes"


def day(cell):
    try:
        found = dt.date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d\d-\d\d", cell, re.ASCII) else None
    except ValueError:
        raise Wrong(_("the day “%(found)s” does not exist.") % {"found": cell}) from None
    if found is None:
        raise Wrong(_("write the date as year-month-day, like 2026-09-03, not “%(found)s”.") % {"found": cell})
    if not 2000 <= found.year <= 2100:
        raise Wrong(_("the year %(year)s cannot be right.") % {"year": found.year})
    return found


def pence(cell):
    """Pounds, "62.50" or "60", as whole pence."""
    if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", cell, re.ASCII):
        raise Wrong(_("write pounds and pence like 62.50, without a sign, not “%(found)s”.") % {"found": cell})
    found = int(Decimal(cell) * 100)
    if found > LARGEST_POUNDS * 100:
        raise Wrong(_("“%(found)s” is too much to be right.") % {"found": cell})
    return found


def minutes_of_hours(cell):
    """Hours, "16" or "2.5", as whole minutes, in quarters of an hour."""
    if not re.fullmatch(r"\d{1,6}(\.(0|00|25|5|50|75))?", cell, re.ASCII):
        raise Wrong(_("write hours in quarters, like 16 or 2.5, not “%(found)s”.") % {"found": cell})
    found = int(Decimal(cell) * 60)
    if found > LARGEST_HOURS * 60:
        raise Wrong(_("“%(found)s” is too much to be right.") % {"found": cell})
    return found


def whole(least, most):
    def read(cell):
        if not re.fullmatch(r"\d{1,9}", cell, re.ASCII) or not least <= int(cell) <= most:
            words = _("write a whole number from %(least)s to %(most)s, not “%(found)s”.")
            raise Wrong(words % {"least": least, "most": most, "found": cell})
        return int(cell)

    return read


def number(least, most):
    def read(cell):
        if not re.fullmatch(r"-?\d{1,3}(\.\d{1,8})?", cell, re.ASCII) or not least <= float(cell) <= most:
            words = _("write a number from %(least)s to %(most)s, not “%(found)s”.")
            raise Wrong(words % {"least": least, "most": most, "found": cell})
        return float(cell)

    return read


def postcode(cell):
    if not (found := POSTCODE.fullmatch(" ".join(cell.upper().split()))):
        raise Wrong(_("“%(found)s” is not a postcode, like CF82 7PG.") % {"found": cell})
    return f"{found[1]} {found[2]}"


def district(cell):
    if not re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z0-9]?", cell.upper(), re.ASCII):
        raise Wrong(_("“%(found)s” is not the first half of a postcode, like CF82.") % {"found": cell})
    return cell.upper()


def phone(cell):
    digits = re.sub(r"[ ()-]", "", cell)
    if not re.fullmatch(r"(\+44|0)\d{9,10}", digits, re.ASCII):
        raise Wrong(_("“%(found)s” is not a telephone number, like 01443 815588.") % {"found": cell})
    return " ".join(cell.split())


def email(cell):
    try:
        validate_email(cell)
    except ValidationError:
        raise Wrong(_("“%(found)s” is not an e-mail address.") % {"found": cell}) from None
    return text(254)(cell).lower()


def sort_code(cell):
    if not re.fullmatch(r"\d\d([- ]?)\d\d\1\d\d", cell, re.ASCII):
        raise Wrong(_("a sort code has 6 digits, like 12-34-56."))
    return re.sub(r"\D", "", cell)


def account_number(cell):
    if not re.fullmatch(r"\d{8}", cell, re.ASCII):
        raise Wrong(_("an account number has 8 digits. A 0 in front may have been lost in the spreadsheet."))
    return cell


def ciw_number(cell):
    if not re.fullmatch(r"[A-Z]?\d{4,10}", cell.upper(), re.ASCII):
        raise Wrong(_("“%(found)s” is not a number of Care Inspectorate Wales, like W123456.") % {"found": cell})
    return cell.upper()


def vat_number(cell):
    bare = cell.upper().replace(" ", "")
    if not re.fullmatch(r"(GB)?(\d{9}|\d{12})", bare, re.ASCII):
        raise Wrong(_("“%(found)s” is not a VAT number, like GB123456789.") % {"found": cell})
    return bare


def opening_hours(cell):
    try:
        availability.opening_hours(text(60)(cell))
    except availability.HoursNotUnderstood as error:
        raise Wrong(
            _("the hours “%(part)s” cannot be read: %(reason)s.") % {"part": error.part, "reason": error.reason}
        ) from None
    return cell


def access_features(cell):
    keys = [key.strip().lower() for key in cell.split(";") if key.strip()]
    for key in keys:
        if key not in access.FEATURES:
            words = _("“%(found)s” is not one of: %(allowed)s.")
            raise Wrong(words % {"found": key, "allowed": ", ".join(access.FEATURES)})
    return sorted(set(keys), key=list(access.FEATURES).index)
