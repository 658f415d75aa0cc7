import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_desk_volunteers'),
        ('brochure', '0004_offers_for_adults_only'),
        ('voucher', '0008_carers_accounts_pins_and_helpers'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('saved_at', models.DateTimeField()),
                ('carer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_offers', to='voucher.carer')),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='brochure.offer')),
            ],
            options={
                'ordering': ['-saved_at', '-pk'],
                'constraints': [models.UniqueConstraint(fields=('carer', 'offer'), name='offer_is_saved_once')],
            },
        ),
        migrations.CreateModel(
            name='Wish',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('theme', models.CharField(choices=[('sitting', 'Someone to sit with the person I care for'), ('overnight', 'A night or more away'), ('going_out', 'Going out, meeting people'), ('games_social', 'Games, cards, a group'), ('sport', 'Swimming, sport, moving'), ('learning', 'Learning something'), ('home', 'Help in the house or garden'), ('transport', 'Getting there'), ('body', 'Hair, beauty, wellbeing'), ('other', 'Something else')], max_length=14)),
                ('words', models.TextField(blank=True)),
                ('wanted_when', models.CharField(blank=True, max_length=120)),
                ('state', models.CharField(choices=[('open', 'Waiting'), ('met', 'Something like it is in the brochure now'), ('closed', 'Closed')], default='open', max_length=6)),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('carer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='wishes', to='voucher.carer')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('council', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wishes', to='accounts.council')),
                ('met_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='brochure.offer')),
            ],
            options={
                'verbose_name_plural': 'wishes',
                'ordering': ['-made_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('met_by__isnull', False), ('state', 'met')), models.Q(models.Q(('state', 'met'), _negated=True), ('met_by__isnull', True)), _connector='OR'), name='wish_that_is_met_names_the_offer')],
            },
        ),
    ]
