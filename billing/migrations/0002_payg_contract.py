import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_initial"),
        ("credits", "0003_whole_books"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaygContract",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "channel",
                    models.CharField(
                        choices=[("aws", "AWS Marketplace"), ("other", "Other")],
                        default="aws",
                        max_length=10,
                    ),
                ),
                ("agreement", models.CharField(max_length=60)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(help_text="The first instant without.")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="credits.customer",
                    ),
                ),
                (
                    "operation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contract",
                        to="credits.operation",
                    ),
                ),
            ],
            options={
                "verbose_name": "pay-as-you-go contract",
                "ordering": ("-starts_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("channel"),
                        django.db.models.functions.text.Lower("agreement"),
                        name="billing_contract_agreement_once",
                        violation_error_message="This agreement was entered in this channel.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["aws", "other"])),
                        name="billing_contract_channel_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="billing_contract_ends_after_start",
                        violation_error_message="The last day must not be before the first day.",
                    ),
                ],
            },
        ),
    ]
