"""What a page weighs on a first visit, and how often a list asks the database: python -m benchmarks.pages

Works on a database of its own, in a folder that is removed at the end. Weights are of the page with its styles, scripts
and pictures, each compressed as a server sends it; the one font is counted apart. The aim is under 60 kB. A list must
ask as often with 100 rows as with 10.
"""

import gzip
import os
import re
import tempfile
import time
from pathlib import Path

AIM = 60_000  # bytes


def main():
    with tempfile.TemporaryDirectory() as var:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "voucher.settings", "VAR_DIR": var}
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        setup_test_environment()
        call_command("migrate", verbosity=0)
        desk = Desk()
        desk.grow(10)
        weigh(desk)
        few = desk.queries()
        desk.grow(90)
        many = desk.queries()
        print("\nqueries at 10 rows, at 100")
        for page, count in few.items():
            print(f"{count:6} {many[page]:6}  {page}{'' if count == many[page] else '   GROWS'}")


def weigh(desk):
    print("bytes    font   page, compressed")
    for name, client, path in desk.first_visits():
        page = client.get(path).content
        files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode()))
        font = sum(len(contents(path)) for path in files if path.endswith(".woff2"))
        rest = sum(compressed(contents(path)) for path in files if not path.endswith(".woff2"))
        total = compressed(page) + rest
        print(f"{total:6,} {font:6,}  {name}{'' if total <= AIM else '   TOO MUCH'}")


def compressed(content):
    return len(gzip.compress(content, 6))


def contents(path):
    from django.contrib.staticfiles import finders

    return Path(finders.find(path.removeprefix("/static/"))).read_bytes()


class Desk:
    """A council with bookings in every list, and somebody at each desk."""

    def __init__(self):
        from django.utils import timezone

        from tests import factories
        from voucher import awards

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
        from voucher import bookings, claims
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

    def first_visits(self):
        from django.test import Client

        offer = self.cafe.offers.first()
        return [
            ("home", Client(), "/"),
            ("find a break", Client(), "/brochure/"),
            ("an offer", Client(), offer.get_absolute_url()),
            ("my award", self.carer(), "/my/"),
        ]

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
