import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_when_jobs_last_ran'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxmessage',
            name='channel',
            field=models.CharField(choices=[('email', 'E-mail'), ('sms', 'Text message'), ('post', 'Letter')], default='email', max_length=5),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='council',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.council'),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='large_print',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='reader',
            field=models.CharField(blank=True, db_index=True, max_length=40),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='withdrawn_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='to',
            field=models.CharField(max_length=400),
        ),
    ]
