"""One small scene in a database of its own, put back before each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.billing.marketplaces.core import fake
from tests.clockwork import copies
from tests.clockwork.conftest import without_queue
from tests.wholeness.scene import set_scene

Fresh = Callable[[], str]
"""Puts the scene back, and gives the name of its database."""


@pytest.fixture
def db(django_db_setup: None) -> None:
    """There is a test database, of which the tests here work on a copy."""


@pytest.fixture(scope="session")
def ordered(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The database of the scene."""
    with django_db_blocker.unblock(), without_queue():
        tests = copies.current()
        assert tests.startswith("test_"), "only a test database is copied"
        with copies.copy_of(tests, f"{tests}_ordered") as scene:
            with copies.working_on(scene):
                set_scene()
                copies.keep()
            yield scene


@pytest.fixture
def fresh(db: None, ordered: str, django_db_blocker: Any, settings: Any) -> Iterator[Fresh]:
    """Puts the scene back."""

    def put_back() -> str:
        copies.put_back()
        return ordered

    settings.MARKETPLACES = {"aws": f"{fake.__name__}.aws"}
    fake.start_afresh()
    with django_db_blocker.unblock(), without_queue(), copies.working_on(ordered):
        yield put_back
