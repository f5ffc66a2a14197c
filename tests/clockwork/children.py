"""Processes that run a task for real, and may be killed at any moment of it."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, connections

from credits import clock
from tests.clockwork import copies
from tests.clockwork.postbox import BACKEND

Act = Callable[[], Any]


@dataclass
class Watch:
    """Notes every moment at which a process touches the database; kills it at a chosen one."""

    die_at: int | None = None
    moments: list[str] = field(default_factory=list)

    def note(self, moment: str) -> None:
        self.moments.append(moment)
        if len(self.moments) == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        verb = "read" if sql.lstrip().upper().startswith("SELECT") else "write"
        self.note(f"before {verb}")
        result = execute(sql, *rest)
        self.note(f"after {verb}")
        return result

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch this process' statements and commits."""
        commit = connection._commit  # type: ignore[attr-defined]

        def noted() -> None:
            commit()
            self.note("committed")

        connection._commit = noted  # type: ignore[attr-defined]
        with connection.execute_wrapper(self):
            yield


@dataclass
class Child:
    """A process that waits for the start, does one act, and tells how it went."""

    pid: int
    start: int
    report: int

    def go(self) -> None:
        os.close(self.start)

    def wait(self) -> Ended:
        """How it ended, once it has."""
        with os.fdopen(self.report) as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        return Ended(os.WIFSIGNALED(status), **json.loads(said or "{}"))


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    was_killed: bool
    error: str = ""
    moments: Sequence[str] = ()


def run(act: Act, database: str, now: datetime, *, die_at: int | None = None) -> Ended:
    """Do an act in a process of its own, at an instant."""
    [ended] = run_together([act], database, now, die_at=die_at)
    return ended


def run_together(
    acts: Sequence[Act], database: str, now: datetime, *, die_at: int | None = None
) -> list[Ended]:
    """Do several acts, each in a process of its own, all at once.

    Afterwards nothing of them is going on in the database any more.
    """
    connections.close_all()
    children: list[Child] = []
    for act in acts:
        children.append(born(act, database, now, die_at, [child.start for child in children]))
    for child in children:
        child.go()
    ended = [child.wait() for child in children]
    copies.empty(database)
    return ended


def born(act: Act, database: str, now: datetime, die_at: int | None, others: list[int]) -> Child:
    """A process that is ready to start."""
    waits, start = os.pipe()
    report, says = os.pipe()
    pid = os.fork()
    if pid:
        os.close(waits)
        os.close(says)
        return Child(pid, start, report)
    # From here on it is the child, which must never get back into the tests.
    try:
        for end in (start, report, *others):
            os.close(end)
        said = live(act, database, now, Watch(die_at), waits)
        with os.fdopen(says, "w") as pipe:
            pipe.write(said)
    finally:
        os._exit(0)


def live(act: Act, database: str, now: datetime, watch: Watch, waits: int) -> str:
    """The whole life of a child; what it tells."""
    error = ""
    try:
        connection.settings_dict["NAME"] = database
        settings.EMAIL_BACKEND = BACKEND
        connection.ensure_connection()
        os.read(waits, 1)
        with clock.moved_to(now), watch.on():
            act()
    except BaseException:  # noqa: BLE001 - the parent looks at what it was.
        error = traceback.format_exc()
    finally:
        connections.close_all()
    return json.dumps({"error": error, "moments": watch.moments})
