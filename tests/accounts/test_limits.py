"""Tries are counted exactly, however many processes count."""

import datetime as dt
import sqlite3
import threading

import pytest
from django.db import connection, connections

from accounts import limits
from accounts.models import Tally


@pytest.mark.django_db
def test_a_limit_lets_exactly_so_many_tries_through(now):
    answers = [limits.allow("code:192.0.2.1", 3, 900, now) for _ in range(5)]

    assert answers == [True, True, True, False, False]


@pytest.mark.django_db
def test_the_next_window_starts_afresh(now):
    assert limits.allow("code:192.0.2.1", 1, 900, now)
    assert not limits.allow("code:192.0.2.1", 1, 900, now + dt.timedelta(seconds=899))

    assert limits.allow("code:192.0.2.1", 1, 900, now + dt.timedelta(seconds=900))


@pytest.mark.django_db
def test_each_sender_and_each_purpose_has_its_own_count(now):
    assert limits.allow("code:192.0.2.1", 1, 900, now)

    assert limits.allow("code:192.0.2.2", 1, 900, now)
    assert limits.allow("scan:192.0.2.1", 1, 900, now)
    assert limits.allow("code:192.0.2.1", 1, 60, now)


@pytest.mark.django_db
def test_to_look_whether_a_limit_is_used_up_counts_nothing(now):
    assert not limits.is_used_up("code:192.0.2.1", 1, 900, now)
    limits.allow("code:192.0.2.1", 1, 900, now)

    assert limits.is_used_up("code:192.0.2.1", 1, 900, now)
    assert Tally.objects.get().count == 1


@pytest.mark.django_db
def test_no_address_is_kept_in_the_counts(now):
    limits.allow("sign-in:alys@post.example", 3, 900, now)

    assert "alys" not in Tally.objects.get().key


@pytest.mark.django_db
def test_old_counts_are_forgotten_and_new_ones_kept(now):
    limits.allow("code:192.0.2.1", 3, 900, now - dt.timedelta(days=3))
    limits.allow("code:192.0.2.1", 3, 900, now)

    assert limits.forget_old(now) == 1
    assert Tally.objects.count() == 1


def allowed_in_a_crowd(now, threads=8, tries=30, limit=25):
    """Try from many threads at once and return how many tries went through."""
    start = threading.Barrier(threads)
    allowed, faults = [], []

    def try_often():
        try:
            start.wait()
            allowed.extend(limits.allow("code:192.0.2.9", limit, 900, now) for _ in range(tries))
        except Exception as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    crowd = [threading.Thread(target=try_often) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert faults == []
    assert len(allowed) == threads * tries
    return sum(allowed)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_crowd_gets_exactly_the_limit_through(now):
    assert connection.vendor == "postgresql"

    assert allowed_in_a_crowd(now) == 25


def test_a_crowd_at_a_sqlite_file_gets_exactly_the_limit_through(tmp_path):
    path = tmp_path / "tally.sqlite3"
    with sqlite3.connect(path) as books:
        books.execute('CREATE TABLE accounts_tally ("key", "window", "count" INTEGER, UNIQUE ("key", "window"))')
    start, allowed = threading.Barrier(6), []

    def try_often():
        own = sqlite3.connect(path, timeout=20, isolation_level=None)
        start.wait()
        for _ in range(20):
            [(number,)] = own.execute(limits.COUNT_ONE.replace("%s", "?"), ["code", 0]).fetchall()
            allowed.append(number <= 25)
        own.close()

    crowd = [threading.Thread(target=try_often) for _ in range(6)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()

    assert (len(allowed), sum(allowed)) == (120, 25)


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "expected"),
    [
        (False, "203.0.113.7", "192.0.2.1"),
        (True, "203.0.113.7", "203.0.113.7"),
        (True, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (True, "rubbish", "unknown"),
    ],
)
def test_a_forged_header_changes_nothing(rf, settings, behind_proxy, forwarded, expected):
    settings.BEHIND_PROXY = behind_proxy
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)

    assert limits.client_key(request) == expected


def test_an_ipv6_household_counts_as_one(rf):
    first, second = (rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{last}") for last in ("1", "ffff"))

    assert limits.client_key(first) == limits.client_key(second) == "2001:db8:1:2::/64"


def test_an_ipv4_address_in_ipv6_dress_is_itself(rf):
    assert limits.client_key(rf.get("/", REMOTE_ADDR="::ffff:192.0.2.1")) == "192.0.2.1"
