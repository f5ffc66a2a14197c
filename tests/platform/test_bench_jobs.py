"""The measurement of the jobs: that it runs, measures every job, and made its books rightly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.benchmarks import crowd, jobs
from config.benchmarks.jobs import LINES, Cost
from config.benchmarks.told import Told
from config.benchmarks.workers import Ran
from config.management.commands import bench
from credits.domain.verify import verify_projections
from credits.models import Balance, Customer
from tests.platform.test_bench import databases_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.nightly
def test_a_small_run_tells_of_every_job_and_leaves_no_database(db: None) -> None:
    options = ["--few=20", "--customers=60", "--expiries=30", "--rounds=1"]
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "bench", "jobs", *options],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.local"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    for name in LINES:
        lines = [line for line in done.stdout.splitlines() if line.startswith(f"{name}: ")]
        assert [line.partition(" at its peak")[1] != "" for line in lines] == [False, True]
    assert "closing a quiet hour" in done.stdout
    assert "rows written for the figures: 30 customers: 0 rows" in done.stdout
    assert "Wrong" not in done.stdout
    assert databases_of(os.environ["DATABASE_URL"]) == []


def test_every_job_of_the_registry_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.unmeasured() == []

    monkeypatch.delitem(LINES, "apply-rates")

    assert jobs.unmeasured() == ["apply-rates"]
    assert jobs.exit_code([], ["apply-rates is not measured."], check=False) == 1


def test_the_crowd_has_the_figures_that_its_entries_make(catalogue: None) -> None:
    asked = crowd.parameters(30, all_end=False)
    crowd.fill(asked)

    made = list(Customer.objects.filter(slug__startswith="crowd-").order_by("pk"))
    assert len(made) == 30
    assert [problem for one in made for problem in verify_projections(one)] == []
    figures = dict(Balance.objects.values_list("customer__slug", "valid"))
    rate = asked["rate"]
    assert (figures["crowd-9"], figures["crowd-10"]) == (1000 * rate, 900 * rate)


def cost(few: float, many: float, peaks: tuple[int, int] = (70_000, 70_000)) -> Cost:
    return Cost(
        "advance-lifecycle",
        (100, Ran(few, {}, peaks[0])),
        (1000, Ran(many, {"moved": 1000}, peaks[1])),
    )


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (cost(1, 15), [False, False]),
        (cost(1, 15.1), [True, False]),
        (cost(1, 10, (70_000, 70_000 + jobs.MEMORY_GATE)), [False, False]),
        (cost(1, 10, (70_000, 70_001 + jobs.MEMORY_GATE)), [False, True]),
    ],
)
def test_time_and_memory_have_a_gate_each(found: Cost, missed: list[bool]) -> None:
    told = list(found.told())

    assert [one.is_missed for one in told] == missed
    assert jobs.exit_code(told, [], check=True) == any(missed)
    assert jobs.exit_code(told, [], check=False) == 0


def test_a_figure_says_what_it_is_measured_by() -> None:
    told = Told("closing", "3 s, 2 s", 1.5, gate=3, aim=1.5, note="of many")

    assert told.line == "closing: 3 s, 2 s: 1.5 x; gate 3, aim 1.5: reaches the aim (of many)"


def test_the_jobs_are_a_measurement_and_its_parts_are_none() -> None:
    names = set(bench.found())

    assert "jobs" in names
    assert not names & {"crowd", "expiries", "hours", "told", "workers"}
