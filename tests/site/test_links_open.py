"""Whoever follows the links of their own pages finds a page behind each: no post is shown a way that it may not go."""

import re

import pytest
from django.urls import Resolver404, resolve

from tests.site import test_who_may_enter as doors

there = doors.there
# Of one kind of page so many are looked at.
OF_ONE_KIND = 2
STARTS = {
    "owner": "/provider/",
    "bookings": "/provider/",
    "claims": "/provider/money/",
    "desk": "/provider/diary/",
    "team": "/team/",
    "preparer": "/finance/",
    "approver": "/finance/",
    "by account": "/my/",
}
# Made by the typesetter or by the web server, and tried elsewhere.
NOT_FOLLOWED = ("/static/", "/cy/", "/brochure/editions/", "/account/sign-out/")


@pytest.mark.sqlite
@pytest.mark.parametrize("person", STARTS)
def test_behind_every_link_is_a_page(person, there):
    browser = doors.browser_of(person, there)
    to_see, seen, kinds, dead = [(STARTS[person], "")], set(), {}, []
    while to_see:
        where, found_on = to_see.pop(0)
        path = where.partition("#")[0].partition("?")[0]
        if path in seen or path.startswith(NOT_FOLLOWED) or path.endswith((".pdf", ".ics", ".csv", ".xlsx")):
            continue
        seen.add(path)
        try:
            kind = resolve(path).view_name
        except Resolver404:
            dead.append((path, found_on))
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > OF_ONE_KIND:
            continue
        page = browser.get(where.partition("#")[0])
        if page.status_code >= 400:
            dead.append((path, found_on))
        elif page.status_code in {301, 302}:
            to_see.append((page["Location"], path))
        elif "html" in page.get("Content-Type", "") and not page.streaming:
            links = re.findall(r'href="(/[^"]*)"', page.content.decode())
            to_see += [(link.replace("&amp;", "&"), path) for link in links]

    assert dead == []
    assert len(kinds) > 10
