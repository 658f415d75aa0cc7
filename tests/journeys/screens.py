"""Makes the pictures of the README: a copy of the site of its own is filled, used in a browser, and photographed.

make screens
"""

import io
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PORT = "8199"
BASE = Path(__file__).resolve().parent.parent.parent
OUT = BASE / "docs" / "screens"
SIZES = {"phone": (360, 740), "desktop": (1280, 860)}
LARGEST = 150_000  # bytes
PAPER_WIDTH = 720  # pixels
# The carer's own pages that need nothing but an open award.
CARERS_PAGES = {
    "planner": "/my/planner/",
    "saved": "/my/saved/",
    "no-results": "/brochure/?words=hang+gliding",
    "wish": "/wish/",
    "questions": "/my/how-are-you/",
    "preferences": "/my/preferences/",
    "helpers": "/my/helpers/",
    "who-looked": "/my/looks/",
}
# What a provider does with a telephone in the hand; {} is the number of an offer.
PROVIDERS_PAGES = {
    "provider-code": "/provider/code/",
    "provider-offer": "/provider/offers/{}/",
    "provider-prices": "/provider/offers/{}/prices/",
    "provider-bank": "/provider/bank/",
}
# The pictures of what carers of a local copy are in the middle of.
STORIES = {"times": "other-times", "pair": "pair", "given": "given"}
# How many of ten carers feel better than at the start, in the picture of the figures.
TENTHS_BETTER = {"start": 0, "after": 8, "later": 6}


def main():
    with tempfile.TemporaryDirectory() as var:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "voucher.settings",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
            "VAR_DIR": var,
            "PORT": PORT,
        }
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("prepare")
        command = [sys.executable, "-m", "gunicorn", "voucher.wsgi", "--bind", f"127.0.0.1:{PORT}", "--threads", "4"]
        server = subprocess.Popen([*command, "--log-level", "warning"], cwd=BASE)
        try:
            wait_for(f"http://localhost:{PORT}/healthz")
            ref = photograph()
        finally:
            server.terminate()
            server.wait()
        photograph_paper(ref)
    for path in sorted(OUT.glob("*.png")):
        print(f"{path.stat().st_size:>8,}  {path.relative_to(BASE)}")


def wait_for(address):
    for _try in range(100):
        try:
            return urllib.request.urlopen(address, timeout=5)
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{address} does not answer.")


def photograph():
    """Live the story once, and photograph its pages in both languages, on a phone and on a desk."""
    from tests.journeys import story, world
    from tests.journeys.browser import chromium, open_page
    from voucher.demo import people as demo

    site = story.Site(f"http://localhost:{PORT}", "en")
    people = {each.email.partition("@")[0]: each for each in demo.PEOPLE}
    code = a_code()
    offer = an_offer_of(people["bryn"].email)
    with chromium() as browser:
        complaints = []

        def person(name, staff=False):
            page = open_page(browser, complaints)
            secret = people[name].secret if staff else None
            story.sign_in(page, site, people[name].email, demo.PASSWORD, secret)
            return page

        carer = open_page(browser, complaints)
        shoot(carer, "home", "/")
        story.open_award(carer, site, code)
        shoot(carer, "find-a-break", "/brochure/")
        shoot(carer, "offer", f"/offers/{offer.slug}/")
        refs = [ask(carer, site, offer, day) for day in (2, 4, 6)]
        carer.go_back()
        last_look(carer, site, offer)
        shoot(carer, "ask", carer.url.removeprefix(site.address))

        bryn = person("bryn")
        for ref in refs[:2]:
            story.confirm(bryn, site, ref)
        shoot(carer, "my-award", "/my/")
        shoot(carer, "booking", f"/my/bookings/{refs[1]}/")
        for name, path in CARERS_PAGES.items():
            shoot(carer, name, path)
        photograph_stories(browser, complaints, site)
        shoot(bryn, "provider-inbox", "/provider/")
        photograph_providers_pages(browser, complaints, bryn, offer, refs)
        shoot(person("sian"), "joining", "/provider/joining/", sizes=["phone"])
        for ref in refs[:2]:
            world.let_a_break_pass(ref)
            story.mark_as_given(bryn, site, ref, 60)
            bryn.goto(site.url("/provider/money/"))
            if ref == refs[0]:
                story.claim(bryn, "caerphilly")
        ffion, gwen = person("ffion", staff=True), person("gwen", staff=True)
        story.prepare_run(ffion, site)
        run = ffion.url.removeprefix(site.address)
        shoot(gwen, "payment-run", run)
        gwen.goto(site.url(run))
        story.release_run(gwen)
        shoot(gwen, "settlement-report", f"{run}report/")
        shoot(bryn, "provider-money", "/provider/money/")
        shoot(carer, "statement", "/my/statement/")
        shoot(carer, "booking-after", f"/my/bookings/{refs[0]}/")
        carys = person("carys", staff=True)
        shoot(carys, "team-to-do", "/team/")
        shoot(carys, "team-offer", f"/team/offers/{a_changed_offer()}/", sizes=["desktop"])
        some_answers()
        shoot(carys, "outcomes", "/team/outcomes/")
    if complaints:
        raise SystemExit("\n".join(complaints))
    return refs[2]


