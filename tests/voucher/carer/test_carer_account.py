"""A carer's own account: made in two steps with an e-mail address, and the code that is bound to it."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import HistoryEntry, OutboxMessage, User
from tests import factories
from tests.voucher.carer.pages import TEAM, text_of
from voucher.carers import bindings, carer_accounts
from voucher.granting import awards
from voucher.models import Carer

pytestmark = pytest.mark.django_db
ACCOUNT, CODE = "my:account", "my:account_code"
REFUSED = "This code does not open an award. Check it against your letter, or ring us."


def sent_code():
    body = OutboxMessage.objects.filter(kind="address_code").latest("pk").body
    return re.search(r"\b[2-9BCDFGHJKMNPQRSTVWXZ]{8}\b", body)[0]


def make_account(client, email):
    client.post(reverse(ACCOUNT), {"email": email})
    return client.post(reverse(CODE), {"code": sent_code()}, follow=True)


@pytest.fixture(autouse=True)
def texts_are_kept(settings):
    """As in a local copy: a sent code stays readable for the test."""
    settings.DEMO = True


@pytest.fixture
def no_address(award):
    Carer.objects.filter(pk=award.carer_id).update(email="")


@pytest.fixture
def own(alys, award):
    """Alys in her own account; the code is still in her letter."""
    make_account(alys, award.carer.email)
    award.carer.refresh_from_db()
    return alys


def test_the_noted_address_makes_an_account_in_two_steps_and_signs_in(alys, award):
    page = make_account(alys, award.carer.email.upper())

    award.carer.refresh_from_db()
    assert award.carer.user == User.objects.get(email=award.carer.email)
    assert "Done. Your award is in your account now." in text_of(page)
    alys.post(reverse("my:leave"))
    assert "£400" in text_of(alys.get(reverse("my:award")))
    assert not award.carer.user.has_usable_password()
    assert HistoryEntry.objects.get(act="carer.account_linked").details == {"noted_address": False}


def test_an_account_made_without_the_password_signs_in_again_by_e_mailed_code(own, award):
    own.post(reverse("account_logout"))
    own.post(reverse("account_request_login_code"), {"email": award.carer.email})
    mail = OutboxMessage.objects.filter(kind="login_code", to=award.carer.email)

    assert mail.count() == 1


def test_an_address_that_was_never_noted_is_noted_now_and_a_letter_goes_to_the_door(alys, award, no_address):
    make_account(alys, "alys.new@post.example")

    award.carer.refresh_from_db()
    letter = OutboxMessage.objects.get(kind="account_made")
    assert (award.carer.email, award.carer.user.email) == ("alys.new@post.example", "alys.new@post.example")
    assert letter.channel == "post"
    assert award.carer.postcode in letter.to
    assert HistoryEntry.objects.get(act="carer.account_linked").details == {"noted_address": True}


def test_another_address_than_the_noted_one_gets_no_code(alys, award):
    page = alys.post(reverse(ACCOUNT), {"email": "finder@post.example"})

    assert "We do not have finder@post.example as your e-mail address. Ring us" in text_of(page)
    assert not OutboxMessage.objects.filter(kind="address_code").exists()
    assert award.carer.email not in text_of(page)


def test_whether_somebody_signs_in_with_the_address_already_is_not_told(alys, award, no_address, bryn):
    known = alys.post(reverse(ACCOUNT), {"email": bryn.email}, follow=True)
    new = alys.post(reverse(ACCOUNT), {"email": "nobody.knows@post.example"}, follow=True)

    assert text_of(known).replace(bryn.email, "") == text_of(new).replace("nobody.knows@post.example", "")


def test_five_wrong_codes_are_all_and_then_the_right_one_is_too_late(alys, award):
    alys.post(reverse(ACCOUNT), {"email": award.carer.email})
    for _ in range(5):
        assert "That is not the code." in text_of(alys.post(reverse(CODE), {"code": "22222222"}))

    assert "This code is no longer good." in text_of(alys.post(reverse(CODE), {"code": sent_code()}))
    award.carer.refresh_from_db()
    assert award.carer.user is None


def test_a_code_is_good_for_fifteen_minutes(alys, award, clock):
    alys.post(reverse(ACCOUNT), {"email": award.carer.email})
    clock.now += dt.timedelta(minutes=15)

    assert "This code is no longer good." in text_of(alys.post(reverse(CODE), {"code": sent_code()}))


def test_five_addresses_a_day_are_enough(alys, award):
    for number in range(5):
        alys.post(reverse(ACCOUNT), {"email": f"guess{number}@post.example"})

    page = alys.post(reverse(ACCOUNT), {"email": award.carer.email})

    assert "There have been too many tries today." in text_of(page)
    assert not OutboxMessage.objects.filter(kind="address_code").exists()


def test_the_code_of_one_award_does_not_make_an_account_of_another(alys, caerphilly, award, now):
    alys.post(reverse(ACCOUNT), {"email": award.carer.email})
    other = factories.award(caerphilly)
    alys.post(reverse("open_award"), {"code": awards.new_code(award=other, by=TEAM, now=now)})

    assert alys.post(reverse(CODE), {"code": sent_code()}).url == reverse(ACCOUNT)
    assert not Carer.objects.exclude(user=None).exists()


def test_a_colleague_with_a_second_factor_still_gives_it(client, caerphilly, carys, now):
    award = factories.award(caerphilly, carer_row=factories.carer(caerphilly, email=carys.email))
    client.post(reverse("open_award"), {"code": awards.new_code(award=award, by=TEAM, now=now)})
    client.post(reverse(ACCOUNT), {"email": carys.email})

    answer = client.post(reverse(CODE), {"code": sent_code()})

    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session


def test_a_closed_account_takes_no_award(alys, award):
    factories.user(award.carer.email).delete()
    closed = factories.user(award.carer.email)
    User.objects.filter(pk=closed.pk).update(is_active=False)

    make_account(alys, award.carer.email)

    award.carer.refresh_from_db()
    assert award.carer.user is None


def test_making_an_account_gives_the_session_a_new_key(alys, award):
    alys.post(reverse(ACCOUNT), {"email": award.carer.email})
    before = alys.session.session_key

    alys.post(reverse(CODE), {"code": sent_code()})

    assert alys.session.session_key != before


def test_an_award_that_is_kept_already_is_kept_by_nobody_else(award, dafydd, now):
    award.carer.user = factories.user(award.carer.email)
    award.carer.save()

    with pytest.raises(carer_accounts.HasAccount):
        carer_accounts.link(carer=award.carer, user=dafydd, by=TEAM, now=now)


def test_a_bound_code_opens_nothing_for_whoever_found_the_letter(own, award, code):
    own.post(reverse("my:bind"))
    finder = Client()

    page = finder.post(reverse("open_award"), {"code": code})
    unknown = finder.post(reverse("open_award"), {"code": "0000-0000-0000"})

    assert REFUSED in text_of(page)
    assert text_of(page).replace(code, "") == text_of(unknown).replace("0000-0000-0000", "")
    assert "A code can be kept in an account" in text_of(page)
    assert reverse("account_login") in page.content.decode()
    assert "award" not in finder.session


def test_binding_closes_at_once_what_the_bare_code_has_open_in_another_browser(own, code):
    finder = Client()
    finder.post(reverse("open_award"), {"code": code})
    assert finder.get(reverse("my:award")).status_code == 200

    own.post(reverse("my:bind"))

    assert finder.get(reverse("my:award")).url.startswith(reverse("voucher"))
    assert finder.post(reverse("my:pin"), {"pin": "7294", "again": "7294"}).status_code == 302
    assert own.get(reverse("my:award")).status_code == 200


def test_the_carer_who_is_signed_in_opens_the_award_with_a_bound_code(own, award, code):
    own.post(reverse("my:bind"))

    assert own.post(reverse("open_award"), {"code": code}).url == reverse("my:award")
    assert "£400" in text_of(own.get(reverse("my:award")))


def test_a_new_code_is_bound_too_until_it_is_unbound(own, award, now):
    own.post(reverse("my:bind"))
    fresh = awards.new_code(award=award, by=TEAM, now=now)
    finder = Client()

    assert REFUSED in text_of(finder.post(reverse("open_award"), {"code": fresh}))
    own.post(reverse("my:unbind"))
    assert finder.post(reverse("open_award"), {"code": fresh}).status_code == 302


def test_binding_is_told_and_written_down_and_happens_once(own, award):
    own.post(reverse("my:bind"))
    own.post(reverse("my:bind"))

    assert HistoryEntry.objects.filter(act="code.bound").count() == 1
    assert OutboxMessage.objects.filter(kind="code_bound").count() == 1


def test_without_an_account_there_is_nothing_to_bind_to(award, now):
    with pytest.raises(bindings.NoAccount):
        bindings.bind(carer=award.carer, by=TEAM, now=now)


@pytest.mark.parametrize("page", ["my:bind", "my:unbind"])
def test_with_the_code_alone_nobody_binds_or_unbinds(alys, own, award, code, page):
    other = Client()
    other.post(reverse("open_award"), {"code": code})

    assert other.post(reverse(page)).status_code == 404
    award.carer.refresh_from_db()
    assert award.carer.code_bound_at is None


def test_awards_of_many_years_stand_in_one_account_and_the_old_ones_say_why(own, caerphilly, award):
    over = factories.award(
        caerphilly,
        carer_row=award.carer,
        first_day=dt.date(2025, 12, 1),
        now=dt.datetime(2025, 12, 1, 9, tzinfo=dt.UTC),
    )
    long_over = factories.award(
        caerphilly,
        carer_row=award.carer,
        first_day=dt.date(2025, 1, 1),
        now=dt.datetime(2025, 1, 1, 9, tzinfo=dt.UTC),
    )

    page = text_of(own.get(reverse("my:award")))

    assert re.search(f"Show award {over.ref} Ended on (\\w+ )?31 May 2026", page)
    assert long_over.ref not in page


def test_preferences_are_remembered_and_what_changed_is_in_the_history(alys, award):
    alys.post(reverse("my:preferences"), {"language": "cy", "contact_by": "email", "print_size": "large print"})

    award.carer.refresh_from_db()
    assert (award.carer.language, award.carer.print_size) == ("cy", "large print")
    assert HistoryEntry.objects.get(act="carer.changed").details == {"fields": ["language", "print_size"]}


def test_an_e_mail_can_only_be_had_where_there_is_an_address(alys, award, no_address):
    page = alys.post(reverse("my:preferences"), {"language": "en", "contact_by": "email", "print_size": "standard"})

    assert "We have no e-mail address for you." in text_of(page)


def test_large_print_makes_the_pages_larger_too(alys, award, code):
    assert "large-print" not in alys.get(reverse("my:award")).content.decode()
    alys.post(reverse("my:preferences"), {"language": "en", "contact_by": "post", "print_size": "large print"})

    assert 'class="govuk-template large-print"' in alys.get(reverse("brochure")).content.decode()
    other = Client()
    other.post(reverse("open_award"), {"code": code})
    assert 'class="govuk-template large-print"' in other.get(reverse("my:award")).content.decode()


def test_a_code_opens_in_the_remembered_language_and_whoever_reads_welsh_stays_there(client, award, code):
    Carer.objects.filter(pk=award.carer_id).update(language="cy")
    assert client.post("/open/", {"code": code}).url == "/cy/my/"
    Carer.objects.filter(pk=award.carer_id).update(language="en")
    assert client.post("/cy/open/", {"code": code}).url == "/cy/my/"
    assert client.post("/open/", {"code": code}).url == "/my/"
    assert client.get("/cy/my/").status_code == 200


def test_signing_in_leads_to_the_remembered_language(client, award):
    user = factories.user(award.carer.email, language="")
    Carer.objects.filter(pk=award.carer_id).update(language="cy", user=user)
    client.force_login(user)

    assert client.get("/account/go/").url == "/cy/my/"
