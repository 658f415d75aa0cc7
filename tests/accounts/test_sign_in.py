"""Signing in: by a code in an e-mail, by password, and the second step of staff; in both languages."""

import re

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from django.core import mail as django_mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import translation

from accounts import limits
from accounts.models import HistoryEntry, OutboxMessage, User
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-enough-password"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def each_request_commits(monkeypatch):
    """Do at once what waits for the commit: in a test the transaction around a request never ends."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda do, using=None, robust=False: do())


@pytest.fixture(params=["en", "cy"])
def language(request):
    with translation.override(request.param):
        yield request.param


def totp(secret=SECRET):
    return auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time())))


def code_in(message):
    return re.search(r"^ {4}(\S+)$", message.body, re.MULTILINE)[1]


def ask_for_code(client, email):
    return client.post(reverse("account_request_login_code"), {"email": email})


def sign_in_by_code(client, email):
    ask_for_code(client, email)
    return client.post(reverse("account_confirm_login_code"), {"code": code_in(django_mail.outbox[-1])})


def sign_in_by_password(client, email, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def signed_in_as(client):
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


def test_a_provider_signs_in_with_a_code_and_no_password(client, bryn, language):
    answer = sign_in_by_code(client, "bryn@provider.example")

    assert answer.url == reverse("after_sign_in")
    assert signed_in_as(client) == bryn


def test_a_provider_signs_in_with_a_password(client, bryn, language):
    answer = sign_in_by_password(client, "Bryn@Provider.Example")

    assert answer.url == reverse("after_sign_in")
    assert signed_in_as(client) == bryn


def test_the_code_comes_in_the_readers_language_whatever_the_page_speaks(client, bryn):
    bryn.language = "cy"
    bryn.save()
    ask_for_code(client, bryn.email)

    [message] = OutboxMessage.objects.filter(kind="login_code")
    assert message.language == "cy"
    assert message.sent_at


def test_a_reader_whose_language_we_do_not_know_gets_both(client, bryn):
    bryn.language = ""
    bryn.save()
    ask_for_code(client, bryn.email)

    assert "-" * 40 in django_mail.outbox[0].body


def test_the_text_with_the_code_is_not_kept_outside_a_demonstration(client, bryn, settings):
    settings.DEMO = False
    ask_for_code(client, bryn.email)

    assert code_in(django_mail.outbox[0])
    assert OutboxMessage.objects.get(kind="login_code").body == ""


def test_a_wrong_code_is_refused_and_after_five_the_code_is_dead(client, bryn):
    ask_for_code(client, bryn.email)
    right = code_in(django_mail.outbox[0])

    for _ in range(5):
        client.post(reverse("account_confirm_login_code"), {"code": "AAAA-AAAA"})
    client.post(reverse("account_confirm_login_code"), {"code": right})

    assert signed_in_as(client) is None


def test_an_unknown_address_sees_the_same_page(client, bryn):
    def pages(email):
        first = ask_for_code(client, email)
        second = client.get(first.url)
        text = second.content.decode().replace(email, "…")
        client.post(reverse("account_logout"))
        return first.status_code, first.url, second.status_code, re.sub(r'value="[^"]{64}"', "", text)

    assert pages("bryn@provider.example") == pages("nobody@post.example")


def test_an_unknown_address_is_told_so_by_e_mail_only_and_no_account_is_made(client):
    ask_for_code(client, "nobody@post.example")

    [message] = django_mail.outbox
    assert message.to == ["nobody@post.example"]
    assert "    " not in message.body
    assert not User.objects.exists()


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, bryn):
    wrong, unknown = (sign_in_by_password(client, email, "not-my-password") for email in (bryn.email, "x@post.example"))

    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert wrong.status_code == unknown.status_code == 200
    assert 'value="bryn@provider.example"' in wrong.content.decode()


def test_after_five_wrong_passwords_even_the_right_one_is_refused(client, bryn):
    for _ in range(5):
        sign_in_by_password(client, bryn.email, "not-my-password")

    sign_in_by_password(client, bryn.email)

    assert signed_in_as(client) is None


def test_right_passwords_are_not_counted_as_tries(client, bryn):
    for _ in range(7):
        sign_in_by_password(client, bryn.email)
        client.post(reverse("account_logout"))
    sign_in_by_password(client, bryn.email)

    assert signed_in_as(client) == bryn


def test_staff_are_asked_for_the_second_step(client, carys, language):
    answer = sign_in_by_password(client, carys.email)

    assert answer.url == reverse("mfa_authenticate")
    assert signed_in_as(client) is None
    page = client.get(answer.url)
    assert page.status_code == 200
    answer = client.post(reverse("mfa_authenticate"), {"code": totp()})
    assert answer.url == reverse("after_sign_in")
    assert signed_in_as(client) == carys


def test_a_wrong_second_step_lets_nobody_in(client, carys):
    sign_in_by_password(client, carys.email)

    answer = client.post(reverse("mfa_authenticate"), {"code": "000000"})

    assert answer.status_code == 200
    assert answer.context["form"].errors["code"]
    assert signed_in_as(client) is None


def test_a_code_of_the_app_works_once(client, carys):
    sign_in_by_password(client, carys.email)
    code = totp()
    client.post(reverse("mfa_authenticate"), {"code": code})
    client.post(reverse("account_logout"))

    sign_in_by_password(client, carys.email)
    client.post(reverse("mfa_authenticate"), {"code": code})

    assert signed_in_as(client) is None


def test_a_recovery_code_stands_in_for_a_lost_phone_once(client, carys):
    code = RecoveryCodes.activate(carys).get_unused_codes()[0]
    for expected in (carys, None):
        sign_in_by_password(client, carys.email)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert signed_in_as(client) == expected
        client.post(reverse("account_logout"))


def test_the_secret_of_the_app_is_stored_encrypted(carys):
    data = Authenticator.objects.get(user=carys).data

    assert SECRET not in str(data)
    assert get_adapter().decrypt(data["secret"]) == SECRET


def test_a_secret_outlives_a_new_secret_key(carys, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key", [settings.SECRET_KEY]

    assert get_adapter().decrypt(Authenticator.objects.get(user=carys).data["secret"]) == SECRET


@pytest.fixture
def newcomer(caerphilly):
    """In the carers team, with no second step yet."""
    user = factories.user("new@council.example", role="team", council=caerphilly, password=None)
    Authenticator.objects.filter(user=user).delete()
    return user


def test_staff_without_a_second_step_reach_nothing_but_its_set_up(client, newcomer, language):
    sign_in_by_code(client, newcomer.email)

    for name in ("after_sign_in", "home", "people:list", "choose_council", "account_change_password"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.url) == (302, reverse("mfa_index")), name
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_staff_set_up_an_app_see_their_recovery_codes_and_go_on(client, newcomer, language):
    sign_in_by_code(client, newcomer.email)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret

    answer = client.post(reverse("mfa_activate_totp"), {"code": totp(secret)})

    assert answer.url == reverse("mfa_view_recovery_codes")
    codes = client.get(answer.url)
    assert len(codes.context["unused_codes"]) == 10
    assert client.get(reverse("after_sign_in")).url == reverse("team:queue")


def test_staff_with_a_password_set_up_an_app_too(client, newcomer):
    newcomer.set_password(PASSWORD)
    newcomer.save()
    sign_in_by_password(client, newcomer.email)
    asked_again = client.get(reverse("mfa_activate_totp"))
    assert asked_again.url.startswith(reverse("account_reauthenticate"))
    client.post(asked_again.url, {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret

    client.post(reverse("mfa_activate_totp"), {"code": totp(secret)})

    assert client.get(reverse("after_sign_in")).url == reverse("team:queue")


def test_a_session_that_never_saw_the_second_step_is_asked_for_it(client, newcomer):
    sign_in_by_code(client, newcomer.email)
    factories.second_factor(newcomer)

    answer = client.get(reverse("after_sign_in"))

    assert answer.url.startswith(reverse("mfa_reauthenticate"))
    client.post(answer.url, {"code": totp()})
    assert client.get(reverse("after_sign_in")).url == reverse("team:queue")


def test_a_role_given_while_somebody_is_signed_in_asks_for_the_second_step_at_once(client, dafydd, caerphilly):
    sign_in_by_code(client, dafydd.email)
    assert client.get(reverse("after_sign_in")).status_code == 200

    dafydd.roles.create(council=caerphilly, kind="auditor")

    assert client.get(reverse("after_sign_in")).url == reverse("mfa_index")


def test_a_provider_may_go_without_a_second_step(client, bryn):
    sign_in_by_code(client, bryn.email)

    assert client.get(reverse("after_sign_in")).url == reverse("provider:inbox")


def test_staff_cannot_remove_their_only_second_step(client, carys):
    client.force_login(carys)
    again = client.get(reverse("mfa_deactivate_totp"))
    client.post(again.url, {"password": PASSWORD})

    client.post(reverse("mfa_deactivate_totp"))

    assert Authenticator.objects.filter(user=carys, type="totp").exists()


@pytest.mark.parametrize(
    "path",
    [
        "/account/signup/",
        "/account/sign-up/",
        "/account/login/",
        "/account/email/",
        "/account/password/reset/",
        "/account/2fa/",
        "/cy/account/sign-up/",
    ],
)
def test_pages_of_the_library_that_we_do_not_use_do_not_exist(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path, {"email": "x@post.example"}).status_code == 404


def test_a_closed_account_does_not_open(client, bryn):
    bryn.is_active = False
    bryn.save()

    assert sign_in_by_password(client, bryn.email).url == reverse("account_inactive")
    assert client.get(reverse("account_inactive")).status_code == 200
    assert signed_in_as(client) is None


def test_a_closed_account_is_sent_no_code(client, bryn):
    bryn.is_active = False
    bryn.save()

    ask_for_code(client, bryn.email)

    assert not OutboxMessage.objects.filter(kind="login_code").exists()


def test_signing_in_never_leads_to_another_site(client, bryn):
    answer = client.post(
        reverse("account_login"), {"login": bryn.email, "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert answer.url == reverse("after_sign_in")


def test_signing_in_leads_back_to_where_one_wanted_to_go(client, bryn):
    wanted = reverse("people:list")

    answer = client.post(reverse("account_login"), {"login": bryn.email, "password": PASSWORD, "next": wanted})

    assert answer.url == wanted


def test_to_look_at_the_sign_out_page_signs_nobody_out(client, bryn):
    client.force_login(bryn)

    assert client.get(reverse("account_logout")).status_code == 200
    assert signed_in_as(client) == bryn
    client.post(reverse("account_logout"))
    assert signed_in_as(client) is None


def test_the_history_knows_who_signed_in_and_who_set_up_a_second_step(client, newcomer, caerphilly):
    sign_in_by_code(client, newcomer.email)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": totp(secret)})

    acts = HistoryEntry.objects.filter(actor=newcomer)
    assert {(entry.act, entry.council) for entry in acts} == {
        ("person.signed_in", caerphilly),
        ("second_factor.added", caerphilly),
        ("recovery_codes.made", caerphilly),
    }


def test_a_stolen_address_is_told_when_a_second_step_is_added(client, newcomer):
    sign_in_by_code(client, newcomer.email)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret

    client.post(reverse("mfa_activate_totp"), {"code": totp(secret)})

    assert OutboxMessage.objects.filter(kind="totp_activated", to=newcomer.email).exists()


def test_a_password_can_be_chosen_and_is_checked_in_our_words(client, newcomer):
    client.force_login(newcomer)

    short = client.post(reverse("account_set_password"), {"password1": "short", "password2": "short"})
    assert "password1" in short.context["form"].errors
    client.post(reverse("account_set_password"), {"password1": "tair dafad goch", "password2": "tair dafad goch"})

    newcomer.refresh_from_db()
    assert newcomer.check_password("tair dafad goch")


def test_a_database_row_counts_the_failures_not_the_processes_memory(client, bryn):
    for _ in range(5):
        sign_in_by_password(client, bryn.email, "not-my-password")
    cache.clear()

    sign_in_by_password(client, bryn.email)

    assert signed_in_as(client) is None
    assert limits.Tally.objects.filter(key__startswith="password-of/").get().count == 5
