"""The people of a local copy, made up, with everything needed to sign in as each of them."""

import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.history import Who
from accounts.models import Council, Language, Role, User
from accounts.people import give_role
from providers import own_money
from providers.models import Provider, Staff
from providers.staff import give_post
from voucher.demo import joining, money, offers, papers, stories, times
from voucher.granting import awards
from voucher.ledger.models import Unit
from voucher.models import Award, Carer

PASSWORD = "bridging-the-gap"
COUNCIL = "caerphilly"
OWNER, TEAM = "bryn@provider.example", "carys@council.example"
FINANCE = {"preparer": "ffion", "approver": "gwen"}
# Of the further awards: begun so long ago, with so much time left, and how their carers are reached.
BEGUN, LEFT = dt.timedelta(days=14), dt.timedelta(days=42)
MORE_BY = (Carer.ContactBy.EMAIL, Carer.ContactBy.POST, Carer.ContactBy.SMS)
CODES_FILE = settings.VAR_DIR / "demo.json"


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as: their kind of work in words, and in the code of a role or a post."""

    name: str
    email: str
    work: str
    kind: str
    language: str = Language.ENGLISH

    @property
    def secret(self):
        """The key of their app: always the same, so that an app set up once keeps working."""
        return base64.b32encode(hashlib.sha1(self.email.encode()).digest()).decode()

    @property
    def code_now(self):
        """The code that their app would show at this moment."""
        return auth.format_hotp_value(auth.hotp_value(self.secret, next(auth.yield_hotp_counters_from_time())))

    @property
    def is_council_staff(self):
        return self.kind in Role.Kind.values


PEOPLE = [
    Person("Alys Rees", "alys@carer.example", _("Carer with an account"), "carer", Language.WELSH),
    Person("Nia Rees", stories.HELPER, _("Helper: may act for the carer above"), "helper"),
    Person("Bryn Powell", OWNER, _("Provider: owner"), Staff.Kind.OWNER),
    Person("Eira Lewis", "eira@provider.example", _("Provider: bookings"), Staff.Kind.BOOKINGS, Language.WELSH),
    Person("Ceri Price", "ceri@provider.example", _("Provider: claims"), Staff.Kind.CLAIMS),
    Person("Dylan Howells", "dylan@provider.example", _("Provider: desk"), Staff.Kind.DESK),
    Person("Siân Morgan", joining.BEGUN, _("Provider: joining"), "joining", Language.WELSH),
    Person("Tomos Price", joining.SENT, _("Provider: waits for approval"), "joining"),
    Person("Carys Evans", TEAM, _("Carers team"), Role.Kind.TEAM),
    # Whoever made a finding does not answer the provider that disagrees (R29), so there are two.
    Person("Glenys Owen", "glenys@council.example", _("Carers team: a colleague"), Role.Kind.TEAM),
    Person("Hywel Parry", "hywel@council.example", _("Desk volunteer"), Role.Kind.VOLUNTEER, Language.WELSH),
    Person("Ffion Jones", "ffion@council.example", _("Finance: prepares payment runs"), Role.Kind.FINANCE_PREPARER),
    Person("Gwen Davies", "gwen@council.example", _("Finance: releases payment runs"), Role.Kind.FINANCE_APPROVER),
    Person("Mair Hughes", "mair@council.example", _("Administrator"), Role.Kind.ADMINISTRATOR),
    Person("Aled Morgan", "aled@audit.example", _("Auditor"), Role.Kind.AUDITOR),
]


class NoPilot(Exception):
    """The people need a council with awards and a provider: load the pilot's files first."""


