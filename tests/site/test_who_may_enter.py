"""Every address of the site, tried by every kind of person: what may be seen and pressed stands in who_may_enter.csv.

The words of the table: "yes" the page, or the press is taken; "on" led on to another page; "sign in" asked to sign
in first; "code" asked for the code of a voucher first; "404" there is nothing here. Rows that say "press" are
addresses that only a press of a button may reach. All objects belong to Caerphilly, to Alys and to Bryn Café.
"""

import csv
import datetime as dt
import hashlib
import io
from contextlib import suppress
from pathlib import Path

import pikepdf
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone

from accounts import mail
from accounts.history import Who
from accounts.models import OutboxMessage, Role
from brochure import exemptions
from brochure.models import Edition, EditionFile, Offer, Photo
from providers import papers as provider_papers
from providers.models import Provider
from providers.paper_files import Kept
from tests import factories
from tests.voucher import breaks, claimed
from voucher.bookings import tasks
from voucher.calendars import calendar_feeds
from voucher.carers import looks
from voucher.changes import applications
from voucher.claiming import disputes
from voucher.granting import awards
from voucher.messages import answer_links
from voucher.models import Carer, Handover, Invoice, ReturnedPayment, RunFile, WaitingPlace, WalkIn, Wish, Withholding
from voucher.settling import account_changes, settlement
from voucher.standing import lapses

TABLE = Path(__file__).with_name("who_may_enter.csv")
PAY_ON = dt.date(2026, 10, 15)
OF_AN_INVOICE = ("invoice_paid", "withdraw_invoice", "ask_write_off", "write_off", "keep_invoice_open")
PEOPLE = [
    "stranger",
    "nobody",
    "by code",
    "by account",
    "other carer",
    "owner",
    "bookings",
    "claims",
    "desk",
    "other owner",
    "team",
    "preparer",
    "approver",
    "auditor",
    "administrator",
    # Holds every role there is, but with another council.
    "other council",
    # At a desk, helping Alys with her code for twenty minutes.
    "volunteer",
    # A relative with Alys's standing permission, acting for her.
    "helper",
    # Opened another award with a code that was bound to the carer's sign-in afterwards.
    "bound code",
]
# The carers team's pages that name a booking; its others name an award.
ABOUT_A_BOOKING = "booking confirm decline deliver did_not_happen cancel claim told slip not_made carer_was_there"
BOOKINGS_OF_THE_TEAM = [f"team:{name}" for name in ABOUT_A_BOOKING.split()]
OF_A_CHANGED_ACCOUNT = [
    *(f"finance:{act}" for act in ("account", "called", "agree", "refuse")),
    "provider:withdraw_bank",
]
# Those that name a provider which joins or has joined.
STANDING = ("what_it_is", "stop", "go_on", "close_provider", "not_close")
OF_A_JOINER = ["joiner", "ask_joiner", "refuse_joiner", "approve_joiner", "mentor", "end_first_months", "look_longer"]
# What is looked at by machines, before anybody is known.
WITHOUT_NAME = {"healthz", "readyz"}
REFUSALS = {"only a press", "404", "sign in", "code"}


def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [{key: word.strip() for key, word in row.items()} for row in csv.DictReader(file, skipinitialspace=True)]


def named(patterns=None, space=""):
    """Return the name of every address, as templates write it."""
    found = []
    for each in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(each, URLPattern):
            found.append(f"{space}{each.name}" if each.name else str(each.pattern))
        else:
            inner = f"{space}{each.namespace}:" if each.namespace else space
            found += named(each.url_patterns, inner)
    return found


def mistake(award, worker, now):
    """Return the number of what was written down by mistake, before the award, so that it changes nothing about it."""
    said = {"kind": "cared_for_moved", "happened_on": now.date(), "recorded_by": worker}
    award.issued_at = now
    award.save()
    return award.carer.circumstances.create(**said, recorded_at=now - dt.timedelta(days=9)).pk


def of_the_carer(award, offer, application, permission, now):
    """Return what a carer's own addresses name."""
    of_an_offer = ("ask", "too_dear", "ask_own", "ask_another", "ask_sitter", "save", "unsave", "wait")
    place = in_line(award, offer, now)
    booking = award.bookings.filter(state="requested").first()
    later = now + dt.timedelta(days=1)
    Handover.objects.create(booking=booking, offer=offer, price_pence=0, made_at=now, answer_by=later)
    return {
        "my:apply": {"kind": "more-time"},
        "my:withdraw_application": {"number": application.pk},
        **{f"my:{page}": {"slug": offer.slug} for page in of_an_offer},
        **{f"my:{page}": {"number": place.pk} for page in ("waiting", "take_place", "leave_line")},
        "my:end_helper": {"pk": permission.pk},
        "helping:": {"pk": permission.pk},
    }


