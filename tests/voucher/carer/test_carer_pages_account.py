"""An award in the carer's own account, and staff who act for a carer on the telephone."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import HistoryEntry
from tests import factories
from tests.voucher.carer.pages import (
    FRIDAY,
    TEAM,
    form_of,
    look,
    send,
    text_of,
)
from voucher import bookings
from voucher.granting import awards
from voucher.models import Code

pytestmark = pytest.mark.django_db


def test_a_carer_keeps_the_award_in_an_account_of_the_same_address(alys, award):
    user = factories.user(award.carer.email)
    alys.force_login(user)
    session = alys.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()

    alys.post(reverse("my:keep"))
    alys.post(reverse("my:leave"))

    assert "£400" in text_of(alys.get(reverse("my:award")))
    assert HistoryEntry.objects.get(act="carer.account_linked").actor == user


def test_somebody_else_who_found_the_letter_cannot_keep_the_award(alys, award, dafydd):
    alys.force_login(dafydd)
    session = alys.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()

    alys.post(reverse("my:keep"))

    award.carer.refresh_from_db()
    assert award.carer.user is None


def test_an_account_still_shows_its_award_when_the_code_is_replaced(alys, award, now):
    award.carer.user = factories.user(award.carer.email)
    award.carer.save()
    alys.force_login(award.carer.user)
    session = alys.session
    session["award"], session["code"] = award.pk, Code.objects.get(award=award).pk
    session.save()

    awards.new_code(award=award, by=TEAM, now=now)

    assert "£400" in text_of(alys.get(reverse("my:award")))


def test_a_signed_in_stranger_sees_no_award_and_is_asked_for_a_code(client, award, dafydd):
    client.force_login(dafydd)

    assert client.get(reverse("my:award")).url.startswith(reverse("voucher"))


def test_a_stranger_cannot_choose_anothers_award(client, caerphilly, award, dafydd):
    own = factories.award(caerphilly, carer_row=factories.carer(caerphilly, user=dafydd))
    client.force_login(dafydd)

    assert client.post(reverse("my:choose"), {"award": award.pk}).status_code == 404
    assert client.get(reverse("my:award")).context["award"] == own


def test_staff_who_act_for_a_carer_are_named_with_the_award(client, award, sitting, carys):
    client.force_login(carys)
    session = client.session
    session["award"], session["acting_user"] = award.pk, carys.pk
    session.save()

    page = look(client, sitting)
    send(client, sitting, form_of(page))

    assert "You are acting for the carer of award" in text_of(page)
    entry = HistoryEntry.objects.get(act="booking.requested")
    assert (entry.actor, entry.on_behalf_of) == (carys, f"award {award.ref}")


def test_staff_of_another_council_cannot_act(client, award, flintshire):
    stranger = factories.user("team@north.example", role="team", council=flintshire)
    client.force_login(stranger)
    session = client.session
    session["award"], session["acting_user"] = award.pk, stranger.pk
    session.save()

    assert client.get(reverse("my:award")).status_code == 302


def test_staff_cancel_for_a_carer_in_an_emergency_and_it_costs_the_carer_nothing(
    client, award, sitting, carys, clock, now
):
    booking = bookings.make(
        award=award,
        offer=sitting,
        starts_at=FRIDAY,
        minutes=150,
        seen_price_pence=6250,
        by=TEAM,
        now=now,
        key="phone",
    )
    bookings.confirm(booking=booking, by=TEAM, now=now)
    clock.now = FRIDAY - dt.timedelta(hours=2)
    client.force_login(carys)
    session = client.session
    session["award"], session["acting_user"] = award.pk, carys.pk
    session.save()

    page = client.get(reverse("my:booking", args=[booking.ref]))
    client.post(reverse("my:emergency", args=[booking.ref]))

    assert "It is an emergency: cancel it" in text_of(page)
    booking.refresh_from_db()
    assert (booking.state, booking.ended_by, booking.emergency) == ("cancelled", "carer", True)
    # The provider is paid all the same, out of the fund.
    assert (booking.due_pence, booking.due_amount) == (3125, 0)
    award.account.refresh_from_db()
    assert award.account.available == 40_000
