"""Who looked: whoever is shown how to reach a carer, or where they live, stands in the carer's list of looks.

Every address of the site is opened by everybody who works for a council or a provider, and by everybody who helps; in
what comes back, pages and papers alike, the test looks for Alys's own telephone, e-mail address, street and postcode.
"""

import datetime as dt
import io

import pypdfium2
import pytest
from django.db import transaction
from django.urls import reverse

from accounts import mail
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from tests.site import test_who_may_enter as doors
from tests.site.test_who_may_enter import address, browser_of, rows
from voucher.bookings import tasks
from voucher.carers import looks
from voucher.messages import writing
from voucher.models import Booking, Carer

there = doors.there
pytestmark = pytest.mark.django_db

WHO = [
    "owner",
    "bookings",
    "claims",
    "desk",
    "team",
    "preparer",
    "approver",
    "auditor",
    "administrator",
    "volunteer",
    "helper",
]
REACH = {
    "phone": "07700 900777",
    "email": "unique.alys@post.example",
    "address": "77 Heol Unigryw",
    "postcode": "CF83 9ZZ",
}
# Acts that the carer is told of under "who looked".
TOLD = {*looks.OF_THE_CARER, *looks.OF_THE_AWARD, "booking.contact_seen"}
LISTS = ["unanswered", "to-tell", "problems", "not-marked", "not-claimed", "no-code", "ending"]


@pytest.fixture
def alys(there, caerphilly, now):
    """Alys, with much that stands on the lists of her carers team."""
    carer = Carer.objects.get(user__email="alys@post.example")
    Carer.objects.filter(pk=carer.pk).update(contact_by="post", **REACH)
    carer.refresh_from_db()
    # It ends within four weeks, waits for its letter, and has no code.
    factories.award(caerphilly, carer_row=carer, first_day=dt.date(2026, 4, 20))
    waiting = Booking.objects.get(award__carer=carer, state="requested")
    tasks.give(booking=waiting, kind="nobody_came", now=now)
    Booking.objects.filter(pk=waiting.pk).update(state="confirmed", answered_at=now)
    OutboxMessage.objects.create(
        **{"kind": "news", "channel": "email", "to": carer.email, "language": "en", "subject": "News", "body": "News"},
        **{"dedupe_key": "alys", "council": caerphilly, "attempts": mail.TRIES_MAX, "reader": writing.reader(carer)},
    )
    return carer


def shown(response):
    """Return the ways to reach Alys that stand in an answer, a page or a paper."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if response.headers.get("Content-Type", "") == "application/pdf" and content.startswith(b"%PDF"):
        pages = pypdfium2.PdfDocument(io.BytesIO(content))
        words = " ".join(page.get_textpage().get_text_range() for page in pages)
    else:
        words = content.decode(errors="replace")
    words = " ".join(words.replace("\xa0", " ").split())
    return sorted(name for name, text in REACH.items() if text in words)


def unseen(person, user, open_pages):
    """Return the pages among these that show how to reach Alys while nothing tells her so."""
    found = []
    for name, ask in open_pages:
        with transaction.atomic():
            reach = shown(ask())
            if reach and not HistoryEntry.objects.filter(actor=user, act__in=TOLD).exists():
                found.append((name, reach))
            transaction.set_rollback(True)
    return found


def pages_for(client, there):
    """Yield each address with its name, once to be opened and once to be pressed, and lists and searches beside."""
    for row in rows():
        page = row["page"]
        if page in {"account_logout", "demo", "demo_letter"}:
            continue
        yield page, lambda page=page: client.get(address(page, there))
        if page.startswith(("team:", "provider:", "finance:", "people:", "audit:")) and page != "provider:contact":
            yield f"{page}, pressed", lambda page=page: client.post(address(page, there))
    for kind in LISTS:
        yield kind, lambda kind=kind: client.get(reverse("team:listing", args=[kind]))
    for words in ("Alys", REACH["postcode"]):
        yield f"find {words}", lambda words=words: client.post(reverse("team:search"), {"words": words})


@pytest.mark.sqlite
@pytest.mark.parametrize("person", WHO)
def test_nobody_is_shown_how_to_reach_a_carer_without_the_carer_being_told(person, there, alys):
    client = browser_of(person, there)
    known = Carer.objects.get(pk=alys.pk)
    issue = f"{reverse('team:issue')}?carer={known.pk}"
    pages = [*pages_for(client, there), ("issue to a known carer", lambda: client.get(issue))]

    assert unseen(person, there["people"][person], pages) == []


def test_the_walk_does_find_what_is_shown(there, alys):
    client = browser_of("team", there)

    found = {name for name, ask in pages_for(client, there) if name in {"team:award", "ending"} and shown(ask())}

    assert found == {"team:award", "ending"}
