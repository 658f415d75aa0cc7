"""The administrator's page of settings about providers."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Council, HistoryEntry, Scheme
from tests import factories
from tests.voucher.breaks import ask, london
from tests.voucher.carer.pages import text_of
from voucher.forms.scheme import ProviderSettingsForm, TeamSettingsForm
from voucher.views import history_settings, history_words

pytestmark = pytest.mark.django_db

WANTED = {
    **{"run_weekday": "1", "pay_working_days": "4", "account_working_days": "2", "joining_working_days": "10"},
    **{"provisional_months": "6", "price_notice_days": "28", "price_rise_percent": "10"},
    **{"unanswered_before_pause": "3", "about_providers": "1"},
    **{"answer_working_days": "2", "answer_working_days_overnight": "5", "claim_window_days": "60"},
    **{"free_cancel_hours": "48", "late_cancel_percent": "50"},
}


@pytest.fixture
def administrator(client, caerphilly):
    client.force_login(factories.user("mair@council.example", role="administrator", council=caerphilly))
    return client


def test_what_is_changed_is_saved_and_in_the_history_once(administrator, caerphilly):
    for _press in range(2):
        assert administrator.post(reverse("people:scheme"), WANTED).status_code == 302

    scheme = Scheme.objects.get(council=caerphilly)
    assert (scheme.run_weekday, scheme.pay_working_days, scheme.unanswered_before_pause) == (1, 4, 3)
    entry = HistoryEntry.objects.get(act="scheme.changed")
    assert entry.details == {"run_weekday": [3, 1], "pay_working_days": [3, 4], "unanswered_before_pause": [2, 3]}


@pytest.mark.parametrize(
    ("name", "typed"), [("pay_working_days", "1"), ("price_rise_percent", "-3"), ("provisional_months", "soon")]
)
def test_a_figure_that_cannot_be_is_refused_beside_its_box(administrator, caerphilly, name, typed):
    page = administrator.post(reverse("people:scheme"), WANTED | {name: typed}).content.decode()

    assert "Enter a whole number from" in page
    assert not HistoryEntry.objects.filter(act="scheme.changed").exists()


def test_without_the_card_company_nobody_is_paid_through_it(administrator, caerphilly):
    administrator.post(reverse("people:scheme"), WANTED | {"pays_by_card_company": "on"})

    assert not Scheme.objects.get(council=caerphilly).pays_by_card_company


def test_with_the_card_company_the_council_chooses(administrator, card_company, caerphilly):
    administrator.post(reverse("people:scheme"), WANTED | {"pays_by_card_company": "on"})

    assert Scheme.objects.get(council=caerphilly).pays_by_card_company


def test_the_time_to_answer_and_to_claim_and_the_terms_are_the_councils(
    administrator, bryn_cafe, caerphilly, now, clock
):
    other = {"answer_working_days": "1", "claim_window_days": "90", "free_cancel_hours": "24"}
    assert administrator.post(reverse("people:scheme"), WANTED | other).status_code == 302

    asked = ask(factories.award(caerphilly), factories.offer(bryn_cafe), now)

    assert (asked.answer_by, asked.free_cancel_hours) == (london(2026, 10, 13, 17), 24)
    assert "after it was given, within 90 days." in text_of(administrator.get(reverse("join_terms")))


def test_how_the_team_is_reached_is_changed_and_in_the_history_by_name_only(administrator, caerphilly):
    before = factories.award(caerphilly)
    last_day = before.account.last_day
    reached = {"team_phone": "01443 815588", "team_email": "team@sir.example", "validity_months": "12"}
    typed = reached | {
        "team_address": " Tŷ Penallta \r\n\r\nYstrad Mynach",
        "about_team": "1",
        "worker_limit_pence": "1",
    }
    page = administrator.post(reverse("people:scheme"), typed | {"team_phone": "ring us", "validity_months": "0"})
    assert "Enter a telephone number, like 01443 815588." in page.content.decode()
    assert "Enter a whole number from 1 to 24." in page.content.decode()
    assert not HistoryEntry.objects.filter(act="scheme.changed").exists()

    for _press in range(2):
        assert administrator.post(reverse("people:scheme"), typed).status_code == 302

    scheme = Scheme.objects.get(council=caerphilly)
    assert (scheme.team_address, scheme.worker_limit_pence) == ("Tŷ Penallta\nYstrad Mynach", 50_000)
    entry = HistoryEntry.objects.get(act="scheme.changed")
    assert entry.details == {"validity_months": [6, 12], "fields": ["team_phone", "team_email", "team_address"]}
    told = "time for which a new award lasts: 6 months → 12 months; telephone number of the carers team, "
    assert history_words.details(entry, {}).startswith(told)
    shown = administrator.get(reverse("people:scheme")).content.decode()
    assert "01443 815588" in shown and "team@sir.example" in shown and "Tŷ Penallta\nYstrad Mynach" in shown
    before.account.refresh_from_db()
    assert before.account.last_day == last_day
    assert factories.award(Council.objects.get(pk=caerphilly.pk)).account.last_day == dt.date(2027, 8, 31)


def test_the_history_says_in_both_languages_what_a_setting_was_and_is():
    changed = {
        "free_cancel_hours": [48, 2],
        "late_cancel_percent": [50, 0],
        "pay_working_days": [1, 2],
        "pays_by_card_company": [False, True],
        "provisional_months": [2, 3],
        "run_weekday": [3, 1],
        "unanswered_before_pause": [2, 3],
        "worker_limit_minutes": [960, 90],
        "worker_limit_pence": [50_000, 62_50],
    }

    told = history_settings.changed(changed).split("; ")
    with translation.override("cy"):
        welsh = history_settings.changed(changed)

    assert [each.partition(": ")[2] for each in told] == [
        *("48 hours → 2 hours", "50% → 0%", "1 working day → 2 working days", "no → yes", "2 months → 3 months"),
        *("Thursday → Tuesday", "2 → 3", "16 hours → 1½ hours", "£500 → £62.50"),
    ]
    for words in ["dydd Iau → dydd Mawrth", "1 diwrnod gwaith → 2 ddiwrnod gwaith", "2 fis → 3 mis", "1½ awr"]:
        assert words in welsh


def test_a_row_from_before_says_what_a_setting_became():
    assert history_settings.changed({"run_weekday": 1}) == "day on which claims are gathered: Tuesday"


def test_every_setting_that_a_page_changes_has_its_words_in_the_history():
    assert {*TeamSettingsForm.base_fields, *ProviderSettingsForm.base_fields} <= set(history_settings.SETTINGS)
