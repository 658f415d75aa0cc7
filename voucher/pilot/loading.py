"""Compares the files with what is there already, and writes only what is new or different, all or nothing."""

import datetime as dt
from collections import Counter

from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import history, wording
from accounts.models import Scheme
from brochure import care_checks
from brochure.models import Activity, Offer, OfferPrice, PostcodeDistrict
from providers.models import BankAccount, Provider
from voucher.granting import awards
from voucher.ledger import books
from voucher.models import Award, Carer, Fund
from voucher.pilot.checking import CARER_DETAILS, carer_key, ledger_unit

FIRST_NUMBER = 1001
# A fund opens with half as much again as the file needs, rounded up: £10,000 or 100 hours.
ROUND_UP = {"pence": 1_000_000, "minutes": 6_000}
FUNDS = {
    "pence": ("BTG-POUNDS", "Carers' breaks in pounds", "Seibiannau gofalwyr mewn punnoedd"),
    "minutes": ("BTG-HOURS", "Carers' breaks in hours", "Seibiannau gofalwyr mewn oriau"),
}
PROVIDER_FIELDS = (
    *("name", "legal_form", "postcode", "phone", "email", "speaks_welsh", "ciw_number", "insurance_until"),
    *("vat_number", "vat_treatment", "town_cy"),
)
OFFER_FIELDS = (
    *("category", "title_en", "title_cy", "description_en", "description_cy", "unit", "minutes", "places"),
    *("personal_care", "accommodation", "hours", "notice_hours", "adults_only", "least_minutes"),
)
# In which column each rate of an offer stands.
PRICE_COLUMNS = {
    OfferPrice.Rate.STANDARD: "price",
    OfferPrice.Rate.EVENING: "price_evening",
    OfferPrice.Rate.WEEKEND: "price_weekend",
    OfferPrice.Rate.BANK_HOLIDAY: "price_bank_holiday",
}


class NoRoom(Exception):
    """A fund cannot take the file's awards; the message is a sentence."""


