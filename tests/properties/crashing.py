"""Break the writer down in the middle of a command, as a killed process or a full disk would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from credits.domain.commands import Command
from credits.domain.post import post
from credits.exceptions import CreditsError

LATEST = 4
"""After more statements that write than this, at the commit instead."""


class Crash(Exception):
    """Nothing the product knows of."""


@dataclass
class Breaking:
    """Lets so many statements that write through, and breaks down right after the last of them."""

    writes: int

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if not sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.writes -= 1
            if self.writes == 0:
                raise Crash
        return result


def crash(command: Command, writes: int) -> None:
    """Send a command whose writer breaks down after so many writes, or else before the commit.

    A refusal may come before that.
    """
    savepoint = transaction.savepoint()
    try:
        with connection.execute_wrapper(Breaking(writes)):
            post(command)
    except (Crash, CreditsError):
        transaction.savepoint_commit(savepoint)
    else:
        transaction.savepoint_rollback(savepoint)
