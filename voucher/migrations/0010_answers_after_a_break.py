import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('voucher', '0009_saved_offers_and_wishes'),
    ]

    operations = [
        migrations.AddField(
            model_name='booking',
            name='would_use_again',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='booking',
            name='would_use_again_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Answers',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moment', models.CharField(choices=[('start', 'At the start'), ('after', 'After the break'), ('later', 'Twelve weeks later')], max_length=5)),
                ('rested', models.PositiveSmallIntegerField(null=True)),
                ('in_control', models.PositiveSmallIntegerField(null=True)),
                ('able_to_carry_on', models.PositiveSmallIntegerField(null=True)),
                ('answered_at', models.DateTimeField()),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='voucher.award')),
                ('booking', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='voucher.booking')),
            ],
            options={
                'verbose_name_plural': 'answers',
                'ordering': ['award', 'answered_at'],
                'constraints': [models.UniqueConstraint(fields=('award', 'moment'), name='questions_are_answered_once_a_moment'), models.CheckConstraint(condition=models.Q(('rested__isnull', True), ('rested__range', (1, 5)), _connector='OR'), name='rested_is_from_one_to_five'), models.CheckConstraint(condition=models.Q(('in_control__isnull', True), ('in_control__range', (1, 5)), _connector='OR'), name='in_control_is_from_one_to_five'), models.CheckConstraint(condition=models.Q(('able_to_carry_on__isnull', True), ('able_to_carry_on__range', (1, 5)), _connector='OR'), name='able_to_carry_on_is_from_one_to_five')],
            },
        ),
    ]
