"""What each page weighs on a first visit, and how often a list asks the database: python -m benchmarks.pages

Works on a database of its own, in a folder that is removed at the end. The pages are served by gunicorn as in
production and fetched by a browser with an empty cache; bytes are those that came over the wire, headers included.
The aims: under 60 kB besides the font, under 115 kB with it, and nothing that moves. A list must ask as often with
100 rows as with 10.
"""

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request

PORT = 8198
SITE = f"http://localhost:{PORT}"


def main():
    with tempfile.TemporaryDirectory() as var:
        os.environ |= {
            **{"DJANGO_SETTINGS_MODULE": "voucher.settings", "VAR_DIR": var, "DEPLOYMENT": "production"},
            **{"SECRET_KEY": secrets.token_urlsafe(48), "CODE_KEYS": f"k1:{secrets.token_urlsafe(48)}"},
            **{"ALLOWED_HOSTS": "localhost,testserver", "SITE_URL": SITE, "SECURE_SSL_REDIRECT": "false"},
            **{"DATABASE_URL": f"sqlite:///{var}/pages.sqlite3", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"},
        }
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        # The real hashing is slow on purpose, and nobody signs in here with a password.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        desk = Desk()
        desk.grow(10)
        with served():
            weigh(desk)
        setup_test_environment()
        few = desk.queries()
        desk.grow(90)
        many = desk.queries()
        print("\nqueries at 10 rows, at 100")
        for page, count in few.items():
            print(f"{count:6} {many[page]:6}  {page}{'' if count == many[page] else '   GROWS'}")


@contextlib.contextmanager
def served():
    """Serve the site as in production, until the block is left."""
    command = [sys.executable, "-m", "gunicorn", "voucher.wsgi", "--bind", f"127.0.0.1:{PORT}", "--threads", "4"]
    server = subprocess.Popen([*command, "--log-level", "error"])
    try:
        for _try in range(100):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{SITE}/healthz", timeout=5)
                break
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait()


def weigh(desk):
    """Print what a first visit to each page brings, in bytes, by kind."""
    from tests.journeys import measures, story
    from tests.journeys.browser import chromium, open_page

    print(" page  styles  pictures  besides font   font    all  page")
    with chromium() as browser:
        opened = open_page(browser, [])
        story.open_award(opened, story.Site(SITE, "en"), desk.code)
        cookies = opened.context.cookies()
        for path, needs_code in desk.pages_of_a_carer():
            page = open_page(browser, [])
            if needs_code:
                page.context.add_cookies(cookies)
            found, moved = measures.first_visit(page, SITE + path)
            page.context.close()
            too_much = found.without_font > measures.MOST_BYTES or found.whole > measures.MOST_BYTES_WITH_FONT
            print(
                f"{found.page:5,} {found.styles_and_scripts:7,} {found.pictures:9,} {found.without_font:13,} "
                f"{found.fonts:6,} {found.whole:6,}  {path}{'   TOO MUCH' if too_much else ''}"
                f"{'   MOVES' if moved else ''}"
            )


class Desk:
    """A council with bookings in every list, and somebody at each desk."""

    def __init__(self):
        from django.utils import timezone

        from tests import factories
        from voucher.granting import awards

        self.now = timezone.now()
        today = timezone.localdate(self.now)
        self.council = factories.council()
        self.cafe = factories.provider(self.council, insurance_until=today.replace(year=2099))
        self.award = self._award(10_000_000)
        self.code = awards.new_code(award=self.award, by=factories.TESTS, now=self.now)
        self.owner = factories.provider_staff(self.cafe, name="Bryn")
        kinds = ("team", "finance_preparer", "auditor", "administrator")
        self.staff = {
            kind: factories.user(f"{kind}@council.example", role=kind, council=self.council) for kind in kinds
        }

    def _award(self, value=10_000):
        import datetime as dt

        from django.utils import timezone

        from tests import factories

        first_day = timezone.localdate(self.now) - dt.timedelta(days=30)
        return factories.award(
            self.council,
            value=value,
            first_day=first_day,
            now=self.now,
            fund_row=factories.fund(self.council, allocated=value),
        )

    def grow(self, number):
        """Add as many offers, people, awards without a letter, requests and claims."""
        import datetime as dt
        import uuid

        from accounts.history import Who
        from tests import factories
        from voucher import bookings
        from voucher.claiming import claims
        from voucher.models import Booking

        owner, week = Who(user=self.owner), dt.timedelta(days=7)
        for each in range(number):
            self._award()
            factories.user(f"{uuid.uuid4().hex}@council.example", role="team", council=self.council)
            for delivered in (False, True):
                offer = factories.offer(self.cafe, price_pence=1000)
                starts_at = (self.now + dt.timedelta(days=4)).replace(hour=12, minute=0, second=0, microsecond=0)
                row = bookings.make(
                    award=self.award,
                    offer=offer,
                    starts_at=starts_at,
                    minutes=60,
                    seen_price_pence=1000,
                    by=owner,
                    now=self.now,
                    key=str(uuid.uuid4()),
                )
                if delivered:
                    bookings.confirm(booking=row, by=owner, now=self.now)
                    past = {"starts_at": row.starts_at - week, "ends_at": row.ends_at - week}
                    Booking.objects.filter(pk=row.pk).update(**past)
                    row.refresh_from_db()
                    bookings.deliver(booking=row, minutes=60, by=owner, now=self.now)
                    if each % 2:
                        claims.make(
                            provider=self.cafe,
                            council=self.council,
                            bookings=[row],
                            invoice_number="",
                            by=owner,
                            now=self.now,
                            key=str(uuid.uuid4()),
                        )

    def carer(self):
        from django.test import Client
        from django.urls import reverse

        client = Client()
        client.post(reverse("open_award"), {"code": self.code})
        return client

    def of(self, user):
        """Return a browser in which the person is signed in, with the second step taken."""
        from django.test import Client

        client = Client()
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        return client

    def pages_of_a_carer(self):
        """Return (path, whether it needs the code) of the carer's main pages, in English and the first two in Welsh."""
        from django.urls import reverse

        offer = self.cafe.offers.first()
        booking = self.award.bookings.first()
        public = ["/", "/cy/", "/v/", "/brochure/", "/cy/brochure/", "/brochure/sitting/", offer.get_absolute_url()]
        own = [reverse(name) for name in ("my:award", "my:statement", "my:questions")]
        asking = reverse("my:ask", args=[offer.slug])
        own += [asking, f"{asking}?minutes=60", reverse("my:booking", args=[booking.ref])]
        return [(path, False) for path in public] + [(path, True) for path in own]

    def queries(self):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext
        from django.urls import reverse

        lists = [(self.carer(), ["brochure", "my:award", "my:statement"])]
        lists.append((self.of(self.owner), ["provider:inbox", "provider:diary", "provider:offers", "provider:money"]))
        of_staff = {
            "team": ["team:queue", "team:letters", "team:providers"],
            "finance_preparer": ["finance:runs", "finance:prepare", "finance:overdue", "finance:funds"],
            "auditor": ["audit:history"],
            "administrator": ["people:list"],
        }
        lists += [(self.of(self.staff[kind]), names) for kind, names in of_staff.items()]
        found = {}
        for client, names in lists:
            for name in names:
                client.get(reverse(name))
                with CaptureQueriesContext(connection) as asked:
                    response = client.get(reverse(name))
                if response.status_code != 200:
                    raise SystemExit(f"{name} answers {response.status_code}.")
                found[name] = len(asked)
        return found


if __name__ == "__main__":
    main()
