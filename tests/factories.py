"""One factory a table, in the order of the arrows: accounts, providers, brochure, voucher."""

import datetime as dt
import itertools

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from accounts.history import Who
from accounts.models import Council, Role, Scheme, User
from brochure.models import Category, Offer, OfferPrice
from providers.models import BankAccount, Provider, Staff
from voucher.granting import awards
from voucher.ledger import books
from voucher.models import Carer, Fund, Permission

_numbers = itertools.count(1)
TESTS = Who(label="tests")


def council(slug="caerphilly", name_en="Caerphilly", name_cy="Caerffili", region="gwent"):
    row, _ = Council.objects.get_or_create(
        slug=slug, defaults={"name_en": name_en, "name_cy": name_cy, "region": region}
    )
    Scheme.objects.get_or_create(council=row)
    return row


def user(
    email="someone@post.example", *, name="", role=None, council=None, password="a-long-enough-password", language="en"
):
    row = User.objects.create_user(email, password, name=name, language=language)
    EmailAddress.objects.create(user=row, email=email, verified=True, primary=True)
    if role:
        Role.objects.create(user=row, council=council, kind=role)
        second_factor(row)
    return row


def second_factor(user, secret="JBSWY3DPEHPK3PXP"):
    """Give the person an authenticator app with this secret; returns its row."""
    data = {"secret": get_adapter().encrypt(secret)}
    return Authenticator.objects.get_or_create(user=user, type="totp", defaults={"data": data})[0]


def provider(council, *, name="Bryn Café", state="live", bank=True, **fields):
    number = next(_numbers)
    defaults = {
        "ref": f"T{number:04}",
        "legal_form": "sole trader",
        "town_en": "Blackwood",
        "town_cy": "Coed-duon",
        "postcode": "NP12 1AA",
        "phone": "01632 960100",
        "email": f"provider{number}@provider.example",
        "language": "en",
        "insurance_until": dt.date(2028, 3, 31),
    }
    row = Provider.objects.create(council=council, name=name, state=state, **(defaults | fields))
    if bank:
        BankAccount.objects.create(
            provider=row, name=name, sort_code="445566", account_number=f"{87654000 + number}", state="checked"
        )
    return row


def put(provider, state):
    """Put a provider in another state, as that state has to be: one that is stopped has a reason."""
    provider.state = state
    provider.stopped_because = "To be looked into." if state == Provider.State.SUSPENDED else ""
    provider.save(update_fields=["state", "stopped_because"])


def provider_staff(provider, email="owner@provider.example", *, name="", kind="owner"):
    row = user(email, name=name)
    Staff.objects.create(user=row, provider=provider, kind=kind)
    return row


def category(slug="sitting", **fields):
    defaults = {
        "name_en": "Sitting service",
        "name_cy": "Gwasanaeth gwarchod",
        "purpose_en": "Someone stays while you go out",
        "purpose_cy": "Mae rhywun yn aros tra byddwch chi allan",
        "position": 1000 + next(_numbers),
    }
    return Category.objects.get_or_create(slug=slug, defaults=defaults | fields)[0]


def offer(provider, *, price_pence=2500, unit="hour", minutes=60, hours="Mon-Sun 08:00-22:00", **fields):
    number = next(_numbers)
    defaults = {
        "ref": f"{provider.ref}-{number}",
        "category": fields.pop("category", None) or category(),
        "slug": f"sitting-{number}",
        "number": 1000 + number,
        "title_en": "Sitting at home",
        "title_cy": "Gwarchod gartref",
        "description_en": "A trained sitter stays with the person you care for.",
        "description_cy": "Mae gwarchodwr hyfforddedig yn aros gyda'r person rydych chi'n gofalu amdano.",
        "notice_hours": 24,
    }
    row = Offer.objects.create(provider=provider, unit=unit, minutes=minutes, hours=hours, **(defaults | fields))
    OfferPrice.objects.create(offer=row, price_pence=price_pence, first_day=dt.date(2026, 1, 1))
    return row


def fund(council, *, unit="pence", allocated=10_000_000, cost_code=None):
    number = next(_numbers)
    account = books.open_fund(unit=unit, allocated=allocated)
    return Fund.objects.create(
        council=council,
        account=account,
        name_en="Carers' breaks",
        name_cy="Seibiannau gofalwyr",
        cost_code=cost_code or f"CB{number:04}",
    )


def carer(council, **fields):
    number = next(_numbers)
    defaults = {
        "first_name": "Alys",
        "last_name": "Gŵyr",
        "email": f"carer{number}@post.example",
        "phone": "07700 900123",
        "address": f"{number} Stryd Fawr",
        "town": "Blackwood",
        "postcode": "NP12 1AA",
        "language": "en",
        "contact_by": "email",
    }
    return Carer.objects.create(council=council, **(defaults | fields))


def permission(carer_row, helper, first_day, *, kind="relative", days=30):
    """Leave for the helper to act for the carer, from that day for 30 days."""
    return Permission.objects.create(
        carer=carer_row,
        helper=helper,
        kind=kind,
        first_day=first_day,
        last_day=first_day + dt.timedelta(days=days),
        given_at=dt.datetime.combine(first_day, dt.time(9), tzinfo=dt.UTC),
    )


def award(
    council,
    *,
    carer_row=None,
    fund_row=None,
    value=30_000,
    unit="pence",
    first_day=dt.date(2026, 9, 1),
    now=dt.datetime(2026, 9, 1, 9, 0, tzinfo=dt.UTC),
    by=TESTS,
    ref="",
):
    """An award of £300 (or of `value` in `unit`) from 1 September 2026 to 28 February 2027; it has no code yet."""
    return awards.issue(
        council=council,
        carer=carer_row or carer(council),
        fund=fund_row or fund(council, unit=unit),
        value=value,
        first_day=first_day,
        assessment_ref=f"CNA-{next(_numbers)}",
        assessment_date=first_day - dt.timedelta(days=30),
        by=by,
        now=now,
        key=f"factory-{next(_numbers)}",
        ref=ref,
    )
