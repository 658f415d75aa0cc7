"""Facts about the whole building that no one room can see."""

import re
import subprocess

from django.conf import settings
from django.core.management import call_command


def tracked_files():
    listing = subprocess.run(["git", "ls-files"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    return [settings.BASE_DIR / name for name in listing.stdout.splitlines()]


def test_no_table_waits_for_a_migration(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_lock_files_record_no_download_address():
    locks = {path.name: path.read_text() for path in tracked_files() if re.search(r"(\.lock|-lock\.json)$", path.name)}

    assert len(locks) >= 4
    assert [name for name, text in locks.items() if '"resolved"' in text] == []
    assert [name for name, text in locks.items() if name.endswith(".lock") and "://" in text] == []


def test_every_locked_package_has_its_hash():
    for path in settings.BASE_DIR.glob("requirements*.lock"):
        for requirement in re.split(r"\n(?=\S)", path.read_text().strip()):
            assert "--hash=sha256:" in requirement, requirement
