"""The brochure's twelve categories, in the order in which they are printed."""

import csv
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).resolve().parent.parent / "data" / "categories.csv"


def load(apps, editor):
    category = apps.get_model("brochure", "Category")
    with FILE.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            category.objects.update_or_create(slug=row.pop("slug"), defaults=row)


class Migration(migrations.Migration):
    dependencies = [("brochure", "0001_first_tables")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