def photograph_providers_pages(browser, complaints, bryn, offer, refs):
    """Photograph the answer to a request by its link, signed in nowhere; the list of a day; what is changed alone."""
    from django.utils import timezone

    from tests.journeys.browser import open_page
    from voucher.messages import answer_links
    from voucher.models import Booking

    asked, booked = Booking.objects.get(ref=refs[2]), Booking.objects.get(ref=refs[0])
    link = answer_links.token(asked, answer_links.ACCEPT)
    shoot(open_page(browser, complaints), "answer-by-link", f"/answer/{link}/", sizes=["phone"])
    day = timezone.localdate(booked.starts_at)
    shoot(bryn, "provider-day", f"/provider/diary/{day.isoformat()}/", sizes=["desktop"])
    for name, path in PROVIDERS_PAGES.items():
        shoot(bryn, name, path.format(offer.number), sizes=["phone"])


def a_changed_offer():
    """Return the number of an offer in the brochure of which a changed version waits for the carers team."""
    from brochure.models import Offer

    waiting = Offer.objects.filter(state=Offer.State.LIVE, versions__state="waiting")
    return waiting.order_by("number").first().number


def photograph_stories(browser, complaints, site):
    """Photograph the first booking of each story that a local copy tells, opened with its own code."""
    from tests.journeys import story
    from tests.journeys.browser import open_page
    from voucher.demo import people as demo
    from voucher.models import Booking

    for row in demo.open_codes():
        if name := STORIES.get(row["story"]):
            carer = open_page(browser, complaints)
            story.type_code(carer, site, row["code"])
            carer.wait_for_url("**/my/")
            booking = Booking.objects.filter(award__ref=row["award"]).order_by("pk").first()
            shoot(carer, name, f"/my/bookings/{booking.ref}/")


def a_code():
    """Return a new code for an award of £150 or more that has run for some weeks: breaks of last week are within it."""
    import datetime as dt

    from django.utils import timezone

    from accounts.history import Who
    from voucher.granting import awards
    from voucher.models import Award

    now = timezone.now()
    month_ago = timezone.localdate(now) - dt.timedelta(days=30)
    fitting = Award.objects.filter(
        council__slug="caerphilly",
        account__unit="pence",
        account__available__gte=15_000,
        account__first_day__lte=month_ago,
        # Nothing is going on with it yet.
        bookings__isnull=True,
        carer__print_size="standard",
    ).exclude(carer__language="cy")  # whose code opens the pages in Welsh
    return awards.new_code(award=fitting.latest("account__last_day"), by=Who(label="screens"), now=now)


