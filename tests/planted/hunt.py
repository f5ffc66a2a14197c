"""Plant a bug, look until it is found, and record how."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from tests.planted.bugs import Bug
from tests.properties.hunting import hunt, load_laboratory
from tests.races.last_credits import race_for_the_last_credits

EXAMPLES, STEPS = 400, 30
ROUNDS = 20
CLUMSY = ("NameError", "SyntaxError", "ImportError", "UnboundLocalError")
"""What a bug looks like that was planted badly: it proves nothing to find that."""

FOUND = "planted"
"""Under this name a test records its line of the table."""

Record = Callable[[str, object], None]


def parameters(bugs: Iterable[Bug], means: str) -> list[ParameterSet]:
    return [
        pytest.param(bug, id=bug.name, marks=[pytest.mark.always] if bug.always else [])
        for bug in bugs
        if bug.found_by == means
    ]


def find_by_properties(bug: Bug, patch: pytest.MonkeyPatch, record: Record) -> None:
    """The stateful test has so many examples to fail in."""
    load_laboratory()
    bug.planted.plant(patch)

    find = hunt(EXAMPLES, STEPS)

    assert find is not None, f"{EXAMPLES} examples did not find that {bug.name}"
    assert find.failure not in CLUMSY, f"the bug itself fails: {find.failure}"
    record(FOUND, [bug.name, bug.found_by, find.failure, find.example, f"{find.seconds:.1f}"])


def find_by_race(bug: Bug, patch: pytest.MonkeyPatch, record: Record) -> None:
    """Sixteen clients have so many rounds to go wrong in."""
    bug.planted.plant(patch)
    started = time.monotonic()

    outcome = race_for_the_last_credits(1)
    number = 1
    while number < ROUNDS and not (outcome.over or outcome.wrong):
        outcome = race_for_the_last_credits(1)
        number += 1

    assert outcome.over or outcome.wrong, f"{ROUNDS} rounds did not find that {bug.name}"
    failure = "over-allocated" if outcome.over else outcome.wrong[0].partition("(")[0]
    seconds = f"{time.monotonic() - started:.1f}"
    record(FOUND, [bug.name, bug.found_by, failure, number, seconds])
