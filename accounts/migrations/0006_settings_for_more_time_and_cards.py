from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_messages_by_text_and_letter'),
    ]

    operations = [
        migrations.AddField(
            model_name='scheme',
            name='extension_weeks_most',
            field=models.PositiveSmallIntegerField(default=8),
        ),
        migrations.AddField(
            model_name='scheme',
            name='extension_working_days',
            field=models.PositiveSmallIntegerField(default=10),
        ),
        migrations.AddField(
            model_name='scheme',
            name='more_value_working_days',
            field=models.PositiveSmallIntegerField(default=2),
        ),
        migrations.AddField(
            model_name='scheme',
            name='takes_cards',
            field=models.BooleanField(default=False),
        ),
    ]
