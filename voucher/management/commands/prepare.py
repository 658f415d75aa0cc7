"""Makes a local copy ready to try: tables, the pilot's files, people to sign in as, a first brochure edition."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from voucher.models import Award

PILOT_FILES = settings.BASE_DIR / "voucher" / "pilot_files"


class Command(BaseCommand):
    help = "Prepare a local copy: tables, pilot files, people to sign in as."

    def handle(self, *args, **options):
        if settings.PRODUCTION:
            raise CommandError("prepare is for a local copy. In production run migrate, and load your own files.")
        call_command("migrate", verbosity=0)
        if not Award.objects.exists():
            call_command("load_pilot", str(PILOT_FILES), stdout=self.stdout)
        call_command("make_demo_people", stdout=self.stdout)
        self.stdout.write(f"\nBridging the Gap is at {settings.SITE_URL} (stop it with Ctrl+C).")
