"""/metrics: for whoever brings the token, read from the tables, with few questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from config import metrics
from credits import clock
from credits.domain.jobs import jobs
from credits.models import Balance, Customer, JobRun, OutgoingMail, RunState
from tests.factories import credits as make

TOKEN = "a-token-of-the-monitoring"
NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
NOON = NOW.replace(minute=0)
QUERIES = 10


@pytest.fixture(autouse=True)
def token(settings: object, db: None) -> None:
    settings.METRICS_TOKEN = TOKEN  # type: ignore[attr-defined]


def scrape(client: Client, now: datetime = NOW) -> dict[tuple[str, str], float]:
    """Every figure by name and job, as a monitoring system reads it."""
    with clock.moved_to(now):
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, sample.labels.get("job", "")): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}], ids=str
)
def test_without_the_token_there_is_no_page(client: Client, given: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=given)

    assert answer.status_code == 404
    assert b"portal_" not in answer.content


def test_without_the_setting_no_token_opens_it(client: Client, settings: object) -> None:
    settings.METRICS_TOKEN = ""  # type: ignore[attr-defined]

    for given in ("Bearer ", "Bearer", f"Bearer {TOKEN}"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_it_carries_the_headers_of_every_answer_and_is_not_kept(client: Client) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_a_fresh_installation_has_figures_and_no_ages(client: Client) -> None:
    figures = scrape(client)

    assert ("portal_publication_age_seconds", "") not in figures
    assert figures["portal_publication_missing_hours", ""] == 1
    assert figures["portal_outbox_unsent", ""] == 0
    assert figures["portal_outbox_oldest_due_seconds", ""] == 0
    assert figures["portal_books_parked", ""] == 0
    for job in jobs():
        assert ("portal_job_done_age_seconds", job.name) not in figures
        assert figures["portal_job_missing_slots", job.name] == 1
        assert figures["portal_job_slots_done", job.name] == 0


def test_publication_and_outbox_are_told(client: Client, customer: Customer) -> None:
    make.publish(NOW - timedelta(hours=3))
    for number, (due, attempts, problem) in enumerate(
        [(-10, 0, ""), (30, 0, ""), (5, 2, "SMTPServerDisconnected")]
    ):
        OutgoingMail.objects.create(
            key=str(number),
            kind="test",
            to="alice@example.org",
            subject="x",
            text="x",
            created_at=NOW - timedelta(minutes=40),
            due_at=NOW + timedelta(minutes=due),
            attempts=attempts,
            problem=problem,
        )
    Balance.objects.filter(customer=customer).update(parked_at=NOW, rates_through=0)

    figures = scrape(client)

    assert figures["portal_publication_age_seconds", ""] == (5 * 60 + 20) * 60
    assert figures["portal_publication_missing_hours", ""] == 3
    assert figures["portal_outbox_unsent", ""] == 3
    assert figures["portal_outbox_failed", ""] == 1
    assert figures["portal_outbox_oldest_due_seconds", ""] == 40 * 60
    assert figures["portal_books_parked", ""] == 1
    assert figures["portal_books_behind_rates", ""] == 1


def test_each_job_is_told(client: Client) -> None:
    for hours, state, took in ((2, RunState.DONE, 800), (1, RunState.FAILED, 1_500)):
        JobRun.objects.create(
            job="advance-lifecycle",
            slot=NOON - timedelta(hours=hours),
            state=state,
            started_at=NOW,
            milliseconds=took,
        )

    figures = scrape(client)

    told = {
        name.removeprefix("portal_job_"): value
        for (name, job), value in figures.items()
        if job == "advance-lifecycle"
    }
    assert told == {
        "done_age_seconds": (2 * 60 + 20) * 60,
        "missing_slots": 2,
        "late": 1,
        "last_duration_seconds": 1.5,
        "slots_done": 1,
        "slots_failed": 1,
    }


def test_the_length_of_the_queue_is_told_where_it_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "queue_length", lambda: 7)
    figures = scrape(client)

    assert (figures["portal_queue_up", ""], figures["portal_queue_length", ""]) == (1, 7)


def test_a_queue_that_is_down_is_told_and_the_rest_as_well(
    client: Client, settings: object
) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    figures = scrape(client)

    assert figures["portal_queue_up", ""] == 0
    assert ("portal_queue_length", "") not in figures
    assert figures["portal_books_parked", ""] == 0


def test_many_rows_take_no_more_questions(client: Client, customer: Customer) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            scrape(client)
        return len(asked)

    make.publish(NOW - timedelta(hours=3))
    JobRun.objects.create(job="verify-books", slot=NOW - timedelta(days=90), started_at=NOW)
    few = questions()
    JobRun.objects.bulk_create(
        JobRun(
            job=job.name,
            slot=job.slot_of(NOW - n * job.every),
            started_at=NOW,
            state=RunState.DONE if n % 2 else RunState.FAILED,
        )
        for job in jobs()
        for n in range(1, 30)
    )

    assert questions() == few
    assert few <= QUERIES
