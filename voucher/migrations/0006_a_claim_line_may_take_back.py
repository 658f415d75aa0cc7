import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('voucher', '0005_emergencies_disputes_and_tasks'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='claimline',
            name='vat_is_within_the_amount',
        ),
        migrations.AddField(
            model_name='claimline',
            name='part',
            field=models.PositiveSmallIntegerField(choices=[(1, 'Claimed'), (2, 'After a dispute')], default=1),
        ),
        migrations.AlterField(
            model_name='claimline',
            name='amount_pence',
            field=models.IntegerField(),
        ),
        migrations.AlterField(
            model_name='claimline',
            name='booking',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claim_lines', to='voucher.booking'),
        ),
        migrations.AlterField(
            model_name='claimline',
            name='vat_pence',
            field=models.IntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='runline',
            name='amount_pence',
            field=models.IntegerField(),
        ),
        migrations.AddConstraint(
            model_name='claimline',
            constraint=models.UniqueConstraint(fields=('booking', 'part'), name='booking_is_claimed_once_a_part'),
        ),
        migrations.AddConstraint(
            model_name='claimline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_pence__gte', 0), ('part', 1)), models.Q(('part', 2), models.Q(('amount_pence', 0), _negated=True)), _connector='OR'), name='only_a_finding_takes_back'),
        ),
        migrations.AddConstraint(
            model_name='claimline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_pence__gte', 0), ('vat_pence__gte', 0), ('vat_pence__lte', models.F('amount_pence'))), models.Q(('amount_pence__lt', 0), ('vat_pence__gte', models.F('amount_pence')), ('vat_pence__lte', 0)), _connector='OR'), name='vat_is_within_the_amount'),
        ),
    ]
