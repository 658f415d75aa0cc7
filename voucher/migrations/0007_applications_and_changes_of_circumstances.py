import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_desk_volunteers'),
        ('brochure', '0004_offers_for_adults_only'),
        ('voucher', '0006_a_claim_line_may_take_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='carer',
            name='born_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='carer',
            name='quiet_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('more_time', 'More time'), ('more_value', 'More to use'), ('new_award', 'A new award')], max_length=10)),
                ('reason', models.CharField(choices=[('illness', 'Illness, mine or of the person I care for'), ('hospital', 'A stay in hospital'), ('nobody_free', 'Nobody was free'), ('bereavement', 'Someone has died'), ('saving_up', 'Saving up for one longer break'), ('costs_more', 'The break costs more than is left'), ('other', 'Another reason')], max_length=12)),
                ('words', models.TextField(blank=True)),
                ('wanted_until', models.DateField(null=True)),
                ('wanted_amount', models.PositiveIntegerField(null=True)),
                ('state', models.CharField(choices=[('open', 'Waiting for an answer'), ('granted', 'Granted'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                ('made_at', models.DateTimeField()),
                ('answer_by', models.DateField()),
                ('agreed_amount', models.PositiveIntegerField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('granted_until', models.DateField(null=True)),
                ('granted_amount', models.PositiveIntegerField(null=True)),
                ('answer', models.CharField(blank=True, max_length=300)),
                ('agreed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='voucher.award')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('offer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='brochure.offer')),
            ],
            options={
                'ordering': ['answer_by', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('award', 'kind'), name='one_open_application_a_kind'), models.UniqueConstraint(condition=models.Q(('kind', 'more_time'), ('state', 'granted')), fields=('award',), name='more_time_is_given_once'), models.CheckConstraint(condition=models.Q(models.Q(('agreed_amount__isnull', True), ('agreed_by__isnull', True)), models.Q(('agreed_amount__isnull', False), ('agreed_by__isnull', False)), _connector='OR'), name='agreed_application_says_who_and_how_much'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'granted'), _negated=True), ('agreed_by__isnull', True), models.Q(('decided_by', models.F('agreed_by')), _negated=True), _connector='OR'), name='agreed_application_is_granted_by_somebody_else'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['granted', 'refused'])), models.Q(('decided_by__isnull', True), ('state__in', ['open', 'withdrawn'])), _connector='OR'), name='decided_application_says_who_and_when'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='refused_application_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Circumstance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cared_for_died', 'The person cared for has died'), ('carer_died', 'The carer has died'), ('stopped_caring', 'The carer no longer cares for anyone'), ('cared_for_moved', 'The person cared for has moved to another county')], max_length=16)),
                ('happened_on', models.DateField()),
                ('honoured_until', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('carer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='circumstances', to='voucher.carer')),
                ('recorded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-recorded_at', '-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('carer', 'kind', 'happened_on'), name='circumstance_is_recorded_once'), models.CheckConstraint(condition=models.Q(models.Q(('undone_at__isnull', True), ('undone_by__isnull', True)), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False)), _connector='OR'), name='circumstance_taken_back_says_who_and_when')],
            },
        ),
    ]
