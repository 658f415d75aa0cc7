import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_desk_volunteers'),
        ('ledger', '0005_the_fund_covers_an_emergency'),
        ('voucher', '0004_own_money'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('said_minutes', models.PositiveIntegerField()),
                ('words', models.TextField(blank=True)),
                ('given_minutes', models.PositiveIntegerField()),
                ('said_pence', models.PositiveIntegerField()),
                ('said_amount', models.PositiveIntegerField()),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('open', 'Being looked at'), ('resolved', 'Resolved')], default='open', max_length=8)),
                ('made_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('found_minutes', models.PositiveIntegerField(null=True)),
                ('finding', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['made_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('nobody_came', 'Nobody came: ring now'), ('emergency', 'An emergency: ring the carer'), ('objection', 'The provider says that it was there'), ('card', 'A carer’s own card payment: look into it'), ('not_mine', 'The carer did not make this booking'), ('pay_by_hand', 'The fund had nothing left to pay the provider')], max_length=12)),
                ('please_ring', models.BooleanField(default=False)),
                ('words', models.TextField(blank=True)),
                ('made_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['made_at', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='booking',
            name='emergency',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='booking',
            name='in_question_amount',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='booking',
            name='in_question_pence',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('in_question_amount', 0), ('in_question_pence', 0)), models.Q(('due_amount__isnull', False), ('due_pence__isnull', False), ('in_question_amount__lte', models.F('due_amount')), ('in_question_pence__lte', models.F('due_pence'))), _connector='OR'), name='booking_has_no_more_in_question_than_due'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='booking',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='dispute', to='voucher.booking'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='hold',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='dispute', to='ledger.hold'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='resolved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='task',
            name='booking',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='voucher.booking'),
        ),
        migrations.AddField(
            model_name='task',
            name='council',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='accounts.council'),
        ),
        migrations.AddField(
            model_name='task',
            name='done_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('said_minutes__lt', models.F('given_minutes'))), name='carer_disputes_a_part_of_what_was_given'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('found_minutes__isnull', True), models.Q(('found_minutes__gte', models.F('said_minutes')), ('found_minutes__lte', models.F('given_minutes'))), _connector='OR'), name='finding_is_between_what_the_two_say'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='answer_to_a_dispute_says_when'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('found_minutes__isnull', False), ('resolved_at__isnull', False), ('resolved_by__isnull', False), ('state', 'resolved')), models.Q(('found_minutes__isnull', True), ('resolved_at__isnull', True), ('resolved_by__isnull', True), ('state', 'open')), _connector='OR'), name='resolved_dispute_says_who_when_and_what'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', True)), fields=['council', 'made_at'], name='tasks_that_wait'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.UniqueConstraint(fields=('booking', 'kind'), name='task_is_given_once'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', True), ('done_by__isnull', True)), models.Q(('done_at__isnull', False), ('done_by__isnull', False)), _connector='OR'), name='task_that_is_done_says_who_and_when'),
        ),
    ]
