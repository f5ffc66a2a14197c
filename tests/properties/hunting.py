"""Run the stateful test: in full, or only until it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from credits.domain.catalogue import load_catalogue
from tests.properties.lab import catalogue_rows, catalogue_text
from tests.properties.machine import BooksMachine


def load_laboratory() -> None:
    """The catalogue of the stateful test; needed once, before its first example."""
    load_catalogue(catalogue_text(catalogue_rows()))


def search(examples: int, steps: int) -> None:
    """Random histories; a failure is made as short as possible and printed."""
    run_state_machine_as_test(
        BooksMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@dataclass(frozen=True)
class Find:
    """What was seen to fail, in which example, after how long."""

    failure: str
    example: int
    seconds: float


def hunt(examples: int, steps: int) -> Find | None:
    """The first failure within so many examples, which are the same each time."""

    class Counted(BooksMachine):
        begun = 0

        def __init__(self) -> None:
            super().__init__()
            Counted.begun += 1

    started = time.monotonic()
    try:
        run_state_machine_as_test(
            Counted,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=True,
                phases=(Phase.generate,),
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except (Exception, pytest.fail.Exception) as failure:  # noqa: BLE001 - any failure counts
        return Find(type(failure).__name__, Counted.begun, time.monotonic() - started)
    return None