def make_people(*, now, on):
    """Make every person of the demonstration, or mend what is missing of them; returns the open codes.

    Run again it changes nothing, but a carer's code that no longer opens is replaced. Raises NoPilot.
    """
    council = Council.objects.filter(slug=COUNCIL).first()
    # One that is paid through the bank, so that every step can be tried.
    usable = Provider.objects.filter(council=council, state=Provider.State.LIVE, offers__isnull=False)
    provider = usable.filter(bank_accounts__state="checked").first() or usable.first()
    if council is None or provider is None:
        raise NoPilot
    by = Who(label="make_demo_people")
    # So that all four ways on can be tried where a break costs more than is left.
    own_money.set_takes_own_money(provider=provider, takes=True, by=by, now=now)
    offers.set_terms(provider, by=by, now=now)
    for person in PEOPLE:
        with transaction.atomic():
            user = _make(person)
            if person.is_council_staff:
                give_role(user=user, council=council, kind=person.kind, by=by, now=now)
            elif person.kind in Staff.Kind.values:
                give_post(user=user, provider=provider, kind=person.kind, by=by, now=now)
    chosen = _awards_to_show(council, on)
    if award := chosen.get(stories.STORIES[0].name):
        _give_account(award, User.objects.get(email=PEOPLE[0].email))
        stories.give_helper(award, now=now)
    owner = Who(user=User.objects.get(email=OWNER))
    told = {
        story.name: stories.tell(story, stories.Setting(chosen[story.name], provider, owner, now))
        for story in stories.STORIES
        if story.name in chosen
    }
    new = User.objects.filter(email__in=[joining.BEGUN, joining.SENT])
    joining.tell(council, {user.email: user for user in new}, now=now)
    team = Who(user=User.objects.get(email=TEAM))
    papers.tell(council, provider, owner=owner, team=team, now=now)
    offers.tell(provider, owner=owner, team=team, now=now)
    times.tell(council, provider, waits=chosen.get(stories.STORIES[0].name), now=now)
    finance = {name: Who(user=User.objects.get(email=f"{first}@council.example")) for name, first in FINANCE.items()}
    money.tell(council, provider, owner=owner, now=now, **finance)
    return _open_codes(chosen, told, by=by, now=now)


def open_codes():
    """Return what make_people wrote down of the carers' codes: code, carer's name and value of each."""
    return json.loads(CODES_FILE.read_text()) if CODES_FILE.exists() else []


def _make(person):
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create_user(person.email, PASSWORD, name=person.name, language=person.language)
    elif not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(user=user, email=person.email, defaults={"verified": True, "primary": True})
    if person.is_council_staff:
        _give_app(user, person.secret)
    return user


def _give_app(user, secret):
    """Give the person an app with this key, also where an old one was stored under a secret that is gone."""
    keys = get_adapter()
    app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if app is None:
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": keys.encrypt(secret)})
    elif keys.decrypt(app.data["secret"]) != secret:
        app.data = {"secret": keys.encrypt(secret)}
        app.save(update_fields=["data"])


def _awards_to_show(council, on):
    """Return {story's name: award}: one in pounds, one in hours, and some that began weeks ago for further stories.

    Not every council gives hours, so any will do. Run again it returns the same ones while they last.
    """
    begun = Award.objects.filter(account__first_day__lte=on, account__last_day__gte=on)
    running = begun.select_related("account", "carer", "council__scheme").order_by("-account__last_day", "pk")
    usable = running.filter(account__available__gt=0)
    pounds, hours = (usable.filter(account__unit=unit) for unit in Unit)
    older = pounds.filter(council=council, account__first_day__lte=on - BEGUN, account__last_day__gte=on + LEFT)
    # Carers who are reached in each way there is.
    more = [older.filter(carer__contact_by=way).order_by("account__available", "pk") for way in MORE_BY]
    places = [
        [pounds.filter(council=council), pounds],
        [hours.filter(council=council), hours],
        *([each] for each in more),
    ]
    before = {row.get("slot"): row["award"] for row in open_codes()}
    found = {}
    for story, rows in zip(stories.STORIES, places, strict=True):
        same = running.filter(ref=before.get(story.name, ""))
        taken = [award.pk for award in found.values()]
        award = next((row for each in [same, *rows] if (row := each.exclude(pk__in=taken).first())), None)
        if award:
            found[story.name] = award
    return found


def _give_account(award, user):
    if award.carer.user is None:
        award.carer.user = user
        award.carer.save(update_fields=["user"])


def _open_codes(chosen, told, *, by, now):
    """Return a working code for each award, the one written down before if it still opens, and the story told on it."""
    before = {row["award"]: row for row in open_codes()}
    told_before = {ref: row.get("story", "") for ref, row in before.items()}
    rows = []
    for slot, award in chosen.items():
        row = before.get(award.ref)
        if row is None or not _opens(row["code"]):
            code = awards.new_code(award=award, by=by, now=now)
            # It is handed out here, so no letter with a fresh code may put an end to it.
            Award.objects.filter(pk=award.pk, printed_at=None).update(printed_at=now)
            row = {
                "award": award.ref,
                "code": code,
                "name": str(award.carer),
                "council": award.council.name_en,
                "unit": award.account.unit,
            }
        # Told before, it is not told again.
        row |= {"slot": slot, "story": told[slot] or told_before.get(award.ref, "")}
        rows.append(row)
    CODES_FILE.parent.mkdir(parents=True, exist_ok=True)
    CODES_FILE.write_text(json.dumps(rows, indent=1))
    return rows


def _opens(code):
    try:
        awards.open_with(code=code)
    except awards.CodeRefused:
        return False
    return True
