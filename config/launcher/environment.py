"""The virtual environment in `.venv`, made from a lock and brought up to date with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from config.launcher.console import LauncherError, step
from config.launcher.places import PYTHON, ROOT, VENV, locked, log_file

RUNTIME_LOCK = ROOT / "requirements.lock"
DEVELOPMENT_LOCK = ROOT / "requirements-dev.lock"
STAMP = VENV / "portal-stamp.json"

VENV_MISSING = (
    "this Python cannot make a virtual environment: install its venv module "
    "(on Debian and Ubuntu: `apt-get install python3-venv`) and run this again."
)


def ensure_environment(*, development: bool) -> None:
    """Make `.venv` if it is missing or made by another Python, and install the lock if it changed.

    The development lock holds all of the runtime lock, so it satisfies both.
    """
    if is_current(read_stamp(), development=development):
        return
    with locked("environment", waiting_for="another ./portal that makes the environment"):
        stamp = read_stamp()
        if is_current(stamp, development=development):
            return
        # What was installed for development once stays so.
        development = development or bool(stamp.get("development"))
        with step("Python environment (up to a minute the first time)"):
            _make(stamp)
            _install(DEVELOPMENT_LOCK if development else RUNTIME_LOCK)
        STAMP.write_text(json.dumps(wanted_stamp(development=development)), encoding="utf-8")


def read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def wanted_stamp(*, development: bool) -> dict[str, str]:
    stamp = {"python": python_version(), "runtime": digest(RUNTIME_LOCK)}
    return stamp | {"development": digest(DEVELOPMENT_LOCK)} if development else stamp


def is_current(stamp: dict[str, str], *, development: bool) -> bool:
    wanted = wanted_stamp(development=development)
    return PYTHON.exists() and wanted.items() <= stamp.items()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _make(stamp: dict[str, str]) -> None:
    if VENV.exists() and (
        not PYTHON.exists() or stamp.get("python", "") not in ("", python_version())
    ):
        shutil.rmtree(VENV)
    if VENV.exists():
        STAMP.unlink(missing_ok=True)
        return
    # uv is quicker, but what it makes has no pip: the fallback below then adds it.
    uv = shutil.which("uv")
    if uv and _succeeds([uv, "venv", "--quiet", "--python", sys.executable, VENV]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if not _succeeds([sys.executable, "-m", "venv", VENV]):
        shutil.rmtree(VENV, ignore_errors=True)
        raise LauncherError(VENV_MISSING)


def _install(lock: Path) -> None:
    if uv := shutil.which("uv"):
        sync: list[str | Path] = [uv, "pip", "sync", "--quiet", "--require-hashes"]
        if _succeeds([*sync, "--compile-bytecode", "--python", PYTHON, lock]):
            return
    if not _succeeds([PYTHON, "-m", "pip", "--version"]) and not _succeeds(
        [PYTHON, "-m", "ensurepip"]
    ):
        raise LauncherError(VENV_MISSING)
    log = log_file("environment")
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "-r", lock]
    if not _succeeds(command, log=log):
        raise LauncherError(
            f"the packages of {lock.name} could not be installed: see {log}; "
            "a connection to a Python package index is needed once."
        )


def _succeeds(command: Sequence[str | Path], log: Path | None = None) -> bool:
    env = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    # A PYTHONPATH or an active environment of the caller must not leak into this one.
    env = {name: value for name, value in env.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    with log.open("ab") if log else open(os.devnull, "wb") as output:
        done = subprocess.run(
            [str(part) for part in command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0
