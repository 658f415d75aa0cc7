"""The look of every page: one frame, two languages, colours that can be read, nothing inline."""

import gzip
import json
import re

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from accounts import heartbeat
from accounts.context import site, twins
from accounts.templatetags.look import DRAWN, phone_link, shares, state_colour
from brochure.colours import CATEGORY_COLOURS, colours_of
from voucher import navigation

ASSETS = settings.BASE_DIR / "voucher" / "assets"
STATIC = settings.BASE_DIR / "voucher" / "static"
PAGES = ["/", "/privacy/", "/accessibility/", "/cookies/", "/contact/", "/nothing-here/"]


# Colours


def brand():
    return dict(re.findall(r"^\$([\w-]+): (#[0-9a-f]{6});", (ASSETS / "_brand.scss").read_text(), re.M))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_of_black_on_white_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    "text, ground",
    [
        (text, ground)
        for text in ["ink", "ink-soft", "aubergine", "link", "red"]
        for ground in ["cream", "cream-deep", "card", "aubergine-tint", "yellow-tint", "green-tint", "red-tint"]
    ]
    + [
        ("ink", "yellow"),
        ("ink", "grey-tint"),
        ("aubergine-deep", "yellow"),
        ("yellow-ink", "yellow-tint"),
        ("green-deep", "green-tint"),
        ("blue-ink", "blue-tint"),
        ("red-deep", "red-tint"),
    ],
)
def test_text_can_be_read(text, ground):
    assert contrast(brand()[text], brand()[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["aubergine", "aubergine-deep", "green", "green-deep", "red", "red-deep"])
def test_white_text_can_be_read(ground):
    assert contrast("#ffffff", brand()[ground]) >= 4.5


@pytest.mark.parametrize("edge, ground", [("line-strong", "card"), ("line-strong", "cream"), ("red", "card")])
def test_the_edge_of_a_box_can_be_seen(edge, ground):
    assert contrast(brand()[edge], brand()[ground]) >= 3


@pytest.mark.parametrize("slug", [*sorted(CATEGORY_COLOURS), "of the council's own"])
def test_a_category_can_be_read_in_its_colours(slug):
    colours = colours_of(slug)

    assert contrast(colours["ink"], colours["tint"]) >= 4.5
    assert contrast(colours["ink"], "#ffffff") >= 4.5


def test_every_category_has_its_colours_and_its_drawing():
    assert set(CATEGORY_COLOURS) == DRAWN
    for slug in DRAWN:
        drawing = (STATIC / "tiles" / f"{slug}.svg").read_text()
        assert CATEGORY_COLOURS[slug]["ink"] in drawing
        assert "<text" not in drawing and "gradient" not in drawing.lower()
    assert (STATIC / "tiles" / "any.svg").exists()


# Pages


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "/cy"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_frame_and_nothing_inline(client, page, prefix):
    response = client.get(prefix + page)
    html = response.content.decode()

    assert response.status_code == (404 if page == "/nothing-here/" else 200)
    assert html.count("<h1") == 1
    assert re.search(r"<title>\s*\S.* – \S", html)
    assert '<a href="#main" class="govuk-skip-link">' in html and '<main id="main"' in html
    assert f'<html class="govuk-template" lang="{"cy" if prefix else "en"}">' in html
    assert 'role="status"' in html
    assert "tel:01632960000" in html
    for name in ["privacy", "accessibility", "cookies", "contact"]:
        assert f'href="{prefix}/{name}/"' in html
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)|javascript:", html)
    assert not re.search(r"gds transport|crown", html, re.I)


@pytest.mark.django_db
def test_a_page_leads_to_its_twin_and_keeps_what_was_asked(client):
    english = client.get("/contact/?from=letter&page=2").content.decode()
    welsh = client.get("/cy/contact/?from=letter&page=2").content.decode()

    assert re.search(r'href="/cy/contact/\?from=letter&amp;page=2" lang="cy" hreflang="cy"[^>]*>Cymraeg</a>', english)
    assert re.search(r'href="/contact/\?from=letter&amp;page=2" lang="en" hreflang="en"[^>]*>English</a>', welsh)
    for html in (english, welsh):
        assert f'<link rel="alternate" hreflang="en" href="{settings.SITE_URL}/contact/">' in html
        assert f'<link rel="alternate" hreflang="cy" href="{settings.SITE_URL}/cy/contact/">' in html


