"""The scanner on the page that checks a code, with a camera that shows a drawn voucher; no other page has it."""

import re
from pathlib import Path

import pytest
import qrcode
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from accounts.models import HistoryEntry
from tests import factories
from tests.journeys.browser import CHROMIUM, open_page
from tests.voucher.carer.pages import TEAM
from voucher.granting import awards

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTH, HEIGHT = 640, 480
FRAMES = 3
READER = re.compile(r"/build/(qr/|scan\.js)")


def film(path, text):
    """Write a film of a voucher held before a camera, as the fake camera of the browser takes it (YUV4MPEG2, grey)."""
    square = qrcode.make(text, box_size=6, border=4).get_image().convert("L")
    picture = Image.new("L", (WIDTH, HEIGHT), 200)
    picture.paste(square, ((WIDTH - square.width) // 2, (HEIGHT - square.height) // 2))
    picture = picture.rotate(7, fillcolor=200)
    colourless = bytes([128]) * (WIDTH * HEIGHT // 2)
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n".encode())
        for _ in range(FRAMES):
            file.write(b"FRAME\n" + picture.tobytes() + colourless)
    return path


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly)


@pytest.fixture
def code(award):
    return awards.new_code(award=award, by=TEAM, now=award.issued_at)


@pytest.fixture
def phone(live_server, monkeypatch, tmp_path, bryn_cafe, sitting):
    """Give a function that opens the check page on a phone; its camera sees `text`, or there is none."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    worker = factories.provider_staff(bryn_cafe, "desk@provider.example", kind="desk")
    with sync_playwright() as play:
        browsers = []

        def open_check(text=None, allowed=True):
            camera = ["--use-fake-device-for-media-stream"] if text else []
            if text:
                camera.append(f"--use-file-for-fake-video-capture={film(tmp_path / 'camera.y4m', text)}")
            camera.append(f"--use-fake-ui-for-media-stream={'allow' if allowed else 'deny'}")
            browser = play.chromium.launch(**CHROMIUM | {"args": CHROMIUM["args"] + camera})
            browsers.append(browser)
            page = open_page(browser, complaints := [])
            page.asked_for = []
            page.on("request", lambda request: page.asked_for.append(request.url))
            page.complaints = complaints
            sign_in(page, live_server.url, worker)
            page.goto(live_server.url + reverse("provider:check_code"))
            return page

        yield open_check
        for browser in browsers:
            browser.close()


def sign_in(page, url, worker):
    """Put a signed-in session into the browser: how to sign in is another story."""
    client = Client()
    client.force_login(worker)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def reader_files(page):
    return [url for url in page.asked_for if "/build/qr/" in url]


def test_the_voucher_before_the_camera_is_read_and_checked(phone, code, award, live_server):
    page = phone(f"{live_server.url}/v/#{code}")
    assert reader_files(page) == []

    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("heading", name="Yes, enough for this")).to_be_visible()

    assert HistoryEntry.objects.filter(act="code.checked", subject_id=award.pk).exists()
    bare = code.replace("-", "")
    assert [url for url in page.asked_for if code in url or bare in url] == []
    assert page.complaints == []


def test_a_square_that_holds_the_bare_code_is_read_too(phone, code):
    page = phone(code)

    page.get_by_role("button", name="Use the camera").click()

    expect(page.get_by_role("heading", name="Yes, enough for this")).to_be_visible()


def test_another_square_is_said_not_to_be_a_voucher_and_the_camera_is_turned_off_by_a_press(phone):
    page = phone("https://elsewhere.example/menu")

    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_role("status").filter(has_text="That square is not from a voucher.")).to_be_visible()
    expect(page.get_by_title("What the camera sees")).to_be_visible()
    page.get_by_role("button", name="Turn the camera off").click()

    expect(page.get_by_text("The camera is off.")).to_be_visible()
    expect(page.get_by_title("What the camera sees")).to_be_hidden()
    assert page.evaluate("document.querySelector('video').srcObject") is None
    assert not HistoryEntry.objects.filter(act="code.checked").exists()


def test_without_a_camera_the_page_says_so_and_the_code_is_typed(phone, code):
    page = phone(None)

    page.get_by_role("button", name="Use the camera").click()
    expect(page.get_by_text("There is no camera here that we can use. Type the code below.")).to_be_visible()
    page.get_by_label("The carer’s code").fill(code)
    page.get_by_role("button", name="Check", exact=True).click()

    expect(page.get_by_role("heading", name="Yes, enough for this")).to_be_visible()


def test_where_the_camera_is_refused_the_page_says_so(phone, code):
    page = phone(code, allowed=False)

    page.get_by_role("button", name="Use the camera").click()

    expect(page.get_by_text("This page may not use the camera.")).to_be_visible()
    expect(page.get_by_label("The carer’s code")).to_be_focused()


def test_on_a_page_that_is_not_secure_there_is_no_button_but_a_sentence(phone, live_server):
    page = phone(None)
    page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'mediaDevices', {get: () => undefined});"
        "Object.defineProperty(window, 'isSecureContext', {get: () => false})"
    )
    page.reload()

    expect(page.get_by_text("The camera works only on a secure page. Type the code below.")).to_be_visible()
    expect(page.get_by_role("button", name="Use the camera")).to_be_hidden()


def test_the_phones_own_camera_opens_the_check_with_the_code_filled_in_and_no_request_holds_it(
    phone, code, live_server
):
    page = phone(None)

    page.goto("about:blank")
    page.goto(f"{live_server.url}/v/#{code}")

    expect(page.get_by_label("The carer’s code")).to_have_value(code)
    assert page.url == live_server.url + reverse("provider:check_code")
    assert [url for url in page.asked_for if code in url.split("#")[0]] == []


def test_before_the_button_is_pressed_the_page_is_as_light_as_any_other(phone):
    page = phone(None)

    weights = page.evaluate("performance.getEntriesByType('resource').map(each => [each.name, each.decodedBodySize])")

    assert reader_files(page) == []
    scripts = [(name, weight) for name, weight in weights if name.endswith(".js")]
    assert {name.rsplit("/", 1)[1] for name, _weight in scripts} == {"app.js", "code.js", "scan.js"}
    assert sum(weight for _name, weight in scripts) < 16_000


def test_only_this_page_names_the_scanner_and_may_run_its_program():
    """Every other template and script of the site is without it."""
    named = [
        str(path.relative_to(settings.BASE_DIR))
        for folder, kind in (("templates", "*.html"), ("voucher/assets", "*.js"))
        for path in Path(settings.BASE_DIR, folder).rglob(kind)
        if READER.search(path.read_text()) or "build/scan.js" in path.read_text()
    ]

    assert named == ["templates/provider/check_code.html"]


@pytest.mark.parametrize("name", ["provider:diary", "provider:phone", "home", "voucher"])
def test_other_pages_may_not_run_programs(client, bryn, sitting, name):
    client.force_login(bryn)
    here = client.get(reverse("provider:check_code"))["Content-Security-Policy"]
    there = client.get(reverse(name), {"next": "/my/"})["Content-Security-Policy"]

    assert "script-src 'self' 'wasm-unsafe-eval'" in here and "unsafe-eval'" not in here.replace("wasm-unsafe-eval", "")
    assert "script-src 'self';" in f"{there};"
    assert "unsafe" not in there
