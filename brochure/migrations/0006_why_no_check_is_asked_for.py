from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("brochure", "0005_versions_rates_and_pictures")]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="dbs_note",
            field=models.CharField(blank=True, max_length=300),
        ),
    ]
