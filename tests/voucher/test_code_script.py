"""The code's check in the browser: the same sum as on the server, said beside the field before anything is sent."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from tests.journeys.browser import chromium
from voucher.forms.codes import CodeField

CASES = json.loads((Path(__file__).parent / "code_cases.json").read_text())
SCRIPT = (Path(settings.BASE_DIR) / "voucher" / "assets" / "code.js").read_text()

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with the code's field, and the script as the site loads it."""
    attrs = " ".join(f'{name}="{value}"' for name, value in CodeField().widget.attrs.items())
    with chromium() as browser:
        page = browser.new_page()
        page.set_content(
            f'<form><div class="govuk-form-group"><label for="code">Code</label><input id="code" {attrs}></div>'
            "<button>Send</button></form>"
        )
        page.evaluate("window.sent = 0; document.forms[0].addEventListener('submit', e => e.preventDefault())")
        page.add_script_tag(content=SCRIPT + "\nwindow.fault = fault", type="module")
        page.wait_for_function("window.fault !== undefined")
        # After the script's own listener: it counts only what the script lets through.
        page.evaluate(
            "document.forms[0].addEventListener('submit', () => { sent += !document.querySelector('[aria-invalid]') })"
        )
        yield page


def test_the_shared_cases_read_in_the_browser_as_on_the_server(page):
    assert [[typed, page.evaluate("typed => fault(typed)", typed)] for typed, _fault in CASES] == CASES


def test_a_slip_is_said_beside_the_field_and_nothing_is_sent(page):
    page.fill("#code", "7K4P-Q9WX-M3T0")
    page.click("button")

    line = page.locator(".govuk-error-message")
    assert line.inner_text() == str(CodeField().error_messages["check"])
    assert line.get_attribute("id") in page.get_attribute("#code", "aria-describedby").split()
    assert page.get_attribute("#code", "aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "code"
    assert page.evaluate("sent") == 0


def test_a_good_code_is_put_in_groups_and_sent(page):
    page.fill("#code", "7k4pq9wxm3t6")
    page.click("button")

    assert page.input_value("#code") == "7K4P-Q9WX-M3T6"
    assert page.locator(".govuk-error-message").count() == 0
    assert page.get_attribute("#code", "aria-invalid") is None
    assert page.evaluate("sent") == 1


def test_a_hand_scanner_that_types_the_whole_address_is_understood(page):
    before = page.evaluate("sent")
    page.fill("#code", "")
    page.focus("#code")
    page.keyboard.type("https://breaks.example/v/#7K4P-Q9WX-M3T6")
    page.keyboard.press("Enter")

    assert page.input_value("#code") == "7K4P-Q9WX-M3T6"
    assert page.evaluate("sent") == before + 1
