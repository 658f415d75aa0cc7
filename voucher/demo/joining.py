"""Two providers of a local copy that have not joined yet: one has begun, one waits for the carers team's answer."""

import datetime as dt

from accounts.history import Who
from brochure import offering
from brochure.models import Category
from providers import joining, papers
from providers.joining import Step
from voucher.standing import joining_desk

BEGUN, SENT = "sian@joining.example", "tomos@joining.example"
# As long ago as it was begun, and sent.
BEGUN_BEFORE, SENT_BEFORE = dt.timedelta(days=9), dt.timedelta(days=6)
ONE_YEAR = dt.timedelta(days=365)
DRAFT = {"unit": "hour", "minutes": 60, "hours": "Mon-Fri 09:00-17:00", "notice_hours": 48}


def tell(council, users, *, now):
    """Let both providers be where they are; `users` are their owners by address. Told once, it is not told again."""
    sian, tomos = users[BEGUN], users[SENT]
    if not sian.provider_posts.exists():
        _begin(council, sian, "Siân Morgan", now - BEGUN_BEFORE)
    if not tomos.provider_posts.exists():
        provider = _begin(council, tomos, "Gardd y Bont", now - BEGUN_BEFORE)
        _tell_everything(provider, Who(user=tomos), now - SENT_BEFORE)
        words = "We can begin at once. The garden has a warm room for wet days."
        joining_desk.send(provider=provider, words=words, by=Who(user=tomos), now=now - SENT_BEFORE)


def _begin(council, user, name, now):
    by = Who(user=user)
    provider = joining.begin(user=user, name=name, council=council, language=user.language, by=by, now=now)
    values = {"legal_form": "sole trader", "has_staff": False, "serves_food": False}
    joining.save(provider=provider, step=Step.ORGANISATION, values=values, by=by, now=now)
    return provider


def _tell_everything(provider, by, now):
    of_a_group = {"legal_form": "co-operative", "is_user_led": True}
    contact = {
        "contact_name": "Tomos Price",
        "address": "The Old Nursery, Bridge Road",
        "town_en": "Ystrad Mynach",
        "town_cy": "Ystrad Mynach",
        "postcode": "CF82 7PG",
        "phone": "01632 960177",
        "email": SENT,
        "language": "en",
        "speaks_welsh": True,
    }
    for step, values in {
        Step.ORGANISATION: of_a_group,
        Step.CONTACT: contact,
        Step.VAT: {"vat_treatment": "not registered", "vat_told": True},
    }.items():
        joining.save(provider=provider, step=step, values=values, by=by, now=now)
    account = {"name": "Gardd y Bont", "sort_code": "556677", "account_number": "20304050", "roll_number": ""}
    joining_desk.give_account(provider=provider, **account, by=by, now=now)
    joining.agree_to_terms(provider=provider, edition=joining.TERMS_EDITION, by=by, now=now)
    for kind in papers.asked(provider):
        until = now.date() + ONE_YEAR if kind in papers.WITH_AN_END else None
        papers.add(provider=provider, kind=kind, reference="GYB 2026", valid_until=until, by=by, now=now)
    offer = offering.make_draft(
        provider=provider,
        category=Category.objects.get(slug="garden-and-craft"),
        title_en="An hour in the walled garden",
        title_cy="Awr yn yr ardd furiog",
        description_en="Sow, prune, or sit on the bench with a cup of tea. Come alone or together.",
        description_cy="Hau, tocio, neu eistedd ar y fainc gyda phaned. Dewch ar eich pen eich hun neu gyda'ch gilydd.",
        by=by,
        now=now,
    )
    offering.change(offer=offer, to=DRAFT, by=by, now=now)
    offering.set_first_price(offer=offer, price_pence=900, by=by, now=now)
