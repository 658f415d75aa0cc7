"""Every button can be pressed: a form within a part of a page has the token without which it is refused."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests import factories

TEMPLATES = Path(settings.BASE_DIR) / "templates"
INCLUDE = re.compile(r'{%\s*include\s+"([^"]+)"([^%]*)%}')


@cache
def includes(name):
    return INCLUDE.findall((TEMPLATES / name).read_text())


@cache
def has_a_form(name):
    """True where this template, or a part of it, writes the token of a form."""
    return "{% csrf_token %}" in (TEMPLATES / name).read_text() or any(
        has_a_form(part) for part, _how in includes(name)
    )


def test_a_part_that_is_given_only_some_words_is_given_the_token_of_its_form():
    found = [
        f"{path.relative_to(TEMPLATES)}: {part}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for part, how in includes(str(path.relative_to(TEMPLATES)))
        if how.split()[-1:] == ["only"] and has_a_form(part) and "csrf_token=csrf_token" not in how
    ]

    assert found == []


def test_an_offer_is_hidden_with_what_its_page_sends(db, bryn, bryn_cafe):
    offer = factories.offer(bryn_cafe)
    client = Client(enforce_csrf_checks=True)
    client.force_login(bryn)
    page = client.get(reverse("provider:offer", args=[offer.number])).content.decode()
    hide = reverse("provider:hide_offer", args=[offer.number])
    [form] = re.findall(f'<form[^>]* action="{hide}".*?</form>', page, flags=re.S)

    answer = client.post(hide, dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', form)))

    offer.refresh_from_db()
    assert (answer.status_code, offer.state) == (302, "paused")
