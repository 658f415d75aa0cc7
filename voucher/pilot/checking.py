"""Checks what no single cell can show: rows against each other, files against each other, and against the rules."""

from django.utils.translation import gettext as _

from accounts.models import Council
from brochure.models import Category, Offer
from providers.models import Provider
from voucher.models import Award
from voucher.pilot import cells

# A course costs the same whenever it is.
NOT_FOR_COURSES = ("price_weekend", "price_bank_holiday")
WORTH_A_VAT_NUMBER = {"standard", "reduced"}


def check(tables, *, on):
    """Return (faults, notes) of tables whose cells were read; a note is worth knowing and stops nothing.

    Adds to each row what was looked up for it: `council`, `category`, the award's `amount` in pence or minutes.
    """
    councils = {name.lower(): row for row in Council.objects.all() for name in (row.name_en, row.name_cy)}
    faults, notes = [], []
    for name, rows in tables.items():
        faults += _counties(rows, councils)
        key = {"postcode_districts.csv": "district", "community_activities.csv": "name"}.get(name, "ref")
        faults += _repeated(rows, key, _("%(value)s stands on line %(line)s already."))
    for row in tables["providers.csv"]:
        faults += _provider(row)
        if row.has("insurance_until") and row["insurance_until"] and row["insurance_until"] < on:
            notes.append(row.fault("insurance_until", _("the insurance has ended, so nothing can be booked yet.")))
    faults += _offers(tables)
    seen_carers = {}
    for row in tables["awards.csv"]:
        faults += _award(row, seen_carers)
        notes += _reachable(row)
        if row.has("assessment_date") and row["assessment_date"] > on:
            notes.append(row.fault("assessment_date", _("this day is still to come.")))
    faults += _repeated(
        tables["awards.csv"], "assessment_ref", _("the assessment %(value)s has an award on line %(line)s already.")
    )
    return faults, notes


def _repeated(rows, column, words):
    first, faults = {}, []
    for row in rows:
        if row.has(column):
            value = str(row[column])
            if value.lower() in first:
                faults.append(row.fault(column, words % {"value": value, "line": first[value.lower()]}))
            first.setdefault(value.lower(), row.line)
    return faults


def _counties(rows, councils):
    faults = []
    for row in rows:
        if row.has("county"):
            row.values["council"] = councils.get(row["county"].lower())
            if row["council"] is None:
                del row.values["council"]
                words = _("“%(county)s” is not a council of Wales, like Caerphilly or Wrecsam.")
                faults.append(row.fault("county", words % {"county": row["county"]}))
    return faults


def _provider(row):
    faults = []
    if row.has("sort_code", "account_number", "legal_form"):
        given = [bool(row["sort_code"]), bool(row["account_number"])]
        if any(given) and not all(given):
            missing = "account_number" if given[0] else "sort_code"
            faults.append(row.fault(missing, _("sort code and account number belong together; one is empty.")))
        elif not any(given) and row["legal_form"] != Provider.LegalForm.COUNCIL:
            faults.append(row.fault("account_number", _("only a council's own service can be without a bank account.")))
    if row.has("vat_treatment", "vat_number") and row["vat_treatment"] in WORTH_A_VAT_NUMBER and not row["vat_number"]:
        faults.append(row.fault("vat_number", _("a provider that charges VAT needs its VAT number.")))
    return faults


def _offers(tables):
    providers = {row["ref"]: row for row in tables["providers.csv"] if row.has("ref")}
    known = dict(Provider.objects.values_list("ref", "ciw_number"))
    known |= {ref: row.values.get("ciw_number", "?") for ref, row in providers.items()}
    categories = {category.slug: category for category in Category.objects.all()}
    faults = []
    for row in tables["offers.csv"]:
        if row.has("category"):
            row.values["category"] = categories.get(row["category"])
            if row["category"] is None:
                words = _("“%(found)s” is not one of: %(allowed)s.")
                allowed = {"found": row.raw["category"], "allowed": ", ".join(categories)}
                faults.append(row.fault("category", words % allowed))
        if row.has("title_en", "title_cy") and not row["title_en"] and not row["title_cy"]:
            faults.append(row.fault("title_en", _("an offer needs a title in English or in Welsh.")))
        if row.has("provider") and row["provider"] not in known:
            # Where no provider could be read at all, that is said once and not again for each offer.
            if tables["providers.csv"]:
                words = _("there is no provider %(ref)s in providers.csv.")
                faults.append(row.fault("provider", words % {"ref": row["provider"]}))
        elif row.has("provider") and not known[row["provider"]]:
            words = _("care like this must be registered, and provider %(ref)s has no ciw_number.")
            faults += [
                row.fault(column, words % {"ref": row["provider"]})
                for column in ("personal_care", "accommodation")
                if row.values.get(column)
            ]
        faults += _rates_and_length(row)
    return faults


