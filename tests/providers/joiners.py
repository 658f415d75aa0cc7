"""Providers on their way, for tests: begun, told, with drafts and papers, as far as a test needs them."""

import datetime as dt

from accounts.history import Who
from brochure import offering
from providers import joining, papers
from providers.joining import Step
from tests import factories
from voucher.standing import joining_desk

TOLD = {
    Step.ORGANISATION: {
        "name": "Siân Gwarchod",
        "legal_form": "sole trader",
        "is_user_led": False,
        "has_staff": False,
        "serves_food": False,
        "ciw_number": "",
    },
    Step.CONTACT: {
        "contact_name": "Siân Morgan",
        "address": "2 Heol y Bont",
        "town_en": "Blackwood",
        "town_cy": "Coed-duon",
        "postcode": "NP12 1AA",
        "phone": "01632 960111",
        "email": "sian@provider.example",
        "language": "cy",
        "speaks_welsh": True,
    },
    Step.VAT: {"vat_treatment": "not registered", "vat_number": "", "vat_told": True},
}
ACCOUNT = {"name": "S Morgan", "sort_code": "112233", "account_number": "12345670", "roll_number": ""}
INSURED_UNTIL = dt.date(2027, 3, 31)


def begun(council, now, *, email="sian@provider.example", name="Siân Gwarchod"):
    """A provider that has just begun; returns it and its owner."""
    user = factories.user(email, name="Siân Morgan")
    by = Who(user=user)
    return joining.begin(user=user, name=name, council=council, language="cy", by=by, now=now), user


def tell(provider, user, now):
    """Everything told but offers and papers."""
    by = Who(user=user)
    for step, values in TOLD.items():
        joining.save(provider=provider, step=step, values=values, by=by, now=now)
    joining_desk.give_account(provider=provider, **ACCOUNT, by=by, now=now)
    joining.agree_to_terms(provider=provider, edition=joining.TERMS_EDITION, by=by, now=now)


def draft(
    provider, user, now, *, title_en="Company while you are out", title_cy="", price_pence=1800, slug="wellbeing"
):
    """A draft that is complete: companionship, no personal care."""
    by = Who(user=user)
    offer = offering.make_draft(
        provider=provider,
        category=factories.category(slug),
        title_en=title_en,
        title_cy=title_cy,
        description_en="Cards, a walk, a cup of tea." if title_en else "",
        description_cy="" if title_en else "Cardiau, tro bach, paned o de.",
        by=by,
        now=now,
    )
    offering.change(offer=offer, to={"unit": "hour", "minutes": 60, "hours": "Mon-Fri 09:00-17:00"}, by=by, now=now)
    offering.set_first_price(offer=offer, price_pence=price_pence, by=by, now=now)
    offer.refresh_from_db()
    return offer


def show_papers(provider, user, now):
    """The three papers that are asked of everybody, waiting; insured until 31 March."""
    by = Who(user=user)
    return [
        papers.add(
            provider=provider,
            kind=kind,
            reference=f"{kind} 1",
            valid_until=INSURED_UNTIL if kind == "public_liability" else None,
            by=by,
            now=now,
        )
        for kind in ("public_liability", "safeguarding", "data_sharing")
    ]


def accept_papers(provider, worker, now):
    for document in provider.documents.filter(state="waiting"):
        papers.accept(document=document, by=Who(user=worker), now=now)


def sent(council, now):
    """A provider that waits for the carers team's answer, with one draft; returns it and its owner."""
    provider, user = begun(council, now)
    tell(provider, user, now)
    draft(provider, user, now)
    show_papers(provider, user, now)
    provider = joining_desk.send(provider=provider, by=Who(user=user), now=now)
    return provider, user
