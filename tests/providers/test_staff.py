"""Who works for a provider: invited, changed, removed, handed over; never without an owner who can act."""

import datetime as dt
import threading

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage, User
from accounts.people import OwnMoneyRole
from providers import staff
from providers.models import Staff
from tests import factories
from voucher.calendars import calendar_feeds

pytestmark = pytest.mark.django_db
Kind = Staff.Kind
A_MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def owner(client, bryn, bryn_cafe):
    client.force_login(bryn)
    return Staff.objects.get(user=bryn, provider=bryn_cafe)


@pytest.fixture
def eira(bryn_cafe):
    user = factories.provider_staff(bryn_cafe, "eira@provider.example", name="Eira", kind="bookings")
    return Staff.objects.get(user=user)


def kinds(provider):
    return {post.user.name: post.kind for post in provider.staff.all()}


def invite(client, **more):
    typed = {"email": "Huw@Provider.example", "name": "Huw", "language": "cy", "kind": "desk"} | more
    return client.post(reverse("provider:invite"), typed, follow=True)


def test_the_owner_invites_by_e_mail_in_the_persons_language(client, owner, bryn_cafe):
    page = invite(client)

    assert "We have written to huw@provider.example" in page.content.decode()
    assert kinds(bryn_cafe) == {"Bryn": "owner", "Huw": "desk"}
    letter = OutboxMessage.objects.get(kind="post_given")
    assert (letter.to, letter.language) == ("huw@provider.example", "cy")
    assert "/cy/account/sign-in/" in letter.body
    assert HistoryEntry.objects.filter(act="post.given", details__kind="desk").count() == 1
    assert "Invited, and not signed in yet" in client.get(reverse("provider:staff")).content.decode()


def test_a_second_invitation_of_the_same_person_is_refused_beside_the_field(client, owner, bryn_cafe):
    invite(client)

    page = invite(client, kind="owner")

    assert "This person works here already." in page.content.decode()
    assert kinds(bryn_cafe)["Huw"] == "desk"
    assert OutboxMessage.objects.filter(kind="post_given").count() == 1


@pytest.mark.parametrize("typed", [{"email": "huw"}, {"kind": "king"}, {"name": ""}, {"language": "fr"}])
def test_a_bad_invitation_makes_nobody(client, owner, bryn_cafe, typed):
    page = invite(client, **typed)

    assert page.context["form"].errors
    assert not User.objects.filter(name="Huw").exists()


def test_another_owner_is_told_to_the_providers_own_address(client, owner, bryn_cafe):
    invite(client, kind="owner")

    letter = OutboxMessage.objects.get(kind="owner_added")
    assert letter.to == bryn_cafe.email
    assert "Huw is now an owner of Bryn Café" in letter.body


def test_an_owner_whom_another_owner_replaces_is_told_at_her_own_address_and_who_leaves_is_not(
    owner, eira, bryn, bryn_cafe, now
):
    nia = factories.provider_staff(bryn_cafe, "nia@provider.example", name="Nia")
    nias = Staff.objects.get(user=nia, provider=bryn_cafe)
    staff.change_post(post=nias, kind=Kind.DESK, by=Who(user=bryn), now=now)
    staff.change_post(post=nias, kind=Kind.OWNER, by=Who(user=bryn), now=now)
    staff.take_post(post=eira, by=Who(user=bryn), now=now)
    staff.take_post(post=nias, by=Who(user=bryn), now=now + A_MINUTE)

    changed, removed = OutboxMessage.objects.filter(kind="owner_no_more").order_by("pk")
    assert changed.to == removed.to == nia.email != bryn_cafe.email
    assert "Bryn has changed who works for Bryn Café" in changed.body
    assert "Your work there is now: Desk." in changed.body
    assert "can no longer open its pages" in removed.body

    staff.give_post(user=nia, provider=bryn_cafe, kind=Kind.OWNER, by=Who(user=bryn), now=now)
    staff.take_post(post=Staff.objects.get(user=nia), by=Who(user=nia), now=now + 2 * A_MINUTE)
    assert OutboxMessage.objects.filter(kind="owner_no_more").count() == 2


def test_the_post_of_a_colleague_changes_from_now_on(client, owner, eira, bryn_cafe):
    browser = client.__class__()
    browser.force_login(eira.user)
    assert browser.get(reverse("provider:inbox")).status_code == 200

    client.post(reverse("provider:colleague", args=[eira.pk]), {"kind": "claims"})

    assert kinds(bryn_cafe)["Eira"] == "claims"
    assert browser.get(reverse("provider:inbox")).status_code == 404
    assert browser.get(reverse("provider:money")).status_code == 200


