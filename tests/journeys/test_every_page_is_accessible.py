"""Every page, opened by a person who may enter it, in both languages: for its readers, and as HTML."""

import pytest
from django.conf import settings
from django.utils import translation

from tests.journeys import html
from tests.journeys.browser import chromium, look_closely, open_page
from tests.site.test_who_may_enter import PEOPLE, address, browser_of, rows, there  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pages_by_person():
    """Return {person: names of pages}: each page of the table once, with the first person who may look at it."""
    found = {}
    for row in rows():
        if row["how"] == "look":
            person = next((each for each in PEOPLE if row[each] == "yes"), None)
            found.setdefault(person, []).append(row["page"])
    found.pop(None, None)
    return found


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_is_accessible(live_server, there, language, monkeypatch):  # noqa: F811
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    complaints, faults, seen, pages = [], [], [], {}
    with chromium() as browser:
        for person, names in pages_by_person().items():
            client = browser_of(person, there)
            page = open_page(browser, complaints)
            if session := client.cookies.get(settings.SESSION_COOKIE_NAME):
                cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.value, "url": live_server.url}
                page.context.add_cookies([cookie])
            for name in names:
                # Each look of the client leaves a language behind.
                with translation.override(language):
                    place = address(name, there)
                looked_at = client.get(place)
                if not looked_at.headers["Content-Type"].startswith("text/html"):
                    continue
                pages[place] = looked_at.content.decode()
                page.goto(live_server.url + place)
                seen.append(name)
                faults += [f"{person}: {fault}" for fault in look_closely(page, language)]
            page.context.close()

    faults += html.faults(pages)
    assert not faults, "\n".join(faults)
    assert complaints == []
    assert len(seen) > 50
