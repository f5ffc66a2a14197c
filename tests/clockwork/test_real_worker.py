"""A real worker on a real queue: killed in the middle of a task, and robbed of the queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.db import connection
from kombu.transport.redis import Channel
from redis import Redis

from config.launcher.valkey import Valkey
from config.schedule import BEAT_SCHEDULE
from credits.domain.jobs import job_named, missing_slots
from credits.models import JobRun, RunState
from tests.clockwork.beating import present
from tests.clockwork.conftest import FIGURES, Fresh
from tests.clockwork.stage import NOW
from tests.clockwork.state import difference
from tests.clockwork.test_beats import outcome

pytestmark = [pytest.mark.nightly, pytest.mark.races]

ROOT = Path(__file__).resolve().parents[2]
VISIBILITY = 10
"""Seconds until the queue gives a message out again that nobody has acknowledged."""

LATEST = VISIBILITY + Channel.unacked_restore_interval * Channel.unacked_restore_throttle + 30

JOB = "advance-lifecycle"


@dataclass
class Installation:
    """One queue and the workers on it."""

    queue: Valkey
    environment: dict[str, str]

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker with its processes; killed at the end, if it is still there."""
        command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker"]
        options = ["--concurrency", "1", "--without-gossip", "--without-mingle", "-l", "warning"]
        started = subprocess.Popen(  # noqa: S603
            [*command, *options], cwd=ROOT, env=self.environment, start_new_session=True
        )
        try:
            yield started
        finally:
            kill(started)

    def beat(self, name: str) -> None:
        """Put an entry of the schedule into the queue, as beat does."""
        entry: dict[str, Any] = BEAT_SCHEDULE[name]
        with current_app.connection_for_write(self.queue.url()) as queue:
            current_app.send_task(entry["task"], connection=queue, **entry.get("options", {}))

    def lose_everything(self) -> int:
        """Empty the queue, as a restart without a disk would; how many keys there were."""
        with Redis(unix_socket_path=str(self.queue.socket)) as client:
            keys = int(client.dbsize())
            client.flushall()
        return keys


def kill(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker with all its processes, as a machine that goes down does."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.fixture
def installation(
    fresh: Fresh, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A queue of its own beside the scene's database, at the instant of the scene."""
    clock_file = tmp_path / "clock"
    clock_file.write_text(str(round((NOW - datetime.now(UTC)).total_seconds())))
    folder = tmp_path_factory.mktemp("q")
    queue = Valkey(folder, folder / "s")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.clockwork.worker_settings",
        "REDIS_URL": queue.url(),
        "WORKER_DATABASE": fresh(),
        "WORKER_CLOCK": str(clock_file),
        "WORKER_POSTBOX": str(tmp_path / "worker-postbox"),
        "WORKER_VISIBILITY": str(VISIBILITY),
    }
    child = queue.start()
    try:
        yield Installation(queue, environment)
    finally:
        child.stop()


def wait_until(holds: Callable[[], bool], seconds: float = LATEST) -> float:
    """How many seconds it took until something held."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, "it took too long"
        time.sleep(0.05)
    return time.monotonic() - started


def is_waiting() -> bool:
    """Whether somebody waits for a lock in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def is_done(name: str) -> bool:
    """Whether a job has caught up."""
    unfinished = JobRun.objects.filter(job=name).exclude(state=RunState.DONE)
    with present(NOW):
        return not unfinished.exists() and not missing_slots(job_named(name), NOW)


@contextmanager
def held_up(table: str) -> Iterator[None]:
    """While nobody can write to a table."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield
        other.rollback()


def test_a_killed_workers_task_is_finished_by_the_next_one(
    installation: Installation,
    fresh: Fresh,
    record_property: Callable[[str, object], None],
) -> None:
    with present(NOW):
        current_app.tasks[BEAT_SCHEDULE[JOB]["task"]]()
    expected = outcome()
    fresh()

    with held_up("billing_lifeevent"), installation.worker() as worker:
        installation.beat(JOB)
        wait_until(is_waiting)
        kill(worker)
        killed_at = time.monotonic()
    assert JobRun.objects.filter(job=JOB, state=RunState.RUNNING).exists()
    with installation.worker():
        wait_until(lambda: is_done(JOB))
        took = time.monotonic() - killed_at

    found = outcome()
    assert not (more := difference(found[0], expected[0])), more
    assert found[1] == expected[1]
    assert took <= LATEST
    record_property(
        FIGURES, f"a killed worker's task was finished {took:.1f} s later, of {LATEST} s"
    )


def test_without_its_queue_the_next_tick_does_the_work(
    installation: Installation, record_property: Callable[[str, object], None]
) -> None:
    assert not is_done("publish-hour")
    installation.beat("publish-hour")
    assert installation.lose_everything() > 0

    with installation.worker():
        installation.beat("publish-hour")
        took = wait_until(lambda: is_done("publish-hour"))

    record_property(FIGURES, f"after a lost queue the next tick's work took {took:.1f} s")
