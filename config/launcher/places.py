"""Where things lie in the checkout."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launcher.console import LauncherError, say

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".portal"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MANAGE = ROOT / "manage.py"
LOCAL_SETTINGS = "config.settings.local"
TEST_SETTINGS = "config.settings.test"

# The kernel takes about 107 bytes as the path of a socket, macOS 104.
SOCKET_PATH_LIMIT = 100
SHORT_FOLDER = Path("/tmp")  # noqa: S108  (who owns a folder in it is checked)
LONGEST_SOCKET_NAME = "postgres/.s.PGSQL.5432"


def make_data_folder() -> Path:
    DATA.mkdir(mode=0o700, exist_ok=True)
    return DATA


def log_file(name: str, folder: Path | None = None) -> Path:
    """The log of a server or a step, emptied: it holds the newest run alone."""
    path = (folder or DATA) / "log" / f"{name}.log"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(b"")
    path.chmod(0o600)
    return path


def socket_folder(parent: Path) -> Path:
    """A folder for sockets: inside `parent`, or in /tmp where that path would not do."""
    folder = parent / "run"
    length = len(os.fsencode(folder / LONGEST_SOCKET_NAME))
    # Spaces, commas and the like would have to be quoted in three different ways.
    if length > SOCKET_PATH_LIMIT or not re.fullmatch(r"[\w./-]+", str(folder), re.ASCII):
        digest = hashlib.sha256(os.fsencode(parent)).hexdigest()[:12]
        folder = SHORT_FOLDER / f"portal-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Anybody may have made a folder of that name in /tmp.
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise LauncherError(f"{folder} belongs to somebody else: remove it and run this again.")
    return folder


def installed(*pattern: str) -> Path:
    """A file of an installed package, found without importing it."""
    found = sorted(VENV.glob("/".join(("lib", "python3*", "site-packages", *pattern))))
    if not found:
        raise LauncherError(
            f"{pattern[0]} is not installed for this system: "
            "set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return found[0]


@contextmanager
def locked(name: str, *, shared: bool = False, waiting_for: str = "") -> Iterator[None]:
    """Hold a lock file of the data folder; if taken and nothing is named, raise BlockingIOError."""
    path = make_data_folder() / f"{name}.lock"
    with path.open("ab") as file:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waiting_for:
                raise
            say(f"  Waiting for {waiting_for} ...")
            fcntl.flock(file, mode)
        yield
