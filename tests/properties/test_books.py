"""Any history of commands leaves the books as the oracle has them."""

from __future__ import annotations

import os

import pytest

from tests.properties.hunting import load_laboratory, search

IS_NIGHTLY = bool(os.environ.get("PORTAL_NIGHTLY"))
EXAMPLES, STEPS = (1000, 50) if IS_NIGHTLY else (60, 30)


@pytest.mark.django_db
def test_any_history_leaves_the_books_as_the_oracle_has_them() -> None:
    load_laboratory()

    search(EXAMPLES, STEPS)