def _rates_and_length(row):
    """Return the faults of prices that an offer of this unit cannot have, and of a shortest break it cannot ask for."""
    unit, faults = row.values.get("unit"), []
    never = {Offer.Unit.NIGHT: ["price_evening"], Offer.Unit.COURSE: ["price_evening", *NOT_FOR_COURSES]}.get(unit, [])
    for column in never:
        if row.values.get(column) is not None:
            words = _("an offer sold by the %(unit)s has no such price; leave the cell empty.")
            faults.append(row.fault(column, words % {"unit": unit}))
    least = row.values.get("least_minutes")
    if least and unit and row.has("minutes"):
        if unit != Offer.Unit.HOUR:
            faults.append(row.fault("least_minutes", _("only what is sold by the hour has a shortest break.")))
        elif least < row["minutes"] or least % 30:
            words = _("the shortest break is in half hours, and not shorter than the %(minutes)s minutes of the price.")
            faults.append(row.fault("least_minutes", words % {"minutes": row["minutes"]}))
    return faults


def _award(row, seen_carers):
    faults = []
    if row.has("unit", "value"):
        try:
            row.values["amount"] = (cells.pence if row["unit"] == "gbp" else cells.minutes_of_hours)(row["value"])
            if not row["amount"]:
                raise cells.Wrong(_("an award must be of more than nothing."))
        except cells.Wrong as wrong:
            faults.append(row.fault("value", str(wrong)))
    if row.has("assessment_date", "first_day") and row["assessment_date"] > row["first_day"]:
        faults.append(row.fault("first_day", _("the award begins before the assessment.")))
    if row.has(*CARER, "council"):
        earlier = seen_carers.setdefault(carer_key(row), row)
        for column in CARER_DETAILS:
            if row[column] != earlier[column]:
                words = _("the same carer stands on line %(line)s with “%(other)s”.")
                faults.append(row.fault(column, words % {"line": earlier.line, "other": earlier.raw[column]}))
    return faults


# Who a carer is, and what is known of them besides.
CARER_IS = ("first_name", "last_name", "address", "postcode")
CARER_DETAILS = ("email", "phone", "town", "language", "print_size", "contact_by")
CARER = CARER_IS + CARER_DETAILS


def carer_key(row):
    return (row["council"].pk, *(row[column].lower() for column in CARER_IS))


def _reachable(row):
    """Say where a carer cannot be reached as the file wants; the letter goes by post then."""
    if not row.has("contact_by", "email", "phone"):
        return []
    way = {"email": "email", "sms": "phone"}.get(row["contact_by"])
    if way is None or row[way]:
        return []
    row.values["contact_by"] = "post"
    return [
        row.fault("contact_by", _("there is no %(column)s to reach this carer; we write letters.") % {"column": way})
    ]


def check_against_books(rows):
    """Return the faults of awards that were issued before: neither their money nor their days change by a file."""
    issued = {
        (award.council_id, award.ref): award for award in Award.objects.select_related("account", "carer", "council")
    }
    refs = {ref: council for council, ref in issued}
    assessments = {(award.council_id, award.assessment_ref): award.ref for award in issued.values()}
    faults = []
    for row in rows:
        award = issued.get((row["council"].pk, row["ref"]))
        if award is None:
            if row["ref"] in refs:
                faults.append(row.fault("county", _("an award with this reference was issued by another council.")))
            if other := assessments.get((row["council"].pk, row["assessment_ref"])):
                words = _("the assessment %(value)s has the award %(ref)s already.")
                faults.append(row.fault("assessment_ref", words % {"value": row["assessment_ref"], "ref": other}))
            continue
        stands = {
            "unit": award.account.unit,
            "value": award.value,
            "first_day": award.account.first_day,
            "assessment_ref": award.assessment_ref,
            "assessment_date": award.assessment_date,
        }
        wanted = {
            "unit": ledger_unit(row),
            "value": row["amount"],
            "first_day": row["first_day"],
            "assessment_ref": row["assessment_ref"],
            "assessment_date": row["assessment_date"],
        }
        words = _("award %(ref)s was issued with another value here; an issued award is not changed by a file.")
        faults += [
            row.fault(column, words % {"ref": row["ref"]}) for column in stands if stands[column] != wanted[column]
        ]
    return faults


def ledger_unit(row):
    return "pence" if row["unit"] == "gbp" else "minutes"


def check_providers_stay(provider_rows, offer_rows):
    """Return the faults of a provider that would change its council, or an offer that would change its provider."""
    councils = dict(Provider.objects.values_list("ref", "council"))
    faults = [
        row.fault("county", _("a provider stays with its council; give the service in another county a new reference."))
        for row in provider_rows
        if councils.get(row["ref"], row["council"].pk) != row["council"].pk
    ]
    owners = dict(Offer.objects.values_list("ref", "provider__ref"))
    faults += [
        row.fault("provider", _("an offer stays with its provider; give the new one a new reference."))
        for row in offer_rows
        if owners.get(row["ref"], row["provider"]) != row["provider"]
    ]
    return faults