def of_the_provider(line, advice, post):
    """Return what the addresses of a provider's own money, people and days name."""
    return {
        "provider:joining_step": {"step": "contact"},
        **{f"provider:{page}": {"pk": post.pk} for page in ("colleague", "remove_colleague")},
        "provider:day_list": {"day": "2026-10-16"},
        "provider:enter_day": {"day": "2026-10-09"},
        "provider:make_claim": {"council": "caerphilly"},
        "provider:claim": {"number": line.claim.number},
        "provider:account": {"ref": line.booking.ref},
        "provider:remittance": {"number": advice.pk},
        "provider:figures_paper": {"key": "fy2026"},
        "provider:table": {"kind": "payments", "key": "fy2026", "extension": "csv"},
    }


@pytest.fixture
def there(monkeypatch, settings, caerphilly, flintshire, bryn_cafe, bryn, now):
    """Everything that an address can name, and the people, by the words of the table."""
    settings.SESSION_COOKIE_AGE = 10**8
    # The limits on tries at the door are not what is looked at here.
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: now)
    Provider.objects.filter(pk=bryn_cafe.pk).update(approved_on=now.date(), provisional_until=now.date())
    alys = factories.user("alys@post.example", name="Alys")
    award = factories.award(caerphilly, carer_row=factories.carer(caerphilly, user=alys), value=40_000)
    sitting = factories.offer(bryn_cafe, slug="sitting-at-home", number=1234)
    (line,) = claimed.lines(bryn_cafe, award, by=Who(bryn))
    waiting = breaks.ask(award, sitting, now)
    wish = Wish.objects.create(council=caerphilly, carer=award.carer, theme="sitting", words="Cards", made_at=now)
    people = the_people(caerphilly, flintshire, bryn_cafe, alys, bryn)
    permission = factories.permission(award.carer, people["helper"], now.date())
    by = {name: Who(people[name]) for name in ("preparer", "approver")}
    run = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=PAY_ON, by=by["preparer"], now=now, key="prepare-1"
    )
    run = settlement.release(run=run, by=by["approver"], now=now)
    disputes.make(booking=line.booking, said_minutes=0, by=Who(label="tests"), now=now)
    task = tasks.give(booking=waiting, kind="pay_by_hand", now=now)
    advice, unsent = papers(run, bryn_cafe, now), unsent_letter(caerphilly)
    asked = applications.apply(
        award=award, kind="more_value", reason="costs_more", wanted_amount=4_000, by=Who(label="tests"), now=now
    )
    another = account_changes.ask(
        provider=bryn_cafe, name="Bryn", sort_code="445566", account_number="20202020", by=Who(bryn), now=now
    )
    code = {name: awards.new_code(award=each, by=factories.TESTS, now=now) for name, each in carers(award).items()}
    addresses = {
        **{page: {"pk": unsent.pk} for page in ("demo_letter", "team:try_again", "team:message_told")},
        "team:application": {"number": asked.pk},
        "team:circumstance": {"ref": award.ref, "kind": "carer-died"},
        "team:mistake": {"ref": award.ref, "number": mistake(award, people["team"], now)},
        "category": {"category": "sitting"},
        "offer": {"slug": sitting.slug},
        "printed_offer": {"number": sitting.number},
        **{f"provider:{page}": {"number": sitting.number} for page in ("prices", "take_back_price", "hours")},
        **{page: {"number": 1, "language": "en"} for page in ("edition_file", "edition_file_large")},
        **of_the_carer(award, sitting, asked, permission, now),
        "answer": {"token": answer_links.token(waiting, answer_links.ACCEPT)},
        "calendar_feed": {"token": private_calendar(bryn, bryn_cafe, now)},
        **of_the_provider(line, advice, people["desk"].provider_posts.get()),
        **of_finance(run, line, advice, bryn_cafe, people["preparer"], now),
        "team:resolve": {"ref": line.booking.ref},
        **{page: {"pk": task.pk} for page in ("team:task_done", "team:task_pay")},
        "team:task_let_go": {"pk": tasks.give_about_place(place=in_line(award, sitting, now), now=now).pk},
        "team:appeal": {"pk": tasks.give(booking=waiting, kind="appeal", now=now).pk},
        "team:task_dispute": {"pk": tasks.give(booking=waiting, kind="not_mine", now=now).pk},
        "team:listing": {"kind": "ending"},
        **{f"team:{page}": {"ref": bryn_cafe.ref} for page in ("provider", *STANDING, *OF_A_JOINER)},
        **shown_papers(sitting, waiting, people, now),
        **of_an_offer(sitting, now),
        "team:wishes_theme": {"theme": "sitting"},
        **{page: {"pk": wish.pk} for page in ("team:confirm_wish", "team:close_wish")},
        **{page: {"ref": waiting.ref} for page in BOOKINGS_OF_THE_TEAM},
        **{page: {"pk": another.pk} for page in OF_A_CHANGED_ACCOUNT},
        **{page: {"ref": at_the_door(award, sitting, bryn, now).ref} for page in ("my:walk_in", "provider:walk_in")},
        "people:remove_role": {"pk": people["team"].pk, "kind": "team"},
        "people:remove_post": {"pk": people["bookings"].pk, "provider": bryn_cafe.pk},
        **{f"mfa_{act}_webauthn": {"pk": 1} for act in ("edit", "remove")},
        # What else an address of that room can name.
        "my:": {"ref": waiting.ref},
        "provider:": {"ref": waiting.ref},
        "team:": {"ref": award.ref},
        "finance:": {"number": run.number},
        "people:": {"pk": people["bookings"].pk},
    }
    return {"people": people, "codes": code, "addresses": addresses, "permission": permission}


