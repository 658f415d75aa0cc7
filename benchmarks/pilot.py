"""How long the pilot's files and the printed brochure take: python -m benchmarks.pilot

Works on a database of its own, in a folder that is removed at the end. The aims: files under 20 s, brochure under 60 s.
"""

import os
import tempfile
import time
from contextlib import contextmanager


@contextmanager
def timed(what):
    started = time.perf_counter()
    yield
    print(f"{time.perf_counter() - started:8.1f} s  {what}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as var:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "voucher.settings", "VAR_DIR": var}
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.utils import timezone

        from accounts.history import Who
        from brochure import editions

        with open(os.devnull, "w") as quiet:
            call_command("migrate", verbosity=0)
            with timed("pilot files loaded"):
                call_command("load_pilot", str(settings.BASE_DIR / "voucher" / "pilot_files"), stdout=quiet)
            with timed("loaded again, nothing changed"):
                call_command("load_pilot", str(settings.BASE_DIR / "voucher" / "pilot_files"), stdout=quiet)
        edition = editions.freeze(by=Who(label="benchmark"), now=timezone.now())
        for language in ("en", "cy"):
            with timed(f"brochure, {language}"):
                file = editions.pdf(edition, language)
            print(f"{'':8}    {edition.offers.count()} offers, {file.pages} pages, {len(file.content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
