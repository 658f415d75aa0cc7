"""A passkey is added and opens the door in a real browser, under our own content security policy."""

import pytest

from accounts.models import HistoryEntry
from tests import factories
from tests.journeys.browser import chromium

# A phone that always says yes: its owner's finger is on it.
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def sign_in_with_password(page, address):
    page.goto(f"{address}/account/sign-in/")
    page.fill("#id_login", "bryn@provider.example")
    page.fill("#id_password", "a-long-enough-password")
    page.locator("form:has(#id_password) button").click()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_passkey_is_added_and_signs_its_owner_in(live_server):
    bryn = factories.provider_staff(factories.provider(factories.council()), "bryn@provider.example", name="Bryn")
    # A passkey belongs to a name, not to a number.
    address = live_server.url.replace("127.0.0.1", "localhost")
    complaints = []

    with chromium() as browser:
        page = browser.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})
        sign_in_with_password(page, address)
        page.goto(f"{address}/account/passkeys/add/")
        page.fill("#id_password", "a-long-enough-password")
        page.locator("main form button").first.click()
        page.check("#id_passwordless")
        page.click("#mfa_webauthn_add")
        page.wait_for_url("**/account/recovery-codes/")
        page.goto(f"{address}/account/sign-out/")
        page.locator("main form button").click()
        page.goto(f"{address}/cy/account/sign-in/")
        page.click("#passkey_login")
        page.wait_for_url("**/cy/provider/")

    assert complaints == []
    last = HistoryEntry.objects.filter(actor=bryn, act="person.signed_in").latest("pk")
    assert last.details == {"second_factor": True}
