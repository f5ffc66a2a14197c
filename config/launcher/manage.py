"""`./portal manage`: Django's commands, whether or not `./portal up` is running."""

from __future__ import annotations

from contextlib import ExitStack

from config.launcher.environment import ensure_environment
from config.launcher.places import MANAGE, PYTHON
from config.launcher.processes import run_in_foreground
from config.launcher.servers import environment_of, share_servers

# What changes or compares a schema; everything else runs with the application's rights.
OWNER_COMMANDS = {
    "bench",
    "dbshell",
    "flush",
    "inspectdb",
    "makemigrations",
    "migrate",
    "optimizemigration",
    "showmigrations",
    "sqlflush",
    "sqlmigrate",
    "sqlsequencereset",
    "squashmigrations",
}


def manage(arguments: list[str]) -> int:
    ensure_environment(development=False)
    as_owner = bool(OWNER_COMMANDS.intersection(arguments[:1]))
    with ExitStack() as stack:
        env = environment_of(share_servers(stack), as_owner=as_owner)
        return run_in_foreground([PYTHON, MANAGE, *arguments], env=env, own_session=False)