@pytest.mark.parametrize(
    "asked, english, welsh",
    [
        ("/", "/", "/cy/"),
        ("/cy/", "/", "/cy/"),
        ("/cymru/", "/cymru/", "/cy/cymru/"),
        ("/cy/a/b/?q=%C5%B5", "/a/b/?q=%C5%B5", "/cy/a/b/?q=%C5%B5"),
    ],
)
def test_twins_have_the_same_path(asked, english, welsh):
    assert [twin.path for twin in twins(RequestFactory().get(asked))] == [english, welsh]


@pytest.mark.django_db
def test_the_first_page_asks_for_the_code_and_never_changes_anything(client, django_assert_num_queries):
    with django_assert_num_queries(2):  # the categories, and whose telephone number it is
        html = client.get("/").content.decode()

    assert 'name="code"' in html and 'name="csrfmiddlewaretoken"' in html
    assert client.post("/").status_code == 405


@pytest.mark.django_db
def test_the_scheme_of_the_council_is_named(caerphilly, rf):
    caerphilly.scheme.name_en, caerphilly.scheme.name_cy = "Breathing Space", "Lle i Anadlu"
    request = rf.get("/")
    request.council = caerphilly

    assert site(request)["scheme"].name == "Breathing Space"
    with translation.override("cy"):
        assert site(request)["scheme"].name == "Lle i Anadlu"
        assert site(rf.get("/"))["scheme"].name == "Pontio'r Bwlch"


def test_the_page_for_our_own_mistakes_asks_nobody_and_speaks_both_languages():
    html = render_to_string("500.html")

    assert 'lang="en"' in html and 'lang="cy"' in html
    assert html.count("<h1") == 1


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_met_with_a_page_of_ours():
    response = Client(enforce_csrf_checks=True).post("/contact/")

    assert response.status_code == 403
    assert b'<main id="main"' in response.content


# The menu


@pytest.mark.django_db
def test_the_menu_is_that_of_the_audience(client, rf, caerphilly, carys, bryn, dafydd):
    def asks(user, **known):
        request = rf.get("/")
        request.user, request.session = user, known.pop("session", {})
        for name, value in known.items():
            setattr(request, name, value)
        return navigation.audience(request)[0]

    assert asks(AnonymousUser()) == "public"
    assert asks(AnonymousUser(), session={navigation.OPEN_AWARD: 1}) == "carer"
    assert asks(dafydd) == "public"
    assert asks(bryn) == "provider"
    assert asks(carys) == "staff"


@pytest.mark.django_db
def test_a_page_that_knows_the_roles_asks_nothing_for_its_menu(rf, carys, django_assert_num_queries):
    request = rf.get("/team/")
    request.user, request.roles, request.session = carys, {"team", "finance_preparer"}, {}

    with django_assert_num_queries(0):
        kind, places = navigation.audience(request)

    assert kind == "staff"
    names = [name for name, _text in places]
    assert {"team:queue", "finance:runs"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_the_menu_marks_where_one_is(client):
    marked = r'href="([^"]*)" aria-current="page"'

    assert re.findall(marked, client.get("/cy/").content.decode()) == ["/cy/"]
    assert re.findall(marked, client.get("/contact/").content.decode()) == []


@pytest.mark.django_db
def test_the_menu_marks_the_place_to_which_a_page_belongs(rf, bryn, bryn_cafe):
    def marked(path):
        request = rf.get(path)
        request.user, request.session = bryn, {}
        request.post = bryn.provider_posts.get()
        request.provider = request.post.provider
        return [place.url for place in navigation.menu_for(request).places if place.within]

    assert marked("/provider/bank/") == marked("/provider/money/3/") == ["/provider/money/"]
    assert marked("/provider/papers/") == marked("/provider/close/") == ["/provider/service/"]
    assert marked("/provider/phone/") == ["/provider/code/"]
    assert marked("/provider/vat/") == ["/provider/offers/"]
    assert marked("/provider/bookings/X/") == ["/provider/"]


@pytest.mark.django_db
@pytest.mark.parametrize("state, offers", [("joining", True), ("refused", True), ("applied", False)])
def test_offers_are_in_the_menu_of_who_joins_while_they_can_be_changed(rf, bryn, bryn_cafe, state, offers):
    request = rf.get("/provider/papers/")
    request.user, request.session = bryn, {}
    request.post = bryn.provider_posts.get()
    request.provider = request.post.provider
    request.provider.state = state

    names = [name for name, _text in navigation.audience(request)[1]]

    assert ("provider:offers" in names) is offers


# Components


def drawn(component, **facts):
    return render_to_string(f"components/{component}.html", facts)


def test_the_money_bar_says_in_words_what_it_shows():
    html = drawn("money_bar", used=15_000, set_aside=6_250, left=18_750, unit="pence")

    assert 'aria-hidden="true"' in html
    assert re.findall(r"<dd>(.*?)</dd>", html) == ["£150", "£62.50", "£187.50"]
    assert "2½ hours" in drawn("money_bar", used=0, set_aside=150, left=0, expired=60, unit="minutes")


@pytest.mark.parametrize(
    "amounts, widths",
    [
        ((0, 0, 0), [0, 0, 0]),
        ((50, 25, 25), [500, 250, 250]),
        ((1, 0, 999_999), [12, 0, 988]),
        ((1, 1, 1), [334, 333, 333]),
        ((None, -5, 10), [0, 0, 1000]),
    ],
)
def test_the_shares_of_a_bar_fill_it_and_small_ones_stay_visible(amounts, widths):
    pieces = shares(*amounts)

    assert [piece["width"] for piece in pieces] == widths
    assert [piece["x"] for piece in pieces] == [sum(widths[:i]) if sum(widths) else 0 for i in range(len(widths))]


def test_a_card_is_one_link_with_its_facts():
    offer = {
        "title": "Gwarchod",
        "category": {"slug": "sitting", "name": "Sitting service"},
        "provider": {"name": "Bryn Café", "town": "Blackwood"},
    }
    card = {"offer": offer, "url": "/offers/sitting/", "title_language": "cy", "miles": 3.2, "marks": ["Step-free"]}
    html = drawn("offer_card", card=card | {"price": "£29.50 an hour"})

    assert html.count("<a ") == 1 and 'lang="cy"' in html
    assert "Bryn Café · Blackwood · 3 miles" in html
    assert "tiles/sitting.svg" in html and 'alt=""' in html


def test_a_category_of_the_councils_own_gets_the_hills():
    assert "tiles/any.svg" in drawn("category_tile", url="/", category="fishing", name="Fishing")


def test_every_component_keeps_to_classes():
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        if template.is_relative_to(settings.BASE_DIR / "templates" / "print"):
            continue
        source = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\b(?:src=|application/json))", source), (
            template.name
        )


