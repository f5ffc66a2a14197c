"""The hash of an operation is made of the same bytes for ever, whatever makes them faster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.chain import entry_content, entry_text, operation_hash
from credits.domain.commands import canonical
from credits.models import (
    GENESIS,
    Fact,
    FeatureChoice,
    FeatureRate,
    LedgerEntry,
    LicenseTerm,
    Operation,
    Side,
    UsageReport,
)

AT = datetime(2027, 3, 1, 9, 30, 15, 120000, tzinfo=UTC)
ABROAD = datetime(2027, 3, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))

OPERATION = Operation(
    customer_id=7,
    public_id=UUID("00000000-0000-4000-8000-00000000002a"),
    position=3,
    kind="allocate",
    subject="Zürich “Core” \\ \x7f",
    source="portal",
    key="form-1",
    fingerprint="f" * 64,
    answer={"z": [1, None, True], "a": {"é": "1.50"}},
    actor_id=11,
    request_id="r-1",
    recorded_at=AT,
    note_digest="",
    previous_hash=GENESIS,
)
FACTS: tuple[Fact, ...] = (
    LicenseTerm(license_id=5, at=ABROAD, credits=6500, until=None),
    UsageReport(customer_id=7, group_id=2, at=AT, quantities={"units": "310"}, revision=4),
    UsageReport(customer_id=7, group_id=2, at=AT, quantities={}, by_hand=False),
    FeatureChoice(customer_id=7, feature_id=9, at=AT, is_on=False, until=ABROAD),
    FeatureRate(feature_id=9, at=ABROAD, model="per_unit", credits=Decimal("65.0000"), remark="ü"),
)
ENTRIES = (
    LedgerEntry(
        customer_id=7,
        seq=1,
        side=Side.VALID,
        license_id=5,
        credits=6500,
        effective_at=ABROAD,
        recorded_at=AT,
    ),
    LedgerEntry(
        customer_id=7,
        seq=2,
        side="allocated",
        feature_id=9,
        credits=-40,
        effective_at=AT,
        recorded_at=AT,
    ),
)


@pytest.mark.parametrize(
    ("facts", "entries", "expected"),
    [
        ((), (), "7b44d7b3937e4f47d8505e0760e4f1ef3a27e6e661bb443116b2af45d167228c"),
        (FACTS, (), "163e235b0bf6024367dc509608db022681e274a888ffb9b6047ccc980bd9f65b"),
        ((), ENTRIES, "e1a9b35e52e4e1456187e26d464729b03551511515c189fc3c7c2fda60d2f28c"),
        (FACTS, ENTRIES, "f988c2a05f2652d3da910ea678583789250d424a420684bbd2830cf163fc16ac"),
    ],
    ids=["bare", "facts", "entries", "whole"],
)
def test_the_hash_is_the_one_that_stands_in_books_already_written(
    facts: tuple[Fact, ...], entries: tuple[LedgerEntry, ...], expected: str
) -> None:
    assert operation_hash(OPERATION, facts, entries) == expected


NUMBERS = st.integers(-(2**63), 2**63 - 1)
INSTANTS = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2200, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)


@given(
    customer=NUMBERS,
    seq=NUMBERS,
    side=st.sampled_from(["valid", "allocated", Side.VALID, 'v",1,"', "é"]),
    subject=st.one_of(st.none(), NUMBERS),
    credits=NUMBERS,
    effective_at=INSTANTS,
    recorded_at=INSTANTS,
)
def test_an_entry_s_text_is_its_canonical_content(
    customer: int,
    seq: int,
    side: str,
    subject: int | None,
    credits: int,
    effective_at: datetime,
    recorded_at: datetime,
) -> None:
    entry = LedgerEntry(
        customer_id=customer,
        seq=seq,
        side=side,
        license_id=subject,
        feature_id=None if subject else customer,
        credits=credits,
        effective_at=effective_at,
        recorded_at=recorded_at,
    )

    assert entry_text(entry_content(entry)) == canonical(entry_content(entry))
