"""The 22 councils of Wales, by name in both languages, each in its regional partnership board's area."""

import csv
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).resolve().parent.parent / "data" / "councils.csv"


def load(apps, editor):
    council = apps.get_model("accounts", "Council")
    with FILE.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            council.objects.update_or_create(slug=row.pop("slug"), defaults=row)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
