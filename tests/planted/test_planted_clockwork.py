"""Bugs in the jobs, planted, and found by the proofs that every task must pass."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.clockwork import test_beats as beats
from tests.clockwork import test_every_task as tasks
from tests.clockwork.conftest import Fresh, db, fresh, scene  # noqa: F401
from tests.clockwork.postbox import Postbox
from tests.clockwork.test_beats import BAD_DAYS, server, undisturbed  # noqa: F401
from tests.planted.bugs import Bug
from tests.planted.bugs_of_the_clockwork import (
    BY_A_WRONG_CLOCK,
    BY_BAD_DAYS,
    BY_RUNNING,
    OF_THE_CLOCKWORK,
    TaskBug,
)
from tests.planted.hunt import CLUMSY, FOUND, Record, parameters

pytestmark = [pytest.mark.planted, pytest.mark.races]

KILLS = 40
"""So many moments of a run are looked at, until one shows the bug."""


def keep(bug: Bug, error: BaseException, started: float, record: Record) -> None:
    """A line of the table."""
    said = str(error)
    assert not any(clumsy in said for clumsy in CLUMSY), said
    seconds = f"{time.monotonic() - started:.1f}"
    record(FOUND, [bug.name, bug.found_by, said.partition("\n")[0][:24], "", seconds])


@pytest.mark.parametrize("bug", parameters(OF_THE_CLOCKWORK, BY_RUNNING))
def test_every_way_of_running_finds(
    bug: TaskBug,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
    fresh: Fresh,  # noqa: F811
) -> None:
    # As a real mail server does: meanwhile others may come for the same mail.
    monkeypatch.setattr(Postbox, "takes", 0.05)
    [run] = [run for run in tasks.OFTEN if run.task.endswith(bug.task)]
    bug.planted.plant(monkeypatch)
    started = time.monotonic()

    with pytest.raises(AssertionError) as found:
        tasks.prove(run, fresh, KILLS)

    keep(bug, found.value, started, record_property)


@pytest.mark.parametrize("bug", parameters(OF_THE_CLOCKWORK, BY_BAD_DAYS))
def test_bad_days_find(
    bug: Bug,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
    fresh: Fresh,  # noqa: F811
    undisturbed: beats.Undisturbed,  # noqa: F811
) -> None:
    expected = undisturbed(BAD_DAYS)
    bug.planted.plant(monkeypatch)
    started = time.monotonic()

    with pytest.raises(Exception) as found:  # noqa: PT011
        beats.go_through(BAD_DAYS, expected, fresh)

    keep(bug, found.value, started, record_property)


@pytest.mark.parametrize("bug", parameters(OF_THE_CLOCKWORK, BY_A_WRONG_CLOCK))
def test_a_wrong_clock_finds(
    bug: Bug,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
    fresh: Fresh,  # noqa: F811
) -> None:
    bug.planted.plant(monkeypatch)
    fresh()
    started = time.monotonic()

    with pytest.raises(AssertionError, match="was purged") as found:
        replace(beats.LONG_AHEAD, queue=[]).go_by()

    keep(bug, found.value, started, record_property)
