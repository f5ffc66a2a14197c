"""/health: what was done in time and what was not, for a watchdog, in few questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits import clock
from credits.models import JobRun, OutgoingMail, RunState

NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
QUERIES = 4
"""The newest boundary twice, all jobs at once, and the outbox."""


@pytest.fixture(autouse=True)
def database(db: None) -> None: ...


def told(client: Client, now: datetime = NOW) -> dict[str, Any]:
    with clock.moved_to(now), CaptureQueriesContext(connection) as asked:
        answer = client.get("/health")
    assert answer.status_code == 200
    assert len(asked) <= QUERIES
    found: dict[str, Any] = answer.json()
    return found


def test_each_job_is_late_or_on_time(client: Client) -> None:
    slot = NOW.replace(minute=0)
    for job in ("advance-lifecycle", "apply-rates"):
        JobRun.objects.create(job=job, slot=slot, state=RunState.DONE, started_at=NOW)

    jobs = told(client)["jobs"]
    assert (jobs["advance-lifecycle"], jobs["apply-rates"]) == ("on time", "on time")

    jobs = told(client, NOW + timedelta(hours=1, minutes=20))["jobs"]
    assert (jobs["advance-lifecycle"], jobs["apply-rates"]) == ("late", "on time")


@pytest.mark.parametrize(
    ("created", "due", "attempts", "said"),
    [
        (14, 14, 0, "on time"),
        (16, 16, 0, "late"),
        (16, -30, 3, "late"),
        (600, -1, 0, "on time"),
        (600, 14, 0, "on time"),
        (24 * 60, -30, 12, "late"),
        (24 * 60 + 1, -30, 12, "on time"),
        (24 * 60 + 1, 16, 0, "late"),
    ],
)
def test_mail_that_waits_for_more_than_a_quarter_of_an_hour_is_late(
    client: Client, created: int, due: int, attempts: int, said: str
) -> None:
    OutgoingMail.objects.create(
        key="one",
        kind="test",
        to="alice@example.org",
        subject="x",
        text="x",
        created_at=NOW - timedelta(minutes=created),
        due_at=NOW - timedelta(minutes=due),
        attempts=attempts,
    )

    assert told(client)["mail"] == said
    OutgoingMail.objects.update(sent_at=NOW)
    assert told(client)["mail"] == "on time"
