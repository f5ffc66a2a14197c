"""`./portal up`: everything a person needs to try the portal, until Ctrl-C."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import ExitStack
from datetime import timedelta

from config.launcher.console import LauncherError, say, step
from config.launcher.environment import ensure_environment
from config.launcher.places import DATA, MANAGE, PYTHON, ROOT, locked, log_file, make_data_folder
from config.launcher.processes import Child, Stopped, run, start, wait_for, wait_until
from config.launcher.servers import STARTING, Servers, clock_offset, environment_of, start_servers

HOST = "127.0.0.1"
# Said by Celery at every start as root; a machine of one's own is what this command is for.
ROOT_WARNING = "ignore:You're running the worker with superuser privileges"


def up(*, port: int, offset: int | None) -> int:
    """Start everything in order, wait, and stop it in reverse order; 0 after Ctrl-C."""
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            stack.enter_context(locked("up"))
        except BlockingIOError:
            raise LauncherError("./portal up is already running in this folder.") from None
        require_free(port)
        try:
            ensure_environment(development=False)
            children = _start_everything(stack, port, offset)
            seconds = time.monotonic() - started
            say(f"Mails that were sent: http://{HOST}:{port}/dev/mails/")
            say(f"Ready after {seconds:.1f} s: http://{HOST}:{port}/  (Ctrl-C stops everything)")
            return _watch(children)
        except Stopped:
            say("Stopping ...")
            stack.close()
            say("Stopped.")
            return 0


def require_free(port: int) -> None:
    """Raise LauncherError if the port cannot be listened on."""
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = port + 1 if port < 65_535 else 8000
            raise LauncherError(
                f"port {port} cannot be used ({error.strerror}): stop what uses it, "
                f"or take another one with `./portal up --port {other}`."
            ) from None


def _start_everything(stack: ExitStack, port: int, offset: int | None) -> list[Child]:
    data = make_data_folder()
    with locked("start", waiting_for=STARTING):
        # A command that started the servers for itself ends them when it ends.
        with locked("in-use", waiting_for="./portal manage to end"):
            servers = start_servers(data)
        stack.callback(_stop_servers, servers)
    env = environment_of(servers)
    if ahead := clock_offset(offset):
        say(f"  The clock is {timedelta(seconds=ahead)} ahead. Remove {DATA} to start afresh.")
    env.setdefault("PORTAL_URL", f"http://{HOST}:{port}")
    prepare(servers, env)
    worker = _start_worker(env)
    stack.callback(worker.stop)
    web = start_web(env, port)
    stack.callback(web.stop)
    return [*servers.started, web, worker]


def _stop_servers(servers: Servers) -> None:
    with locked("start", waiting_for=STARTING):
        servers.stop()


def prepare(servers: Servers, env: dict[str, str]) -> None:
    """Bring schema, catalogue, demonstration and static files up to date."""
    owner = env | {"DATABASE_URL": servers.owner_url}
    log = log_file("setup")
    with step("Migrations"):
        run("migrate", [PYTHON, MANAGE, "migrate", "--no-input"], env=owner, log=log)
    # The demonstration loads the catalogue too, before its year begins; later starts find it.
    with step("Demonstration", talks=True):
        wait_for(start("load_demonstration", [PYTHON, MANAGE, "load_demonstration"], env=env))
    with step("Catalogue"):
        run("load_catalogue", [PYTHON, MANAGE, "load_catalogue"], env=env, log=log)
        rates = "load_conversion_rates"
        run(rates, [PYTHON, MANAGE, rates], env=env, log=log)
    with step("Static files"):
        run("collectstatic", [PYTHON, MANAGE, "collectstatic", "--no-input"], env=env, log=log)


def start_web(env: dict[str, str], port: int) -> Child:
    """Start the web server and wait until it answers."""
    options = ["--interface", "wsgi", "--host", HOST, "--port", str(port), "--no-ws"]
    options += ["--workers", "2", "--blocking-threads", "4", "--log-level", "warning"]
    command = [str(PYTHON), "-m", "granian", *options, "config.wsgi:application"]
    with step("Web server"):
        web = start("The web server", command, env=env, cwd=ROOT)
        try:
            wait_until(lambda: _is_healthy(port), web, seconds=60)
        except BaseException:
            web.stop()
            raise
    return web


def _start_worker(env: dict[str, str]) -> Child:
    beat = DATA / "beat"
    beat.mkdir(mode=0o700, exist_ok=True)
    options = ["--beat", "--schedule", str(beat / "schedule"), "--concurrency", "1"]
    options += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    # Named by module, for a script would remember the folder in which it was installed.
    command = [str(PYTHON), "-m", "celery", "--quiet", "--app", "config.celery", "worker"]
    env = env | {"PYTHONWARNINGS": ROOT_WARNING}
    return start("The worker", [*command, *options], env=env, cwd=ROOT)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _watch(children: list[Child]) -> int:
    """Wait until a child ends by itself, which ends everything."""
    while True:
        for child in children:
            if child.has_ended:
                code = child.process.returncode
                raise LauncherError(f"{child.name} ended by itself with exit code {code}.")
        time.sleep(0.2)
