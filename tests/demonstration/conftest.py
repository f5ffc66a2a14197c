"""The demonstration, once for all tests of a module and looked at from one instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from billing.domain.publication import publish_hours
from config.demonstration.replay import LogIn
from credits import clock
from tests.queries.books import analyze
from tests.replayed import demonstration

NOW = datetime(2026, 11, 24, 11, 20, tzinfo=UTC)
BOUNDARY = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[LogIn]]:
    """Everybody who can log in; what the replay made is rolled back with the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        with clock.moved_to(NOW):
            made = demonstration(NOW)
            publish_hours(NOW)
        # No vacuum sees what is not committed, so the planner would take the tables for empty.
        analyze()
        yield made
        transaction.set_rollback(True)
    ContentType.objects.clear_cache()


@pytest.fixture
def told(people: list[LogIn], db: None) -> Iterator[list[LogIn]]:
    """The same, with the clock held at the instant of the replay."""
    with clock.moved_to(NOW):
        yield people
