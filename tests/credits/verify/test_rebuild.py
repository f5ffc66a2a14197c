"""Every projection is restored from ledger and facts; a second run has nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import models

from credits.domain.verify import verify_books
from credits.models import (
    GENESIS,
    Balance,
    Customer,
    DailyChange,
    FeatureChoice,
    LedgerEntry,
    Level,
    License,
    LicenseTerm,
    OfficeJournal,
    Operation,
    UsageReport,
)
from tests.credits.domain.acts import allocate
from tests.credits.verify.broken import NOON, run, write_books

BOOKS: tuple[type[models.Model], ...] = (
    Operation,
    LedgerEntry,
    LicenseTerm,
    UsageReport,
    FeatureChoice,
)


@pytest.fixture
def books(customer: Customer) -> Customer:
    write_books(customer)
    return customer


def kept(customer: Customer) -> list[list[Any]]:
    """All projections of a customer but for their ids."""
    return [
        list(Balance.objects.filter(customer=customer).values()),
        list(
            Level.objects.filter(customer=customer)
            .exclude(credits=0)
            .order_by("side", "license", "feature")
            .values("side", "license", "feature", "credits", "held_since")
        ),
        list(
            DailyChange.objects.filter(customer=customer)
            .exclude(credits=0)
            .order_by("side", "day")
            .values("side", "day", "credits")
        ),
        list(License.objects.filter(customer=customer).order_by("number").values()),
        list(OfficeJournal.objects.values()),
    ]


def written_once() -> list[list[Any]]:
    return [list(model._default_manager.order_by("pk").values()) for model in BOOKS]


def set_balance(**columns: Any) -> Callable[[Customer], object]:
    return lambda books: Balance.objects.filter(customer=books).update(**columns)


def set_license(**columns: Any) -> Callable[[Customer], object]:
    return lambda books: License.objects.filter(customer=books, number=201).update(**columns)


BROKEN: dict[str, tuple[Callable[[Customer], object], str]] = {
    "valid": (set_balance(valid=52_000), "balance valid 52,000 → 5,700"),
    "allocated": (set_balance(allocated=0), "balance allocated 0 → 725"),
    "seq": (set_balance(seq=1), "balance seq 1 → "),
    "position": (set_balance(position=1), "balance position 1 → "),
    "head": (set_balance(chain_head=GENESIS), f"balance chain_head {GENESIS} → "),
    "recorded": (set_balance(last_recorded_at=None), "balance last_recorded_at empty → 2025-07-15"),
    "folded": (set_balance(folded_until=NOON), "balance folded_until 2025-06-15T12:00:00+00:00 → "),
    "level": (
        lambda books: Level.objects.filter(customer=books, feature__key="email-pro").update(
            credits=1
        ),
        "level of email-pro 1 since 2025-07-15",
    ),
    "since": (
        lambda books: Level.objects.filter(customer=books, license__number=201).update(
            held_since=NOON
        ),
        "level of L-201 5,000 since 2025-06-15T12:00:00+00:00 → 5,000 since 2025-06-15T00:00",
    ),
    "missing level": (
        lambda books: Level.objects.filter(customer=books, feature__key="email-pro").delete(),
        "level of email-pro 0 → 525 since 2025-07-15",
    ),
    "day": (
        lambda books: DailyChange.objects.filter(customer=books, side="valid").update(credits=3),
        "daily change of valid on 2025-06-15 3 → 5,000",
    ),
    "missing day": (
        lambda books: DailyChange.objects.filter(customer=books).delete(),
        "daily change of valid on 2025-06-15 0 → 5,000",
    ),
    "made up day": (
        lambda books: DailyChange.objects.create(
            customer=books, side="valid", day="1990-01-01", credits=9
        ),
        "daily change of valid on 1990-01-01 9 → 0",
    ),
    "license credits": (set_license(credits=1), "L-201 credits 1 → 5,000"),
    "license start": (
        set_license(starts_at=NOON),
        "L-201 starts_at 2025-06-15T12:00:00+00:00 → 2025-06-15T00:00:00+00:00",
    ),
    "license end": (set_license(ends_at=NOON), "L-201 ends_at 2025-06-15T12:00:00+00:00 → 2036-"),
    "license voided": (
        set_license(voided_at=NOON),
        "L-201 voided_at 2025-06-15T12:00:00+00:00 → empty",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_was_broken_is_mended_and_said(books: Customer, name: str) -> None:
    break_it, said = BROKEN[name]
    right, rows = kept(books), written_once()
    break_it(books)
    assert kept(books) != right

    code, lines = run("rebuild_projections")

    assert code == 0
    assert any(line.startswith(f"Halden Energy: {said}") for line in lines), lines
    assert kept(books) == right
    assert written_once() == rows
    assert run("rebuild_projections")[1][-1].startswith("Nothing differs: ")


def test_all_of_it_is_made_anew_and_the_writer_goes_on(books: Customer) -> None:
    right = kept(books)
    Level.objects.filter(customer=books).delete()
    DailyChange.objects.filter(customer=books).delete()
    Balance.objects.filter(customer=books).update(
        seq=0, position=0, valid=0, allocated=0, chain_head=GENESIS, last_recorded_at=None
    )

    run("rebuild_projections", "--customer", books.slug)

    assert kept(books) == right
    allocate(books, "email-core", 12)
    assert verify_books(books) == []


def test_a_dry_run_says_the_same_and_writes_nothing(books: Customer) -> None:
    Balance.objects.filter(customer=books).update(valid=52_000)
    before = kept(books)

    code, lines = run("rebuild_projections", "--dry-run")

    assert code == 0
    assert lines[0] == "Halden Energy: balance valid 52,000 → 5,700"
    assert lines[-1].endswith("Wrote nothing.")
    assert kept(books) == before


def test_the_head_of_the_office_s_chain_is_restored(books: Customer) -> None:
    right = kept(books)
    OfficeJournal.objects.update(position=0, chain_head=GENESIS)

    _, lines = run("rebuild_projections")

    assert lines[0].startswith("The office: office position 0 → ")
    assert kept(books) == right


def test_books_in_which_nothing_ever_happened_stay_as_they_are(customer: Customer) -> None:
    before = kept(customer)

    run("rebuild_projections")

    assert kept(customer) == before
    assert before[0][0]["folded_until"] - customer.created_at < timedelta(minutes=1)
