"""Child processes that end with the launcher, whatever ends it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from config.launcher.console import LauncherError

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


class Stopped(BaseException):
    """The launcher was asked to end, by Ctrl-C or by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


@dataclass(frozen=True)
class RunAs:
    """Who runs a server that refuses to run as root: another user, or a command before its own."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def arguments(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}


@dataclass
class Child:
    """A running process, with the signal that asks it to end."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals = signal.SIGTERM
    log: Path | None = None

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """Ask it to end, wait, then end it and whatever it has left in its session."""
        if not self.has_ended:
            self.process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    stop_signal: signal.Signals = signal.SIGTERM,
    run_as: RunAs | None = None,
    log: Path | None = None,
    cwd: Path | None = None,
) -> Child:
    """Start a child in a session of its own, out of reach of the terminal's Ctrl-C."""
    run_as = run_as or RunAs()
    output: IO[bytes] | None = log.open("ab") if log else None
    try:
        process = subprocess.Popen(
            [*run_as.prefix, *map(str, command)],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=end_with_parent(stop_signal),
            **run_as.arguments(),
        )
    finally:
        if output:
            output.close()
    return Child(name, process, stop_signal, log)


def run(name: str, command: Sequence[str | Path], *, env: Mapping[str, str], log: Path) -> None:
    """Run a step to its end, its output kept in `log`; raise LauncherError if it fails."""
    wait_for(start(name, command, env=env, log=log))


def run_in_foreground(
    command: Sequence[str | Path], *, env: Mapping[str, str], own_session: bool
) -> int:
    """Run a command that reads and writes as if the launcher were not there; return its exit code.

    In the launcher's own session the terminal sends Ctrl-C to the command by itself.
    """
    process = subprocess.Popen(
        [str(part) for part in command],
        env=dict(env),
        start_new_session=own_session,
        preexec_fn=end_with_parent(signal.SIGTERM),
    )

    def forward(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or own_session or not sys.stdin.isatty():
            # pytest cleans up after SIGINT alone.
            process.send_signal(signal.SIGINT if own_session else number)

    before = {number: signal.signal(number, forward) for number in ENDING_SIGNALS}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if own_session:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into Stopped; the servers then end undisturbed."""

    def ignore(number: int, frame: FrameType | None) -> None:
        """A function and not SIG_IGN, which children would inherit."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in ENDING_SIGNALS:
            signal.signal(each, ignore)
        raise Stopped(number)

    for each in ENDING_SIGNALS:
        signal.signal(each, stop)
    yield


def wait_for(child: Child) -> None:
    try:
        code = child.process.wait()
    finally:
        child.stop()
    if code:
        raise LauncherError(f"{child.name} failed with exit code {code}.{last_lines(child.log)}")


def wait_until(is_ready: Callable[[], bool], child: Child, *, seconds: float) -> None:
    """Wait until a server answers; raise LauncherError if it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if child.has_ended:
            code = child.process.returncode
            raise LauncherError(f"{child.name} ended with exit code {code}.{last_lines(child.log)}")
        if time.monotonic() > deadline:
            raise LauncherError(
                f"{child.name} was not ready after {seconds:.0f} s.{last_lines(child.log)}"
            )
        time.sleep(0.05)


def last_lines(log: Path | None, count: int = 15) -> str:
    if log is None or not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return f" The end of {log}:\n" + "\n".join(f"    {line}" for line in lines)


def end_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What makes the kernel send the child a signal when the launcher is gone (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        # The launcher may have ended before the kernel was asked.
        if os.getppid() != parent:
            os._exit(1)

    return prepare
