"""Every page, opened by a person who may enter it, in both languages: for its readers, by keys, and as HTML."""

import pytest
from django.conf import settings as site
from django.utils import translation

from tests import factories
from tests.journeys import carers_pages, html, measures
from tests.journeys.browser import DESKTOP, chromium, look_closely, open_page
from tests.site.test_who_may_enter import PEOPLE, address, browser_of, rows, there  # noqa: F401
from tests.voucher import breaks
from voucher import top_ups
from voucher.granting import awards
from voucher.models import Award, Dispute

# The states of a booking in which the pages of staff differ most.
FOR_STAFF = ("requested", "countered", "half of a pair", "delivered", "in question")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pages_by_person():
    """Return {person: names of pages}: each page of the table once, with the first person who may look at it."""
    found = {}
    for row in rows():
        if row["how"] == "look":
            person = next((each for each in PEOPLE if row[each] == "yes"), None)
            found.setdefault(person, []).append(row["page"])
    found.pop(None, None)
    return found


class Looks:
    """One person's looks at pages, in one language: what is found is kept in `faults`, the HTML in `pages`.

    In English every page is also gone through by keys, and opened in a browser that runs no scripts.
    """

    def __init__(self, browser, live_server, language):
        self.browser, self.site, self.language = browser, live_server.url, language
        self.complaints, self.faults, self.pages = [], [], {}

    def look(self, person, client, places):
        page, unscripted = self._page_of(client), self._page_of(client, java_script_enabled=False)
        for place in places:
            if not html_of(client, place, self.pages):
                continue
            page.goto(self.site + place)
            found = look_closely(page, self.language)
            if self.language == "en":
                keys = measures.faults_of_keyboard(page, {"width": DESKTOP, "height": 900})
                unscripted.goto(self.site + place)
                found += [f"{place}: {fault}" for fault in [*keys, *measures.dead_buttons(unscripted)]]
            self.faults += [f"{person}: {fault}" for fault in found]
        page.context.close()
        unscripted.context.close()

    def _page_of(self, client, **options):
        """Return a page of the browser, signed in as the client is."""
        page = open_page(self.browser, self.complaints, **options)
        if session := client.cookies.get(site.SESSION_COOKIE_NAME):
            cookie = {"name": site.SESSION_COOKIE_NAME, "value": session.value, "url": self.site}
            page.context.add_cookies([cookie])
        return page

    def assert_all_is_well(self):
        faults = self.faults + html.faults(self.pages)
        assert not faults, "\n".join(faults)
        assert self.complaints == []


def html_of(client, place, pages):
    """Keep the HTML of a page for the test of it, and say whether it is a page at all and no file."""
    looked_at = client.get(place)
    if not looked_at.headers["Content-Type"].startswith("text/html"):
        return False
    pages[place] = looked_at.content.decode()
    return True


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_is_accessible(live_server, there, language, monkeypatch):  # noqa: F811
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as browser:
        looks = Looks(browser, live_server, language)
        for person, names in pages_by_person().items():
            client = browser_of(person, there)
            with translation.override(language):
                places = [address(name, there) for name in names]
            looks.look(person, client, places)

    looks.assert_all_is_well()
    assert len(looks.pages) > 140


def in_the_middle(there, provider, owner, now):  # noqa: F811
    """Let carers be in the middle of all there is; return {person: places} worth another look then."""
    award = Award.objects.order_by("pk").first()
    states = carers_pages.bookings_in_each_state(award, provider, owner, now)
    states["in question"] = Dispute.objects.get().booking.ref
    sitting = "/my/ask/sitting-at-home/"
    friday = "starts_at=2026-10-16T13:00Z"
    for_carer = [
        "/my/",
        "/my/statement/",
        *(f"/my/bookings/{ref}/" for ref in states.values()),
        f"/my/bookings/{states['requested']}/asked/",
        f"/my/bookings/{states['delivered']}/how-much/",
        f"/my/bookings/{states['confirmed']}/time/",
        *(f"{sitting}?{asked}" for asked in ("minutes=150", "minutes=150&day=2026-10-16", f"minutes=150&{friday}")),
        *(f"{sitting}{more}/?minutes=150&{friday}" for more in ("another", "sitter")),
        *(f"/brochure/?{asked}" for asked in ("words=sitting", "words=nothing-of-the-kind", "day=2026-10-16")),
    ]
    return {
        "by account": for_carer,
        "helper": ["/helping/", "/my/", f"/my/bookings/{states['countered']}/"],
        "volunteer": ["/helping/", "/my/"],
        "owner": [
            "/provider/",
            *(f"/provider/bookings/{states[each]}/" for each in FOR_STAFF),
            f"/provider/bookings/{states['requested']}/times/",
        ],
        "team": ["/team/", *(f"/team/bookings/{states[each]}/" for each in FOR_STAFF)],
        "stranger": ["/demo/"],
        "short of money": short_of_money(there, provider, now),
    }


def short_of_money(there, provider, now):  # noqa: F811
    """Let another carer ask for more than is left and not have paid yet; return where she finds her ways on."""
    type(provider).objects.filter(pk=provider.pk).update(
        takes_own_money=True, takes_cards=True, stripe_account="acct_of_the_tests"
    )
    type(provider.council.scheme).objects.update(takes_cards=True)
    offer = factories.offer(provider, slug="sitting-dearly", price_pence=3_000)
    own = {"carer_row": factories.carer(provider.council, first_name="Nan")}
    award = factories.award(provider.council, value=4_000, **own)
    there["codes"]["short of money"] = awards.new_code(award=award, by=factories.TESTS, now=now)
    booking = top_ups.ask(
        award=award,
        offer=offer,
        starts_at=breaks.FRIDAY,
        minutes=120,
        seen_price_pence=6_000,
        seen_own_pence=2_000,
        way="card",
        by=breaks.ALYS,
        now=now,
        key="short of money",
    )
    booking = f"/my/bookings/{booking.ref}/"
    return ["/my/", booking, f"{booking}pay/", "/my/ask/sitting-dearly/more/?minutes=120"]


@pytest.mark.parametrize("language", ["en", "cy"])
def test_what_is_in_the_middle_of_something_is_accessible(
    live_server,
    there,  # noqa: F811
    bryn_cafe,
    bryn,
    now,
    language,
    monkeypatch,
    settings,
):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    prefix = "/cy" if language == "cy" else ""
    with chromium() as browser:
        looks = Looks(browser, live_server, language)
        for person, places in in_the_middle(there, bryn_cafe, bryn, now).items():
            looks.look(person, browser_of(person, there), [prefix + place for place in places])

    looks.assert_all_is_well()
    assert len(looks.pages) >= 42
