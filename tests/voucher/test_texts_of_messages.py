"""Every text message to a carer: one for each piece of news, short in both languages, and it gives nothing away."""

import ast
import copy
import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django.conf import settings as project

from accounts import composing, texts
from tests.voucher.breaks import london

FOLDERS = project.BASE_DIR / "templates" / "messages"
# The longest names of the pilot files' kind; a Wednesday in September is the longest day to write.
PROVIDER = SimpleNamespace(name="Gwasanaeth Gwarchod a Chwmnïaeth Tŷ'r Gŵr", phone="01495 900123 est. 12")
OTHER = SimpleNamespace(name="Canolfan Hamdden a Nofio Ystrad Mynach", phone="01443 900123")
OFFER = SimpleNamespace(title="Gwersi nofio i ddechreuwyr, gyda'r nos")
STARTS = london(2026, 9, 30, 10, 30)
BOOKING = SimpleNamespace(
    ref="B7K4P2QX", provider=PROVIDER, starts_at=STARTS, ends_at=STARTS + dt.timedelta(hours=2), answer_by=STARTS
)
OTHER_BOOKING = SimpleNamespace(**vars(BOOKING) | {"provider": OTHER})
SCHEME = SimpleNamespace(name="Pontio'r Bwlch", team_name="Tîm gofalwyr", team_phone="01443 900 456")
KNOWN = {
    "booking": BOOKING,
    "provider": PROVIDER,
    "offer": OFFER,
    "scheme": SCHEME,
    "unit": "pence",
    "other": OTHER_BOOKING,
    "before": OTHER_BOOKING,
    "account": SimpleNamespace(last_day=STARTS.date()),
    "application": SimpleNamespace(state="granted", kind="more_time", granted_until=STARTS.date()),
    "carer": SimpleNamespace(first_name="Angharad"),
    "permission": SimpleNamespace(last_day=STARTS.date()),
    "helper": "Gwenllian Angharad Prydderch-Williams",
    "pence": 12_350,
    "place": SimpleNamespace(day=STARTS.date(), kept_until=STARTS),
    "code": "123456",
    "successor": OTHER,
    "walk_in": SimpleNamespace(price_pence=12_350),
}
# What chooses between the sentences of one text.
SWITCHES = [
    {name: True} for name in ("by_carer", "by_provider", "bound", "has_pin", "more", "noted_address", "asked_by_carer")
]
SWITCHES += [{}]
SWITCHES += [
    {"application": SimpleNamespace(state=state, kind=kind, granted_until=STARTS.date())}
    for state, kind in [("refused", "more_time"), ("granted", "more_value"), ("granted", "new_award")]
]
NAMES = sorted(path.parent.name for path in FOLDERS.glob("*/text.txt"))


@pytest.fixture(autouse=True)
def strict_site(settings):
    """A long address, and a word in place of whatever a template does not know."""
    settings.SITE_URL = "https://seibiannau.caerffili.example"
    settings.TEMPLATES = copy.deepcopy(settings.TEMPLATES)
    settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "UNKNOWN"


def in_all_ways(name, language):
    """Return each text that the template of that name can make."""
    # Only there may the time before be missing: the break was not moved. And one break is cancelled, or a pair.
    more = {"move_answered": [{"before": None}], "booking_cancelled": [{"by_carer": True, "other": None}]}
    more |= {"waited_in_vain": [{"why": "gone"}, {"why": "award"}]}
    switches = [*SWITCHES, *more.get(name, [])]
    return {
        words
        for switch in switches
        for _language, words in composing.text_messages(name, language, KNOWN | {"today": STARTS.date()} | switch)
    }


def told_to_carers():
    """Return the name of each piece of news that voucher.messages writes to a carer."""
    trees = [ast.parse(path.read_text()) for path in (project.BASE_DIR / "voucher" / "messages").glob("*.py")]
    for node in (each for tree in trees for each in ast.walk(tree)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"to_carer", "tell_carer", "about_carer"}:
            names = [each for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
            yield from (each.value for each in names if (FOLDERS / each.value).is_dir())


def test_all_news_to_carers_can_be_told_in_a_text():
    told = set(told_to_carers())

    assert {"booking_confirmed", "award_reminder", "break_coming"} <= told
    assert sorted(told - set(NAMES)) == []


@pytest.mark.parametrize("language", ["cy", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_short_whole_and_on_one_line(name, language):
    written = in_all_ways(name, language)

    for words in written:
        assert 1 <= texts.parts(words) <= texts.PARTS_MOST, (texts.parts(words), words)
        assert not {"UNKNOWN", "None.", "None,", "{"} & set(words.split())
        assert "\n" not in words and "  " not in words
        assert words == texts.plain(words)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_go_as_one_text_where_that_is_short_and_else_as_two(name):
    written = composing.text_messages(name, "", KNOWN)

    assert [language for language, _words in written] in ([""], ["cy", "en"])
    assert all(texts.parts(words) <= texts.PARTS_MOST for _language, words in written)


@pytest.mark.parametrize("language", ["cy", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_text_links_to_the_front_page_only_and_in_its_own_language(name, language):
    home = "https://seibiannau.caerffili.example" + {"cy": "/cy/", "en": "/"}[language]
    for words in in_all_ways(name, language):
        for link in re.findall(r"https?://\S+", words):
            assert link.rstrip(".") == home


def test_a_text_says_nothing_of_who_is_cared_for_nor_what_is_left():
    for name in NAMES:
        template = (FOLDERS / name / "text.txt").read_text()
        assert not re.search(r"cared.for|available|last_name|\baccount\.(?!last_day)\w", template), name
