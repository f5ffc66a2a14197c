"""Each invariant holds on whole books, and names the row when somebody breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from credits import clock
from credits.domain.verify import verify_books, verify_projections, verify_seq
from credits.domain.verify_levels import verify_levels
from credits.models import Balance, Customer, DailyChange, Level, License
from tests.credits.domain.acts import DAY, NOON, allocate, grant, release


@pytest.fixture
def books(customer: Customer) -> Customer:
    """A month of a customer's books, with something booked ahead."""
    with clock.moved_to(NOON):
        grant(customer, 5000, days=400)
        grant(customer, 700, start=20)
        allocate(customer, "email-core", 7)
    with clock.moved_to(NOON + 30 * DAY):
        allocate(customer, "ztsa-internet-ai", {"units": 4}, on={"ztsa-ai-access"})
        release(customer, "email-core")
    return customer


@contextmanager
def as_an_owner_could(table: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE THIS DISABLE TRIGGER USER".replace("THIS", table))
        yield
        cursor.execute("ALTER TABLE THIS ENABLE TRIGGER USER".replace("THIS", table))


def run(table: str, statement: str, customer: Customer) -> None:
    with as_an_owner_could(table), connection.cursor() as cursor:
        cursor.execute(statement, [customer.pk])
        assert cursor.rowcount > 0


def test_whole_books_have_nothing_to_say(books: Customer, other_customer: Customer) -> None:
    assert verify_books(books) == []
    assert verify_books(other_customer) == []


def test_a_gap_in_the_numbers_is_named(books: Customer) -> None:
    run(
        "credits_ledgerentry",
        "UPDATE credits_ledgerentry SET seq = seq + 1000 WHERE seq = 3 AND customer_id = %s",
        books,
    )

    assert any("has seq" in sentence for sentence in verify_seq(books))


def test_an_instant_that_goes_back_is_named(books: Customer) -> None:
    run(
        "credits_operation",
        "UPDATE credits_operation SET recorded_at = recorded_at - interval '1 year'"
        " WHERE position = 3 AND customer_id = %s",
        books,
    )
    found = verify_seq(books)

    assert any("no later than" in sentence for sentence in found)
    assert any("not recorded when" in sentence for sentence in found)


def test_an_entry_under_another_customer_s_operation_is_named(
    books: Customer, other_customer: Customer
) -> None:
    allocate(other_customer, "email-core", 1)
    run(
        "credits_ledgerentry",
        "UPDATE credits_ledgerentry SET customer_id = (SELECT customer_id FROM credits_ledgerentry"
        " ORDER BY id LIMIT 1), seq = 99 WHERE customer_id = %s",
        other_customer,
    )

    assert any("another customer" in sentence for sentence in verify_seq(books))


@pytest.mark.parametrize("column", ["valid", "allocated"])
def test_a_balance_that_is_not_the_sum_is_named(books: Customer, column: str) -> None:
    Balance.objects.filter(customer=books).update(**{column: 1})

    assert any(column in sentence.lower() for sentence in verify_projections(books))


@pytest.mark.parametrize("column", ["seq", "position"])
def test_a_count_that_is_not_that_of_the_rows_is_named(books: Customer, column: str) -> None:
    Balance.objects.filter(customer=books).update(**{column: 1})

    assert any(column in sentence for sentence in verify_seq(books))


def test_a_level_that_is_not_the_sum_is_named(books: Customer) -> None:
    level = Level.objects.filter(customer=books, credits__gt=0).latest("pk")

    Level.objects.filter(pk=level.pk).update(credits=level.credits + 1)
    found = verify_projections(books)

    assert len(found) == 1
    assert level.feature is not None
    assert level.feature.key in found[0]


def test_a_level_held_since_another_instant_is_named(books: Customer) -> None:
    level = Level.objects.filter(customer=books, credits__gt=0).latest("pk")

    Level.objects.filter(pk=level.pk).update(held_since=NOON + timedelta(seconds=1))

    assert len(verify_projections(books)) == 1


def test_a_day_that_is_not_the_sum_of_its_entries_is_named(books: Customer) -> None:
    DailyChange.objects.filter(customer=books, day=NOON.date()).update(credits=1)
    found = verify_projections(books)

    assert found
    assert all("daily change" in sentence for sentence in found)


@pytest.mark.parametrize(
    "change",
    [{"credits": 1}, {"ends_at": NOON + 900 * DAY}, {"voided_at": NOON}],
    ids=["credits", "end", "voided"],
)
def test_a_license_row_that_is_not_its_terms_is_named(
    books: Customer, change: dict[str, object]
) -> None:
    License.objects.filter(customer=books, number=201).update(**change)

    assert [sentence[:5] for sentence in verify_projections(books)] == ["L-201"]


def test_an_entry_without_a_fact_is_named(books: Customer) -> None:
    run(
        "credits_ledgerentry",
        "UPDATE credits_ledgerentry SET feature_id = (SELECT id FROM credits_feature"
        " WHERE key = 'email-pro') WHERE side = 'allocated' AND customer_id = %s",
        books,
    )
    found = verify_levels(books)

    assert any("email-core" in sentence for sentence in found)
    assert any("no fact" in sentence for sentence in found)


def test_a_fact_without_its_entries_is_named(books: Customer) -> None:
    run(
        "credits_ledgerentry",
        "DELETE FROM credits_ledgerentry WHERE side = 'valid' AND customer_id = %s",
        books,
    )

    assert {sentence[:5] for sentence in verify_levels(books)} == {"L-201", "L-202"}


def test_an_end_that_is_booked_a_microsecond_late_is_named(books: Customer) -> None:
    run(
        "credits_ledgerentry",
        "UPDATE credits_ledgerentry SET effective_at = effective_at + interval '1 microsecond'"
        " WHERE side = 'valid' AND credits < 0 AND customer_id = %s",
        books,
    )

    assert {sentence[:5] for sentence in verify_levels(books)} == {"L-201", "L-202"}
