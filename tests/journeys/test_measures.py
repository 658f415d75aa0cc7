"""Every page of a carer, and of who works for a provider, weighed on its first visit in a real browser."""

import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from tests.journeys import carers_pages, measures
from tests.journeys.browser import chromium, open_page
from tests.site.test_who_may_enter import address, browser_of, rows, there  # noqa: F401
from voucher.models import Award

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def as_in_production(settings, tmp_path, monkeypatch):
    """A running copy whose files are compressed and named as in production, and served by the same hands."""
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False
    whitenoise = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": whitenoise}
    call_command("collectstatic", interactive=False, verbosity=0)
    # Django's own server of files, for tests, would come before ours and compress nothing.
    monkeypatch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", lambda application: application)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    server = LiveServer("localhost")
    server._live_server_modified_settings.enable()
    yield server
    server.stop()
    server._live_server_modified_settings.disable()


@pytest.fixture
def states(there, bryn_cafe, bryn, now):  # noqa: F811
    return carers_pages.bookings_in_each_state(Award.objects.order_by("pk").first(), bryn_cafe, bryn, now)


def pages_of(there, states, client):  # noqa: F811
    """Return the addresses of every carer's page, in English; what is a file or leads on is left out."""
    found = carers_pages.addresses(there, "en", states)
    answers = {address: client.get(address) for address in found}
    return [address for address, answer in answers.items() if is_page(answer)]


def is_page(answer):
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


def new_page(browser, server, client, **options):
    """Return a page in a browser that has never been here, but for the carer's own sign-in."""
    page = open_page(browser, [], **options)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": server.url}])
    return page


def test_a_first_visit_is_light_and_nothing_moves(there, states, as_in_production):  # noqa: F811
    client, faults = browser_of("by account", there), []
    addresses = pages_of(there, states, client)
    first = carers_pages.one_of_each(carers_pages.addresses(there, "en", states))
    with chromium() as browser:
        for address in [*addresses, *(f"/cy{address}" for address in addresses if address in first)]:
            page = new_page(browser, as_in_production, client)
            weight, moved = measures.first_visit(page, as_in_production.url + address)
            page.context.close()
            faults += [f"{address} {each}" for each in moved]
            if weight.without_font > measures.MOST_BYTES or weight.whole > measures.MOST_BYTES_WITH_FONT:
                faults.append(f"{address} weighs {weight}")
            # All of it was weighed: the page itself, its styles and the font.
            if not all((weight.page, weight.styles_and_scripts, weight.fonts)):
                faults.append(f"{address} was not weighed: {weight}")

    assert faults == []
    assert len(addresses) > 30


def pages_of_provider(there, client):  # noqa: F811
    """Return the addresses of every page of the provider's that its owner may look at, in English."""
    looked_at = [row["page"] for row in rows() if row["how"] == "look" and row["owner"] == "yes"]
    found = [address(name, there) for name in looked_at if name.startswith("provider:")]
    return [place for place in found if is_page(client.get(place))]


def test_a_first_visit_of_a_provider_is_light_and_nothing_moves(there, as_in_production):  # noqa: F811
    client, faults = browser_of("owner", there), []
    addresses = pages_of_provider(there, client)
    with chromium() as browser:
        for place in addresses:
            page = new_page(browser, as_in_production, client)
            weight, moved = measures.first_visit(page, as_in_production.url + place)
            page.context.close()
            faults += [f"{place} {each}" for each in moved]
            if weight.without_font > measures.MOST_BYTES or weight.whole > measures.MOST_BYTES_WITH_FONT:
                faults.append(f"{place} weighs {weight}")

    assert faults == []
    assert len(addresses) >= 40
