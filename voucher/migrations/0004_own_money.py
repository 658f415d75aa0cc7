import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('voucher', '0003_requests_with_choices_and_suggestions'),
    ]

    operations = [
        migrations.CreateModel(
            name='StripeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=120, unique=True)),
                ('type', models.CharField(max_length=80)),
                ('received_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='TopUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(choices=[('card', 'By card, now'), ('direct', 'To the provider, on the day')], max_length=6)),
                ('state', models.CharField(choices=[('waiting', 'Waiting for the payment'), ('agreed', 'To be paid to the provider'), ('paid', 'Paid'), ('failed', 'Not paid'), ('refund_due', 'To be given back to the card'), ('refunded', 'Given back to the card'), ('not_needed', 'Not needed')], max_length=10)),
                ('amount_pence', models.PositiveIntegerField()),
                ('key', models.UUIDField(unique=True)),
                ('stripe_account', models.CharField(blank=True, max_length=60)),
                ('session_id', models.CharField(blank=True, max_length=120)),
                ('payment_intent', models.CharField(blank=True, db_index=True, max_length=120)),
                ('refund_id', models.CharField(blank=True, max_length=120)),
                ('pay_by', models.DateTimeField(null=True)),
                ('language', models.CharField(blank=True, choices=[('en', 'English'), ('cy', 'Welsh')], max_length=2)),
                ('open_until', models.DateTimeField(null=True)),
                ('made_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
                ('kept_pence', models.PositiveIntegerField(null=True)),
                ('refunded_at', models.DateTimeField(null=True)),
                ('try_at', models.DateTimeField(null=True)),
                ('refusals', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.CharField(blank=True, choices=[('refund', 'Could not be given back to the card'), ('disputed', 'Called into question with the card company'), ('sum', 'Another sum was paid than was agreed')], max_length=8)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='booking',
            name='booking_costs_no_more_than_agreed',
        ),
        migrations.AddField(
            model_name='booking',
            name='own_pence',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('due_pence__isnull', True), ('due_pence__lte', django.db.models.expressions.CombinedExpression(models.F('price_pence'), '-', models.F('own_pence'))), _connector='OR'), name='booking_costs_no_more_than_agreed'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('own_pence__lte', models.F('price_pence'))), name='own_share_is_within_the_price'),
        ),
        migrations.AddField(
            model_name='topup',
            name='booking',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='top_up', to='voucher.booking'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(('amount_pence__gt', 0)), name='top_up_is_of_something'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(('kept_pence__isnull', True), ('kept_pence__lte', models.F('amount_pence')), _connector='OR'), name='no_more_of_a_top_up_is_kept_than_was_paid'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['paid', 'refund_due', 'refunded']), _negated=True), ('paid_at__isnull', False), _connector='OR'), name='paid_top_up_says_when'),
        ),
    ]
