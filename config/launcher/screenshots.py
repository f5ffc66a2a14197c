"""`./portal screenshots FOLDER`: a picture of every page, as each person sees it."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

from config.launcher.browser import ensure_browser
from config.launcher.console import LauncherError
from config.launcher.environment import ensure_environment
from config.launcher.places import MANAGE, PYTHON
from config.launcher.processes import run_in_foreground
from config.launcher.servers import environment_of, share_servers
from config.launcher.up import HOST, prepare, start_web


def screenshots(folder: str) -> int:
    """Serve the checkout's own data on a free port and let a browser look at it."""
    target = Path(folder).resolve()
    ensure_environment(development=True)
    browser = ensure_browser()
    if not browser:
        raise LauncherError("without a browser there are no pictures.")
    with ExitStack() as stack:
        servers = share_servers(stack)
        env = environment_of(servers) | {"PORTAL_BROWSER": browser}
        prepare(servers, env)
        port = free_port()
        stack.callback(start_web(env, port).stop)
        command: list[str | Path] = [
            PYTHON,
            MANAGE,
            "take_screenshots",
            target,
            f"http://{HOST}:{port}",
        ]
        return run_in_foreground(command, env=env, own_session=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        number: int = probe.getsockname()[1]
        return number
