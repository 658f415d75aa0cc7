"""From the code to a request in few presses: what a carer presses and types on a telephone is counted.

The whole has to be done in under three minutes by somebody who is tired. A press that is looked for takes about six
seconds, and a letter on a telephone about one; so the limits here leave more than a minute for reading.
"""

import pytest

from tests.journeys import world
from tests.journeys.browser import PHONE, chromium, open_page
from tests.journeys.story import PREFIX, form_to
from voucher.models import Booking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_PRESSES, MOST_LETTERS = 12, 12
SECONDS_A_PRESS, SECONDS_A_LETTER, SECONDS = 6, 1, 120


class Hand:
    """One finger on the glass: counts how often it presses, and the letters it types."""

    def __init__(self, page):
        self.page, self.presses, self.letters = page, 0, 0

    def press(self, what):
        self.presses += 1
        what.click()
        self.page.wait_for_load_state()

    def type(self, field, text):
        # To go into the field is a press too.
        self.press(field)
        self.letters += len(text)
        field.press_sequentially(text)

    @property
    def seconds(self):
        return self.presses * SECONDS_A_PRESS + self.letters * SECONDS_A_LETTER


def ask_for_a_sitter(page, start, code):
    """Do all of it as somebody who has never been here, by what the pages show; return the hand."""
    hand, main = Hand(page), page.locator("main")
    page.goto(start)
    hand.type(page.locator("#id_code"), code.replace("-", ""))
    hand.press(form_to(page, "/open/").locator("button"))
    hand.press(main.locator("a.govuk-button[href$='/brochure/']").first)
    hand.press(main.locator("a[href*='/offers/sitting-at-home/']").first)
    hand.press(main.locator("a.govuk-button[href*='/my/ask/']").first)
    # How long, on which day, and at what time; what was answered already is not asked again.
    for _question in range(3):
        if page.locator("#id_note").count():
            break
        if (radios := main.locator("form .govuk-radios__label")).count():
            hand.press(radios.first)
        hand.press(main.locator("form button").first)
    hand.press(form_to(page, "/my/ask/sitting-at-home/").locator("button").first)
    page.wait_for_url("**/asked/")
    return hand


@pytest.mark.parametrize("language", ["en", "cy"])
def test_from_the_code_to_a_request_takes_few_presses(live_server, language, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    there, complaints = world.make(language), []
    with chromium() as browser:
        page = open_page(browser, complaints, has_touch=True)
        page.set_viewport_size({"width": PHONE, "height": 740})
        hand = ask_for_a_sitter(page, f"{live_server.url}{PREFIX[language]}/", there.code)

    assert Booking.objects.get().state == Booking.State.REQUESTED
    print(f"\n{language}: {hand.presses} presses, {hand.letters} letters, about {hand.seconds} seconds of hands")
    assert hand.presses <= MOST_PRESSES
    assert hand.letters <= MOST_LETTERS
    assert hand.seconds <= SECONDS
    assert complaints == []
