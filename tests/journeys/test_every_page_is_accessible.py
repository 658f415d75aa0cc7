"""Every page, opened by a person who may enter it, in both languages: for its readers, and as HTML."""

import pytest
from django.conf import settings as site
from django.utils import translation

from tests import factories
from tests.journeys import carers_pages, html
from tests.journeys.browser import chromium, look_closely, open_page
from tests.site.test_who_may_enter import PEOPLE, address, browser_of, rows, there  # noqa: F401
from tests.voucher import breaks
from voucher import awards, top_ups
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


def page_of(client, browser, live_server, complaints):
    """Return a page of the browser, signed in as the client is."""
    page = open_page(browser, complaints)
    if session := client.cookies.get(site.SESSION_COOKIE_NAME):
        cookie = {"name": site.SESSION_COOKIE_NAME, "value": session.value, "url": live_server.url}
        page.context.add_cookies([cookie])
    return page


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
    complaints, faults, seen, pages = [], [], [], {}
    with chromium() as browser:
        for person, names in pages_by_person().items():
            client = browser_of(person, there)
            page = page_of(client, browser, live_server, complaints)
            for name in names:
                # Each look of the client leaves a language behind.
                with translation.override(language):
                    place = address(name, there)
                if html_of(client, place, pages):
                    page.goto(live_server.url + place)
                    seen.append(name)
                    faults += [f"{person}: {fault}" for fault in look_closely(page, language)]
            page.context.close()

    faults += html.faults(pages)
    assert not faults, "\n".join(faults)
    assert complaints == []
    assert len(seen) > 50


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
        *(f"{sitting}?{asked}" for asked in ("minutes=150", f"minutes=150&{friday}")),
        *(f"{sitting}{more}/?minutes=150&{friday}" for more in ("another", "sitter")),
        *("/brochure/?words=sitting", "/brochure/?words=nothing-of-the-kind"),
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
    complaints, faults, pages = [], [], {}
    prefix = "/cy" if language == "cy" else ""
    with chromium() as browser:
        for person, places in in_the_middle(there, bryn_cafe, bryn, now).items():
            client = browser_of(person, there)
            page = page_of(client, browser, live_server, complaints)
            for place in places:
                assert html_of(client, prefix + place, pages)
                page.goto(live_server.url + prefix + place)
                faults += [f"{person}: {fault}" for fault in look_closely(page, language)]
            page.context.close()

    faults += html.faults(pages)
    assert not faults, "\n".join(faults)
    assert complaints == []
    assert len(pages) >= 40
