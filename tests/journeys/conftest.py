"""What every journey needs: a real browser, and that it stays open."""

import pytest

from tests.journeys.browser import chromium


@pytest.fixture(autouse=True)
def browsers_stay_open(settings):
    """Days pass in a story, and nobody is signed out meanwhile."""
    settings.SESSION_COOKIE_AGE = 10**8


@pytest.fixture
def browser(live_server, monkeypatch):
    # Playwright waits in a loop of this thread; Django would take our looks into the database for asynchronous ones.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as browser:
        yield browser
