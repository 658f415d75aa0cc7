from django.db import migrations

from accounts.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_first_tables")]

    operations = [append_only("ledger_transfer"), append_only("ledger_seal")]
