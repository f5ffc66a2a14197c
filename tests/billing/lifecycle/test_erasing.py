"""Everything personal is erased: each column of text is, or stands on a list of what stays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from billing.domain.orders import LineOrder
from billing.domain.requests import RequestCredits, request_credits
from billing.models import (
    InboxMark,
    Notice,
    NoticeKind,
    NoticeSettings,
    PurchaseDraft,
    PurchaseFile,
    Watched,
    WatchedState,
)
from credits import clock
from credits.domain.erasing import erased_email, reworded
from credits.domain.mail import relay
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.verify import verify_books
from credits.models import (
    Customer,
    Membership,
    Operation,
    OutgoingMail,
    Role,
    SecurityEvent,
    SecurityEventKind,
    User,
)
from estimator.domain.estimates import Draft
from tests.billing.lifecycle.story import SOON, run
from tests.billing.ordering import buy
from tests.billing.story import Story, instant
from tests.estimator.test_saving import save
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

CANARY = "quillfeather"
"""A word that stands in everything a person typed or is called, and nowhere else."""

TEXT = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.GenericIPAddressField,
    models.FileField,
    models.BinaryField,
    ArrayField,
)

ERASED = {
    "billing.Notice": {"facts", "key", "kind"},
    "billing.NoticeSettings": {"low_levels"},
    "billing.Purchase": {"note"},
    "billing.PurchaseDraft": {"order_number", "typed"},
    "billing.PurchaseEvent": {"changes"},
    "billing.PurchaseFile": {"content", "content_type", "form_key", "name", "sha256"},
    "billing.WatchedState": {"state"},
    "credits.Customer": {"domain", "name", "slug"},
    "credits.Membership": {"invited_as", "role"},
    "credits.OperationNote": {"salt", "text"},
    "billing.MarketplaceMessage": {"body"},
    "credits.OutgoingMail": {"calendar", "html", "problem", "subject", "text", "to"},
    "credits.SecurityEvent": {"account", "address"},
    "credits.UsageSource": {"name"},
    "credits.User": {"email", "locale", "name", "password", "time_zone"},
    "estimator.Estimate": {"name"},
    "estimator.EstimateLine": {"quantities"},
    "estimator.EstimateVersion": {"content"},
}
"""What a purge erases, or deletes with its row."""

STAYS = {
    # One of a few words that the code knows.
    "billing.CreditRequest": {"cause", "state"},
    "billing.CustomerLife": {"stage"},
    "billing.LifeEvent": {"kind"},
    "billing.PurchaseDraft": {"form_key", "state"},
    # Of nobody in particular, and forgotten after a week: long before anything is erased.
    "billing.PurchaseImport": {"content", "name", "problems", "separator", "sha256", "state"},
    "billing.PurchaseEvent": {"kind"},
    "credits.DailyChange": {"side"},
    "credits.FeatureChoice": {"billing_model"},
    "credits.LedgerEntry": {"side"},
    "credits.Level": {"side"},
    "credits.License": {"kind"},
    # Numbers of a business: an order, an agreement, a currency.
    "billing.ActivationCode": {"code", "kind", "product"},
    "billing.Entitlement": {"kind", "product"},
    "billing.PaygContract": {"agreement", "channel"},
    "billing.Purchase": {"channel", "currency", "order_number", "state"},
    "credits.Customer": {"over_allocation"},
    # Ids and words of the code; what a hash covers is never changed. The answer of a report names
    # the system it came from, and a report its accounts: no persons.
    "credits.Operation": {
        "answer",
        "fingerprint",
        "hash",
        "key",
        "kind",
        "note_digest",
        "previous_hash",
        "request_id",
        "source",
        "subject",
    },
    "credits.UsageReport": {"quantities"},
    # A marketplace's own: what was bought under which number, and what came of it. It names no
    # person; the text of a message as it came is erased.
    "billing.MarketplaceAgreement": {
        "account",
        "items",
        "marketplace",
        "problem",
        "product",
        "reference",
        "state",
    },
    "billing.MarketplaceMessage": {
        "account",
        "action",
        "marketplace",
        "message_id",
        "problem",
        "product",
        "reference",
        "sha256",
        "state",
    },
    "billing.MarketplaceDifference": {
        "kind",
        "marketplace",
        "ours",
        "reference",
        "state",
        "theirs",
    },
    "billing.MarketplaceOffer": {"kind", "marketplace", "plan", "product"},
    "billing.LinkClaim": {"digest"},
    "credits.OutgoingMail": {"key", "kind"},
    "credits.SecurityEvent": {"kind", "request_id"},
    "estimator.EstimateVersion": {"key"},
    # The installation's own, of no customer.
    "billing.ConversionRate": {"name", "note", "product", "source", "unit", "unit_plural"},
    "billing.MarketplaceKeys": {"keys", "marketplace"},
    "credits.AllocationGroup": {"key", "name"},
    "credits.Balance": {"chain_head"},
    "credits.Feature": {"key", "name", "payg", "requires", "unit", "unit_plural"},
    "credits.FeatureRate": {"model", "parts", "remark", "source"},
    "credits.JobRun": {"counts", "job", "problem", "state"},
    "credits.OfficeJournal": {"chain_head"},
    "credits.Publication": {"hash", "heads", "previous_hash"},
    "credits.Solution": {"key", "name"},
    "auth.Group": {"name"},
    "auth.Permission": {"codename", "name"},
    "contenttypes.ContentType": {"app_label", "model"},
    # No row of these is ever written: records are not edited in the admin.
    "admin.LogEntry": {"change_message", "object_id", "object_repr"},
    # A keyed digest of nobody's account, gone after its hour.
    "estimator.VisitorCount": {"place"},
    # Opaque, worth nothing with the account, and gone when it expires.
    "sessions.Session": {"session_data", "session_key"},
}
"""What stays, each for a reason."""


def test_every_column_of_text_is_erased_or_stays_for_a_reason() -> None:
    found = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        if not model.__module__.startswith("tests.")
        for field in model._meta.concrete_fields
        if isinstance(field, TEXT)
    }
    named = [
        (label, name)
        for columns in (ERASED, STAYS)
        for label, names in columns.items()
        for name in names
    ]

    assert sorted(found) == sorted(named)


@pytest.fixture
def story(catalogue: None) -> Story:
    """A customer in which everything that can be typed has been typed."""
    with clock.moved_to(instant("2026-01-02T08:00")):
        customer = make.make_customer(
            name=f"{CANARY} Energy", slug=f"{CANARY}-energy", domain=f"{CANARY}.example"
        )
        admin = make.make_user(name=f"Maria {CANARY}", email=f"maria@{CANARY}.example")
        former = make.make_user(name=f"Otto {CANARY}", email=f"otto@{CANARY}.example")
        for person in (admin, former):
            make.make_member(customer, person, Role.ADMIN)
        made = Story(customer, admin)
        typed(made, former)
    return made


def typed(story: Story, former: User) -> None:
    """Every act that leaves words behind."""
    customer, admin = story.customer, story.admin
    day = clock.day_of(clock.now())
    line = LineOrder(credits=900, first_day=day, last_day=date(2026, 3, 31))
    buy(customer, "SO-77", line, actor=admin, note=f"Call {CANARY}", unusual_confirmed=True)
    make.allocate(customer, "email-core", 5, actor=admin, reason=f"For {CANARY}")
    make.allocate(customer, "email-sensor", 5, actor=former)
    asked = make.asked(actor=admin, reason=f"{CANARY} wants more")
    request_credits(
        RequestCredits(customer=customer, asked=asked, credits=5, needed_on=day, cause="other")
    )
    plan = Draft({"cloud-risk": {CANARY: Decimal(7), "second": Decimal(9)}})
    save(customer, admin, name=f"{CANARY} plan", draft=plan)
    post(
        SetUsageSource(customer=customer, asked=make.asked(), group="email-core", name="Inventory")
    )
    Membership.objects.filter(user=admin).update(invited_as=CANARY)
    Membership.objects.filter(user=former).delete()
    for person in (admin, former):
        OutgoingMail.objects.create(
            key=f"told/{person.public_id}",
            kind="told",
            customer=customer if person == admin else None,
            recipient=person,
            to=person.email,
            subject=f"For {CANARY}",
            text=CANARY,
            calendar=f"BEGIN:VCALENDAR {CANARY}",
            created_at=clock.now(),
            due_at=clock.now(),
        )
        SecurityEvent.objects.create(
            kind=SecurityEventKind.LOG_IN_REFUSED,
            at=clock.now(),
            account=person.email,
            address="203.0.113.77",
        )
    OutgoingMail.objects.create(
        key="digest",
        kind="sales-digest",
        recipient=make.make_user(name="Ray Rep", email="ray@vendor.example"),
        to="ray@vendor.example",
        subject="To look after",
        text=f"{customer.name}, {customer.label}: short. /sales/{customer.slug}/ {former.email}\n"
        "Borealis Freight, C-7: short.",
        html=f"<p>{customer.name}</p>",
        created_at=clock.now(),
        due_at=clock.now(),
    )
    Notice.objects.create(
        customer=customer,
        kind=NoticeKind.LOCKED,
        key="locked/1",
        facts={"name": CANARY},
        at=clock.now(),
        created_at=clock.now(),
    )
    PurchaseDraft.objects.create(
        customer=customer,
        form_key="test/1",
        typed={"note": CANARY},
        saved_by=admin,
        saved_at=clock.now(),
    )
    PurchaseFile.objects.create(
        customer=customer,
        name=f"{CANARY}.pdf",
        content_type="application/pdf",
        size=4,
        content=b"%PDF",
        uploaded_at=clock.now(),
    )
    NoticeSettings.objects.create(customer=customer)
    InboxMark.objects.create(customer=customer, user=admin)
    WatchedState.objects.create(customer=customer, state=Watched.NEGATIVE, since=clock.now())


def marked_rows() -> set[str]:
    """The tables that hold the canary, or an address of the network, in any row."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" t '  # noqa: S608
                "WHERE t::text ILIKE %s OR t::text LIKE %s)",
                [f"%{CANARY}%", "%203.0.113.77%"],
            )
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_no_row_of_any_table_holds_anything_personal_after_a_purge(
    story: Story, mailoutbox: list[object]
) -> None:
    before, former = marked_rows(), User.objects.get(email__startswith="otto@")
    assert {
        "billing_notice",
        "billing_purchase",
        "billing_purchasedraft",
        "billing_purchasefile",
        "credits_customer",
        "credits_membership",
        "credits_operationnote",
        "credits_outgoingmail",
        "credits_securityevent",
        "credits_user",
        "estimator_estimate",
        "estimator_estimateline",
        "estimator_estimateversion",
    } == before

    run("2026-05-01T00:00")
    run("2026-05-31T00:00")
    run("2026-06-01T00:00", late=SOON)
    assert marked_rows() == {"credits_outgoingmail"}
    relay(instant("2026-06-01T01:00"))
    run("2026-06-01T02:00")

    assert marked_rows() == set()
    digest = OutgoingMail.objects.get(key="digest")
    label = story.customer.label
    assert digest.text == (
        f"Purged customer {label}, {label}: short. /sales/purged-{label.lower()}/ "
        f"{erased_email(former)}\nBorealis Freight, C-7: short."
    )
    customer = Customer.objects.get(pk=story.customer.pk)
    assert customer.purchases.get().price is None
    assert customer.credit_requests.get().credits == 5
    assert not customer.notices.exists()
    assert verify_books(customer) == []


def test_a_last_mail_that_never_goes_out_is_given_up_with_its_address(story: Story) -> None:
    run("2026-05-01T00:00")
    run("2026-05-31T00:00")
    run("2026-06-01T00:00", late=SOON)

    run("2026-06-08T00:00")
    assert marked_rows() == {"credits_outgoingmail"}
    run("2026-06-08T01:00")

    assert marked_rows() == set()


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("R&D <Labs>", "R&D <Labs>: R&amp;D &lt;Labs&gt;", "Gone: Gone"),
        ("IT", "IT, an ITEM, IT-Service, (IT)", "Gone, an ITEM, IT-Service, (Gone)"),
        ("a.c", "abc a.c", "abc Gone"),
    ],
)
def test_a_name_is_taken_out_where_it_stands_by_itself(name: str, text: str, left: str) -> None:
    assert reworded(text, {name: "Gone"}) == left


def test_the_operation_that_made_a_customer_tells_no_name(story: Story) -> None:
    made = Operation.objects.get(
        kind="create-customer", answer__customer=str(story.customer.public_id)
    )

    assert made.subject == story.customer.label
