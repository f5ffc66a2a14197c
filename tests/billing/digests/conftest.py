"""Digests are tested in the autumn of 2026, whenever that is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from credits import clock


@pytest.fixture(autouse=True)
def autumn(catalogue: None) -> Iterator[None]:
    """Everybody comes on the first of September; every later act names its instant."""
    with clock.moved_to(datetime(2026, 9, 1, 7, tzinfo=UTC)):
        yield