def an_offer_of(email):
    """Return the cheapest offer by the hour of the demonstration's provider, or any of its offers."""
    from django.utils import timezone

    from brochure import catalogue
    from providers.models import Staff

    provider = Staff.objects.get(user__email=email).provider
    offers = catalogue.live_offers(on=timezone.localdate()).filter(provider=provider)
    return offers.filter(unit="hour").order_by("price_pence").first() or offers.first()


def last_look(page, site, offer, day=0):
    """Answer each question of an offer that has it, and stop before anything is sent."""
    page.goto(site.url(f"/my/ask/{offer.slug}/"))
    for _question in range(4):
        if page.locator("form[method=post] #id_note").count():
            return
        if page.locator("#id_minutes").count():
            page.select_option("#id_minutes", index=1)
        else:
            page.locator("main form input[type=radio]").nth(day).check()
        page.locator("main form button").first.click()
        page.wait_for_load_state()


def ask(page, site, offer, day):
    from tests.journeys import story

    last_look(page, site, offer, day)
    return story.send_request(page, offer.slug)


def shoot(page, name, path, sizes=tuple(SIZES)):
    for language, prefix in (("en", ""), ("cy", "/cy")):
        for size in sizes:
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"http://localhost:{PORT}{prefix}{path}")
            page.evaluate("document.fonts.ready")
            keep(page.screenshot(), f"{name}-{language}-{size}.png")


def some_answers():
    """Let some carers have answered the three questions before and after a break; the figures need ten of them."""
    from django.utils import timezone

    from voucher.carers import outcomes
    from voucher.models import Answers, Award

    for number, award in enumerate(Award.objects.filter(council__slug="caerphilly")[:26]):
        start = 2 + number % 2
        for moment, tenths in TENTHS_BETTER.items():
            better = {name: (number * 3 + place) % 10 < tenths for place, name in enumerate(outcomes.QUESTIONS)}
            said = {name: start + better[name] + (better[name] and number % 3 == 0) for name in better}
            defaults = said | {"answered_at": timezone.now()}
            Answers.objects.get_or_create(award=award, moment=moment, defaults=defaults)


def photograph_paper(ref):
    """Draw the brochure's cover and a page in each language, a voucher's letter, and a carer's own papers."""
    from django.core.management import call_command

    from brochure.models import EditionFile

    for file in EditionFile.objects.filter(edition__number=1, large_print=False):
        for name, number in (("cover", 0), ("page", 5)):
            draw(bytes(file.content), number, f"brochure-{name}-{file.language}.png")
    letters = Path(os.environ["VAR_DIR"]) / "letters.pdf"
    call_command("print_vouchers", out=letters, limit=1, large_print=False)
    draw(letters.read_bytes(), 0, "letter.png")
    draw_carers_papers(ref)


def draw_carers_papers(ref):
    """Draw the slip of a booking and the statement of its award, as the carer gets them."""
    import functools

    from django.utils import timezone

    from voucher.granting import awards
    from voucher.models import Booking
    from voucher.paper import slips

    booking, on = Booking.objects.get(ref=ref), timezone.localdate()
    lines = functools.partial(awards.statement, booking.award)
    paper = slips.statement(booking.award, balance=awards.balance(booking.award), lines=lines, on=on)
    draw(slips.booking_slip(booking, on=on).content, 0, "booking-slip.png")
    draw(paper.content, 0, "statement-paper.png")


def draw(pdf, number, name):
    import pypdfium2

    page = pypdfium2.PdfDocument(pdf)[number]
    picture = page.render(scale=PAPER_WIDTH / page.get_width()).to_pil()
    file = io.BytesIO()
    picture.save(file, "png")
    keep(file.getvalue(), name)


def keep(png, name):
    """Keep a picture with as few colours as it needs to stay small; flat colours lose nothing by it."""
    from PIL import Image

    OUT.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        picture.quantize(colours, dither=Image.Dither.NONE).save(OUT / name, optimize=True)
        if (OUT / name).stat().st_size <= LARGEST:
            return
    raise SystemExit(f"{name} is too big.")


if __name__ == "__main__":
    main()
