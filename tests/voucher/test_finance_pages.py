"""Finance's pages: who may see and do what, from the first tick to the files."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.history import Who
from providers.models import BankAccount, Provider
from tests import factories
from tests.voucher import claimed
from voucher.ledger import audit
from voucher.ledger.models import Transfer
from voucher.models import LineLeftOut, PaymentRun, RunFile
from voucher.settling import payment_files, settlement, settlement_audit
from voucher.views.finance import runs as finance

PAY_ON = dt.date(2026, 10, 15)
PAGES = [("finance:runs", []), ("finance:funds", []), ("finance:overdue", [])]
NOT_PAYABLE = "The provider has no bank account that a second person has checked, or its payments are held."
RUN_PAGES = [("finance:run", [1]), ("finance:report", [1])]


@pytest.fixture(autouse=True)
def clock(monkeypatch, settings, now):
    """The pages' clock: it says `now` until a test sets it; nobody is signed out meanwhile."""
    settings.SESSION_COOKIE_AGE = 10**8
    stands = {"at": now}
    monkeypatch.setattr(timezone, "now", lambda: stands["at"])
    # A busy machine sets no page of PDF in eight seconds; the pages' patience has a test of its own.
    monkeypatch.setattr(finance, "SECONDS_FOR_FILES", 600)
    return lambda at: stands.update(at=at)


@pytest.fixture
def lines(bryn_cafe, bryn, caerphilly):
    return claimed.lines(bryn_cafe, factories.award(caerphilly), number=2, by=Who(bryn))


@pytest.fixture
def run(lines, caerphilly, ffion, now):
    return settlement.prepare(council=caerphilly, lines=lines, pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-1")


@pytest.fixture
def released(run, gwen, now):
    row = settlement.release(run=run, by=Who(gwen), now=now)
    payment_files.make_files(row, now=now)
    return row


def form_of(client, **changes):
    """What the browser would send from the page on which a run is prepared."""
    page = client.get(reverse("finance:prepare"))
    form = page.context["form"]
    data = {"key": form["key"].value(), "shown": list(form.lines)}
    data |= {f"take-{pk}": "on" for pk in form.lines}
    day = form["pay_on"].value()
    data |= {"pay_on_day": day.day, "pay_on_month": day.month, "pay_on_year": day.year}
    return {name: value for name, value in (data | changes).items() if value is not None}


def said(response):
    return [str(message) for message in response.context["messages"]]


# Who may enter


@pytest.mark.parametrize(("name", "args"), [*PAGES, *RUN_PAGES])
def test_finance_and_the_auditor_read_and_strangers_find_nothing(
    client, name, args, released, ffion, gwen, aled, carys, bryn, dafydd
):
    for reader in (ffion, gwen, aled):
        client.force_login(reader)
        page = client.get(reverse(name, args=args))
        assert page.status_code == 200
        assert len(re.findall("<h1", page.content.decode())) == 1
    for stranger in (carys, bryn, dafydd):
        client.force_login(stranger)
        assert client.get(reverse(name, args=args)).status_code == 404
    client.logout()
    assert client.get(reverse(name, args=args)).status_code == 302


def test_another_councils_run_and_files_are_not_there(client, released, flintshire):
    file = released.files.first()
    client.force_login(factories.user("nia@council.example", role="finance_approver", council=flintshire))

    for name, args in [*RUN_PAGES, ("finance:file", [1, file.pk])]:
        assert client.get(reverse(name, args=args)).status_code == 404
    for name in ("release", "make_files"):
        assert client.post(reverse(f"finance:{name}", args=[1])).status_code == 404


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("release", "ffion"),
        ("release", "aled"),
        ("void", "gwen"),
        ("void", "aled"),
        ("make_files", "aled"),
        ("prepare", "gwen"),
        ("prepare", "aled"),
    ],
)
def test_only_the_right_role_changes_anything(client, request, name, who, run):
    client.force_login(request.getfixturevalue(who))
    args = [] if name == "prepare" else [1]

    assert client.post(reverse(f"finance:{name}", args=args)).status_code == 404
    run.refresh_from_db()
    assert run.state == "prepared"


@pytest.mark.parametrize("name", ["release", "void", "make_files"])
def test_nothing_is_changed_by_looking(client, name, run, gwen, ffion):
    for who in (gwen, ffion):
        client.force_login(who)
        assert client.get(reverse(f"finance:{name}", args=[1])).status_code == 405


def test_no_page_or_file_names_a_carer(client, released, gwen):
    client.force_login(gwen)
    addresses = [reverse(name, args=args) for name, args in [*PAGES, *RUN_PAGES]]
    texts = [client.get(address).content.decode() for address in addresses]

    assert not any("Alys" in text or "Gŵyr" in text for text in texts)


