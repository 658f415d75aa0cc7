"""The cast and a fixed now. Nobody in a test reaches the network."""

import datetime as dt
import os
import socket
import time

import pytest
import time_machine
from allauth.mfa.totp.internal import auth
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone, translation
from hypothesis import settings as property_tests

from providers import stripe_api
from tests import factories, fakes
from tests.emptying import empty

# Machines are noisy: a slow moment is no fault of the code.
property_tests.register_profile("house", deadline=None)
property_tests.load_profile("house")

NOW = dt.datetime(2026, 10, 12, 10, 0, tzinfo=dt.UTC)  # a Monday, 11am in Cardiff
# When a test begins that sets no time of its own; from then on its clock goes as any other.
# Another moment, such as TESTS_BEGIN=2027-03-28T00:20Z, hunts for what holds at some hours only.
BEGIN = dt.datetime.fromisoformat(os.environ.get("TESTS_BEGIN", "2026-10-12T10:05Z"))


def pytest_collection_modifyitems(config, items):
    """Leave out what belongs to the other run: races need PostgreSQL; what asks no database is seen once, on SQLite."""
    on_postgresql = connection.vendor == "postgresql"
    elsewhere = ["browser", "sqlite"] if on_postgresql else ["postgresql"]
    left_out = [
        item
        for item in items
        if any(item.get_closest_marker(name) for name in elsewhere) or (on_postgresql and not asks_a_database(item))
    ]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def asks_a_database(item):
    return bool({"db", "transactional_db"} & set(item.fixturenames) or item.get_closest_marker("django_db"))


@pytest.fixture(autouse=True, scope="session")
def a_test_that_commits_is_cleaned_up_after():
    """Some of our tables refuse what Django would do, and it would take its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty())
        yield


def pytest_configure():
    # The real hashing is slow on purpose, and every member of the cast has a password.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # On a busy machine whoever races may wait longer for the others than a page may; the last word counts.
    of_database = settings.DATABASES["default"]["OPTIONS"]
    if "options" in of_database:
        of_database["options"] += " -c lock_timeout=25s"


@pytest.fixture(autouse=True, scope="session")
def time_of_the_tests():
    with time_machine.travel(BEGIN) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def every_test_begins_at_the_same_moment(time_of_the_tests):
    """A test that is run late in the evening meets the same days and times as one that is run in the morning."""
    time_of_the_tests.move_to(BEGIN)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def today(now):
    return timezone.localdate(now)


class Clock:
    """The time of the pages in a test; with another `now` time has passed."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch, now):
    clock = Clock(now)
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse every connection but to this machine, so that no test depends on the world outside."""
    connect = socket.socket.connect

    def local_only(self, address):
        if self.family == socket.AF_UNIX or address[0] in {"127.0.0.1", "localhost", "::1"}:
            return connect(self, address)
        raise AssertionError(f"A test tried to reach {address}.")

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture
def card_company(monkeypatch, settings):
    """Stripe as this site sees it: a fake that remembers, and both keys set."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_of_the_tests", fakes.SECRET
    fake = fakes.FakeStripe()
    monkeypatch.setattr(stripe_api, "http_client", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def messages_go_nowhere(settings, tmp_path_factory):
    """E-mails go to Django's box for tests; texts and letters into a folder of the tests."""
    settings.MESSAGES_EMAIL = "smtp"
    settings.MESSAGES_TEXT = settings.MESSAGES_POST = "files"
    settings.OUTBOX_DIR = tmp_path_factory.getbasetemp() / "outbox"


@pytest.fixture(autouse=True)
def each_test_starts_in_english():
    """A page asked for in Welsh leaves Welsh behind in the thread."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def signed_in_with_a_second_factor(monkeypatch):
    """Let client.force_login stand for a whole sign-in: the second factor of council staff was asked for and given."""
    force_login = Client.force_login

    def with_second_factor(self, user, backend=None):
        force_login(self, user, backend)
        if user.roles.exists():
            factories.second_factor(user)
        session = self.session
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()

    monkeypatch.setattr(Client, "force_login", with_second_factor)


@pytest.fixture(autouse=True)
def nothing_was_tried_before():
    """Tries to sign in are counted in the cache, which would tell of the tests before this one."""
    cache.clear()


@pytest.fixture(autouse=True)
def the_half_minute_of_a_code_does_not_end(monkeypatch):
    """Between reading a code in the app and typing it another one may be due, and a slow machine would be refused."""
    half_minute = int(time.time()) // 30
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([half_minute]))


@pytest.fixture
def caerphilly(db):
    return factories.council()


@pytest.fixture
def flintshire(db):
    return factories.council(slug="flintshire", name_en="Flintshire", name_cy="Sir y Fflint", region="north-wales")


@pytest.fixture
def carys(caerphilly):
    """In the carers team."""
    return factories.user("carys@council.example", name="Carys", role="team", council=caerphilly)


@pytest.fixture
def ffion(caerphilly):
    """In finance: prepares payment runs."""
    return factories.user("ffion@council.example", name="Ffion", role="finance_preparer", council=caerphilly)


@pytest.fixture
def gwen(caerphilly):
    """In finance: releases payment runs."""
    return factories.user("gwen@council.example", name="Gwen", role="finance_approver", council=caerphilly)


@pytest.fixture
def aled(caerphilly):
    """Audits: reads all, changes nothing."""
    return factories.user("aled@audit.example", name="Aled", role="auditor", council=caerphilly)


@pytest.fixture
def bryn_cafe(caerphilly):
    return factories.provider(caerphilly)


@pytest.fixture
def sitting(bryn_cafe):
    """Their sitting service, by the hour."""
    return factories.offer(bryn_cafe)


@pytest.fixture
def bryn(bryn_cafe):
    """Runs Bryn Café."""
    return factories.provider_staff(bryn_cafe, "bryn@provider.example", name="Bryn")


@pytest.fixture
def dafydd(db):
    """A stranger: signed in, but belongs nowhere."""
    return factories.user("dafydd@post.example", name="Dafydd")
