"""P1, P2 and P8 as far as papers and checks go, driven through the pages; money is asserted through the books."""

import datetime as dt
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.history import Who
from accounts.models import HistoryEntry, OutboxMessage
from brochure import care_checks, catalogue
from brochure.models import Exemption, Offer
from providers import papers
from providers.models import DbsCheck, Document
from tests import factories
from tests.providers.test_paper_files import PDF, bomb, picture, zipped
from tests.voucher.breaks import london
from tests.voucher.ledger.desk import faults
from voucher import bookings, jobs
from voucher.bookings import asking
from voucher.ledger import books
from voucher.models import Booking, ClaimLine, Task
from voucher.settling import settlement
from voucher.standing import lapses

pytestmark = pytest.mark.django_db
MARCH_31 = dt.date(2027, 3, 31)
APRIL_1 = london(2027, 4, 1, 9)
NEW_YEAR = london(2027, 1, 11, 10)


@pytest.fixture
def clock(monkeypatch, now):
    """The pages' clock: clock(moment) sets it."""
    at = {"now": now}
    monkeypatch.setattr(timezone, "now", lambda: at["now"])
    return lambda moment: at.update(now=moment)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def team(clock, carys):
    return signed_in(carys)


@pytest.fixture
def at_bryn(clock, bryn):
    return signed_in(bryn)


def end(day, name="valid_until"):
    return {f"{name}_day": day.day, f"{name}_month": day.month, f"{name}_year": day.year}


def pdf(name="certificate.pdf", content=PDF, content_type="application/pdf"):
    return SimpleUploadedFile(name, content, content_type)


def show(client, kind, *, since=None, until=None, reference="", **files):
    since = since or (until and dt.date(2026, 4, 1))
    days = end(since, "valid_from") | end(until) if until else {}
    posted = {"reference": reference, **days, **files}
    return client.post(f"/provider/papers/{kind}/", posted)


def accept(client, document, until=None):
    posted = {"says": "yes"} | (end(until, "yes-valid_until") if until else {})
    if document.valid_from:
        posted |= end(document.valid_from, "yes-valid_from")
    return client.post(f"/team/papers/{document.pk}/", posted)


def text_of(response):
    return response.content.decode()


def test_p1_a_sole_trader_shows_her_papers_and_her_companionship_needs_a_check_or_a_note(
    clock, team, caerphilly, today
):
    sian = factories.provider(
        caerphilly, name="Siân Gwarchod", state="applied", insurance_until=None, legal_form="sole trader"
    )
    at_sian = signed_in(factories.provider_staff(sian, "sian@provider.example"))
    sitting = factories.offer(sian, state="draft")
    page = text_of(at_sian.get("/provider/papers/"))
    assert "Answer two questions" in page and "Enhanced" in page and "Never send us a DBS certificate" in page

    at_sian.post("/provider/papers/what-you-do/", {"has_staff": "no", "serves_food": "no"})
    show(at_sian, "public-liability", until=MARCH_31, file=pdf())
    show(at_sian, "safeguarding", reference="Of 2026")
    show(at_sian, "data-sharing", reference="Signed on 1 October")
    sian.refresh_from_db()
    assert [reason for _kind, reason in papers.missing(sian, on=today)] == [papers.Reason.WAITING] * 3

    queue = text_of(team.get("/team/"))
    assert '<span class="todo__count">3</span> <span class="todo__words">Papers of providers to look at' in queue
    for document in papers.waiting(caerphilly):
        assert accept(team, document, document.valid_until).status_code == 302
    sian.refresh_from_db()
    assert papers.missing(sian, on=today) == [] and sian.insurance_until == MARCH_31

    # Companionship at home: an enhanced check, or the carers team's own words why not.
    with pytest.raises(care_checks.NotChecked):
        care_checks.refuse_unless_checked(sitting, on=today)
    team.post(f"/team/offers/{sitting.number}/no-check/", {"words": "She is never alone with him."})
    sitting.refresh_from_db()
    care_checks.refuse_unless_checked(sitting, on=today)
    team.post(f"/team/offers/{sitting.number}/no-check/", {"words": ""})
    about = {"person": "Siân", "level": "enhanced", **end(dt.date(2026, 5, 1), "issued_on"), "on_update_service": "on"}
    for _press in range(2):
        at_sian.post("/provider/papers/workers/add/", about)
    sitting.refresh_from_db()
    care_checks.refuse_unless_checked(sitting, on=today)
    assert DbsCheck.objects.get().on_update_service


