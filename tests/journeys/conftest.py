"""A real browser for the journeys."""

import pytest

from tests.journeys.browser import chromium


@pytest.fixture
def browser(live_server, monkeypatch):
    # Playwright waits in a loop of this thread; Django would take our looks into the database for asynchronous ones.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as browser:
        yield browser
