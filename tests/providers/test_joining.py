"""How a provider joins: whose turn it is, what is missing, what two presses do, and that it opens nothing else."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage, User
from brochure import catalogue, offering
from brochure.models import Offer
from providers import joining, staff, vat
from providers.joining import Step
from providers.models import JoiningNote, MentorPoint, Provider, Staff
from tests import factories
from tests.providers import joiners
from voucher.standing import first_months, joining_checks, joining_desk

pytestmark = pytest.mark.django_db
State = Provider.State


@pytest.fixture
def sian(caerphilly, now):
    return joiners.begun(caerphilly, now)


@pytest.fixture
def waits(caerphilly, now):
    return joiners.sent(caerphilly, now)


def steps(lacks):
    return sorted({str(each.step) for each in lacks})


def mails(kind):
    return OutboxMessage.objects.filter(kind=kind)


def test_beginning_twice_is_beginning_once(sian, caerphilly, now):
    provider, user = sian

    again = joining.begin(user=user, name="Another", council=caerphilly, language="en", by=Who(user=user), now=now)

    assert again == provider
    assert (Provider.objects.count(), Staff.objects.count()) == (1, 1)
    assert provider.state == State.JOINING


def test_to_begin_with_the_name_and_address_of_a_provider_that_is_here_opens_nothing_of_it(bryn_cafe, caerphilly, now):
    user = factories.user(bryn_cafe.email)

    begun = joining.begin(user=user, name=bryn_cafe.name, council=caerphilly, language="en", by=Who(user=user), now=now)

    assert begun != bryn_cafe
    assert list(user.provider_posts.values_list("provider", flat=True)) == [begun.pk]


def test_every_part_is_kept_as_far_as_it_is_told_and_the_rest_is_missing_in_words(sian, now, today):
    provider, user = sian
    whole = steps(joining_checks.missing(provider, on=today))
    by = Who(user=user)

    joining.save(provider=provider, step=Step.CONTACT, values={"phone": "01632 960111"}, by=by, now=now)

    assert whole == sorted(Step.values)
    provider.refresh_from_db()
    words = [str(each.words) for each in joining_checks.missing(provider, on=today) if each.step == Step.CONTACT]
    assert "Give a telephone number." not in words
    assert "Give your postcode." in words


def test_a_councils_own_service_needs_no_account(sian, now, today):
    provider, user = sian
    values = {"legal_form": "council in-house"}

    joining.save(provider=provider, step=Step.ORGANISATION, values=values, by=Who(user=user), now=now)

    assert Step.BANK not in steps(joining_checks.missing(provider, on=today))


def test_nothing_is_missing_when_all_is_told_and_papers_wait(sian, now, today):
    provider, user = sian
    joiners.tell(provider, user, now)
    joiners.draft(provider, user, now)
    joiners.show_papers(provider, user, now)

    assert joining_checks.missing(provider, on=today) == []


def test_what_lacks_something_is_not_sent(sian, now):
    provider, user = sian
    joiners.tell(provider, user, now)

    with pytest.raises(joining_desk.StillMissing) as refusal:
        joining_desk.send(provider=provider, by=Who(user=user), now=now)

    assert steps(refusal.value.missing) == [Step.OFFERS, Step.PAPERS]
    provider.refresh_from_db()
    assert provider.state == State.JOINING


def test_a_draft_that_is_not_complete_says_so(sian, now, today):
    provider, user = sian
    by = Who(user=user)
    offering.make_draft(provider=provider, category=factories.category(), title_en="Sitting", by=by, now=now)

    words = [str(each.words) for each in joining_checks.missing(provider, on=today) if each.step == Step.OFFERS]

    assert words == ["Sitting: 3 things are still to be said."]


def test_it_is_answered_within_ten_working_days_of_sending(waits):
    """R43. Sent on Monday 12 October: Monday 26 October."""
    provider, _user = waits

    assert provider.state == State.APPLIED
    assert provider.answer_by == dt.date(2026, 10, 26)
    assert provider.offers.get().state == Offer.State.DRAFT
    assert offering.waiting_version(provider.offers.get()) is not None


def test_sending_twice_is_sending_once(waits, now):
    provider, user = waits

    joining_desk.send(provider=provider, by=Who(user=user), now=now + dt.timedelta(days=1))

    provider.refresh_from_db()
    assert provider.answer_by == dt.date(2026, 10, 26)
    assert JoiningNote.objects.filter(kind="sent").count() == 1
    assert mails("joining_sent").count() == mails("joining_waits").count() == 1


def test_what_lies_with_the_carers_team_is_not_changed_meanwhile(waits, now):
    provider, user = waits
    by = Who(user=user)

    with pytest.raises(joining.AlreadySent):
        joining.save(provider=provider, step=Step.CONTACT, values={"phone": "0"}, by=by, now=now)
    with pytest.raises(joining.AlreadySent):
        joining_desk.give_account(provider=provider, **joiners.ACCOUNT, by=by, now=now)

    provider.refresh_from_db()
    assert provider.phone == "01632 960111"


def test_taken_back_it_is_changed_and_sent_again(waits, now):
    provider, user = waits
    by, later = Who(user=user), now + dt.timedelta(days=1)

    joining_desk.take_back(provider=provider, by=by, now=now)
    joining.save(provider=provider, step=Step.CONTACT, values={"phone": "01632 960999"}, by=by, now=later)
    joining_desk.send(provider=provider, by=by, now=later)

    provider.refresh_from_db()
    assert (provider.state, provider.phone) == (State.APPLIED, "01632 960999")
    assert provider.answer_by == dt.date(2026, 10, 27)


def test_a_question_hands_it_back_and_the_answer_goes_with_what_is_sent_next(waits, carys, now):
    provider, user = waits

    joining_desk.ask(provider=provider, words="Do you drive?", by=Who(user=carys), now=now)
    provider.refresh_from_db()
    with pytest.raises(joining_desk.NoWords):
        joining_desk.send(provider=provider, words=" ", by=Who(user=user), now=now)
    joining_desk.send(provider=provider, words="Yes, I do.", by=Who(user=user), now=now)

    assert [note.kind for note in provider.joining_notes.all()] == ["sent", "asked", "answered"]
    assert "Do you drive?" in mails("joining_asked").get().body
    assert joining_desk.asked(provider) is None


def test_a_question_and_a_refusal_need_words(waits, carys, now):
    provider, _user = waits

    for verb in (joining_desk.ask, joining_desk.refuse):
        with pytest.raises(joining_desk.NoWords):
            verb(provider=provider, words=" \n", by=Who(user=carys), now=now)

    provider.refresh_from_db()
    assert provider.state == State.APPLIED


def test_who_was_refused_reads_why_and_may_send_it_again(waits, carys, now):
    provider, user = waits

    joining_desk.refuse(provider=provider, words="We need a second name.", by=Who(user=carys), now=now)
    provider.refresh_from_db()
    refused = provider.state
    joining_desk.send(provider=provider, by=Who(user=user), now=now)

    provider.refresh_from_db()
    assert (refused, provider.state) == (State.REFUSED, State.APPLIED)
    assert "We need a second name." in mails("joining_refused").get().body


def test_nobody_is_approved_while_a_paper_waits(waits, carys, now, today):
    provider, _user = waits
    offers = list(provider.offers.all())

    with pytest.raises(joining_desk.StillMissing) as refusal:
        joining_desk.approve(provider=provider, offers=offers, mentor=carys, by=Who(user=carys), now=now)

    assert steps(refusal.value.missing) == [Step.PAPERS]
    provider.refresh_from_db()
    assert (provider.state, offers[0].state) == (State.APPLIED, Offer.State.DRAFT)
    assert not catalogue.live_offers(on=today).exists()


def test_an_offer_that_is_alone_with_somebody_waits_for_its_check(caerphilly, carys, now):
    provider, user = joiners.begun(caerphilly, now)
    joiners.tell(provider, user, now)
    joiners.show_papers(provider, user, now)
    sitting = joiners.draft(provider, user, now, slug="sitting")
    provider = joining_desk.send(provider=provider, by=Who(user=user), now=now)
    joiners.accept_papers(provider, carys, now)

    with pytest.raises(joining_desk.StillMissing) as refusal:
        joining_desk.approve(provider=provider, offers=[sitting], mentor=carys, by=Who(user=carys), now=now)

    (lack,) = refusal.value.missing
    assert str(lack.words).startswith("Company while you are out: Nobody who works for you has a DBS check")


def test_without_an_offer_nobody_is_approved(waits, carys, now):
    provider, _user = waits
    joiners.accept_papers(provider, carys, now)

    with pytest.raises(joining_desk.StillMissing) as refusal:
        joining_desk.approve(provider=provider, offers=[], mentor=carys, by=Who(user=carys), now=now)

    assert steps(refusal.value.missing) == [Step.OFFERS]


def test_an_offer_of_another_provider_is_never_approved_with_it(waits, bryn_cafe, carys, now):
    provider, _user = waits
    joiners.accept_papers(provider, carys, now)
    other = factories.offer(bryn_cafe, state="draft")

    with pytest.raises(joining_desk.StillMissing):
        joining_desk.approve(provider=provider, offers=[other], mentor=carys, by=Who(user=carys), now=now)

    other.refresh_from_db()
    assert other.state == Offer.State.DRAFT


def test_approved_it_is_live_with_the_chosen_offers_and_looked_after_for_six_months(waits, carys, now, today):
    """R44. Approved on 12 October: until 11 April."""
    provider, _user = waits
    joiners.accept_papers(provider, carys, now)
    offers = list(provider.offers.all())

    for _press in range(2):
        joining_desk.approve(provider=provider, offers=offers, mentor=carys, by=Who(user=carys), now=now)

    provider.refresh_from_db()
    assert (provider.state, provider.approved_on, provider.mentor) == (State.LIVE, today, carys)
    assert provider.provisional_until == dt.date(2027, 4, 11)
    assert [offer.pk for offer in catalogue.live_offers(on=today)] == [offers[0].pk]
    assert mails("joining_approved").count() == 1
    assert HistoryEntry.objects.filter(act="provider.approved").count() == 1


def test_a_council_may_do_without_the_first_months(waits, carys, now):
    provider, _user = waits
    joiners.accept_papers(provider, carys, now)
    type(provider.council.scheme).objects.update(provisional_months=0)

    joining_desk.approve(provider=provider, offers=provider.offers.all(), mentor=carys, by=Who(user=carys), now=now)

    provider.refresh_from_db()
    assert (provider.state, provider.provisional_until) == (State.LIVE, None)
    assert not first_months.looked_after(provider.council).exists()


def test_nobody_decides_about_their_own_provider(waits, carys, now):
    provider, _user = waits
    Staff.objects.create(provider=provider, user=carys, kind="bookings")

    with pytest.raises(staff.WorksThere):
        joining_desk.refuse(provider=provider, words="No.", by=Who(user=carys), now=now)
    with pytest.raises(staff.WorksThere):
        joining_desk.approve(provider=provider, offers=[], mentor=carys, by=Who(user=carys), now=now)


def test_only_the_carers_team_looks_after_a_new_provider(waits, carys, ffion, now):
    provider, _user = waits
    joiners.accept_papers(provider, carys, now)

    with pytest.raises(joining_desk.NotOfTheTeam):
        joining_desk.approve(provider=provider, offers=provider.offers.all(), mentor=ffion, by=Who(user=carys), now=now)


def test_of_an_answer_and_a_withdrawal_the_first_counts(waits, carys, now):
    provider, user = waits

    joining_desk.withdraw(provider=provider, by=Who(user=user), now=now)
    with pytest.raises(joining_desk.Moved):
        joining_desk.refuse(provider=provider, words="No.", by=Who(user=carys), now=now)

    provider.refresh_from_db()
    assert provider.state == State.CLOSED
    assert not user.provider_posts.exists()
    assert joining.account_of(provider) is None
    assert not offering.waiting(provider.council).exists()
    assert joining.joining_of(user) is None


def test_the_terms_are_agreed_to_in_the_edition_that_was_read(sian, now):
    provider, user = sian

    with pytest.raises(joining.OtherEdition):
        joining.agree_to_terms(provider=provider, edition="2020-01", by=Who(user=user), now=now)
    joining.agree_to_terms(provider=provider, edition=joining.TERMS_EDITION, by=Who(user=user), now=now)
    joining.agree_to_terms(
        provider=provider, edition=joining.TERMS_EDITION, by=Who(user=user), now=now + dt.timedelta(days=3)
    )

    assert (provider.terms_agreed_by, provider.terms_agreed_at) == (user, now)


def test_the_terms_are_not_agreed_to_anew_once_all_is_sent(waits, now):
    provider, user = waits

    with pytest.raises(joining.AlreadySent):
        joining.agree_to_terms(provider=provider, edition=joining.TERMS_EDITION, by=Who(user=user), now=now)


def test_the_same_vat_said_again_changes_nothing(bryn_cafe, carys, now):
    for _press in range(2):
        vat.set_vat(
            provider=bryn_cafe, vat_number="GB123456789", vat_treatment=Provider.Vat.STANDARD, by=Who(carys), now=now
        )

    assert HistoryEntry.objects.filter(act="provider.vat_changed", subject_id=bryn_cafe.pk).count() == 1


def test_the_first_account_waits_and_may_be_said_again(sian, now):
    provider, user = sian
    by = Who(user=user)

    first = joining_desk.give_account(provider=provider, **joiners.ACCOUNT, by=by, now=now)
    twin = joining_desk.give_account(provider=provider, **joiners.ACCOUNT, by=by, now=now)
    other = joiners.ACCOUNT | {"account_number": "87654321"}
    second = joining_desk.give_account(provider=provider, **other, by=by, now=now)

    assert first == twin
    assert (second.state, second.asked_by, joining.account_of(provider)) == ("waiting", user, second)


def test_a_point_is_gone_through_once(sian, carys, now):
    provider, _user = sian

    for note in ("All clear.", "Again."):
        joining.go_through(provider=provider, point="first-call", note=note, by=Who(user=carys), now=now)

    assert MentorPoint.objects.get().note == "All clear."


def test_the_first_months_are_looked_back_on_and_end_or_go_on_once(waits, carys, now):
    provider, _user = waits
    joiners.accept_papers(provider, carys, now)
    by = Who(user=carys)
    joining_desk.approve(provider=provider, offers=provider.offers.all(), mentor=carys, by=by, now=now)
    provider.refresh_from_db()
    council, seen = provider.council, provider.provisional_until

    before = first_months.to_look_back(council, on=dt.date(2027, 3, 27)).count()
    due = first_months.to_look_back(council, on=dt.date(2027, 3, 28)).count()
    for _press in range(2):
        first_months.look_longer(provider=provider, seen_until=seen, by=by, now=now)
    provider.refresh_from_db()
    longer = provider.provisional_until
    letter = OutboxMessage.objects.get(kind="first_months_longer")
    assert (letter.to, letter.language) == (provider.email, provider.language)
    assert f"Bydd {carys} o'r tîm gofalwyr yn parhau i ofalu am {provider.name}" in " ".join(letter.body.split())
    for _press in range(2):
        first_months.end(provider=provider, by=by, now=now)

    assert (before, due) == (0, 1)
    assert longer == dt.date(2027, 7, 11)
    assert not first_months.looked_after(council).exists()
    assert HistoryEntry.objects.filter(act="provider.settled").count() == 1


# --- Invitations -------------------------------------------------------------------------------------------------


def invite(council, by, now, **changes):
    said = {"email": "mair@provider.example", "person": "Mair", "name": "Mair's Garden", "language": "cy"} | changes
    return joining_desk.invite(**said, council=council, by=Who(user=by), now=now)


def test_an_invitation_goes_out_once_a_day_in_its_language(caerphilly, carys, now):
    provider, written = invite(caerphilly, carys, now)
    again = invite(caerphilly, carys, now + dt.timedelta(hours=23))
    next_day = invite(caerphilly, carys, now + dt.timedelta(hours=25))

    assert (written, again, next_day) == (True, (provider, False), (provider, True))
    assert [row.language for row in mails("joining_invited")] == ["cy", "cy"]
    assert all("/cy/join/" in row.body for row in mails("joining_invited"))
    assert provider.state == State.JOINING
    assert User.objects.get(email="mair@provider.example").provider_posts.get().provider == provider


def test_who_works_for_a_provider_is_not_invited_as_another(caerphilly, bryn_cafe, bryn, carys, now):
    with pytest.raises(joining_desk.AlreadyHere):
        invite(caerphilly, carys, now, email=bryn.email)

    assert Provider.objects.count() == 1
    assert not OutboxMessage.objects.exists()


def test_who_joins_with_a_provider_of_one_council_is_not_invited_by_another(caerphilly, carys, now):
    invite(caerphilly, carys, now)

    with pytest.raises(joining_desk.AlreadyHere):
        invite(factories.council("newport", "Newport", "Casnewydd"), carys, now)

    assert len(mails("joining_invited")) == 1


# --- Pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_home(client, sian, clock):
    client.force_login(sian[1])
    return client


def step_page(step):
    return reverse("provider:joining_step", args=[step])


def test_what_is_right_on_a_page_is_kept_where_the_rest_is_not(at_home, sian):
    page = at_home.post(
        step_page("contact"), {"contact_name": "Siân", "postcode": "nowhere", "phone": "01632 960111", "language": "en"}
    )

    provider = Provider.objects.get(pk=sian[0].pk)
    assert page.status_code == 200
    assert "Enter a whole postcode" in page.content.decode()
    assert (provider.contact_name, provider.phone, provider.postcode) == ("Siân", "01632 960111", "")


def test_the_other_language_keeps_what_was_typed_and_the_step(at_home, sian):
    english, typed = step_page("contact"), {"town_en": "Blackwood", "then": "other-language"}

    there = at_home.post(english, typed)
    page = at_home.get(there["Location"])
    back = at_home.post(there["Location"], typed)

    assert there["Location"] == "/cy" + english
    assert 'lang="cy"' in page.content.decode()
    assert 'value="Blackwood"' in page.content.decode()
    assert back["Location"] == english


@pytest.mark.parametrize(
    ("step", "typed"),
    [
        ("vat", {"vat_treatment": "standard", "vat_number": ""}),
        ("vat", {"vat_treatment": "standard", "vat_number": "GB12"}),
        ("vat", {"vat_treatment": "<script>"}),
        ("vat", {}),
        ("bank", {"name": "S", "sort_code": "00-00-00", "account_number": "12345678"}),
        ("bank", {}),
        ("organisation", {"name": "S" * 121}),
        ("organisation", {"legal_form": "a club", "ciw_number": "☃"}),
        ("contact", {"email": "nobody", "website": "javascript:alert(1)", "phone": "ring me"}),
        ("contact", {"contact_name": "a\x00b"}),
        ("terms", {"edition": "2020-01", "agrees": "on"}),
        ("terms", {"edition": "2026-11"}),
    ],
)
def test_what_cannot_be_right_comes_back_with_a_sentence(at_home, sian, step, typed):
    page = at_home.post(step_page(step), typed)

    assert page.status_code == 200
    assert "Please check your answers" in page.content.decode()
    assert not sian[0].bank_accounts.exists()


def test_a_step_that_there_is_not_is_not_there(at_home):
    assert at_home.get(step_page("offers")).status_code == 404
    assert at_home.get(step_page("nonsense")).status_code == 404


def test_a_missing_thing_keeps_the_page_from_sending(at_home, sian):
    page = at_home.get(reverse("provider:joining_send"))
    pressed = at_home.post(reverse("provider:joining_send"), {"words": ""})

    assert "Read the terms and agree to them." in page.content.decode()
    assert pressed["Location"] == reverse("provider:joining")
    sian[0].refresh_from_db()
    assert sian[0].state == State.JOINING


def test_lists_of_who_joins_take_the_same_number_of_queries_however_many(
    client, carys, caerphilly, now, clock, django_assert_max_num_queries
):
    client.force_login(carys)
    for _number in range(2):
        provider = factories.provider(caerphilly, state="applied", sent_at=now, answer_by=now.date(), bank=False)
        factories.provider(caerphilly, state="joining", bank=False)
        factories.provider(caerphilly, provisional_until=now.date(), mentor=carys, approved_on=now.date())
    with django_assert_max_num_queries(14) as few:
        client.get(reverse("team:joining"))
    for _number in range(6):
        provider = factories.provider(caerphilly, state="applied", sent_at=now, answer_by=now.date(), bank=False)
        factories.provider(caerphilly, state="joining", bank=False)
        factories.provider(caerphilly, provisional_until=now.date(), mentor=carys, approved_on=now.date())
    with django_assert_max_num_queries(len(few)):
        page = client.get(reverse("team:joining"))

    assert provider.name in page.content.decode()


def test_another_councils_team_sees_nothing_of_who_joins(client, waits, flintshire, clock):
    provider, _user = waits
    client.force_login(factories.user("nia@flintshire.example", role="team", council=flintshire))

    assert client.get(reverse("team:joiner", args=[provider.ref])).status_code == 404
    assert client.post(reverse("team:approve_joiner", args=[provider.ref])).status_code == 404
    assert provider.name not in client.get(reverse("team:joining")).content.decode()
    assert provider.name not in client.get(reverse("team:providers")).content.decode()