# Preparing


def test_a_preparer_ticks_the_lines_and_gets_a_run(client, ffion, lines, caerphilly):
    client.force_login(ffion)

    answer = client.post(reverse("finance:prepare"), form_of(client), follow=True)

    run = PaymentRun.objects.get()
    assert answer.redirect_chain == [(reverse("finance:run", args=[1]), 302)]
    assert said(answer) == ["The run is prepared. Another person releases it."]
    assert (run.total_pence, run.pay_on, run.prepared_by) == (5000, dt.date(2026, 10, 14), ffion)
    assert "You prepared this run, so another person has to release it." in answer.content.decode()


def test_a_second_press_gives_the_same_run(client, ffion, lines):
    client.force_login(ffion)
    data = form_of(client)

    for _press in range(2):
        assert client.post(reverse("finance:prepare"), data).url == reverse("finance:run", args=[1])
    assert PaymentRun.objects.count() == 1


def test_a_line_left_out_needs_a_reason_and_keeps_it(client, ffion, lines):
    client.force_login(ffion)
    without = {f"take-{lines[1].pk}": None}

    refused = client.post(reverse("finance:prepare"), form_of(client, **without))
    assert "Say why this line is left out, or tick it." in refused.content.decode()
    assert not PaymentRun.objects.exists()

    client.post(reverse("finance:prepare"), form_of(client, **without, **{f"why-{lines[1].pk}": "New invoice asked."}))
    assert LineLeftOut.objects.get().reason == "New invoice asked."
    assert PaymentRun.objects.get().line_count == 1


def test_a_run_of_nothing_is_refused_in_words(client, ffion, lines):
    client.force_login(ffion)
    data = form_of(client, **{f"take-{line.pk}": None for line in lines}, **{f"why-{line.pk}": "No." for line in lines})

    refused = client.post(reverse("finance:prepare"), data)

    assert "Tick at least one line." in refused.content.decode()
    assert "No." in refused.content.decode()


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (13, "That is too soon for Bacs. The first day possible is Wednesday 14 October 2026."),
        (17, "Banks rest on that day. The next working day is Monday 19 October 2026."),
    ],
)
def test_a_day_that_bacs_cannot_keep_is_refused_beside_the_field(client, ffion, lines, day, words):
    client.force_login(ffion)

    refused = client.post(reverse("finance:prepare"), form_of(client, pay_on_day=day))

    assert words in refused.content.decode()
    assert not PaymentRun.objects.exists()


def test_two_tabs_make_one_run_and_the_slower_one_is_told(client, ffion, lines):
    client.force_login(ffion)
    first, second = form_of(client), form_of(client)
    client.post(reverse("finance:prepare"), first)

    told = client.post(reverse("finance:prepare"), second, follow=True)

    assert said(told)[-1] == "The list has changed since you opened it, so no run was made. Look at it again."
    assert PaymentRun.objects.count() == 1


def test_a_line_that_came_in_meanwhile_waits_for_the_next_run(client, ffion, lines, bryn_cafe, bryn, caerphilly):
    client.force_login(ffion)
    data = form_of(client)
    [later] = claimed.lines(bryn_cafe, factories.award(caerphilly), by=Who(bryn))

    client.post(reverse("finance:prepare"), data)

    assert PaymentRun.objects.get().line_count == 2
    assert list(settlement.awaiting(caerphilly)) == [later]


def test_another_councils_line_cannot_be_slipped_in(client, ffion, lines, flintshire):
    other = factories.provider(flintshire, name="Siop Goffi")
    owner = factories.provider_staff(other, "siop@provider.example")
    [theirs] = claimed.lines(other, factories.award(flintshire), by=Who(owner))
    client.force_login(ffion)
    data = form_of(client, **{f"take-{theirs.pk}": "on"})
    data["shown"] = [*data["shown"], str(theirs.pk), "x", "-1"]

    client.post(reverse("finance:prepare"), data)

    assert PaymentRun.objects.get().line_count == 2


def test_a_line_that_fails_a_check_is_shown_with_the_reason_and_cannot_be_ticked(client, ffion, lines):
    BankAccount.objects.update(state="waiting")
    client.force_login(ffion)

    page = client.get(reverse("finance:prepare"))

    assert page.context["form"].lines == {}
    assert NOT_PAYABLE in page.content.decode()


# Releasing


