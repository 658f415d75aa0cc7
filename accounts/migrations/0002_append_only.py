from django.db import migrations

from accounts.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_first_tables")]

    operations = [append_only("accounts_historyentry")]