def test_whoever_is_removed_opens_nothing_more_and_their_calendar_stops(client, owner, eira, bryn_cafe):
    browser = client.__class__()
    browser.force_login(eira.user)
    secret = calendar_feeds.make(post=eira, language="en", by=Who(user=eira.user), now=timezone.now())
    assert browser.get(reverse("calendar_feed", args=[secret])).status_code == 200

    client.post(reverse("provider:remove_colleague", args=[eira.pk]))

    assert kinds(bryn_cafe) == {"Bryn": "owner"}
    for address in (reverse("provider:inbox"), reverse("calendar_feed", args=[secret])):
        assert browser.get(address).status_code == 404
    again = client.post(reverse("provider:remove_colleague", args=[eira.pk]), follow=True)
    assert "no longer works here" in again.content.decode()


def test_the_last_owner_is_neither_removed_nor_changed_nor_leaves(client, owner, eira, bryn_cafe):
    for address, typed in (
        (reverse("provider:remove_colleague", args=[owner.pk]), {}),
        (reverse("provider:colleague", args=[owner.pk]), {"kind": "desk"}),
        (reverse("provider:leave"), {}),
    ):
        page = client.post(address, typed, follow=True)
        assert "There must be an owner who has signed in." in page.content.decode()
    assert kinds(bryn_cafe) == {"Bryn": "owner", "Eira": "bookings"}


@pytest.mark.parametrize("unable", ["never signed in", "account closed"])
def test_an_owner_who_cannot_act_does_not_count(owner, eira, bryn, now, unable):
    staff.change_post(post=eira, kind=Kind.OWNER, by=Who(user=bryn), now=now)
    if unable == "account closed":
        User.objects.filter(pk=eira.user_id).update(is_active=False)
    else:
        EmailAddress.objects.filter(user=eira.user).update(verified=False)

    with pytest.raises(staff.LastOwner):
        staff.take_post(post=owner, by=Who(user=bryn), now=now)
    eira.refresh_from_db()
    staff.take_post(post=eira, by=Who(user=bryn), now=now)
    assert not Staff.objects.filter(pk=eira.pk).exists()


def test_nobody_makes_themself_an_owner(client, eira, bryn, now):
    with pytest.raises(OwnMoneyRole):
        staff.change_post(post=eira, kind=Kind.OWNER, by=Who(user=eira.user), now=now)
    client.force_login(eira.user)
    assert client.post(reverse("provider:colleague", args=[eira.pk]), {"kind": "owner"}).status_code == 404


@pytest.mark.parametrize(
    ("then", "after"),
    [
        ("owner", {"Bryn": "owner", "Eira": "owner"}),
        ("bookings", {"Bryn": "bookings", "Eira": "owner"}),
        ("leave", {"Eira": "owner"}),
    ],
)
def test_the_ownership_is_handed_over_beside_or_instead(client, owner, eira, bryn_cafe, then, after):
    page = client.post(reverse("provider:hand_over"), {"to": eira.pk, "then": then}, follow=True)

    assert page.status_code == 200
    assert kinds(bryn_cafe) == after
    assert OutboxMessage.objects.get(kind="owner_added").to == bryn_cafe.email


def test_it_is_handed_over_only_to_who_has_signed_in(client, owner, eira, bryn, bryn_cafe, now):
    EmailAddress.objects.filter(user=eira.user).update(verified=False)

    assert "no colleague yet who has signed in" in client.get(reverse("provider:hand_over")).content.decode()
    client.post(reverse("provider:hand_over"), {"to": eira.pk, "then": "leave"})
    with pytest.raises(staff.NeverSignedIn):
        staff.hand_over(post=owner, to=eira, then="", by=Who(user=bryn), now=now)

    assert kinds(bryn_cafe) == {"Bryn": "owner", "Eira": "bookings"}


def test_nobody_hands_over_what_was_taken_from_them_since(owner, eira, bryn, bryn_cafe, caerphilly, now):
    nia = factories.provider_staff(bryn_cafe, "nia@provider.example", name="Nia")
    staff.change_post(post=Staff.objects.get(pk=owner.pk), kind="desk", by=Who(user=nia), now=now)

    with pytest.raises(staff.NotHere):
        staff.hand_over(post=owner, to=eira, then="", by=Who(user=bryn), now=now)

    assert kinds(bryn_cafe) == {"Bryn": "desk", "Eira": "bookings", "Nia": "owner"}