def test_p2_an_agency_with_personal_care_shows_its_registration_and_checked_workers(clock, team, caerphilly, today):
    agency = factories.provider(caerphilly, name="Gofal Da", ciw_number="W1234567", has_staff=True, serves_food=False)
    owner = signed_in(factories.provider_staff(agency, "gofal@provider.example"))
    at_bookings = signed_in(factories.provider_staff(agency, "desk@provider.example", kind="bookings"))
    bathing = factories.offer(agency, personal_care=True, state="draft", title_en="Help with a bath")
    page = text_of(owner.get("/provider/papers/"))
    assert "Enhanced, with the barred lists" in page
    assert "Personal care: show your registration with Care Inspectorate Wales." in page

    show(owner, "ciw", reference="W1234567", until=dt.date(2027, 12, 31))
    accept(team, agency.documents.get(), dt.date(2027, 12, 31))
    with pytest.raises(care_checks.NotChecked):
        care_checks.refuse_unless_checked(bathing, on=today)
    owner.post("/provider/papers/workers/add/", {"person": "Mari", "level": "barred", **end(today, "issued_on")})
    care_checks.refuse_unless_checked(bathing, on=today)
    bathing.refresh_from_db()
    assert bathing.checked_until == dt.date(2027, 12, 31)

    # Who answers requests may look, and no more.
    page = text_of(at_bookings.get("/provider/papers/"))
    assert "Mari" in page and "Show a newer one" not in page and "No longer works here" not in page
    for path in ("ciw/", "workers/add/", "what-you-do/", f"workers/{DbsCheck.objects.get().pk}/end/"):
        assert at_bookings.post(f"/provider/papers/{path}", {"reference": "x"}).status_code == 404


def test_p2_without_a_number_an_exemption_is_asked_and_decided_by_somebody_else(
    clock, team, at_bryn, bryn_cafe, carys, bryn, today
):
    bathing = factories.offer(bryn_cafe, personal_care=True, state="draft")
    path = f"/provider/papers/offers/{bathing.number}/personal_care/"
    assert path in text_of(at_bryn.get("/provider/papers/"))
    for _press in range(2):
        at_bryn.post(path, {"grounds": "Four people at most", "evidence": "Our list, seen on a visit"})
    row = Exemption.objects.get()

    assert "Four people at most" in text_of(team.get(f"/team/exemptions/{row.pk}/"))
    assert (
        "An exemption for Bryn Café" not in text_of(team.get("/team/papers/"))
        and row in team.get("/team/papers/").context["exemptions"]
    )
    assert "needs" not in text_of(team.post(f"/team/exemptions/{row.pk}/", {"says": "yes"})).split("Last day")[0]
    row.refresh_from_db()
    assert row.reviewed_by is None, "an exemption has an end"
    team.post(f"/team/exemptions/{row.pk}/", {"says": "yes", **end(MARCH_31, "yes-valid_until")})

    row.refresh_from_db(), bathing.refresh_from_db()
    assert (row.reviewed_by, row.valid_until, bathing.checked_until) == (carys, MARCH_31, MARCH_31)
    assert [each.kind for each in care_checks.missing(bathing, on=today)] == ["dbs"]
    assert at_bryn.get(f"/provider/papers/offers/{bathing.number}/childcare/").status_code == 404


@pytest.fixture
def april(caerphilly, bryn_cafe, bryn, clock, now):
    """A sitter, another one near by, and five confirmed breaks: one on 30 March and four in April; all £50."""
    sitting = factories.offer(bryn_cafe, title_en="Sitting at home")
    other = factories.provider(caerphilly, name="Gofal Da", insurance_until=dt.date(2029, 1, 1))
    factories.offer(other, category=sitting.category, title_en="Company at home")
    fund = factories.fund(caerphilly)
    given = [(2027, 3, 30), (2027, 4, 5), (2027, 4, 6), (2027, 4, 7), (2027, 4, 8)]
    rows = []
    for number, day in enumerate(given):
        carer = factories.carer(caerphilly, first_name=f"Carer{number}")
        award = factories.award(
            caerphilly, carer_row=carer, fund_row=fund, first_day=NEW_YEAR.date(), now=NEW_YEAR, value=40_000
        )
        row = bookings.make(
            award=award,
            offer=sitting,
            starts_at=london(*day, 14),
            minutes=120,
            seen_price_pence=5000,
            by=Who(label="code TEST"),
            now=NEW_YEAR,
            key=f"april-{number}",
        )
        bookings.confirm(booking=row, by=Who(user=bryn), now=NEW_YEAR + dt.timedelta(hours=1))
        rows.append(row)
    return sitting, rows


