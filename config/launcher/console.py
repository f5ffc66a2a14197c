"""What the launcher says, and the errors it says it with."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class LauncherError(Exception):
    """A sentence for the person at the terminal: what is wrong, and what to do about it."""


def say(text: str, *, end: str = "\n") -> None:
    # A terminal that was closed must not keep the servers from being stopped.
    with suppress(OSError, ValueError):
        sys.stderr.write(text + end)
        sys.stderr.flush()


@contextmanager
def step(name: str, *, talks: bool = False, is_shown: bool = True) -> Iterator[None]:
    """One line a step, with its seconds; a step that `talks` prints lines of its own between."""
    if not is_shown:
        yield
        return
    started = time.monotonic()
    say(f"  {name} ...", end="\n" if talks else " ")
    try:
        yield
    except BaseException:
        say("" if talks else "stopped")
        raise
    seconds = f"{time.monotonic() - started:.1f} s"
    say(f"  {name}: {seconds}" if talks else seconds)