def test_everybody_leaves_by_themself(client, owner, eira, bryn_cafe):
    client.force_login(eira.user)
    assert "You no longer work for Bryn Café?" in client.get(reverse("provider:leave")).content.decode()

    page = client.post(reverse("provider:leave"), follow=True)

    assert "You have left." in page.content.decode()
    assert kinds(bryn_cafe) == {"Bryn": "owner"}
    assert client.get(reverse("provider:inbox")).status_code == 404
    assert HistoryEntry.objects.filter(act="post.removed", actor=eira.user).count() == 1


def test_another_providers_people_are_not_there(client, owner, caerphilly):
    other = factories.provider_staff(factories.provider(caerphilly), "nia@provider.example", name="Nia")
    theirs = Staff.objects.get(user=other)

    assert client.get(reverse("provider:colleague", args=[theirs.pk])).status_code == 404
    client.post(reverse("provider:remove_colleague", args=[theirs.pk]))
    assert Staff.objects.filter(pk=theirs.pk).exists()
    client.post(reverse("provider:hand_over"), {"to": theirs.pk, "then": "owner"})
    assert Staff.objects.filter(user=other).count() == 1


def test_the_list_asks_the_database_as_often_for_many_as_for_one(client, owner, bryn_cafe):
    def queries():

        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("provider:staff"))
        return len(seen)

    before = queries()
    for number in range(5):
        factories.provider_staff(bryn_cafe, f"p{number}@provider.example", name=f"P{number}", kind="desk")

    assert queries() == before


@pytest.mark.parametrize("kind", list(Kind))
def test_each_post_is_told_what_it_may_do(client, bryn_cafe, kind):
    client.force_login(factories.provider_staff(bryn_cafe, "one@provider.example", name="One", kind=kind))

    page = client.get(reverse("provider:service")).content.decode()

    assert f"You work here as: {kind.label}" in page
    assert ("Who works here" in page) == (kind == Kind.OWNER)
    assert ("Take a pause" in page) == (kind in {Kind.OWNER, Kind.BOOKINGS})


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_the_same_moment_one_stays(bryn, bryn_cafe, now):
    other = factories.provider_staff(bryn_cafe, "huw@provider.example", name="Huw")
    start, refused = threading.Barrier(2), []

    def leave(user):
        post = Staff.objects.select_related("provider__council", "user").get(user=user, provider=bryn_cafe)
        start.wait()
        try:
            staff.take_post(post=post, by=Who(user=user), now=now)
        except staff.LastOwner:
            refused.append(user)
        connection.close()

    both = [threading.Thread(target=leave, args=(user,)) for user in (bryn, other)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert Staff.objects.filter(provider=bryn_cafe, kind="owner").count() == 1
    assert len(refused) == 1


def test_the_carers_team_sees_whom_to_ask_for_and_another_council_does_not(
    client, owner, eira, bryn_cafe, carys, django_assert_max_num_queries
):
    User.objects.filter(pk=eira.user.pk).update(last_login=dt.datetime(2026, 9, 7, 8, tzinfo=dt.UTC))
    gone = [factories.provider_staff(bryn_cafe, f"{name}@provider.example", name=name) for name in ("Huw", "Mair")]
    for user in gone:
        staff.remove_post(user=user, provider=bryn_cafe, by=Who(user=carys), now=timezone.now())
    staff.give_post(user=gone[1], provider=bryn_cafe, kind=Kind.CLAIMS, by=Who(user=carys), now=timezone.now())
    page = reverse("team:provider", args=[bryn_cafe.ref])
    client.force_login(carys)

    with CaptureQueriesContext(connection) as first:
        shown = " ".join(strip_tags(client.get(page).content.decode()).split())
    for number in range(5):
        user = factories.provider_staff(bryn_cafe, f"{number}@provider.example", name=f"Person {number}")
        if number % 2:
            staff.remove_post(user=user, provider=bryn_cafe, by=Who(user=carys), now=timezone.now())
    with django_assert_max_num_queries(len(first)):
        assert "Person 4" in client.get(page).content.decode()

    assert "Eira Bookings · Last signed in 7 September 2026" in shown
    assert "Mair Claims ·" in shown
    assert "Huw No longer works there, since " in shown
    assert "Mair No longer" not in shown
    neighbour = factories.council(slug="torfaen", name_en="Torfaen", name_cy="Torfaen")
    client.force_login(factories.user("t@council.example", role="team", council=neighbour))
    answer = client.get(page)
    assert answer.status_code == 200
    assert not any(name in answer.content.decode() for name in ("Eira", "Huw", "Who works there"))