def every_day_at_ten(first, last):
    day, warned = first, {}
    while day <= last:
        before = set(OutboxMessage.objects.filter(kind="papers_ending").values_list("pk", flat=True))
        for hour in (3, 10, 11):
            moment = london(day.year, day.month, day.day, hour)
            jobs.warn_of_papers(moment), jobs.follow_lapses(moment)
        if new := OutboxMessage.objects.filter(kind="papers_ending").exclude(pk__in=before):
            warned[day] = list(new)
        day += dt.timedelta(days=1)
    return warned


def test_p1_a_file_that_was_sent_with_a_missing_day_is_asked_for_again(clock, at_bryn, bryn_cafe):
    answer = show(at_bryn, "public-liability", file=pdf())

    assert "Choose the file once more" in text_of(answer) and not bryn_cafe.documents.exists()


def test_p8_a_newer_certificate_that_begins_after_the_old_one_ends_leaves_a_gap_that_everybody_sees(
    clock, team, at_bryn, bryn_cafe, caerphilly
):
    sitting = factories.offer(bryn_cafe)

    def shown(client=at_bryn):
        return " ".join(text_of(client.get("/provider/papers/")).split())

    show(at_bryn, "public-liability", until=MARCH_31, reference="PL 1")
    accept(team, papers.waiting(caerphilly).get(), MARCH_31)
    clock(london(2027, 2, 10, 10))
    show(at_bryn, "public-liability", since=dt.date(2027, 4, 12), until=dt.date(2028, 4, 11), reference="PL 2")
    newer = papers.waiting(caerphilly).get()
    words = (
        "Covered to Wednesday 31 March 2027, then from Monday 12 April 2027: "
        "from Thursday 1 April 2027 to Sunday 11 April 2027 nothing covers."
    )
    assert words in text_of(team.get(f"/team/papers/{newer.pk}/"))
    accept(team, newer, newer.valid_until)
    assert f"Accepted. {words}" in text_of(team.get("/team/papers/"))
    assert words in text_of(team.get(f"/team/providers/{bryn_cafe.ref}/"))

    # The old one counts up to its end, and the clock warns of the gap.
    assert words in shown() and "Carers do not see your offers" not in shown()
    assert bookable(sitting, MARCH_31) and not bookable(sitting, dt.date(2027, 4, 1))
    clock(london(2027, 3, 2, 10))
    jobs.warn_of_papers(timezone.now())
    [message] = OutboxMessage.objects.filter(kind="papers_ending")
    assert "31 March" in message.subject and "counts only from Monday 12 April 2027" in message.body

    # In the gap nothing is shown; when the newer one begins the clock counts it, and what is on the list is done.
    clock(london(2027, 4, 5, 10))
    jobs.follow_lapses(timezone.now())
    assert not bookable(sitting, dt.date(2027, 4, 5)) and "Carers do not see your offers" in shown()
    assert Task.objects.get(kind="papers").done_at is None
    clock(london(2027, 4, 12, 0, 5))
    assert [jobs.begin_papers(timezone.now()) for _twice in range(2)] == [(1, 0), (0, 0)]
    assert bookable(sitting, dt.date(2027, 4, 12)) and words not in shown()
    assert Task.objects.get(kind="papers").done_at


def bookable(offer, day):
    return catalogue.live_offers(on=day).filter(pk=offer.pk).exists()


