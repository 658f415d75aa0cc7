"""Lays a frozen edition out as pages and makes its PDF; reads nothing but its own copies, and the photos it names."""

import functools
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import paper
from brochure import access, area_map, wording
from brochure.catalogue import folded
from brochure.colours import colours_of
from brochure.models import Photo

# How many lines of the index go into a column of a page, below the heading of its first page.
INDEX_LINES = 52
STYLES = Path(__file__).parent / "print" / "edition.css"


class PrintedOffer:
    """An offer of an edition in one language; its text falls back to the other language and is then labelled."""

    def __init__(self, row, language, site_url):
        self._printed, self._language = row.printed, language
        self.price_pence = row.price_pence
        self.rates_printed = row.rates_printed
        self.number = row.printed["number"]
        path = f"/cy/o/{self.number}" if language == "cy" else f"/o/{self.number}"
        self.url = site_url + path
        # In two parts, so that a long one breaks before the path.
        self.short_host, self.short_path = site_url.split("//", 1)[-1].removeprefix("www."), path
        self.qr = paper.qr_source(self.url)

    def __getattr__(self, name):
        if name in self._printed:
            return self._printed[name]
        own, other = f"{name}_{self._language}", f"{name}_{self._other}"
        if own in self._printed:
            return self._printed[own] or self._printed[other]
        raise AttributeError(name)

    @property
    def short_url(self):
        return self.short_host + self.short_path

    @property
    def _other(self):
        return "en" if self._language == "cy" else "cy"

    def _language_of(self, name):
        return self._language if self._printed[f"{name}_{self._language}"] else self._other

    @property
    def title_language(self):
        return self._language_of("title")

    @property
    def photo_alt_language(self):
        return self._language_of("photo_alt")

    @property
    def description_language(self):
        return self._language_of("description")

    @property
    def only_in(self):
        """The other language's code where some of the text exists only in it; otherwise empty."""
        missing = self.title_language != self._language or (
            self.description and self.description_language != self._language
        )
        return self._other if missing else ""

    @property
    def per_unit(self):
        return wording.per_unit(self.unit)

    @property
    def other_rates(self):
        return wording.other_rates(self.rates_printed)

    @property
    def notice(self):
        return wording.notice(self.notice_hours)

    @property
    def features(self):
        return access.names(self.access)


@dataclass
class Section:
    """One category of an edition: its opener, its thumb tab and its offers by county."""

    key: str
    slug: str
    name: str
    purpose: str
    counties: list
    count: int


def typeset(edition, language, *, large_print=False, step=None):
    """Return the accounts.paper.Paper of an edition in one language. Raises paper.CannotPrint."""
    with translation.override(language):
        printed = edition.offers.prefetch_related("rates")
        rows = [PrintedOffer(row, language, edition.printed["site_url"]) for row in printed]
        sections = _sections(rows)
        maps = area_map.maps(rows, edition.printed["counties"], language)
        other = "en" if language == "cy" else "cy"
        context = {
            "edition": edition,
            "language": language,
            "other_language": other,
            "large_print": large_print,
            "sections": sections,
            "offer_count": len(rows),
            "index_pages": _index_pages(rows, large_print),
            "maps": maps,
            "welcome": _welcome(other),
            **_around(edition.printed, language),
        }
        html = render_to_string("print/edition.html", context)
    pictures = {area.name: area_map.ground(area) for area in maps} | _photos(rows)
    return paper.typeset(html, css=[STYLES, _section_styles(sections)], images=pictures, step=step)


def _photos(rows):
    """Return the photos that the edition names, whatever became of them since: a photo never changes."""
    keys = [row._printed["photo"] for row in rows if row._printed.get("photo")]
    found = Photo.objects.filter(key__in=keys).values_list("key", "small")
    return {f"photo-{key}": bytes(small) for key, small in found}


def _welcome(language):
    """Return the words of welcome on the back cover, in the edition's other language."""
    with translation.override(language):
        return {
            "title": _("Time for you"),
            "text": _("Breaks for unpaid carers, and how to book them"),
            "ask": {
                "en": _("This brochure is also printed in English. Ask your carers team for a copy."),
                "cy": _("This brochure is also printed in Welsh. Ask your carers team for a copy."),
            }[language],
        }


