"""Each task of the registry: once, twice, five at once, killed at any moment; one end state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from celery import current_app

from config.schedule import BEAT_SCHEDULE
from credits.domain.jobs import jobs
from credits.domain.mail import LEASE
from tests.clockwork import children, postbox
from tests.clockwork.conftest import FIGURES, Fresh
from tests.clockwork.stage import NOW, break_books
from tests.clockwork.state import State, broken, difference, state

BROKEN_BY_HAND = {"I1", "I4", "I6", "I8", "I9", "I20"}
"""The invariants that say so, of that customer and of what was published of it."""

KILLS = 5
AT_ONCE = 5

LATER = NOW + LEASE + timedelta(minutes=1)
"""When what a killed relay had claimed is free again."""


@dataclass(frozen=True)
class Run:
    """A task with its arguments, and the instants at which it is delivered."""

    task: str
    arguments: Sequence[str] = ()
    at: Sequence[datetime] = (NOW,)

    def __str__(self) -> str:
        return "-".join([self.task.rpartition(".")[2], *self.arguments[:1]])

    def act(self) -> Any:
        return current_app.tasks[self.task](*self.arguments)


SLOTS = [
    Run("credits.tasks.run_slot", (job.name, job.newest_due(NOW).isoformat()), (NOW, LATER))
    for job in jobs()
]
RUNS = [
    Run("credits.tasks.apply_rates"),
    Run("credits.tasks.relay_outbox", at=(NOW, LATER)),
    Run("credits.tasks.verify_books"),
    Run("billing.tasks.publish_hour"),
    Run("billing.tasks.advance_lifecycle"),
    Run("billing.tasks.send_notices"),
    Run("billing.tasks.send_digests"),
    Run("billing.tasks.apply_messages", at=(NOW, LATER)),
    Run("billing.tasks.reconcile_marketplaces"),
    Run("billing.tasks.import_purchases"),
    Run("estimator.tasks.forget_visitors"),
    *SLOTS,
]
"""Every task of the registry, with what it finds to do in the scene."""

BY_NIGHT = {"estimator.tasks.forget_visitors"}
"""One statement that removes rows nobody reads."""

OFTEN = [
    run
    for run in RUNS
    if (run not in SLOTS and run.task not in BY_NIGHT) or "advance-lifecycle" in run.arguments
]
"""What every run of the suite goes through; a slot by hand is the same work as its task's."""


def parameters() -> list[Any]:
    """Every run; those that only the night goes through are marked."""
    return [
        pytest.param(run, id=str(run), marks=[] if run in OFTEN else [pytest.mark.nightly])
        for run in RUNS
    ]


def test_no_task_is_left_out() -> None:
    current_app.loader.import_default_modules()
    registered = {name for name in current_app.tasks if not name.startswith("celery.")}

    assert {run.task for run in RUNS} == registered
    assert {run.arguments[0] for run in SLOTS} == {job.name for job in jobs()}


@pytest.mark.parametrize("name", sorted({run.task for run in RUNS}))
def test_a_task_outlives_its_worker(name: str) -> None:
    task = current_app.tasks[name]

    assert task.acks_late
    assert task.reject_on_worker_lost
    assert task.ignore_result
    assert task.serializer == "json"
    assert task.expires is None


def test_nothing_waits_in_the_queue_for_its_time() -> None:
    options = [entry.get("options", {}) for entry in BEAT_SCHEDULE.values()]

    assert not [found for found in options if found.keys() - {"expires"}]


@dataclass(frozen=True)
class End:
    """What a way of running led to."""

    state: State
    mails: Counter[str]
    repeats: int = 0
    """How many mails may have gone out twice: one for each kill."""


def deliver(run: Run, database: str) -> Sequence[str]:
    """Run a task at each of its instants; the moments of the first run. None may fail."""
    moments: list[Sequence[str]] = []
    for now in run.at:
        ended = children.run(run.act, database, now)
        check(ended)
        moments.append(ended.moments)
    return moments[0]