def test_p8_documents_lapse_on_31_march(clock, team, at_bryn, april, bryn_cafe, bryn, carys, caerphilly, ffion, gwen):
    sitting, [march, *in_april] = april
    # The file of the pilot said 2028; in January the owner shows the certificate itself, and it says 31 March.
    clock(london(2027, 1, 12, 10))
    show(at_bryn, "public-liability", until=MARCH_31, file=pdf())
    [document] = papers.waiting(caerphilly)
    assert "4 confirmed breaks are after Wednesday 31 March 2027" in text_of(team.get(f"/team/papers/{document.pk}/"))
    accept(team, document, MARCH_31)

    # Warned 60, 30 and 7 days before, each once, in the provider's language.
    warned = every_day_at_ten(dt.date(2027, 1, 25), dt.date(2027, 4, 1))
    assert list(warned) == [dt.date(2027, 1, 30), dt.date(2027, 3, 1), dt.date(2027, 3, 24)]
    assert all(len(rows) == 1 and rows[0].to == bryn_cafe.email for rows in warned.values())
    assert "Show us the newer one here" in warned[dt.date(2027, 3, 24)][0].body

    # On 1 April it is hidden, from the brochure, the search and whoever asks; nobody told the carers anything.
    assert sitting in catalogue.live_offers(on=MARCH_31) and sitting not in catalogue.live_offers(on=APRIL_1.date())
    clock(APRIL_1)
    assert Client().get(sitting.get_absolute_url()).status_code == 410 or "Ask for this" not in text_of(
        Client().get(sitting.get_absolute_url())
    )
    with pytest.raises(asking.NotLive):
        asking.refuse_unless_possible(
            award=in_april[0].award,
            offer=Offer.objects.get(pk=sitting.pk),
            starts_at=london(2027, 4, 20, 14),
            minutes=120,
            now=APRIL_1,
        )
    assert not OutboxMessage.objects.filter(reader__startswith="carer ", created_at__gte=APRIL_1).exists()
    assert "Carers do not see your offers" in text_of(at_bryn.get("/provider/papers/"))

    # Four tasks, each with somebody else who is free then, and one about the provider.
    rearrange = Task.objects.filter(kind=Task.Kind.REARRANGE).order_by("booking__starts_at")
    assert [task.booking for task in rearrange] == in_april
    assert Task.objects.get(kind=Task.Kind.PAPERS).provider == bryn_cafe
    listed = text_of(team.get("/team/tasks/"))
    assert all(f"/team/tasks/{task.pk}/rearrange/" in listed for task in rearrange) and "Bryn Café" in listed
    for task in rearrange:
        page = team.get(f"/team/tasks/{task.pk}/rearrange/")
        assert [each.offer.provider.name for each in page.context["others"]] == ["Gofal Da"]
        assert "Gofal Da" in text_of(page) and "£50" in text_of(page)

    # What was given on 30 March is marked, claimed and paid.
    at_bryn.post(f"/provider/bookings/{march.ref}/given/", {"delivered-minutes": 120})
    march.refresh_from_db()
    assert march.state == Booking.State.DELIVERED
    fields = {"bookings": march.ref, "key": str(uuid.uuid4()), "invoice_number": "INV 1"}
    posted = {f"{caerphilly.slug}-{name}": value for name, value in fields.items()}
    at_bryn.post(f"/provider/money/claim/{caerphilly.slug}/", posted)
    line = ClaimLine.objects.get()
    payee = line.claim.provider_id
    assert line.booking == march and books.due(payee) == 5000
    run = settlement.prepare(
        council=caerphilly, lines=[line], pay_on=dt.date(2027, 4, 8), by=Who(ffion), now=APRIL_1, key="run"
    )
    settlement.release(run=run, by=Who(gwen), now=london(2027, 4, 1, 12))
    assert books.due(payee) == 0 and faults() == []

    # A newer certificate brings the offers back, and what was open on the list is done.
    show(at_bryn, "public-liability", until=dt.date(2028, 3, 31), reference="PL 2028")
    accept(team, papers.waiting(caerphilly).get(), dt.date(2028, 3, 31))
    assert sitting in catalogue.live_offers(on=APRIL_1.date())
    assert not Task.objects.filter(done_at=None).exists()
    assert set(Task.objects.values_list("done_by", flat=True)) == {carys.pk}
    assert "In order" in text_of(at_bryn.get("/provider/papers/"))