def of_finance(run, line, advice, provider, preparer, now):
    """Return what the addresses of finance name that are about one line, one payment or one provider."""
    return {
        "finance:asked": {"number": line.pk},
        "finance:let_go": {"pk": let_go(provider, preparer, now)},
        "finance:write_invoice": {"ref": provider.ref},
        **{f"finance:{page}": {"pk": invoice_to(provider, preparer, now)} for page in OF_AN_INVOICE},
        "finance:file": {"number": run.number, "pk": advice.pk},
        "finance:clear": {"pk": came_back(run, provider, preparer, now).pk},
    }


def of_an_offer(offer, now):
    """Return what the addresses of an offer name, for its provider and for the carers team; with a photo."""
    picture = {"alt_en": "A garden", "width": 1, "height": 1, "small": b"small", "large": b"large"}
    photo = Photo.objects.create(offer=offer, key="k" * 22, state="shown", added_at=now, **picture)
    own = ("offer", "send_offer", "take_back", "hide_offer", "show_offer", "withdraw_offer", "offer_photos")
    return {
        "photo": {"key": photo.key, "size": "small"},
        **{f"provider:{page}": {"number": offer.number} for page in own},
        "provider:edit_offer": {"number": offer.number, "part": "words"},
        "provider:change_photo": {"number": offer.number, "pk": photo.pk},
        "provider:describe_photo": {"number": offer.number, "pk": photo.pk},
        "team:offer": {"number": offer.number},
        "team:offer_photo": {"number": offer.number, "pk": photo.pk},
    }


def a_page():
    """Return an empty page as PDF, as small as one can be."""
    page = pikepdf.new()
    page.add_blank_page()
    written = io.BytesIO()
    page.save(written)
    return written.getvalue()


def shown_papers(offer, booking, people, now):
    """Return where the papers, the exemption and the task of a provider are that the carers team has to look at."""
    provider, by = offer.provider, Who(people["owner"])
    Offer.objects.filter(pk=offer.pk).update(personal_care=True)
    file = Kept("application/pdf", "pdf", a_page())
    paper = provider_papers.add(provider=provider, kind="safeguarding", file=file, by=by, now=now)
    about = {"person": "Mari", "level": "barred", "issued_on": now.date()}
    check = lapses.add_check(provider=provider, by=by, now=now, **about)
    words = {"grounds": "Four people", "evidence": "Our list"}
    exemption = exemptions.ask(offer=offer, duty="personal_care", by=by, now=now, **words)
    return {
        **{page: {"pk": paper.pk} for page in ("provider:paper_file", "team:paper_file", "team:paper")},
        "provider:paper": {"kind": "safeguarding"},
        "provider:end_check": {"pk": check.pk},
        "provider:exemption": {"number": offer.number, "duty": "personal_care"},
        "team:exemption": {"pk": exemption.pk},
        "team:no_check": {"number": offer.number},
        "team:let_go": {"ref": provider.ref, "kind": "food"},
        "team:rearrange": {"pk": tasks.give(booking=booking, kind="rearrange", now=now).pk},
    }