def check(ended: children.Ended) -> None:
    assert not ended.was_killed
    assert not ended.error, ended.error


def broken_scene(fresh: Fresh) -> str:
    """The scene, in which one customer's books are broken as well."""
    database = fresh()
    break_books()
    return database


def once(run: Run, fresh: Fresh) -> tuple[End, Sequence[str]]:
    database = broken_scene(fresh)
    before = state()
    moments = deliver(run, database)
    end = End(state(), postbox.taken())
    assert difference(end.state, before), "it finds nothing to do, so nothing is proved"
    return end, moments


def twice(run: Run, fresh: Fresh) -> End:
    database = broken_scene(fresh)
    deliver(run, database)
    deliver(run, database)
    return End(state(), postbox.taken())


def at_once(run: Run, fresh: Fresh) -> End:
    database = broken_scene(fresh)
    for now in run.at:
        for ended in children.run_together([run.act] * AT_ONCE, database, now):
            check(ended)
    assert broken().keys() <= BROKEN_BY_HAND
    return End(state(), postbox.taken())


def killed(run: Run, fresh: Fresh, moment: int) -> End:
    """Killed at a moment of its own run, and delivered again."""
    database = broken_scene(fresh)
    ended = children.run(run.act, database, run.at[0], die_at=moment)
    assert ended.was_killed, ended.error
    deliver(run, database)
    return End(state(), postbox.taken(), repeats=1)


def spread(moments: Sequence[str], number: int = KILLS) -> list[int]:
    """So many moments to die at, over the whole run; the middle one right after a commit."""
    chosen = [1 + len(moments) * (2 * n + 1) // (2 * number) for n in range(number)]
    commits = [n for n, moment in enumerate(moments, 1) if moment == "committed"]
    middle = chosen[number // 2]
    if commits:
        chosen[number // 2] = min(commits, key=lambda n: abs(n - middle))
    return chosen


def compare(way: str, end: End, clean: End) -> None:
    assert not (found := difference(end.state, clean.state)), f"{way}:\n{found}"
    assert set(end.mails) == set(clean.mails), way
    assert (end.mails - clean.mails).total() <= end.repeats, way


def prove(run: Run, fresh: Fresh, kills: int = KILLS) -> tuple[int, int]:
    """Every way ends as one clean run does; how many ways, and how many moments it has."""
    clean, moments = once(run, fresh)
    ways: dict[str, Callable[[Run, Fresh], End]] = {
        "twice": twice,
        f"{AT_ONCE} at once": at_once,
        **{
            f"killed at {moment} of {len(moments)}, {moments[moment - 1]}": partial(
                killed, moment=moment
            )
            for moment in spread(moments, kills)
        },
    }
    for way, go in ways.items():
        compare(way, go(run, fresh), clean)
    return len(ways), len(moments)


@pytest.mark.races
@pytest.mark.parametrize("run", parameters())
def test_a_task_ends_in_one_state_however_it_is_run(
    run: Run, fresh: Fresh, record_property: Callable[[str, object], None]
) -> None:
    ways, moments = prove(run, fresh)

    record_property(FIGURES, f"{run}: {ways} ways = the end of one run, of {moments} moments")


@pytest.mark.nightly
@pytest.mark.parametrize("run", [run for run in RUNS if run not in SLOTS], ids=str)
def test_a_task_may_be_killed_at_every_write_and_commit(
    run: Run, fresh: Fresh, record_property: Callable[[str, object], None]
) -> None:
    clean, moments = once(run, fresh)
    written = [n for n, moment in enumerate(moments, 1) if "read" not in moment]

    for moment in written[:: 1 + len(written) // 150]:
        compare(f"killed at {moment}, {moments[moment - 1]}", killed(run, fresh, moment), clean)

    record_property(FIGURES, f"{run}: killed at {len(written)} writes and commits = one run")