def test_a_state_has_a_colour_and_always_its_word():
    assert state_colour("requested") == "waiting"
    assert state_colour("confirmed") == "good"
    assert state_colour("cancelled") == state_colour("anything new") == "past"
    assert ">Confirmed<" in drawn("tag", state="confirmed", text="Confirmed")


def test_a_telephone_number_can_be_pressed():
    assert phone_link("01632 960 000") == "01632960000"
    assert phone_link("+44 (0)1632") == "+4401632"


def test_pages_of_a_list_keep_what_was_asked():
    html = drawn("pagination", page=Paginator(range(30), 10).page(2), query="q=1")

    assert re.findall(r'href="([^"]*)"', html) == ["?q=1&amp;page=1", "?q=1&amp;page=3"]
    assert drawn("pagination", page=Paginator(range(3), 10).page(1)).strip() == ""


# Health


def test_alive_is_said_without_the_database(client):
    assert client.get("/healthz").content == b"alive\n"


@pytest.mark.django_db
def test_ready_tells_of_the_database_the_migrations_and_the_jobs(client):
    assert client.get("/readyz").json() == {"ready": True, "database": "up", "migrations": "done", "jobs": "never ran"}

    heartbeat.beat(name="jobs", now=timezone.now())
    assert client.get("/readyz").json()["jobs"] == "running"

    heartbeat.beat(name="jobs", now=timezone.now() - timezone.timedelta(hours=1))
    late = client.get("/readyz")
    assert late.json()["jobs"] == "late" and late.status_code == 200


@pytest.mark.django_db
def test_not_ready_while_migrations_wait(client, monkeypatch):
    monkeypatch.setattr("voucher.views.public._migrations_waiting", lambda: True)

    response = client.get("/readyz")

    assert response.status_code == 503 and response.json()["migrations"] == "waiting"


# What is built


def test_the_built_styles_are_ours_and_small():
    css = (STATIC / "build" / "app.css").read_text()

    assert len(gzip.compress(css.encode())) < 25_000
    assert not re.search(r"gds.?transport|crown|gradient\(", css, re.I)
    for slug, colours in CATEGORY_COLOURS.items():
        assert f".category--{slug}" in css and colours["tint"] in css


def test_the_lock_file_names_no_address():
    lock = json.loads((settings.BASE_DIR / "package-lock.json").read_text())

    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_paper_gets_whole_fonts():
    for weight in ["Regular", "SemiBold", "Bold", "ExtraBold"]:
        font = STATIC / "build" / "fonts" / f"AtkinsonHyperlegibleNext-{weight}.ttf"
        assert font.stat().st_size > 30_000