def came_back(run, provider, by, now):
    return ReturnedPayment.objects.create(
        **{"run": run, "provider": provider, "amount_pence": 1, "reason": "closed", "returned_on": PAY_ON},
        **{"noted_by": by, "noted_at": now},
    )


def invoice_to(provider, by, now):
    """Return the number of an invoice that its council has written to the provider."""
    wanted = {"council": provider.council, "provider": provider, "number": "AR-1"}
    told = {"dated": now.date(), "amount_pence": 1, "written_by": by, "written_at": now}
    return Invoice.objects.get_or_create(**wanted, defaults=told)[0].pk


def let_go(provider, by, now):
    """Return the number of payments that waited and were let go again."""
    wanted = {"council": provider.council, "provider": provider, "reason": "Asked.", "ended_because": "Answered."}
    told = {"begun_by": by, "begun_at": now, "ended_by": by, "ended_at": now}
    return Withholding.objects.get_or_create(**wanted, defaults=told)[0].pk


def in_line(award, offer, now):
    """Return what the carer waits for; her offer keeps a list."""
    Offer.objects.filter(pk=offer.pk).update(has_waiting_list=True)
    wanted = {"award": award, "offer": offer, "day": dt.date(2026, 10, 30), "minutes": 60}
    return WaitingPlace.objects.get_or_create(**wanted, defaults={"made_at": now})[0]


def at_the_door(award, offer, by, now):
    """Return what waits for the carer's yes, as it stands in the addresses of both sides."""
    asked = {"award": award, "provider": offer.provider, "offer": offer, "asked_by": by, "asked_at": now}
    rest = {"minutes": 60, "price_pence": 2_500, "answer_by": now + dt.timedelta(minutes=30)}
    return WalkIn.objects.get_or_create(ref="WALKED1N", defaults={**asked, **rest, "starts_at": now})[0]


def papers(run, provider, now):
    """Make the files of the first edition, and a remittance advice of the run; return the advice."""
    content = b"A file."
    file = {"council": run.council, "sha256": hashlib.sha256(content).hexdigest(), "content": content, "made_at": now}
    edition = Edition.objects.create(number=1, made_on=now.date(), prices_until=dt.date(2027, 3, 31))
    for large in (False, True):
        EditionFile.objects.create(
            edition=edition, language="en", large_print=large, pages=1, sha256=file["sha256"], content=content
        )
    return RunFile.objects.create(run=run, kind="remittance", provider=provider, language="en", name="1.pdf", **file)


def private_calendar(owner, provider, now):
    post = owner.provider_posts.get(provider=provider)
    return calendar_feeds.make(post=post, language="en", by=Who(owner), now=now)


def unsent_letter(council):
    return OutboxMessage.objects.create(
        **{"kind": "news", "channel": "post", "to": "Alys\nNP12 1AA", "language": "en", "subject": "News"},
        **{"body": "News\n\nWords.", "dedupe_key": "news", "council": council, "attempts": mail.TRIES_MAX},
    )


def the_people(caerphilly, flintshire, bryn_cafe, alys, bryn):
    people = dict.fromkeys(PEOPLE) | {"by account": alys, "owner": bryn}
    people["nobody"] = factories.user("dafydd@post.example", name="Dafydd")
    for kind in ("bookings", "claims", "desk"):
        people[kind] = factories.provider_staff(bryn_cafe, f"{kind}@provider.example", name=kind, kind=kind)
    people["other owner"] = factories.provider_staff(factories.provider(caerphilly), "huw@provider.example", name="Huw")
    roles = {"preparer": "finance_preparer", "approver": "finance_approver"}
    for name in ("team", "preparer", "approver", "auditor", "administrator"):
        email = f"{name}@council.example"
        people[name] = factories.user(email, name=name, role=roles.get(name, name), council=caerphilly)
    people["volunteer"] = factories.user("volunteer@council.example", role="volunteer", council=caerphilly)
    people["helper"] = factories.user("mair@post.example", name="Mair")
    people["other council"] = factories.user("every@flintshire.example", name="Nia")
    for kind in Role.Kind.values:
        Role.objects.create(user=people["other council"], council=flintshire, kind=kind)
    return people


