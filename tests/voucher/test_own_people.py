"""One person on both sides: who works for a provider does not decide about it for the council, nor for themself."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.history import Who
from accounts.models import Role
from brochure import exemptions, offering
from brochure.models import Exemption, OfferVersion, Photo
from providers import papers, staff
from providers.models import Document
from providers.paper_files import Kept
from tests import factories
from tests.voucher import breaks, claimed
from voucher import bookings
from voucher.bookings import phone_bookings
from voucher.claiming import claims, disputes
from voucher.door import walk_ins
from voucher.models import Dispute, WalkIn
from voucher.settling import line_checks, settlement
from voucher.standing import lapses, offer_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def sitting(bryn_cafe):
    return factories.offer(bryn_cafe, slug="sitting-at-home", takes_walk_ins=True)


@pytest.fixture
def both(bryn_cafe, caerphilly):
    """Rhodri, who sits in the carers team and answers requests at Bryn Café."""
    person = factories.provider_staff(bryn_cafe, "rhodri@post.example", kind="bookings")
    Role.objects.create(user=person, council=caerphilly, kind=Role.Kind.TEAM)
    return person


def changed(offer, bryn, now):
    offering.change(offer=offer, to={"title_en": "Sitting, and tea"}, by=Who(bryn), now=now)
    return OfferVersion.objects.get(offer=offer, state="waiting")


def test_own_offer_and_own_photo_are_agreed_to_by_somebody_else_of_the_team(client, sitting, bryn, both, carys, now):
    version = changed(sitting, bryn, now)
    picture = {"alt_en": "A garden", "key": "k" * 22, "width": 1, "height": 1, "small": b"s", "large": b"l"}
    photo = Photo.objects.create(offer=sitting, **picture, added_at=now)

    with pytest.raises(staff.WorksThere):
        offer_desk.approve(version=version, by=Who(both), now=now)
    with pytest.raises(staff.WorksThere):
        offer_desk.answer_photo(photo=photo, by=Who(both), now=now)
    client.force_login(both)
    page = reverse("team:offer", args=[sitting.number])
    answer = client.post(page, {"version": version.pk, "says": "yes"}, follow=True)
    assert "somebody else of the team does this" in answer.content.decode()
    client.post(reverse("team:offer_photo", args=[sitting.number, photo.pk]), {"says": "yes"})

    version.refresh_from_db()
    photo.refresh_from_db()
    assert (version.state, photo.state) == ("waiting", "waiting")
    offer_desk.answer_photo(photo=photo, by=Who(carys), now=now)
    assert offer_desk.approve(version=version, by=Who(carys), now=now).title_en == "Sitting, and tea"


def test_own_papers_and_own_exemption_are_accepted_by_somebody_else(client, sitting, bryn, both, carys, now):
    file = Kept("application/pdf", "pdf", b"%PDF-1.4 %%EOF")
    paper = papers.add(provider=sitting.provider, kind="safeguarding", file=file, by=Who(bryn), now=now)
    sitting.personal_care = True
    sitting.save()
    words = {"grounds": "Four people", "evidence": "Our list"}
    exemption = exemptions.ask(offer=sitting, duty="personal_care", by=Who(bryn), now=now, **words)
    until = now.date() + dt.timedelta(days=90)

    for verb, row in ((lapses.accept, {"document": paper}), (lapses.agree, {"exemption": exemption})):
        with pytest.raises(staff.WorksThere):
            verb(**row, valid_until=until, by=Who(both), now=now)
    client.force_login(both)
    client.post(reverse("team:paper", args=[paper.pk]), {"says": "yes"})
    client.post(reverse("team:no_check", args=[sitting.number]), {"words": "She is an old friend"})

    assert Document.objects.get().state == "waiting"
    assert Exemption.objects.get().reviewed_by is None
    sitting.refresh_from_db()
    assert sitting.dbs_note == ""
    lapses.accept(document=paper, valid_until=until, by=Who(carys), now=now)
    assert Document.objects.get().state == "accepted"


def test_a_dispute_with_the_own_employer_is_decided_by_somebody_else(client, sitting, bryn, both, carys, award, now):
    (line,) = claimed.lines(sitting.provider, award, by=Who(bryn))
    dispute = disputes.make(booking=line.booking, said_minutes=0, by=breaks.ALYS, now=now)
    found = {"found_minutes": dispute.given_minutes, "finding": "All is well", "now": now}

    with pytest.raises(staff.WorksThere):
        disputes.resolve(dispute=dispute, by=Who(both), **found)
    client.force_login(both)
    typed = {"finding-minutes": str(dispute.given_minutes), "finding-finding": "All is well"}
    client.post(reverse("team:resolve", args=[line.booking.ref]), typed)

    assert Dispute.objects.get().state == "open"
    assert disputes.resolve(dispute=dispute, by=Who(carys), **found).state == "resolved"


def test_nobody_claims_too_late_for_their_own_employer(sitting, bryn, both, award, caerphilly, now):
    booking = breaks.deliver(breaks.confirm(award, sitting, bryn, now), 60, bryn)
    late = {"council": caerphilly, "late_reason": "illness", "now": booking.ends_at + dt.timedelta(days=200)}

    with pytest.raises(staff.WorksThere):
        claims.make(provider=sitting.provider, bookings=[booking], by=Who(both), key="1", **late)


@pytest.fixture
def award(caerphilly):
    return factories.award(caerphilly, value=60_000)


@pytest.mark.parametrize("acts_for_her", [False, True])
def test_nobody_takes_a_walk_in_or_books_by_telephone_from_an_award_of_their_own(
    acts_for_her, award, sitting, bryn_cafe, bryn, now
):
    alys = factories.provider_staff(bryn_cafe, "alys@post.example", kind="desk")
    if acts_for_her:
        factories.permission(award.carer, alys, now.date())
    else:
        award.carer.user = alys
        award.carer.save()
    usual = {"award": award, "offer": sitting, "minutes": 60, "seen_price_pence": 2_500, "now": now}
    verbs = [(walk_ins.book, now), (walk_ins.ask, now), (phone_bookings.book, breaks.FRIDAY)]

    for verb, starts_at in verbs:
        with pytest.raises(bookings.OwnAward):
            verb(by=Who(alys), starts_at=starts_at, key="1", **usual)

    assert WalkIn.objects.count() == 0
    assert walk_ins.book(by=Who(bryn), starts_at=now, key="2", **usual).booking.state == "confirmed"


def test_a_break_of_a_carer_who_works_there_is_asked_about_before_it_is_paid(
    sitting, bryn_cafe, bryn, award, caerphilly, ffion, now
):
    (line,) = claimed.lines(bryn_cafe, award, by=Who(bryn))
    award.carer.user = factories.provider_staff(bryn_cafe, "alys@post.example", kind="desk")
    award.carer.save()

    def failed():
        return [check.key for each in line_checks.looked_at(settlement.awaiting(caerphilly)) for check in each.failed]

    assert failed() == ["own"]
    claims.asked_about(line=line, note="She works Mondays and came on a Friday", by=Who(ffion), now=now)
    assert failed() == []
