"""The scene as a database of its own, made once, and put back for each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from celery.app.task import Task

from tests.clockwork import copies
from tests.clockwork.postbox import Postbox
from tests.clockwork.stage import add_newest, play, set_scene

Fresh = Callable[[], str]
"""Puts the scene back, and gives the name of its database."""

FIGURES = "clockwork"
"""Under this name a test records its line of the summary."""


@pytest.fixture
def db(django_db_setup: None) -> None:
    """There is a test database, of which the tests here work on copies.

    By this name a test's need of it is known; it must not stand in a transaction that is open.
    """


@contextmanager
def without_queue() -> Iterator[None]:
    """What is put into the queue is not: here the tests themselves are beat and worker."""
    current_app.loader.import_default_modules()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Task, "apply_async", lambda *_, **__: None)
        yield


@pytest.fixture(scope="session")
def scene(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The database of the scene, whose jobs have work to do."""
    with django_db_blocker.unblock(), without_queue():
        tests = copies.current()
        assert tests.startswith("test_"), "only a test database is copied"
        with copies.copy_of(tests, f"{tests}_scene") as scene:
            with copies.working_on(scene):
                set_scene()
                play()
                add_newest()
                copies.keep()
            yield scene


@pytest.fixture
def fresh(db: None, scene: str, tmp_path: Path, django_db_blocker: Any) -> Iterator[Fresh]:
    """Puts the scene back, with an empty postbox."""
    numbers = count()

    def put_back() -> str:
        Postbox.file = tmp_path / f"postbox-{next(numbers)}"
        copies.put_back()
        return scene

    with django_db_blocker.unblock(), without_queue(), copies.working_on(scene):
        yield put_back


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was compared, whichever process did it."""
    lines = [
        str(value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == FIGURES
    ]
    if lines:
        terminalreporter.section("the clockwork")
        for line in sorted(lines):
            terminalreporter.write_line(line)
        ways = sum(int(line.split(": ")[1].split()[0]) for line in lines if " ways = " in line)
        terminalreporter.write_line(f"{ways} end states equal that of one clean run")
