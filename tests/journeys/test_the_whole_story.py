"""From the code at home to the paid run, in a real browser, in English and in Welsh."""

import io
import zipfile

import pytest
from django.utils import timezone

from tests.journeys import story, world
from tests.journeys.browser import look_closely, open_page
from tests.journeys.story import Site
from voucher.ledger import audit, seals
from voucher.models import Booking, PaymentRun
from voucher.settling import bacs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Story:
    """One journey: every page that is come to is looked at, and each fault is kept until the end."""

    def __init__(self, browser, site):
        self.browser, self.site = browser, site
        self.complaints, self.faults, self.seen = [], [], []

    def person(self, **options):
        return open_page(self.browser, self.complaints, accept_downloads=True, **options)

    def look(self, page):
        self.seen.append(page.url)
        self.faults += look_closely(page, self.site.language)


@pytest.fixture(params=["en", "cy"])
def language(request):
    return request.param


@pytest.fixture
def cast(language):
    return world.make(language)


@pytest.fixture
def tale(browser, live_server, language):
    return Story(browser, Site(live_server.url, language))


def test_a_break_is_found_asked_for_given_claimed_and_paid(cast, tale):
    carer = tale.person()
    ref = carer_asks(tale, cast, carer)
    provider = tale.person()
    provider_confirms(tale, provider, ref)
    world.let_a_break_pass(ref)
    provider_is_paid_once(tale, cast, provider, ref)
    finance_pays(tale)
    carer_reads_the_statement(tale, cast, carer)

    assert tale.complaints == []
    assert tale.faults == []
    assert len(tale.seen) >= 22
    assert [*audit.differences(timezone.now()), *seals.differences()] == []


def carer_asks(tale, cast, page):
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    wrong = cast.code[:-1] + ("7" if cast.code[-1] != "7" else "8")
    page.goto(tale.site.url("/"))
    tale.look(page)
    story.type_code(page, tale.site, wrong)
    page.locator(".govuk-error-message").wait_for()
    tale.look(page)
    assert sent == []

    story.open_award(page, tale.site, cast.code)
    tale.look(page)
    assert "£300" in page.inner_text("main")

    page.goto(tale.site.url("/brochure/"))
    tale.look(page)
    story.look_for(page, tale.site, "gwarchod" if tale.site.language == "cy" else "sitting")
    tale.look(page)
    assert page.locator("a[href*='/offers/']").count() == 1
    story.open_offer(page, cast.sitting.slug)
    tale.look(page)
    story.choose_length(page, cast.sitting.slug, 180)
    tale.look(page)
    story.choose(page, "day", 6)
    tale.look(page)
    story.choose(page, "starts_at", 2)
    tale.look(page)
    assert "£75" in page.inner_text("main")
    ref = story.send_request(page, cast.sitting.slug, "Ring the bell twice.")
    tale.look(page)
    page.goto(tale.site.url("/my/"))
    tale.look(page)
    words = page.inner_text("main")
    assert "£225" in words and "£75" in words
    page.goto(tale.site.url(f"/my/bookings/{ref}/"))
    tale.look(page)
    return ref


def provider_confirms(tale, page, ref):
    page.goto(tale.site.url("/account/sign-in/"))
    tale.look(page)
    story.sign_in(page, tale.site, "bryn@provider.example", world.PASSWORD)
    assert page.url == tale.site.url("/provider/")
    tale.look(page)
    page.goto(tale.site.url(f"/provider/bookings/{ref}/"))
    tale.look(page)
    story.confirm(page, tale.site, ref)
    tale.look(page)
    assert Booking.objects.get().state == Booking.State.CONFIRMED
    page.goto(tale.site.url("/provider/diary/"))
    tale.look(page)


def provider_is_paid_once(tale, cast, page, ref):
    """Two of three hours were given: £50 is claimed, by the first of two presses."""
    page.goto(tale.site.url(f"/provider/bookings/{ref}/"))
    tale.look(page)
    story.mark_as_given(page, tale.site, ref, 120)
    tale.look(page)
    assert Booking.objects.get().due_pence == 5000

    second_tab = page.context.new_page()
    for tab in (page, second_tab):
        tab.goto(tale.site.url("/provider/money/"))
    tale.look(page)
    story.claim(page, cast.council.slug)
    tale.look(page)
    story.claim(second_tab, cast.council.slug)
    tale.look(second_tab)
    assert second_tab.url == page.url
    assert second_tab.locator(".messages").inner_text() != ""
    second_tab.close()
    page.goto(tale.site.url("/provider/money/"))
    tale.look(page)


