"""The README shows what is there, and nothing that is not."""

import re

from django.conf import settings
from django.core.management import load_command_class

README = (settings.BASE_DIR / "README.md").read_text()


def test_every_picture_and_every_link_leads_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)", README)

    assert len(targets) > 25
    assert [target for target in targets if not (settings.BASE_DIR / target).exists()] == []


def test_the_pictures_are_small():
    pictures = list((settings.BASE_DIR / "docs" / "screens").glob("*.png"))

    assert len(pictures) > 40
    assert [picture.name for picture in pictures if picture.stat().st_size > 150_000] == []


def test_every_command_that_stays_can_be_run():
    section = README.partition("## Commands that stay")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z]+_[a-z_]+)", section, re.M)
    rooms = {"create_administrator": "accounts", "print_edition": "brochure"}

    assert rows == [
        "load_pilot",
        "print_vouchers",
        "print_edition",
        "audit_ledger",
        "run_jobs",
        "create_administrator",
    ]
    for name in rows:
        assert load_command_class(rooms.get(name, "voucher"), name).help
