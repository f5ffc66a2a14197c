"""The browser for tests and pictures: found on the PATH, or fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from config.launcher.console import LauncherError, say, step
from config.launcher.places import PYTHON, log_file

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
PRINT_PLAYWRIGHTS_OWN = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as p: print(p.chromium.executable_path)"
)
MISSING = (
    "no Chromium or Chrome is on the PATH and none could be fetched "
    "(see {log}): install one, or put its folder on the PATH."
)


def ensure_browser() -> str:
    """The path of a browser; without one, an empty string, or LauncherError where CI is set."""
    browser = on_path() or playwrights_own()
    if browser:
        return browser
    log = log_file("browser")
    with step("Browser"):
        browser = _from_packages(log) or _from_playwright(log)
    if browser:
        return browser
    message = MISSING.format(log=log)
    if os.environ.get("CI"):
        raise LauncherError(message)
    say(f"portal: the tests marked `browser` are skipped: {message}")
    return ""


def on_path() -> str:
    for name in NAMES:
        path = shutil.which(name)
        # On some systems the command is there and only says how to install the browser.
        if path and _succeeds([path, "--version"]):
            return path
    return ""


def playwrights_own() -> str:
    done = subprocess.run(
        [str(PYTHON), "-c", PRINT_PLAYWRIGHTS_OWN],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    path = done.stdout.strip()
    return path if path and Path(path).exists() else ""


def _from_packages(log: Path) -> str:
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return ""
    install = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
    _succeeds(["apt-get", "update"], log)
    return on_path() if _succeeds(install, log) else ""


def _from_playwright(log: Path) -> str:
    fetch = [str(PYTHON), "-m", "playwright", "install", "chromium"]
    return playwrights_own() if _succeeds(fetch, log) else ""


def _succeeds(command: Sequence[str], log: Path | None = None) -> bool:
    with (log or Path(os.devnull)).open("ab") as output:
        done = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0