def finance_pays(tale):
    ffion, gwen = tale.person(), tale.person()
    story.sign_in(ffion, tale.site, "ffion@council.example", world.PASSWORD, world.SECRET)
    tale.look(ffion)
    ffion.goto(tale.site.url("/finance/prepare/"))
    tale.look(ffion)
    story.prepare_run(ffion, tale.site)
    tale.look(ffion)
    run_page = ffion.url

    # Her page has no button for it; a press that is sent all the same is refused.
    assert story.form_to(ffion, "/release/").count() == 0
    ffion.evaluate("document.querySelector(\"form[action$='/void/']\").action = location.pathname + 'release/'")
    story.press(story.form_to(ffion, "/release/"))
    ffion.wait_for_load_state()
    assert PaymentRun.objects.get().state == PaymentRun.State.PREPARED
    tale.look(ffion)

    story.sign_in(gwen, tale.site, "gwen@council.example", world.PASSWORD, world.SECRET)
    tale.look(gwen)
    gwen.goto(run_page)
    tale.look(gwen)
    story.release_run(gwen)
    tale.look(gwen)
    assert PaymentRun.objects.get().total_pence == 5000
    the_files_are_what_they_say(gwen)
    gwen.goto(f"{run_page}report/")
    tale.look(gwen)
    assert "£50.00" in gwen.inner_text("main")


def the_files_are_what_they_say(page):
    links = page.locator("#files ~ .table-scroll a")
    files = dict(story.download(page, links.nth(number)) for number in range(links.count()))
    by_end = {}
    for name, content in files.items():
        by_end.setdefault(name.rsplit(".", 1)[1], []).append(content)
    # The settlement report in both languages, and the provider's remittance advice.
    assert len(by_end["pdf"]) >= 3
    assert all(content.startswith(b"%PDF-1.7") and len(content) > 5_000 for content in by_end["pdf"])
    assert all(b"50.00" in content for content in by_end["csv"])
    assert all("xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(each)).namelist() for each in by_end["xlsx"])
    (payments,) = by_end["txt"]
    assert bacs.total_pence(payments.decode("ascii")) == 5000


def carer_reads_the_statement(tale, cast, page):
    page.goto(tale.site.url("/my/statement/"))
    tale.look(page)
    words = page.inner_text("main")
    # Set aside, used, and the rest given back.
    assert all(amount in words for amount in ("£300.00", "£75.00", "£50.00", "£25.00"))
    page.goto(tale.site.url("/my/"))
    tale.look(page)
    assert "£250" in page.inner_text("main")
    story.press(story.form_to(page, "/my/leave/"))
    page.wait_for_url(tale.site.url("/"))
    tale.look(page)


def test_a_break_can_be_asked_for_without_any_script(tale, cast):
    page = tale.person(java_script_enabled=False)
    story.open_award(page, tale.site, cast.code)
    story.look_for(page, tale.site, "")
    story.open_offer(page, cast.sitting.slug)
    story.choose_length(page, cast.sitting.slug, 60)
    story.choose(page, "day", 0)
    story.choose(page, "starts_at", 0)
    ref = story.send_request(page, cast.sitting.slug)
    page.goto(tale.site.url(f"/my/bookings/{ref}/"))

    assert ref in page.inner_text("main")
    assert cast.award.account.__class__.objects.get().held == 2500
    assert tale.complaints == []


def test_a_break_can_be_asked_for_with_the_keyboard_alone(tale, cast):
    page = tale.person()
    page.goto(tale.site.url("/"))
    tab_to(page, "#id_code")
    page.keyboard.type(cast.code)
    page.keyboard.press("Enter")
    page.wait_for_url(tale.site.url("/my/"))
    follow(page, "main a[href$='/brochure/'].govuk-button", "**/brochure/")
    follow(page, "main a[href*='/offers/sitting-at-home/']", "**/offers/sitting-at-home/**")
    follow(page, "main a[href$='/my/ask/sitting-at-home/']", "**/my/ask/sitting-at-home/")
    tab_to(page, "#id_minutes")
    page.keyboard.press("ArrowDown")
    enter_on(page, "main form button", "**step=length**")
    for name in ("day", "starts_at"):
        tab_to(page, f"input[name={name}]")
        page.keyboard.press("Space")
        enter_on(page, "main form button", f"**{name}=**")
    enter_on(page, "form[action$='/my/ask/sitting-at-home/'] button", "**/asked/")

    assert Booking.objects.get().minutes == 90
    assert tale.complaints == []


def tab_to(page, selector):
    """Press Tab until the thing has the focus, which must then be seen."""
    for _press in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("() => document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"Tab never came to {selector}")


def enter_on(page, selector, address):
    tab_to(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(address)


follow = enter_on