def test_an_approver_releases_and_the_files_are_there(client, run, gwen, now):
    client.force_login(gwen)
    assert "Release: pay £50.00" in client.get(reverse("finance:run", args=[1])).content.decode()

    answer = client.post(reverse("finance:release", args=[1]), follow=True)

    run.refresh_from_db()
    assert said(answer) == ["The run is released."]
    assert (run.state, run.released_by) == ("released", gwen)
    assert run.files.count() == 9
    for file in run.files.all():
        assert file.name in answer.content.decode()
        got = client.get(reverse("finance:file", args=[1, file.pk]))
        assert got.content == bytes(file.content)
        assert got["Content-Disposition"] == f'attachment; filename="{file.name}"'
        assert got["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert settlement_audit.differences() == audit.differences(now) == []


def test_nobody_waits_for_long_while_files_are_made(client, run, gwen, now, monkeypatch):
    monkeypatch.setattr(finance, "SECONDS_FOR_FILES", -1)
    client.force_login(gwen)

    page = client.post(reverse("finance:release", args=[1]), follow=True).content.decode()

    assert "Some files are still to be made." in page
    assert run.files.count() == 0
    assert payment_files.make_missing(now) == (9, 0)


def test_who_prepared_and_also_releases_runs_is_refused_on_the_page(client, run, ffion, caerphilly):
    factories.Role.objects.create(user=ffion, council=caerphilly, kind="finance_approver")
    client.force_login(ffion)

    page = client.get(reverse("finance:run", args=[1])).content.decode()
    answer = client.post(reverse("finance:release", args=[1]), follow=True)

    assert "Release: pay" not in page
    assert said(answer) == ["You prepared this run, so another person has to release it."]
    run.refresh_from_db()
    assert run.state == "prepared"


def test_who_works_for_a_paid_provider_is_refused_on_the_page(client, run, gwen, bryn_cafe):
    factories.Staff.objects.create(user=gwen, provider=bryn_cafe, kind="desk")
    client.force_login(gwen)

    page = client.get(reverse("finance:run", args=[1])).content.decode()
    answer = client.post(reverse("finance:release", args=[1]), follow=True)

    assert "Release: pay" not in page
    assert said(answer) == ["You work for Bryn Café, which this run pays. Another person has to release it."]


def test_a_second_release_changes_nothing_and_says_who_was_first(client, released, caerphilly):
    client.force_login(factories.user("huw@council.example", role="finance_approver", council=caerphilly))

    answer = client.post(reverse("finance:release", args=[1]), follow=True)

    assert said(answer) == ["Gwen released this run already, Monday 12 October at 11am."]
    assert Transfer.objects.filter(kind="settle").count() == 1
    assert released.files.count() == 9


def test_a_run_whose_day_has_come_too_near_says_on_which_day_it_pays(client, run, gwen, now, clock):
    clock(now + dt.timedelta(days=2))
    client.force_login(gwen)

    assert "it pays on Friday 16 October" in client.get(reverse("finance:run", args=[1])).content.decode()
    client.post(reverse("finance:release", args=[1]))

    run.refresh_from_db()
    assert (run.state, run.pay_on) == ("released", dt.date(2026, 10, 16))


def test_a_change_since_it_was_prepared_stops_the_release_and_the_page_says_which_check(client, run, gwen):
    BankAccount.objects.update(state="waiting")
    client.force_login(gwen)

    answer = client.post(reverse("finance:release", args=[1]), follow=True)

    assert "nothing was paid" in said(answer)[0]
    assert NOT_PAYABLE in answer.content.decode()
    assert "Release: pay" not in answer.content.decode()


def test_files_that_could_not_be_made_are_made_by_a_button(client, run, gwen, monkeypatch):
    client.force_login(gwen)
    with monkeypatch.context() as broken:
        broken.setattr(payment_files.payment_papers, "remittance", _no_pango)
        answer = client.post(reverse("finance:release", args=[1]), follow=True)
    assert "The PDF files cannot be made on this machine yet." in said(answer)[1]
    assert "Make the missing files" in answer.content.decode()

    answer = client.post(reverse("finance:make_files", args=[1]), follow=True)

    assert RunFile.objects.filter(run=run).count() == 9
    assert "Make the missing files" not in answer.content.decode()


def _no_pango(*args, **named):
    raise payment_files.payment_papers.paper.CannotPrint("PDF needs Pango.")


def test_a_council_without_a_user_number_is_told(client, run, gwen, caerphilly):
    type(caerphilly.scheme).objects.update(bacs_user_number="")
    client.force_login(gwen)

    answer = client.post(reverse("finance:release", args=[1]), follow=True)

    assert "The BACS file cannot be made" in said(answer)[1]


# Giving up


def test_a_preparer_gives_a_run_up_with_a_reason(client, run, ffion, lines, caerphilly):
    client.force_login(ffion)

    refused = client.post(reverse("finance:void", args=[1]), {"reason": " "})
    assert "Say in a few words why the run is given up." in refused.content.decode()
    answer = client.post(reverse("finance:void", args=[1]), {"reason": "Wrong day."}, follow=True)
    again = client.post(reverse("finance:void", args=[1]), {"reason": "Wrong day."}, follow=True)

    run.refresh_from_db()
    assert (run.state, run.void_reason) == ("voided", "Wrong day.")
    assert said(answer) == ["The run is given up. Its lines wait for another run."]
    assert said(again) == ["Ffion gave this run up, Monday 12 October at 11am."]
    assert settlement.awaiting(caerphilly).count() == 2


def test_a_released_run_is_not_given_up(client, released, ffion):
    client.force_login(ffion)

    page = client.get(reverse("finance:run", args=[1])).content.decode()
    client.post(reverse("finance:void", args=[1]), {"reason": "Too late."})

    released.refresh_from_db()
    assert "Give this run up" not in page
    assert released.state == "released"


# Reading


def test_the_report_shows_its_figures_its_chart_and_the_table_beside_it(client, released, aled):
    client.force_login(aled)
    page = client.get(reverse("finance:report", args=[1])).content.decode()

    assert "£50.00" in page
    assert "<svg" in page and "<title>What the money bought, in pounds, by kind of break</title>" in page
    assert "Sitting service had the largest share: £50.00 of £50.00, which is 100%." in page
    assert not re.search(r"style=|<script(?! type=\"module\" src)|<style", page)


def test_a_name_with_marks_cannot_break_out_of_the_chart(client, released, aled):
    type(released.lines.first().claim_line.booking.offer.category).objects.update(name_en='<b>"&')
    client.force_login(aled)

    assert "<b>" not in client.get(reverse("finance:report", args=[1])).content.decode()


def test_the_funds_page_shows_what_the_books_say(client, released, aled):
    client.force_login(aled)
    page = client.get(reverse("finance:funds")).content.decode()

    for figure in ("£100,000.00", "£300.00", "£99,700.00", "£250.00", "£50.00"):
        assert figure in page


def test_a_claim_that_waits_too_long_is_listed_with_its_days(client, lines, aled, clock, now):
    client.force_login(aled)
    assert "Nothing is overdue" in client.get(reverse("finance:overdue")).content.decode()

    clock(claimed.CLAIMED + dt.timedelta(days=31))

    page = client.get(reverse("finance:overdue")).content.decode()
    assert "2 breaks were claimed more than 30 days ago" in page
    assert ">31<" in page
    assert "have waited longer than 30 days" in client.get(reverse("finance:runs")).content.decode()


@pytest.mark.parametrize("name", ["finance:runs", "finance:funds", "finance:overdue", "finance:prepare"])
def test_a_list_costs_the_same_number_of_queries_however_long(client, name, lines, ffion, caerphilly, clock, now):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse(name)).status_code == 200
        return len(caught)

    def some_more(number):
        provider = factories.provider(caerphilly, name=f"Provider {number}", legal_form=Provider.LegalForm.COUNCIL)
        owner = factories.provider_staff(provider, f"owner{number}@provider.example")
        some = claimed.lines(provider, factories.award(caerphilly), number=2, by=Who(owner))
        if name == "finance:runs":
            settlement.prepare(
                council=caerphilly,
                lines=some,
                pay_on=dt.date(2026, 11, 12),
                by=Who(ffion),
                now=timezone.now(),
                key=f"prepare-{number}",
            )

    clock(claimed.CLAIMED + dt.timedelta(days=31))
    client.force_login(ffion)
    some_more(0)
    few = queries()
    for number in (1, 2, 3):
        some_more(number)

    assert queries() == few


def test_a_run_costs_the_same_number_of_queries_however_long(client, lines, ffion, gwen, caerphilly, now):
    some = [lines]
    for number in range(3):
        provider = factories.provider(caerphilly, name=f"Provider {number}")
        owner = factories.provider_staff(provider, f"owner{number}@provider.example")
        some.append(claimed.lines(provider, factories.award(caerphilly), number=1, by=Who(owner)))
    short = settlement.prepare(
        council=caerphilly, lines=some[0][:1], pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-1"
    )
    long = settlement.prepare(
        council=caerphilly, lines=sum(some[1:], some[0][1:]), pay_on=PAY_ON, by=Who(ffion), now=now, key="prepare-2"
    )
    client.force_login(gwen)
    counts = {}
    for name in ("finance:run", "finance:run", "finance:report"):
        for run in (short, long):
            with CaptureQueriesContext(connection) as caught:
                client.get(reverse(name, args=[run.number]))
            counts[name, run.number] = len(caught)

    assert counts["finance:run", 1] == counts["finance:run", 2]
    assert counts["finance:report", 1] == counts["finance:report", 2]
