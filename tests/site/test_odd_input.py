"""What nobody types, sent to every address of a provider's people: it is refused in words, and no page falls over."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from tests.site import test_who_may_enter as doors
from tests.site.test_joining_enters_little import pages, where_is
from tests.site.test_who_may_enter import browser_of

there = doors.there
pytestmark = pytest.mark.django_db

FIELD = re.compile(r'<(?:input|select|textarea)\b[^>]*\bname="([^"]+)"[^>]*>')
KIND = re.compile(r'\btype="([^"]+)"')
# In place of what a form asks for.
ODD = {
    "nul": "\0",
    "very long": "x" * 60_000,
    "very large": "9" * 400,
    "negative": "-1",
    "last year there is": "9999",
}
KEPT = {"csrfmiddlewaretoken"}


def fields_of(page):
    """Return the names of a page's fields, and which of them take a file."""
    found = {}
    for match in FIELD.finditer(page):
        kind = KIND.search(match.group(0))
        found[match.group(1)] = kind.group(1) if kind else ""
    return {name: kind for name, kind in found.items() if name not in KEPT}


def typed(fields, odd):
    """Return that in every field, and in one for a file something that is none."""
    return {
        name: SimpleUploadedFile("x.pdf", b"%PDF-1.4 no end") if kind == "file" else odd
        for name, kind in fields.items()
    }


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_no_page_of_a_provider_falls_over(odd, there):
    client = browser_of("owner", there)
    client.raise_request_exception = False
    fell, sent = [], 0
    booking = client.get(where_is("provider:booking", there)).content.decode()
    for name in pages():
        where = where_is(name, there)
        with transaction.atomic():
            look = client.get(where)
            page = look.content.decode(errors="replace") if look.status_code == 200 else booking
            response = client.post(where, typed(fields_of(page), odd))
            sent += len(fields_of(page))
            if response.status_code >= 500:
                fell.append((name, response.status_code))
            transaction.set_rollback(True)

    assert fell == []
    assert sent > 100