def _around(printed, language):
    """Return the counties and activities in the language, and one phone number where all teams share it."""
    counties = [
        {key.removesuffix(f"_{language}"): text for key, text in county.items()} for county in printed["counties"]
    ]
    activities = [{**row, "county": row[f"county_{language}"]} for row in printed["activities"]]
    phones = {county["phone"] for county in counties}
    return {
        "scheme": counties[0]["scheme"],
        "counties": counties,
        "activities": activities,
        "one_phone": phones.pop() if len(phones) == 1 else "",
        "site": printed["site_url"].split("//", 1)[-1],
        "other_scheme": printed["counties"][0]["scheme_en" if language == "cy" else "scheme_cy"],
    }


def _sections(rows):
    """Return the Sections in the order of the categories, offers by county, town and title in the page's language."""
    rows = sorted(
        rows,
        key=lambda row: (row.category_position, folded(row.county), folded(row.town), folded(row.title), row.number),
    )
    sections = []
    for index, (slug, offers) in enumerate(groupby(rows, key=lambda row: row._printed["category"])):
        offers = list(offers)
        counties = [(county, list(group)) for county, group in groupby(offers, key=lambda row: row.county)]
        first = offers[0]._printed
        language = offers[0]._language
        name, purpose = first[f"category_{language}"], first[f"purpose_{language}"]
        sections.append(Section(f"part{index + 1}", slug, name, purpose, counties, len(offers)))
    return sections


def _index_pages(rows, large_print):
    """Return the index by town as pages of two columns, each a list of (county or empty, town, offers).

    The columns are filled here, because the typesetter tries a long text in columns again and again,
    which took two thirds of the whole time. Large print is one column, that flows by itself.
    """
    rows = sorted(rows, key=lambda row: (folded(row.county), folded(row.town), folded(row.title), row.number))
    columns, lines, last_county = [[]], 0, ""
    for (county, town), offers in groupby(rows, key=lambda row: (row.county, row.town)):
        offers = list(offers)
        # A town too long for what is left of a column goes on in the next, under its name again.
        while offers:
            needed = 1.9 + (2.4 if county != last_county else 0)
            room = int(INDEX_LINES - lines - needed)
            if not large_print and room < min(3, len(offers)):
                columns.append([])
                lines = 0
                continue
            taken = offers if large_print else offers[:room]
            columns[-1].append((county if county != last_county else "", town, taken))
            lines += needed + len(taken)
            offers, last_county = offers[len(taken) :], county
    return [columns[index : index + 2] for index in range(0, len(columns), 2)]


def _section_styles(sections):
    """Return the style sheet that gives each section its colours, its picture and its stepped thumb tab."""
    step = min(24, 236 / max(1, len(sections)))
    return "\n".join(_section_style(index, section, step) for index, section in enumerate(sections))


def _section_style(index, section, step):
    colours = colours_of(section.slug)
    tint, dark = colours["tint"], colours["ink"]
    down = index * step
    name = section.name.replace("\\", "").replace('"', "")
    tab = f'content: "{name}"; background: {dark}; margin-top: {down:.1f}mm'
    running = 'content: string(part) "  ·  " string(county); font: 400 9pt "Atkinson Hyperlegible Next"; color: #4a4a4a'
    picture = _tile(section.slug)
    return f"""
@page {section.key}:right {{ @right-top {{ {tab} }} @bottom-left {{ {running} }} }}
@page {section.key}:left {{ @left-top {{ {tab} }} @bottom-right {{ {running} }} }}
.{section.key} {{ page: {section.key} }}
.{section.key} .opener, .{section.key} .picture, .swatch.{section.key} {{ background-color: {tint} }}
.{section.key} .ink, .{section.key} .number {{ color: {dark} }}
.{section.key} .opener {{ border-bottom-color: {dark} }}
.{section.key} .edge {{ border-color: {dark} }}
.swatch.{section.key} {{ border-color: {dark} }}
{f'.{section.key} .picture, .swatch.{section.key} {{ background-image: url("{picture}") }}' if picture else ""}
"""


@functools.cache
def _tile(slug):
    """Return the address of a category's drawn tile, or an empty string where nobody has drawn one."""
    found = finders.find(f"tiles/{slug}.svg")
    return Path(found).as_uri() if found else ""
