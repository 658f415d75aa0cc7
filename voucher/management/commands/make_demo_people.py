"""manage.py make_demo_people: somebody to sign in as for each kind of user, in a local copy only."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from voucher.demo import people


class Command(BaseCommand):
    help = "Makes somebody to sign in as for each kind of user, and says how. Only in a local copy."

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("The people of the demonstration have known passwords: they are for a local copy only.")
        now = timezone.now()
        try:
            codes = people.make_people(now=now, on=timezone.localdate(now))
        except people.NoPilot:
            raise CommandError("Load the pilot's files first: manage.py load_pilot voucher/pilot_files") from None
        self.stdout.write("\nHow to come in:")
        for row in codes:
            self.stdout.write(f"  {'Carer, by code':32} {row['code']}")
        for person in people.PEOPLE:
            self.stdout.write(f"  {person.work!s:32} {person.email}")
        self.stdout.write(
            f"  Everybody's password is {people.PASSWORD}. Council staff also need a code of six numbers:\n"
            f"  {settings.SITE_URL}/demo/ shows it, and every e-mail that was sent."
        )
