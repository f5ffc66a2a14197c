"""A suite that cannot find a planted bug has no right to say that there is none.

`./portal test -m planted -s` plants each in turn, runs the stateful test or the race on it until
something fails, and prints what was found and how soon.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from _pytest.mark.structures import ParameterSet

from tests.planted.bugs import BUGS, Bug
from tests.properties.hunting import Find, hunt, load_laboratory
from tests.races.last_credits import race_for_the_last_credits

pytestmark = pytest.mark.planted

EXAMPLES, STEPS = 200, 30
ROUNDS = 20
LINE = "{:<52} {:<11} {:<24} {:>9} {:>9}"


def bugs_found_by(means: str) -> list[ParameterSet]:
    return [
        pytest.param(bug, id=bug.name, marks=[pytest.mark.always] if bug.always else [])
        for bug in BUGS
        if bug.found_by == means
    ]


@pytest.fixture(scope="module")
def table() -> Iterator[list[tuple[Bug, Find]]]:
    found: list[tuple[Bug, Find]] = []
    yield found
    print()  # noqa: T201 - the table is what a person asked for
    print(LINE.format("planted", "found by", "as", "example", "seconds"))  # noqa: T201
    for bug, find in found:
        line = LINE.format(
            bug.name, bug.found_by, find.failure, find.example, f"{find.seconds:.1f}"
        )
        print(line)  # noqa: T201


@pytest.mark.django_db
@pytest.mark.parametrize("bug", bugs_found_by("properties"))
def test_the_stateful_test_finds(
    bug: Bug, monkeypatch: pytest.MonkeyPatch, table: list[tuple[Bug, Find]]
) -> None:
    load_laboratory()
    bug.planted.plant(monkeypatch)

    find = hunt(EXAMPLES, STEPS)

    assert find is not None, f"{EXAMPLES} examples did not find that {bug.name}"
    table.append((bug, find))


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bug", bugs_found_by("races"))
def test_the_race_finds(
    bug: Bug,
    monkeypatch: pytest.MonkeyPatch,
    table: list[tuple[Bug, Find]],
    catalogue: None,
) -> None:
    bug.planted.plant(monkeypatch)
    started = time.monotonic()

    outcome = race_for_the_last_credits(1)
    number = 1
    while number < ROUNDS and not (outcome.over or outcome.wrong):
        outcome = race_for_the_last_credits(1)
        number += 1

    assert outcome.over or outcome.wrong, f"{ROUNDS} rounds did not find that {bug.name}"
    failure = "over-allocated" if outcome.over else outcome.wrong[0].partition("(")[0]
    table.append((bug, Find(failure, number, time.monotonic() - started)))
