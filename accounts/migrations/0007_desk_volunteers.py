from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_settings_for_more_time_and_cards'),
    ]

    operations = [
        migrations.AlterField(
            model_name='role',
            name='kind',
            field=models.CharField(choices=[('team', 'Carers team'), ('volunteer', 'Desk volunteer'), ('finance_preparer', 'Finance: prepares payment runs'), ('finance_approver', 'Finance: releases payment runs'), ('administrator', 'Administrator'), ('auditor', 'Auditor')], max_length=20),
        ),
    ]
