"""Writers go on while the books are verified and rebuilt, and nobody raises a false alarm."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from credits.domain import verify
from credits.domain.catalogue import load_catalogue
from credits.domain.rebuilding import rebuild_projections
from credits.domain.verify import verify_all, verify_books
from credits.models import Balance, Customer, LedgerEntry
from tests.cast import CATALOGUE
from tests.credits.domain.acts import allocate, grant
from tests.factories import credits as make
from tests.races.racing import race

ACTS = 40


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_several_workers_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    load_catalogue(Path(CATALOGUE).read_text(encoding="utf-8"))
    monkeypatch.setattr(verify, "BATCH_CUSTOMERS", 2)
    for _ in range(5):
        allocate(make.make_customer(), "email-core", 3)
    Balance.objects.update(allocated=1)

    alone, shared = verify.verify_all(), verify.verify_all(workers=2)

    assert [(one.seen, one.broken, one.shown, one.customers) for one in shared] == [
        (one.seen, one.broken, one.shown, one.customers) for one in alone
    ]
    assert sum(one.broken for one in shared) == 5
    assert max(len(one.customers) for one in shared) == 5


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_writers_at_work_are_no_broken_invariant() -> None:
    load_catalogue(Path(CATALOGUE).read_text(encoding="utf-8"))
    customers = [make.make_customer(), make.make_customer()]
    for customer in customers:
        grant(customer, 5000)
    done = threading.Event()
    found: list[str] = []
    runs = 0

    def write() -> int:
        try:
            for units in range(1, ACTS + 1):
                for customer in customers:
                    allocate(customer, "email-core", units)
        finally:
            done.set()
        return ACTS

    def check() -> int:
        nonlocal runs
        while not done.is_set():
            found.extend(p.sentence for outcome in verify_all() for p in outcome.shown)
            runs += 1
        return runs

    def rebuild() -> int:
        while not done.is_set():
            for customer in customers:
                found.extend(str(difference) for difference in rebuild_projections(customer))
        return 0

    results = race([write, check, rebuild])

    assert not [result for result in results if isinstance(result, Exception)]
    assert runs > 1
    assert found == []
    assert LedgerEntry.objects.count() == 2 * (ACTS + 2)
    assert [sentence for customer in customers for sentence in verify_books(customer)] == []
    assert Customer.objects.count() == 2
