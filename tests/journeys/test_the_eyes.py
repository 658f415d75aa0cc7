"""The journeys' own eyes see what they look for: a page with each fault is called out."""

import pytest

from tests.journeys.browser import look_closely, open_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_english_in_welsh_a_barrier_and_a_sideways_scroll_are_seen(browser, live_server):
    page = open_page(browser, [])
    page.goto(f"{live_server.url}/")
    page.evaluate("document.querySelector('main').innerHTML += '<img src=\"/static/favicon.svg\" width=\"500\">'")

    faults = look_closely(page, "cy")

    assert "/: is not in cy" in faults
    assert any("at 360: image-alt" in fault for fault in faults)
    assert any("at 1280: image-alt" in fault for fault in faults)
    assert any("pixels wide" in fault for fault in faults)
    assert "/: in English: type the code from your letter" in faults


def test_what_the_browser_complains_of_is_kept(browser, live_server):
    complaints = []
    page = open_page(browser, complaints)
    page.goto(f"{live_server.url}/")
    assert complaints == []

    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.late = 1'}))")
    page.evaluate("fetch('/nowhere')")
    page.wait_for_timeout(300)

    assert any("CSP: script-src" in each for each in complaints)
    assert any(each.startswith("404 ") for each in complaints)
