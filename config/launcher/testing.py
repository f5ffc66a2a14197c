"""`./portal test`: pytest on a PostgreSQL and a Valkey that are thrown away afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launcher.browser import ensure_browser
from config.launcher.console import say
from config.launcher.environment import ensure_environment
from config.launcher.places import PYTHON, SHORT_FOLDER, TEST_SETTINGS
from config.launcher.processes import run_in_foreground
from config.launcher.servers import environment_of, start_servers

# With these pytest must run in one process.
SINGLE_PROCESS = {"--pdb", "--trace", "no:xdist", "-pno:xdist"}
NOT_FOR_TESTS = ("PORTAL_CLOCK_FILE", "PORTAL_PROCESS", "SECRET_KEY", "SECRET_KEY_FILE")


def test(arguments: list[str]) -> int:
    ensure_environment(development=True)
    browser = ensure_browser()
    with throwaway_folder() as folder:
        servers = start_servers(folder, is_throwaway=True)
        try:
            env = environment_of(servers, as_owner=True)
            for name in NOT_FOR_TESTS:
                env.pop(name, None)
            env["DJANGO_SETTINGS_MODULE"] = TEST_SETTINGS
            env["PORTAL_BROWSER"] = browser
            if "--nightly" in arguments:
                env["PORTAL_NIGHTLY"] = "1"
            command: list[str | Path] = [PYTHON, "-m", "pytest", *pytest_arguments(arguments)]
            return run_in_foreground(command, env=env, own_session=True)
        finally:
            servers.stop()


def pytest_arguments(arguments: list[str]) -> list[str]:
    """What pytest is given: two processes by default, and then whatever the person asked for."""
    passed = [argument for argument in arguments if argument != "--nightly"]
    if SINGLE_PROCESS.intersection(passed):
        return passed
    # In the order in which they are collected (tests/conftest.py): the files that take long first,
    # so that no process is left alone with one of them at the end.
    return ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *passed]


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    # A long TMPDIR leaves no room for the sockets' names.
    parent = None if len(tempfile.gettempdir()) < 40 else str(SHORT_FOLDER)
    folder = Path(tempfile.mkdtemp(prefix="portal-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            say(f"portal: {folder} could not be removed.")
