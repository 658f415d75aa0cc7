from django.db import migrations

from accounts.immutable import keeps


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_append_only'),
        ('brochure', '0006_why_no_check_is_asked_for'),
    ]

    operations = [
        # What was ever in the brochure stays; a version's state may change, what it says may not.
        keeps(
            "brochure_offerversion",
            ["offer_id", "number", "content", "made_by_id", "made_at"],
            "OLD.state IN ('current', 'replaced')",
        ),
    ]