def carers(award):
    other = factories.carer(award.council, first_name="Megan")
    bound = factories.carer(award.council, first_name="Nesta", user=factories.user("nesta@post.example"))
    return {
        "by code": award,
        "other carer": factories.award(award.council, carer_row=other),
        "bound code": factories.award(award.council, carer_row=bound),
    }


def browser_of(person, there, **options):
    client = Client(**options)
    if person in there["codes"]:
        client.post(reverse("open_award"), {"code": there["codes"][person]})
    elif user := there["people"][person]:
        client.force_login(user)
    if person == "bound code":
        Carer.objects.filter(first_name="Nesta").update(code_bound_at=timezone.now())
    if person == "volunteer":
        client.post(reverse("helping:begin"), {"code": there["codes"]["by code"], "agrees": "on"})
    if person == "helper":
        client.post(reverse("helping:act", args=[there["permission"].pk]))
    return client


def address(page, there):
    """Return the address of a named page, with what it names."""
    known = there["addresses"]
    room = page.partition(":")[0] + ":"
    for given in (known.get(page, {}), known.get(room, {})):
        with suppress(NoReverseMatch):
            return reverse(page, kwargs=given)
    return reverse(page)


def knock(client, page, there, press=False):
    """Go to a page, or press there without having typed anything; return what comes back in a word of the table."""
    kept = client.cookies.copy()
    response = (client.post if press else client.get)(address(page, there))
    # Whoever has just signed out, or left, is back for the next page.
    client.cookies = kept
    return outcome(response)


def outcome(response):
    """Return what came back in a word of the table."""
    if response.status_code in {301, 302}:
        where = response["Location"].removeprefix("/cy")
        if where.startswith("/account/sign-in/?"):
            return "sign in"
        return "code" if where.startswith("/v/?") else "on"
    return {200: "yes", 404: "404", 405: "only a press"}.get(response.status_code, str(response.status_code))


@pytest.fixture
def writes():
    """Every statement that would change something, but for the browser's own session, and that somebody looked."""
    seen = []

    def watch(execute, sql, params, many, context):
        changes = sql.split(None, 1)[0].upper() in {"INSERT", "UPDATE", "DELETE"} and '"django_session"' not in sql
        # Of many rows at once PostgreSQL is given each column as a list.
        acts = [set(each) if isinstance(each, list) else {each} for each in params or ()]
        looked = {looks.SEEN} in acts or {"document.seen"} in acts
        if changes and not (sql.startswith('INSERT INTO "accounts_historyentry"') and looked):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield seen


def test_the_table_lists_every_address_and_no_other():
    listed = [row["page"] for row in rows()]

    assert sorted(listed) == sorted({*named()} - WITHOUT_NAME)
    assert all(list(row) == ["page", "how", *PEOPLE] for row in rows())


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
def test_a_look_shows_what_the_table_says_and_changes_nothing(person, there, writes):
    client, found, changed = browser_of(person, there), [], {}
    for row in rows():
        writes.clear()
        word = knock(client, row["page"], there)
        if row["how"] == "press" and word in REFUSALS:
            word = row[person]
        found.append((row["page"], word))
        if writes:
            changed[row["page"]] = list(writes)

    assert found == [(row["page"], row[person]) for row in rows()]
    assert changed == {}


@pytest.mark.django_db
@pytest.mark.parametrize("person", PEOPLE)
def test_a_press_is_taken_only_from_whom_the_table_says(person, there):
    client, wrong = browser_of(person, there), []
    for row in rows():
        with transaction.atomic():
            word = knock(client, row["page"], there, press=True)
            transaction.set_rollback(True)
        if row["how"] == "press":
            right = row[person] == ("yes" if word == "on" else word)
        else:
            # Where a look is refused, so is a press.
            right = row[person] in {"yes", "on"} or word in {row[person], "only a press"}
        if not right:
            wrong.append((row["page"], word, row[person]))

    assert wrong == []


PRESSING = [
    "by code",
    "by account",
    "owner",
    "bookings",
    "claims",
    "desk",
    "team",
    "preparer",
    "approver",
    "administrator",
]


@pytest.mark.django_db
@pytest.mark.parametrize("person", [*PRESSING, "volunteer", "helper"])
def test_a_press_that_comes_from_another_site_is_refused(person, there):
    client = browser_of(person, there)
    client.handler.enforce_csrf_checks = True
    taken = {}
    for row in rows():
        if row["how"] == "press" and row[person] == "yes":
            response = client.post(address(row["page"], there))
            if response.status_code != 403:
                taken[row["page"]] = response.status_code

    assert taken == {}
