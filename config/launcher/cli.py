"""The launcher's commands and their arguments."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from config.launcher.console import LauncherError, say
from config.launcher.environment import ensure_environment
from config.launcher.manage import manage
from config.launcher.processes import Stopped, stoppable
from config.launcher.screenshots import screenshots
from config.launcher.testing import test
from config.launcher.up import up

USAGE = """\
Usage:
  ./portal up [--port N] [--clock-offset 30d]   run the portal; Ctrl-C stops it
  ./portal test [--nightly] [pytest arguments]  run the tests
  ./portal manage COMMAND ...                   run manage.py, with the servers it needs
  ./portal screenshots FOLDER                   take a picture of every page
  ./portal env                                  make the development environment and end"""

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
FARTHEST = 3_650 * 86_400


def main(arguments: Sequence[str]) -> int:
    try:
        with stoppable():
            return run_command(list(arguments))
    except LauncherError as error:
        say(f"portal: {error}")
        return 1
    except Stopped as stopped:
        return stopped.exit_code


def run_command(arguments: list[str]) -> int:
    command, *rest = arguments or ["help"]
    match command:
        case "up":
            options = parse_up(rest)
            return up(port=options.port, offset=options.clock_offset)
        case "test":
            return test(rest)
        case "manage":
            return manage(rest)
        case "screenshots" if len(rest) == 1:
            return screenshots(rest[0])
        case "env" if not rest:
            ensure_environment(development=True)
            return 0
        case "help" | "-h" | "--help":
            say(USAGE)
            return 0
    if command in ("screenshots", "env"):
        say(f"portal: './portal {command}' takes {'one folder' if rest else 'a folder'}.")
    else:
        say(f"portal: there is no command '{command}'.")
    say(USAGE)
    return 2


def parse_up(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./portal up", allow_abbrev=False)
    parser.add_argument("--port", type=port, default=8000, help="port of the web server")
    parser.add_argument(
        "--clock-offset",
        type=duration,
        metavar="30d",
        help="how far the portal's clock runs ahead from now on: seconds, or with s, m, h or d",
    )
    return parser.parse_args(arguments)


def port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535.")
    return int(text)


def duration(text: str) -> int:
    """Seconds from "90", "-90", "30d", "12h", "5m" or "90s"."""
    found = re.fullmatch("(-?[0-9]{1,10})([smhd]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 30d, 12h, 5m or 90s.")
    seconds = int(found[1]) * SECONDS[found[2]]
    if abs(seconds) > FARTHEST:
        raise argparse.ArgumentTypeError(f"{text!r} is more than ten years.")
    return seconds
