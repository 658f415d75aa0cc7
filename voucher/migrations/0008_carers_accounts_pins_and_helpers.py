import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_desk_volunteers'),
        ('voucher', '0007_applications_and_changes_of_circumstances'),
    ]

    operations = [
        migrations.AddField(
            model_name='carer',
            name='code_bound_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='carer',
            name='pin',
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.CreateModel(
            name='Permission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=120)),
                ('kind', models.CharField(choices=[('relative', 'Relative or friend'), ('advocate', 'Advocate'), ('volunteer', 'Desk volunteer')], max_length=10)),
                ('first_day', models.DateField()),
                ('last_day', models.DateField()),
                ('given_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('carer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='permissions', to='voucher.carer')),
                ('helper', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='permissions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-given_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('first_day__lte', models.F('last_day'))), name='permission_ends_after_it_begins'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('carer', 'helper'), name='one_live_permission_a_helper')],
            },
        ),
    ]
