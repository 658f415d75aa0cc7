"""A provider that has not joined yet: every address of the site's providers is tried, and hardly any is open."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.history import Who
from providers import joining
from providers.models import Provider
from tests import factories
from tests.site.test_who_may_enter import address, named
from tests.site.test_who_may_enter import there as there
from voucher.urls.provider import urlpatterns

pytestmark = pytest.mark.django_db
State = Provider.State
ITS_OWN = ("/provider/joining/", "/provider/papers/")
WHILE_IT_MAY_CHANGE = ("/provider/offers/", "/provider/vat/")


@pytest.fixture
def sian(there, caerphilly, now):
    user = factories.user("sian@provider.example")
    by = Who(user=user)
    return joining.begin(user=user, name="Siân", council=caerphilly, language="en", by=by, now=now), user


def where_is(name, there):
    """Return the address of a page, with what it names; where nothing of that kind was made, with something."""
    try:
        return address(name, there)
    except NoReverseMatch:
        pattern = next(each.pattern for each in urlpatterns if f"provider:{each.name}" == name)
        return reverse(name, kwargs=dict.fromkeys(pattern.converters, 1234))


def pages():
    return sorted(name for name in set(named()) if name.startswith("provider:"))


def is_open(where, state):
    return where.startswith(ITS_OWN) or (state in Provider.MAY_CHANGE and where.startswith(WHILE_IT_MAY_CHANGE))


@pytest.mark.parametrize("state", Provider.NOT_JOINED)
def test_requests_codes_and_money_are_not_open_before_it_has_joined(state, there, sian):
    provider, user = sian
    joined = {"town_en": "Risca", "town_cy": "Rhisga", "postcode": "NP11 6AA", "phone": "1", "email": user.email}
    Provider.objects.filter(pk=provider.pk).update(state=state, **joined)
    client, wrong = Client(), []
    client.force_login(user)
    list_of_tasks = reverse("provider:joining")
    for name in pages():
        where = where_is(name, there)
        look = client.get(where)
        led_on = look.status_code == 302 and look["Location"] == list_of_tasks
        with transaction.atomic():
            press = client.post(where)
            transaction.set_rollback(True)
        if is_open(where, state):
            # Its own pages: whatever of Bryn Café's they name is not there.
            ok = look.status_code in {200, 302, 404, 405} and b"Bryn Caf" not in getattr(look, "content", b"")
        else:
            ok = (led_on or look.status_code in {404, 405}) and press.status_code in {404, 405}
        if not ok:
            wrong.append((name, look.status_code, press.status_code))

    assert wrong == []


@pytest.mark.parametrize("state", Provider.NOT_JOINED)
def test_a_second_post_elsewhere_still_opens_what_belongs_to_it_and_no_more(state, sian, bryn_cafe):
    _provider, user = sian
    bryn_cafe.staff.create(user=user, kind="bookings")
    client = Client()
    client.force_login(user)
    session = client.session
    session["provider"] = bryn_cafe.pk
    session.save()

    assert client.get(reverse("provider:inbox")).status_code == 200
    assert client.get(reverse("provider:money")).status_code in {302, 404}
    assert client.get(reverse("provider:joining")).status_code in {200, 302}


def test_a_provider_that_has_joined_finds_all_its_pages(sian):
    provider, user = sian
    reached = {"town_en": "Risca", "town_cy": "Rhisga", "postcode": "NP11 6AA", "phone": "1"}
    Provider.objects.filter(pk=provider.pk).update(state=State.LIVE, **reached)
    client = Client()
    client.force_login(user)

    assert client.get(reverse("provider:inbox")).status_code == 200
    assert client.get(reverse("provider:money")).status_code == 200
    assert client.get(reverse("provider:joining"))["Location"] == reverse("provider:inbox")
