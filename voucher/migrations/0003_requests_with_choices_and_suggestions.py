import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('brochure', '0004_offers_for_adults_only'),
        ('voucher', '0002_runs_keep_checks_and_what_was_left_out'),
    ]

    operations = [
        migrations.AddField(
            model_name='booking',
            name='calendar_sequence',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='booking',
            name='may_cancel_free',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='booking',
            name='part',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name='booking',
            name='decline_reason',
            field=models.CharField(blank=True, choices=[('full', 'Fully booked at that time'), ('no_staff', 'Nobody is free at that time'), ('too_far', 'Too far away'), ('needs', 'We cannot meet the needs described'), ('closed', 'We are closed that day'), ('other_time', 'Only at another time'), ('other', 'Another reason')], max_length=10),
        ),
        migrations.AlterField(
            model_name='booking',
            name='state',
            field=models.CharField(choices=[('unpaid', 'Waiting for your payment'), ('requested', 'Waiting for an answer'), ('countered', 'Another time suggested'), ('confirmed', 'Confirmed'), ('declined', 'Declined'), ('timed_out', 'Not answered in time'), ('cancelled', 'Cancelled'), ('delivered', 'Delivered'), ('did_not_happen', 'Did not happen'), ('claimed', 'Claimed')], default='requested', max_length=14),
        ),
        migrations.CreateModel(
            name='BreakRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('parts', models.PositiveSmallIntegerField(default=1)),
                ('note', models.TextField(blank=True)),
                ('made_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='voucher.award')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='booking',
            name='asked_in',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='voucher.breakrequest'),
        ),
        migrations.CreateModel(
            name='Choice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.PositiveSmallIntegerField(default=1)),
                ('position', models.PositiveSmallIntegerField()),
                ('starts_at', models.DateTimeField()),
                ('minutes', models.PositiveIntegerField()),
                ('unit_price_pence', models.PositiveIntegerField()),
                ('price_pence', models.PositiveIntegerField()),
                ('amount', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Next, if the one before says no'), ('asked', 'Asked'), ('passed_over', 'Could no longer be had'), ('not_needed', 'Not needed')], default='waiting', max_length=12)),
                ('passed_over_for', models.CharField(blank=True, max_length=20)),
                ('asked_in', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='choices', to='voucher.breakrequest')),
                ('booking', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='choice', to='voucher.booking')),
                ('offer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='brochure.offer')),
            ],
            options={
                'ordering': ['asked_in', 'part', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Suggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(choices=[('carer', 'the carer'), ('provider', 'the provider'), ('team', 'the carers team')], max_length=8)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('answer_by', models.DateTimeField()),
                ('made_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Waiting for an answer'), ('taken', 'Taken'), ('passed', 'Not taken')], default='open', max_length=6)),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suggestions', to='voucher.booking')),
            ],
            options={
                'ordering': ['booking', 'starts_at'],
            },
        ),
        migrations.AddConstraint(
            model_name='breakrequest',
            constraint=models.CheckConstraint(condition=models.Q(('parts__in', [1, 2])), name='request_is_for_one_break_or_a_pair'),
        ),
        migrations.AddConstraint(
            model_name='choice',
            constraint=models.UniqueConstraint(fields=('asked_in', 'part', 'position'), name='one_choice_a_position'),
        ),
        migrations.AddConstraint(
            model_name='choice',
            constraint=models.CheckConstraint(condition=models.Q(('position__range', (1, 3))), name='there_are_three_choices_at_most'),
        ),
        migrations.AddConstraint(
            model_name='choice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('booking__isnull', False), ('state', 'asked')), models.Q(models.Q(('state', 'asked'), _negated=True), ('booking__isnull', True)), _connector='OR'), name='choice_that_was_asked_has_its_booking'),
        ),
        migrations.AddConstraint(
            model_name='suggestion',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='suggestion_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='suggestion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('booking', 'starts_at'), name='time_is_suggested_once'),
        ),
    ]
