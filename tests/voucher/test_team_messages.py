"""What could not be sent: the carers team sees it, tries again, or notes that it was told by telephone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import mail
from accounts.models import HistoryEntry, OutboxMessage
from tests import factories
from voucher.messages import writing

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(client, carys):
    client.force_login(carys)
    return client


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, carer_row=factories.carer(caerphilly, language="cy"))


def given_up(award, key="a"):
    writing.to_carer("award_reminder", award.carer, {"account": award.account}, key, about=award)
    row = OutboxMessage.objects.get(dedupe_key=key)
    OutboxMessage.objects.filter(pk=row.pk).update(attempts=mail.TRIES_MAX, last_error="SMTPDataError 550")
    return row


def queue_says(team):
    return team.get(reverse("team:queue")).context["not_sent"]


def test_the_team_sees_whom_it_is_for_what_it_says_and_why_it_did_not_go(team, award):
    row = given_up(award)

    page = team.get(reverse("team:not_sent")).content.decode()

    assert queue_says(team) == 1
    for part in (award.ref, "Alys Gŵyr", award.carer.email, award.carer.phone, "SMTPDataError 550", row.subject):
        assert part.replace("'", "&#x27;") in page
    assert 'lang="cy"' in page
    assert reverse("team:award", args=[award.ref]) in page


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("SMTPRecipientsRefused 550", "was refused. Please check it."),
        ("Notify 400 BadRequestError phone_number", "was refused. Please check it."),
        ("NotifyRefused 403", "Our key was refused."),
        ("NotifyRefused 503", "Nobody took it."),
        ("CannotPrint", "Nobody took it."),
        ("", "Nobody took it."),
    ],
)
def test_why_it_did_not_go_is_said_in_words(team, award, answer, why):
    OutboxMessage.objects.filter(pk=given_up(award).pk).update(last_error=answer)

    assert why in team.get(reverse("team:not_sent")).content.decode()


def test_what_is_sent_withdrawn_or_still_tried_is_not_there(team, award, now):
    sent, withdrawn, tried = (given_up(award, key) for key in "abc")
    OutboxMessage.objects.filter(pk=sent.pk).update(sent_at=now)
    OutboxMessage.objects.filter(pk=withdrawn.pk).update(withdrawn_at=now)
    OutboxMessage.objects.filter(pk=tried.pk).update(attempts=2)

    assert queue_says(team) == 0


def test_tried_again_it_goes(team, award, mailoutbox):
    row = given_up(award)

    for _twice in range(2):
        assert team.post(reverse("team:try_again", args=[row.pk])).url == reverse("team:not_sent")

    assert queue_says(team) == 0
    row.refresh_from_db()
    assert mail.send_waiting(row.due_at) == 1
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("way", "mended", "to"),
    [
        ("email", {"email": "new@post.example"}, "new@post.example"),
        ("sms", {"phone": "07700 900456"}, "+447700900456"),
        ("post", {"address": "4 Heol y Parc"}, "Alys Gŵyr\n4 Heol y Parc\nBlackwood\nNP12 1AA"),
        # What cannot be written to is no reason to forget where it went before.
        ("email", {"email": ""}, "old@post.example"),
    ],
)
def test_tried_again_it_goes_to_the_address_that_was_mended(team, caerphilly, way, mended, to):
    carer = factories.carer(caerphilly, contact_by=way, email="old@post.example")
    row = given_up(factories.award(caerphilly, carer_row=carer))
    type(carer).objects.filter(pk=carer.pk).update(**mended)

    team.post(reverse("team:try_again", args=[row.pk]))

    row.refresh_from_db()
    assert (row.to, row.attempts) == (to, 0)


def test_told_by_telephone_it_goes_no_more_and_who_told_is_remembered_once(team, award, carys):
    row = given_up(award)

    for _twice in range(2):
        team.post(reverse("team:message_told", args=[row.pk]))

    assert queue_says(team) == 0
    row.refresh_from_db()
    assert row.withdrawn_at and not row.sent_at
    told = HistoryEntry.objects.get(act="carer.message_told")
    assert (told.subject_id, told.actor, told.details) == (award.carer.pk, carys, {"kind": "award_reminder"})


def test_another_councils_messages_are_not_there(team, flintshire):
    row = given_up(factories.award(flintshire))

    assert queue_says(team) == 0
    for page in ("try_again", "message_told"):
        assert team.post(reverse(f"team:{page}", args=[row.pk])).status_code == 404
    row.refresh_from_db()
    assert row.attempts == mail.TRIES_MAX and not row.withdrawn_at


def test_a_message_to_a_provider_is_there_too(team, caerphilly):
    row = mail.queue(
        kind="booking_asked",
        to="bryn@provider.example",
        language="en",
        subject="A request",
        body="Please answer.",
        dedupe_key="b",
        council=caerphilly,
    )
    OutboxMessage.objects.update(attempts=mail.TRIES_MAX)

    assert "bryn@provider.example" in team.get(reverse("team:not_sent")).content.decode()
    team.post(reverse("team:message_told", args=[row.pk]))
    assert queue_says(team) == 0


def test_many_messages_cost_no_more_questions_to_the_database_than_one(team, caerphilly):
    def questions():
        with CaptureQueriesContext(connection) as asked:
            team.get(reverse("team:not_sent"))
        return len(asked)

    given_up(factories.award(caerphilly), "a")
    one = questions()
    for key in "bcdefg":
        given_up(factories.award(caerphilly), key)

    assert questions() == one
