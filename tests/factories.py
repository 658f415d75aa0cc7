"""One factory a table, in the order of the arrows: accounts, providers, brochure, voucher."""

import datetime as dt
import itertools

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models import Council, Role, Scheme, User
from brochure.models import Category, Offer, OfferPrice
from providers.models import BankAccount, Provider, Staff

_numbers = itertools.count(1)


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
    return Authenticator.objects.get_or_create(user=user, type="totp", defaults={"data": {"secret": secret}})[0]


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
        "position": next(_numbers),
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
