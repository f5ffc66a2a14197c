"""The books that the benchmark loads in bulk are whole once their projections are rebuilt."""

from __future__ import annotations

from config.benchmarks.ledger import load_books
from credits.domain.rebuilding import rebuild_projections
from credits.domain.verify import everyone, verify_all
from credits.models import LedgerEntry, Operation


def test_loaded_books_hold_after_a_rebuild_and_not_before(catalogue: None) -> None:
    load_books(2, 400)

    assert LedgerEntry.objects.count() >= 400
    assert {"grant", "allocate", "release", "undo"} <= set(
        Operation.objects.values_list("kind", flat=True)
    )
    assert {outcome.check.number for outcome in verify_all() if outcome.broken} == {
        "I1",
        "I4",
        "I8",
    }

    for customer in everyone():
        assert rebuild_projections(customer)

    assert [p.sentence for outcome in verify_all() for p in outcome.shown] == []
