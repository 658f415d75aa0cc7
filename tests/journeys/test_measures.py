"""Every page of a carer, measured in a real browser: weight, movement, fit, keys, and without scripts.

The pages of who works for a provider, in the carers team or in finance have to fit, be reached by keys and work
without scripts as well; they are opened every day, so only those that are used on a telephone are weighed.
"""

import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from tests.journeys import carers_pages, measures
from tests.journeys.browser import DESKTOP, chromium, open_page
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


def test_every_page_fits_is_reached_by_keys_and_works_without_scripts(there, states, live_server, monkeypatch):  # noqa: F811
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client, faults = browser_of("by account", there), []
    addresses = pages_of(there, states, client)
    with chromium() as browser:
        page = new_page(browser, live_server, client)
        unscripted = new_page(browser, live_server, client, java_script_enabled=False)
        for address in addresses:
            page.goto(f"{live_server.url}/cy{address}")
            faults += [f"/cy{address} {each}" for each in measures.faults_of_fit(page)]
            page.goto(live_server.url + address)
            found = measures.faults_of_fit(page)
            found += measures.faults_of_keyboard(page, {"width": DESKTOP, "height": 900})
            unscripted.goto(live_server.url + address)
            found += measures.dead_buttons(unscripted)
            faults += [f"{address} {each}" for each in found]

    assert faults == []
    assert len(addresses) > 30


def pages_of_work(person, there, client):  # noqa: F811
    """Return the addresses of every page that this person may look at and no carer may, in English."""
    rooms = {"owner": "provider:", "team": "team:", "preparer": "finance:"}
    looked_at = [row["page"] for row in rows() if row["how"] == "look" and row[person] == "yes"]
    found = [address(name, there) for name in looked_at if name.startswith(rooms[person])]
    return [place for place in found if is_page(client.get(place))]


@pytest.mark.parametrize("person, least", [("owner", 40), ("team", 30), ("preparer", 7)])
def test_every_page_of_work_fits_is_reached_by_keys_and_works_without_scripts(
    live_server,
    there,  # noqa: F811
    person,
    least,
    monkeypatch,
):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client, faults = browser_of(person, there), []
    addresses = pages_of_work(person, there, client)
    with chromium() as browser:
        page = new_page(browser, live_server, client)
        unscripted = new_page(browser, live_server, client, java_script_enabled=False)
        for place in addresses:
            page.goto(f"{live_server.url}/cy{place}")
            faults += [f"/cy{place} {each}" for each in measures.faults_of_fit(page)]
            page.goto(live_server.url + place)
            found = measures.faults_of_fit(page)
            found += measures.faults_of_keyboard(page, {"width": DESKTOP, "height": 900})
            unscripted.goto(live_server.url + place)
            found += measures.dead_buttons(unscripted)
            faults += [f"{place} {each}" for each in found]

    assert faults == []
    assert len(addresses) >= least


def test_a_first_visit_of_a_provider_is_light_and_nothing_moves(there, as_in_production):  # noqa: F811
    client, faults = browser_of("owner", there), []
    addresses = pages_of_work("owner", there, client)
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
