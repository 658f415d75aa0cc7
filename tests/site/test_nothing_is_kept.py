"""No browser and no proxy keeps a copy of a page that only some may see: with money, people or codes on it."""

import pytest

from tests.site import test_who_may_enter as doors
from tests.site.test_who_may_enter import address, browser_of, rows

there = doors.there
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

# A calendar program asks again every quarter of an hour; its address is a secret of its own.
KEPT = {"calendar_feed"}
# What everybody may see may be kept.
OF_EVERYBODY = {row["page"] for row in rows() if row["stranger"] in {"yes", "on"}}


@pytest.mark.parametrize("person", ["by account", "owner", "team", "preparer", "auditor", "administrator", "helper"])
def test_what_not_everybody_may_see_is_kept_nowhere(person, there):
    client, kept, seen = browser_of(person, there), [], 0
    for row in rows():
        name = row["page"]
        if name in OF_EVERYBODY | KEPT or row["how"] == "press" or row[person] != "yes" or name.startswith("mfa_"):
            continue
        response = client.get(address(name, there))
        seen += 1
        if response.status_code == 200 and "no-store" not in response.headers.get("Cache-Control", ""):
            kept.append(name)

    assert kept == []
    assert seen > 3
