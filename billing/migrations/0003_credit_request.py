import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_payg_contract"),
        ("credits", "0004_recipients"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "number",
                    models.PositiveIntegerField(help_text="Counts per customer, for reading: R-3."),
                ),
                ("credits", models.BigIntegerField()),
                (
                    "needed_on",
                    models.DateField(help_text="The UTC day from which the credits are needed."),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("shortage", "Credits are or will be short"),
                            ("more", "More is to be allocated"),
                            ("other", "Another reason"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "short_at",
                    models.DateTimeField(
                        help_text="From when the portal found credits short, as known when asked.",
                        null=True,
                    ),
                ),
                ("shortfall", models.BigIntegerField(help_text="By how many credits.", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("answered", "Answered"),
                            ("purchased", "Purchased"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "answer",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_request",
                        to="credits.operation",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_requests",
                        to="credits.customer",
                    ),
                ),
                (
                    "license",
                    models.ForeignKey(
                        help_text="The license whose end makes the shortage.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_requests",
                        to="credits.license",
                    ),
                ),
                (
                    "operation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_request",
                        to="credits.operation",
                    ),
                ),
                (
                    "purchase",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_request",
                        to="billing.purchase",
                    ),
                ),
                (
                    "withdrawal",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawn_request",
                        to="credits.operation",
                    ),
                ),
            ],
            options={
                "ordering": ("-asked_at", "-pk"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["customer", "needed_on"],
                        name="billing_request_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "number"),
                        name="billing_request_number_once",
                        violation_error_message="The customer has a request of this number.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credits__gt", 0)),
                        name="billing_request_credits_positive",
                        violation_error_message="A request asks for at least 1 credit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "answered", "purchased", "withdrawn"])
                        ),
                        name="billing_request_state_known",
                        violation_error_message="There is no such state of a request.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cause__in", ["shortage", "more", "other"])),
                        name="billing_request_cause_known",
                        violation_error_message="There is no such cause of a request.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cause", "shortage"),
                                ("short_at__isnull", False),
                                ("shortfall__gt", 0),
                                ("shortfall__isnull", False),
                            ),
                            models.Q(
                                models.Q(("cause", "shortage"), _negated=True),
                                ("license__isnull", True),
                                ("short_at__isnull", True),
                                ("shortfall__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_request_shortage_told",
                        violation_error_message="A shortage has a date and an amount; nothing else has.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "answered"), _negated=True),
                            ("answer__isnull", False),
                            _connector="OR",
                        ),
                        name="billing_request_answered",
                        violation_error_message="An answered request has its answer.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "purchased"), _negated=True),
                            ("purchase__isnull", False),
                            _connector="OR",
                        ),
                        name="billing_request_purchased",
                        violation_error_message="A purchased request has its purchase.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), ("withdrawal__isnull", False)),
                            models.Q(
                                models.Q(("state", "withdrawn"), _negated=True),
                                ("withdrawal__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_request_withdrawn",
                        violation_error_message="A withdrawn request has its withdrawal, no other has.",
                    ),
                ],
            },
        ),
    ]