# Files


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("insurance.pdf", zipped(), "We can read PDF files and photographs"),
        ("../../../etc/passwd", b"root:x:0:0", "We can read PDF files and photographs"),
        ("scan.svg", b"<svg><script>alert(1)</script></svg>", "We can read PDF files and photographs"),
        ("empty.pdf", b"", "The file is empty"),
        ("large.pdf", b"%PDF-" + b"0" * 5_300_000 + b"%%EOF", "larger than 5 MB"),
        ("bomb.png", bomb(20_000, 20_000), "too large or too small"),
        ("both.pdf", PDF + zipped(), "We can read PDF files and photographs"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_p1_what_is_no_paper_is_refused_with_a_sentence(at_bryn, name, content, words):
    response = show(at_bryn, "public-liability", until=MARCH_31, file=pdf(name, content))

    assert response.status_code == 200 and words in text_of(response)
    assert not Document.objects.exists()


def test_p1_a_file_comes_back_as_a_download_of_ours(at_bryn, team, bryn_cafe, carys):
    sent = picture("JPEG")
    show(at_bryn, "safeguarding", file=pdf("../../<script>.html", sent, "text/html"))
    document = Document.objects.get()

    for client, path in (
        (at_bryn, f"/provider/papers/files/{document.pk}/"),
        (team, f"/team/papers/{document.pk}/file/"),
    ):
        response = client.get(path)
        name = f"{bryn_cafe.ref}-safeguarding-{document.pk}.jpg"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in response.headers["Cache-Control"]
        assert response.content.startswith(b"\xff\xd8\xff") and response.content != sent
    looks = HistoryEntry.objects.filter(act="document.seen", subject_id=document.pk)
    assert [look.actor for look in looks] == [carys]


def test_nobody_else_opens_a_paper(at_bryn, team, caerphilly, flintshire, clock):
    show(at_bryn, "safeguarding", file=pdf())
    document = Document.objects.get()
    other = factories.provider(caerphilly, name="Other")
    strangers = [
        signed_in(factories.provider_staff(other, "other@provider.example")),
        signed_in(factories.user("far@council.example", role="team", council=flintshire)),
        signed_in(factories.user("nobody@post.example")),
    ]

    for client in strangers:
        assert client.get(f"/provider/papers/files/{document.pk}/").status_code == 404
        assert client.get(f"/team/papers/{document.pk}/file/").status_code == 404
        assert client.get(f"/team/papers/{document.pk}/").status_code == 404
        assert client.post(f"/team/papers/{document.pk}/", {"says": "yes"}).status_code == 404
    assert Client().get(f"/provider/papers/files/{document.pk}/").status_code == 302
    document.refresh_from_db()
    assert document.state == "waiting"


def test_a_second_answer_finds_the_first(at_bryn, team):
    show(at_bryn, "safeguarding", reference="2026")
    document = Document.objects.get()
    refusal = {"says": "no", "no-reason": "Page 2 is missing."}
    assert "Say why not" in text_of(team.post(f"/team/papers/{document.pk}/", {"says": "no"}))
    team.post(f"/team/papers/{document.pk}/", refusal)

    response = team.post(f"/team/papers/{document.pk}/", {"says": "yes"}, follow=True)

    assert "A colleague has answered already" in text_of(response)
    assert "“Page 2 is missing.”" in text_of(at_bryn.get("/provider/papers/"))


@pytest.mark.parametrize("path", ["/provider/papers/nothing/", "/team/papers/999999/", "/team/exemptions/999999/"])
def test_what_is_not_there_is_404(at_bryn, team, path):
    client = team if path.startswith("/team/") else at_bryn

    assert client.get(path).status_code == 404


def test_p8_the_pages_ask_the_same_number_of_questions_however_much_there_is(at_bryn, team, bryn_cafe, bryn, now):
    def questions(client, path):
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(path).status_code == 200
        return len(found)

    paths = [(at_bryn, "/provider/papers/"), (team, "/team/papers/"), (team, f"/team/providers/{bryn_cafe.ref}/")]

    def more():
        offer = factories.offer(bryn_cafe, personal_care=True, childcare=True)
        Exemption.objects.create(offer=offer, duty="childcare", grounds="x", evidence="x", asked_at=now)
        for kind in Document.Kind:
            papers.add(
                provider=bryn_cafe, kind=kind, reference=str(offer.pk), valid_until=MARCH_31, by=Who(bryn), now=now
            )
        lapses.add_check(
            provider=bryn_cafe, person=str(offer.pk), level="basic", issued_on=now.date(), by=Who(bryn), now=now
        )

    more()
    [client.get(path) for client, path in paths]
    few = [questions(client, path) for client, path in paths]
    for _each in range(3):
        more()

    assert [questions(client, path) for client, path in paths] == few
