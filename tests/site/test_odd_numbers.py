"""Numbers and days that nobody types: a page answers that there is nothing there, and never falls over."""

import pytest
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db

ODD = ["9" * 5000, "9" * 30, "-1", "٣", "²", "\0", "1e3", ""]


@pytest.mark.parametrize("odd", ODD, ids=[*"abcdefgh"])
def test_the_number_of_an_award_a_carer_or_a_line_may_be_anything(client, caerphilly, carys, ffion, odd):
    award = factories.award(caerphilly)
    award.carer.user = factories.user("alys@post.example")
    award.carer.save()

    client.force_login(award.carer.user)
    assert client.post(reverse("my:choose"), {"award": odd}).status_code in {302, 404}
    client.force_login(carys)
    assert client.get(reverse("team:issue"), {"carer": odd}).status_code in {200, 404}
    client.force_login(ffion)
    assert client.post(reverse("finance:prepare"), {"shown": odd, "key": "1"}).status_code in {200, 302}


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31", "2101-01-01", "2026-02-30"])
def test_a_day_at_the_end_of_the_calendar_is_not_there(client, bryn, day):
    client.force_login(bryn)

    assert client.get(reverse("provider:day_list", args=[day])).status_code == 404