class Loader:
    """One loading, inside the caller's transaction; counts what was new, changed and as it was, by file."""

    def __init__(self, *, by, now, on, step):
        self.by, self.now, self.on, self.step = by, now, on, step
        self.counts = Counter()
        self.changes = []

    def load(self, tables):
        for table, load in (
            ("providers.csv", self._providers),
            ("offers.csv", self._offers),
            ("awards.csv", self._awards),
            ("postcode_districts.csv", self._districts),
            ("community_activities.csv", self._activities),
        ):
            load(tables[table])

    def _count(self, row, outcome):
        self.counts[row.file, outcome] += 1
        self.step()

    def _record(self, act, subject, council, **details):
        history.record(act=act, subject=subject, by=self.by, at=self.now, council=council, **details)

    def _put(self, row, found, model, wanted, **fixed):
        """Create the row, or change what differs; return (object, outcome, names of the fields that changed)."""
        if found is None:
            return model.objects.create(**fixed, **wanted), "new", []
        differs = [name for name, value in wanted.items() if getattr(found, name) != value]
        for name in differs:
            setattr(found, name, wanted[name])
            words = _("%(file)s line %(line)s: %(column)s of %(what)s changes.")
            self.changes.append(
                words % {"file": row.file, "line": row.line, "column": name, "what": row.values.get("ref", found)}
            )
        if differs:
            found.save(update_fields=differs)
        return found, "changed" if differs else "same", differs

    def _providers(self, rows):
        there = {provider.ref: provider for provider in Provider.objects.filter(ref__in=[row["ref"] for row in rows])}
        banks = {}
        for account in BankAccount.objects.exclude(state="replaced").filter(provider__in=there.values()):
            banks.setdefault(account.provider_id, []).append((account.sort_code, account.account_number))
        for row in rows:
            Scheme.objects.get_or_create(council=row["council"])
            wanted = {name: row[name] for name in PROVIDER_FIELDS} | {"town_en": row["town"]}
            provider, outcome, differs = self._put(
                row, there.get(row["ref"]), Provider, wanted, ref=row["ref"], council=row["council"]
            )
            if row["sort_code"] and (row["sort_code"], row["account_number"]) not in banks.get(provider.pk, []):
                # A first account is the file's word; a later one is checked by a second person before it is paid.
                state = "checked" if outcome == "new" else "waiting"
                # Of two changes that follow each other only the newer one is still wanted.
                wanted_before = provider.bank_accounts.filter(state__in=["waiting", "agreed"])
                wanted_before.update(state="refused", refused_at=timezone.now())
                BankAccount.objects.create(
                    provider=provider,
                    name=row["name"],
                    sort_code=row["sort_code"],
                    account_number=row["account_number"],
                    state=state,
                )
                if outcome != "new":
                    outcome = "changed"
                    differs.append("bank_account")
                    words = _("providers.csv line %(line)s: the new bank account of %(ref)s waits for a second check.")
                    self.changes.append(words % {"line": row.line, "ref": row["ref"]})
            if "ciw_number" in differs:
                care_checks.recount(provider, on=self.on)
            if outcome != "same":
                act = "provider.added" if outcome == "new" else "provider.changed"
                self._record(act, provider, provider.council, fields=differs)
            self._count(row, outcome)

    def _offers(self, rows):
        providers = {provider.ref: provider for provider in Provider.objects.select_related("council")}
        refs = [row["ref"] for row in rows]
        there = {offer.ref: offer for offer in Offer.objects.select_related("category").filter(ref__in=refs)}
        number = (Offer.objects.aggregate(newest=Max("number"))["newest"] or FIRST_NUMBER - 1) + 1
        prices = {(price.offer_id, price.rate): price for price in OfferPrice.objects.order_by("first_day")}
        for row in rows:
            wanted = {name: row[name] for name in OFFER_FIELDS if row.has(name)} | {"access": list(row["access"])}
            found = there.get(row["ref"])
            fixed = {} if found else self._identity(row, providers[row["provider"]], number)
            offer, outcome, differs = self._put(row, found, Offer, wanted, **fixed)
            number += outcome == "new"
            for rate, column in PRICE_COLUMNS.items():
                first_day = self._price(offer, rate, row.values.get(column), prices.get((offer.pk, rate)))
                if first_day and outcome != "new":
                    outcome = "changed"
                    differs.append(column)
                    words = _("offers.csv line %(line)s: the price of %(ref)s changes from %(day)s on.")
                    self.changes.append(words % {"line": row.line, "ref": row["ref"], "day": first_day.isoformat()})
            if outcome != "same":
                act = "offer.added" if outcome == "new" else "offer.changed"
                self._record(act, offer, providers[row["provider"]].council, fields=differs)
            self._count(row, outcome)

    def _price(self, offer, rate, price_pence, newest):
        """Add a price where it differs from the newest one; return the day from which it holds, or None."""
        if price_pence is None or (newest and newest.price_pence == price_pence):
            return None
        first_day = max(self.on, newest.first_day + dt.timedelta(days=1)) if newest else self.on
        OfferPrice.objects.create(offer=offer, rate=rate, price_pence=price_pence, first_day=first_day)
        return first_day

    def _identity(self, row, provider, number):
        """What an offer is given once and keeps, whatever the file says later: its address and its number."""
        slug = f"{slugify(row['title_en'] or row['title_cy'])[:90]}-{row['ref'].lower()}"
        return {"ref": row["ref"], "provider": provider, "slug": slug, "number": number}

    def _awards(self, rows):
        issued = {(award.council_id, award.ref): award for award in Award.objects.select_related("carer")}
        carers = {_carer_key(carer): carer for carer in Carer.objects.all()}
        carers |= {(award.council_id, award.ref): award.carer for award in issued.values()}
        new = [row for row in rows if (row["council"].pk, row["ref"]) not in issued]
        funds = self._funds(new)
        for row in rows:
            award = issued.get((row["council"].pk, row["ref"]))
            carer, carer_outcome = self._carer(row, award.carer if award else carers.get(carer_key(row)))
            carers[carer_key(row)] = carer
            if award is None:
                awards.issue(
                    council=row["council"],
                    carer=carer,
                    fund=funds[row["council"].pk, ledger_unit(row)],
                    value=row["amount"],
                    first_day=row["first_day"],
                    ref=row["ref"],
                    assessment_ref=row["assessment_ref"],
                    assessment_date=row["assessment_date"],
                    by=self.by,
                    now=self.now,
                    key=f"load:{row['council'].slug}:{row['ref']}",
                )
            self._count(row, "new" if award is None else carer_outcome)

    def _carer(self, row, found):
        wanted = {name: row[name] for name in ("first_name", "last_name", "address", "postcode", *CARER_DETAILS)}
        carer, outcome, differs = self._put(row, found, Carer, wanted, **({} if found else {"council": row["council"]}))
        if outcome != "same":
            act = "carer.added" if outcome == "new" else "carer.changed"
            self._record(act, carer, row["council"], fields=differs)
        return carer, outcome

    def _funds(self, rows):
        """Return {(council's pk, unit): Fund} with room for these new awards; opens a fund where there is none."""
        needed = Counter()
        for row in rows:
            Scheme.objects.get_or_create(council=row["council"])
            needed[row["council"], ledger_unit(row)] += row["amount"]
        funds = {}
        for (council, unit), amount in needed.items():
            cost_code, name_en, name_cy = FUNDS[unit]
            fund = Fund.objects.filter(council=council, cost_code=cost_code).select_related("account").first()
            if fund is None:
                step = ROUND_UP[unit]
                account = books.open_fund(unit=unit, allocated=-(-amount * 3 // (2 * step)) * step)
                fund = Fund.objects.create(
                    council=council, account=account, name_en=name_en, name_cy=name_cy, cost_code=cost_code
                )
                self._record("fund.opened", fund, council, allocated=account.allocated)
            elif (left := fund.account.allocated - fund.account.issued) < amount:
                figures = {
                    "council": council.name,
                    "left": wording.amount(left, unit),
                    "needed": wording.amount(amount, unit),
                }
                words = _("awards.csv: the fund of %(council)s has %(left)s left and the new awards need %(needed)s.")
                raise NoRoom(words % figures)
            funds[council.pk, unit] = fund
        return funds

    def _districts(self, rows):
        there = PostcodeDistrict.objects.in_bulk([row["district"] for row in rows])
        for row in rows:
            wanted = {"latitude": row["latitude"], "longitude": row["longitude"]}
            found = there.get(row["district"])
            fixed = {} if found else {"district": row["district"]}
            self._count(row, self._put(row, found, PostcodeDistrict, wanted, **fixed)[1])

    def _activities(self, rows):
        there = {(activity.name, activity.council_id): activity for activity in Activity.objects.all()}
        for row in rows:
            wanted = {name: row[name] for name in ("place", "kind", "facts", "source")}
            found = there.get((row["name"], row["council"].pk))
            fixed = {} if found else {"name": row["name"], "council": row["council"]}
            self._count(row, self._put(row, found, Activity, wanted, **fixed)[1])


def _carer_key(carer):
    return (
        carer.council_id,
        *(getattr(carer, name).lower() for name in ("first_name", "last_name", "address", "postcode")),
    )
