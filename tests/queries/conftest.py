"""The books that are measured, written once for a module and rolled back after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from tests.cast import load_if_emptied
from tests.queries.books import Books, make_books, swept


@pytest.fixture(scope="module")
def books(catalogue_once: None, django_db_blocker: Any) -> Iterator[Books]:
    """A customer with 100 ledger rows and one with 100,000, among twenty others."""
    with (
        django_db_blocker.unblock(),
        swept(),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        # After each test Django checks all references that are new in the transaction: here, those
        # of every row of the books.
        patch.setattr(connection, "check_constraints", lambda table_names=None: None)
        load_if_emptied()
        yield make_books(small=100, large=100_000)
        transaction.set_rollback(True)
