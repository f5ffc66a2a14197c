"""Operations, facts and entries are written once: by model, by trigger, by role, by the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction

from credits.domain.allocations import Release
from credits.domain.post import post
from credits.domain.verify import verify_books, verify_chain
from credits.grants import APPEND_ONLY_TABLES, apply_grants
from credits.models import (
    GENESIS,
    Boundary,
    Customer,
    Feature,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    LicenseTerm,
    Operation,
    Publication,
    UsageReport,
)
from credits.models.append_only import AppendOnlyError
from tests.factories import credits as make

WRITTEN_ONCE: tuple[type[models.Model], ...] = (
    Operation,
    LicenseTerm,
    UsageReport,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    Boundary,
    Publication,
)


@pytest.fixture
def books(customer: Customer) -> Customer:
    """A customer with a row of every kind that is written once."""
    today = customer.created_at.date()
    make.grant(customer, 5000, today, today)
    make.allocate(customer, "email-core", 7, reason="a pilot")
    feature = Feature.objects.get(key="email-core")
    post(Release(customer=customer, asked=make.asked(), group="email-core", features=[feature]))
    make.allocate(customer, "email-core", 9)
    boundary = Boundary.objects.create(at=customer.created_at, closed_at=customer.created_at)
    Publication.objects.create(
        boundary=boundary,
        entries=0,
        previous_hash=GENESIS,
        hash="1" * 64,
        recorded_at=customer.created_at,
    )
    return customer


def test_the_tables_named_for_the_role_are_those_of_the_models() -> None:
    assert {model._meta.db_table for model in WRITTEN_ONCE} == set(APPEND_ONLY_TABLES)


@pytest.mark.parametrize("model", WRITTEN_ONCE)
def test_the_model_refuses_every_change(books: Customer, model: Any) -> None:
    row = model.objects.first()
    assert row is not None

    for act in (
        row.save,
        row.delete,
        lambda: model.objects.update(pk=1),
        lambda: model.objects.all().delete(),
        lambda: model.objects.bulk_update([row], ["pk"]),
    ):
        with pytest.raises(AppendOnlyError):
            act()


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
@pytest.mark.parametrize("replica", [False, True], ids=["as owner", "as a replica"])
def test_the_trigger_refuses_every_change(books: Customer, table: str, replica: bool) -> None:
    with all_triggers(), connection.cursor() as cursor:
        if replica:
            cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in (
            "UPDATE THIS SET id = id",
            "DELETE FROM THIS",
            "TRUNCATE THIS",
            "TRUNCATE THIS CASCADE",
        ):
            count = rows_of(table)
            with (
                pytest.raises(DatabaseError, match=r"is refused|foreign key"),
                transaction.atomic(),
            ):
                cursor.execute(on(table, statement))
            assert rows_of(table) == count > 0


def test_emptying_a_table_that_others_point_to_does_not_reach_the_books(books: Customer) -> None:
    count = rows_of("credits_ledgerentry")

    with all_triggers(), connection.cursor() as cursor:
        for table in ("credits_customer", "credits_user", "credits_feature", "credits_license"):
            with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
                cursor.execute(on(table, "TRUNCATE THIS CASCADE"))

    assert rows_of("credits_ledgerentry") == count


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_the_application_role_may_read_and_insert_and_nothing_else(
    books: Customer, table: str
) -> None:
    with application_role(), connection.cursor() as cursor:
        cursor.execute(on(table, "SELECT count(*) FROM THIS"))
        for statement in (
            "UPDATE THIS SET id = id",
            "DELETE FROM THIS",
            "TRUNCATE THIS",
            "TRUNCATE THIS CASCADE",
            "ALTER TABLE THIS DISABLE TRIGGER ALL",
            "ALTER TABLE THIS DISABLE TRIGGER THIS_no_change",
            "DROP TRIGGER THIS_no_change ON THIS",
            "DROP TABLE THIS",
            "SET LOCAL session_replication_role = replica",
        ):
            with (
                pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
                transaction.atomic(),
            ):
                cursor.execute(on(table, statement))


def test_the_application_role_carries_out_whole_commands(books: Customer) -> None:
    with application_role():
        make.allocate(books, "email-core", 11)

    assert verify_books(books) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("credits_operation", "kind = overlay(kind placing 'x' from 1 for 1)"),
        ("credits_operation", "recorded_at = recorded_at + interval '1 microsecond'"),
        ("credits_operation", "answer = answer || '{\"a\": 1}'"),
        ("credits_operation", "actor_id = (SELECT min(id) FROM credits_user)"),
        ("credits_licenseterm", "credits = credits + 1"),
        ("credits_licenseterm", "until = until + interval '1 microsecond'"),
        ("credits_usagereport", 'quantities = \'{"email-core": "8"}\''),
        ("credits_usagereport", "by_hand = NOT by_hand"),
        ("credits_featurechoice", "is_on = NOT is_on"),
        ("credits_ledgerentry", "credits = credits + 1"),
        ("credits_ledgerentry", "effective_at = effective_at - interval '1 microsecond'"),
        ("credits_operationnote", "text = text || '.'"),
    ],
)
def test_one_changed_byte_is_named_by_the_chain(
    books: Customer, alice: Any, table: str, change: str
) -> None:
    assert verify_chain(books) == []
    operation = oldest_operation(books, table)

    with triggers_disabled(table), connection.cursor() as cursor:
        column = "id" if table == "credits_operation" else "operation_id"
        statement = "UPDATE THIS SET CHANGE WHERE COLUMN = %s".replace("CHANGE", change)
        cursor.execute(on(table, statement.replace("COLUMN", column)), [operation.pk])
        assert cursor.rowcount >= 1
    found = verify_chain(books)

    assert len(found) == 1
    assert str(operation.public_id) in found[0]


@pytest.mark.parametrize("table", ["credits_ledgerentry", "credits_usagereport"])
def test_a_row_that_was_taken_away_is_named_by_the_chain(books: Customer, table: str) -> None:
    operation = oldest_operation(books, table)

    with triggers_disabled(table), connection.cursor() as cursor:
        cursor.execute(on(table, "DELETE FROM THIS WHERE operation_id = %s"), [operation.pk])

    assert [str(operation.public_id) in sentence for sentence in verify_chain(books)] == [True]


def test_an_operation_made_up_with_a_right_hash_does_not_follow_the_one_before(
    books: Customer,
) -> None:
    last = Operation.objects.filter(customer=books).latest("position")

    with triggers_disabled("credits_operation"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE credits_operation SET previous_hash = repeat('0', 64) WHERE id = %s",
            [last.pk],
        )
    found = verify_chain(books)

    assert any("does not follow" in sentence for sentence in found)


def test_a_reason_may_be_erased_and_the_chain_still_holds(books: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM credits_operationnote")

    assert verify_chain(books) == []


def test_the_chain_of_the_office_holds_and_a_changed_rate_is_named(books: Customer) -> None:
    assert verify_chain(None) == []
    rate = FeatureRate.objects.order_by("pk").first()
    assert rate is not None

    with triggers_disabled("credits_featurerate"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE credits_featurerate SET credits = credits + 1 WHERE id = %s", [rate.pk]
        )
    found = verify_chain(None)

    assert len(found) == 1
    assert str(rate.operation.public_id) in found[0]


def oldest_operation(customer: Customer, table: str) -> Operation:
    """The oldest operation of a customer that has exactly one row in a table."""
    column = "id" if table == "credits_operation" else "operation_id"
    with connection.cursor() as cursor:
        cursor.execute(
            on(
                table,
                "SELECT min(op.id) FROM credits_operation op"
                " JOIN THIS own ON own.COLUMN = op.id WHERE op.customer_id = %s",
            ).replace("COLUMN", column),
            [customer.pk],
        )
        row = cursor.fetchone()
    assert row is not None
    return Operation.objects.get(pk=int(row[0]))


def on(table: str, statement: str) -> str:
    """A statement about one of the tables, whose name cannot be a parameter."""
    return statement.replace("THIS", table)


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(on(table, "SELECT count(*) FROM THIS"))
        row = cursor.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def all_triggers() -> Iterator[None]:
    """The triggers of the product, those that the test session disables included."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in APPEND_ONLY_TABLES:
            cursor.execute(on(table, "ALTER TABLE THIS ENABLE ALWAYS TRIGGER THIS_no_truncate"))
    yield


@contextmanager
def triggers_disabled(table: str) -> Iterator[None]:
    """What only an owner can do, with a deliberate act that no setting of the product offers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(on(table, "ALTER TABLE THIS DISABLE TRIGGER USER"))
        yield
        cursor.execute(on(table, "ALTER TABLE THIS ENABLE TRIGGER USER"))


@contextmanager
def application_role() -> Iterator[None]:
    """Everything inside is done as the role that the web and the workers use."""
    role = connection.ops.quote_name(settings.APP_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.APP_ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {role} NOLOGIN")
        apply_grants()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"GRANT {role} TO current_user")
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield
        cursor.execute("RESET ROLE")
