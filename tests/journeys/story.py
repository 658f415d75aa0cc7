"""The steps of the story, each done as a person does it: by what the page shows, in either language.

Nothing here reads words: fields, buttons and links are found by what they do, so a step is the same in Welsh.
"""

import re

from allauth.mfa.totp.internal import auth

PREFIX = {"en": "", "cy": "/cy"}


class Site:
    """A running copy of the site, seen in one language."""

    def __init__(self, address, language):
        self.address, self.language = address.rstrip("/"), language

    def url(self, path):
        return f"{self.address}{PREFIX[self.language]}{path}"


def form_to(page, path):
    """Return the form that posts to a path, its language aside."""
    return page.locator(f"form[action$='{path}']")


def press(form):
    form.locator("button").first.click()


# --- The carer ------------------------------------------------------------------------------------------------------


def type_code(page, site, code):
    page.goto(site.url("/"))
    page.fill("#id_code", code)
    press(form_to(page, "/open/"))


def open_award(page, site, code):
    type_code(page, site, code)
    page.wait_for_url(site.url("/my/"))


def look_for(page, site, words):
    page.goto(site.url("/brochure/"))
    page.fill("#id_words", words)
    press(page.locator("form.filters"))
    page.wait_for_url(re.compile(r"[?&]words="))


def open_offer(page, slug):
    page.locator(f"main a[href*='/offers/{slug}/']").first.click()
    page.wait_for_url(re.compile(f"/offers/{slug}/"))


def choose_length(page, slug, minutes):
    page.locator(f"main a[href$='/my/ask/{slug}/']").first.click()
    page.select_option("#id_minutes", str(minutes))
    press(page.locator("main form"))


def choose(page, name, number):
    """Tick one of the choices of a question and go on."""
    page.locator(f"input[name={name}]").nth(number).check()
    press(page.locator("main form"))


def send_request(page, slug, note=""):
    if note:
        page.fill("#id_note", note)
        page.check("#id_share")
    press(form_to(page, f"/my/ask/{slug}/"))
    page.wait_for_url(re.compile("/asked/$"))
    return page.url.rstrip("/").split("/")[-2]


# --- People who sign in ---------------------------------------------------------------------------------------------


def sign_in(page, site, email, password, secret=None):
    page.goto(site.url("/account/sign-in/"))
    page.fill("#id_login", email)
    page.fill("#id_password", password)
    press(page.locator("form:has(#id_password)"))
    if secret:
        page.wait_for_url(re.compile("/second-step/"))
        page.fill("#id_code", app_code(secret))
        press(page.locator("form:has(#id_code)"))
    page.wait_for_url(lambda url: "/account/" not in url)


def app_code(secret):
    """Return what the person's app shows at this moment."""
    return auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time())))


# --- The provider ---------------------------------------------------------------------------------------------------


def confirm(page, site, ref):
    page.goto(site.url(f"/provider/bookings/{ref}/"))
    press(form_to(page, f"/{ref}/confirm/"))


def mark_as_given(page, site, ref, minutes):
    page.goto(site.url(f"/provider/bookings/{ref}/"))
    form = form_to(page, f"/{ref}/given/")
    form.locator("select").select_option(str(minutes))
    press(form)
    page.wait_for_load_state()


def claim(page, council):
    press(form_to(page, f"/money/claim/{council}/"))
    page.wait_for_url(re.compile(r"/provider/money/\d+/"))


# --- Finance --------------------------------------------------------------------------------------------------------


def prepare_run(page, site):
    page.goto(site.url("/finance/prepare/"))
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(r"/finance/runs/\d+/"))


def release_run(page):
    press(form_to(page, "/release/"))
    page.locator("#files").wait_for()


def download(page, link):
    """Press a link to a file, and return its name and its bytes."""
    with page.expect_download() as coming:
        link.click()
    return coming.value.suggested_filename, coming.value.path().read_bytes()
