"""The launcher's helpers; what starts servers is tried by `./portal test` itself."""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.launcher import browser, cli, environment, places, servers, testing, up
from config.launcher.console import LauncherError
from credits import clock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[servers.Servers]:
    """Servers that the environment names, so that none is started."""
    monkeypatch.setenv("DATABASE_URL", "postgres://app@db/portal")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://owner@db/portal")
    monkeypatch.setenv("REDIS_URL", "redis://queue")
    named = servers.start_servers(tmp_path)
    yield named
    named.stop()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    for module in (places, servers, up):
        monkeypatch.setattr(module, "DATA", tmp_path / ".portal")
    return places.make_data_folder()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90", 90), ("-90s", -90), ("5m", 300), ("12h", 43_200), ("30d", 2_592_000)],
)
def test_duration_is_read_in_seconds(text: str, seconds: int) -> None:
    assert cli.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "1.5d", "30 d", "30w", "1e3"])
def test_duration_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no duration"):
        cli.duration(text)


@pytest.mark.parametrize("text", ["3651d", "-9999999999d"])
def test_duration_ends_after_ten_years(text: str) -> None:
    assert cli.duration("3650d") == 3_650 * 86_400
    with pytest.raises(argparse.ArgumentTypeError, match="more than ten years"):
        cli.duration(text)


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "80 "])
def test_port_refuses_what_is_no_port(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no port"):
        cli.port(text)


@pytest.mark.parametrize("arguments", [["bench"], ["screenshots"], ["env", "more"]])
def test_a_command_that_is_not_there_gets_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run_command(arguments) == 2
    assert f"'{arguments[0]}'" in capsys.readouterr().err.replace("./portal ", "")


def test_an_old_python_is_told_so_in_one_sentence() -> None:
    """The version is checked before anything is imported that an old Python cannot parse."""
    script = (
        "import sys; sys.version_info = (3, 6, 9, 'final', 0); "
        f"exec(compile(open({str(ROOT / 'portal')!r}).read(), 'portal', 'exec'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("portal needs Python 3.11 or newer and this is Python 3.6: ")
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind((up.HOST, 0))
        taken.listen()
        number = taken.getsockname()[1]

        with pytest.raises(LauncherError, match=rf"port {number} cannot be used .*--port \d+"):
            up.require_free(number)


def test_pytest_runs_in_two_processes_unless_one_is_needed() -> None:
    assert testing.pytest_arguments(["-k", "name"])[-2:] == ["-k", "name"]
    assert testing.pytest_arguments([])[:2] == ["-n", "2"]
    assert testing.pytest_arguments(["--pdb", "--nightly"]) == ["--pdb"]


def test_environment_is_current_only_with_the_locks_it_was_made_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "PYTHON", Path(sys.executable))
    runtime = environment.wanted_stamp(development=False)
    development = environment.wanted_stamp(development=True)

    assert environment.is_current(runtime, development=False)
    assert environment.is_current(development, development=False)
    assert environment.is_current(development, development=True)
    assert not environment.is_current(runtime, development=True)
    assert not environment.is_current(development | {"runtime": "old"}, development=False)
    assert not environment.is_current(development | {"python": "3.10"}, development=True)
    assert not environment.is_current({}, development=False)


def test_a_broken_stamp_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp.json")
    assert environment.read_stamp() == {}

    environment.STAMP.write_text("{", encoding="utf-8")
    assert environment.read_stamp() == {}

    environment.STAMP.write_text(json.dumps({"python": "3.11"}), encoding="utf-8")
    assert environment.read_stamp() == {"python": "3.11"}


def test_a_lock_is_exclusive_unless_shared(data: Path) -> None:
    with places.locked("here"), pytest.raises(BlockingIOError), places.locked("here"):
        pass

    with (
        places.locked("here", shared=True),
        places.locked("here", shared=True),
        pytest.raises(BlockingIOError),
        places.locked("here"),
    ):
        pass


def test_sockets_lie_in_the_data_folder_where_the_path_is_short() -> None:
    with testing.throwaway_folder() as folder:
        assert places.socket_folder(folder) == folder / "run"
        assert (folder / "run").stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


@pytest.mark.parametrize("name", ["d" * 90, "with space", "with,comma"])
def test_sockets_move_to_a_private_short_folder_where_the_path_would_not_do(
    tmp_path: Path, name: str
) -> None:
    parent = tmp_path / name
    parent.mkdir()

    folder = places.socket_folder(parent)
    try:
        assert folder.parent == places.SHORT_FOLDER
        assert folder.stat().st_mode & 0o777 == 0o700
        assert places.socket_folder(parent) == folder
    finally:
        folder.rmdir()


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path)

    with pytest.raises(LauncherError, match="remove it and run this again"):
        places.socket_folder(tmp_path)


def test_the_secret_key_is_made_once_and_is_nobody_elses(data: Path) -> None:
    key = servers.secret_key()

    assert len(key) >= 50
    assert servers.secret_key() == key
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_clock_stays_where_it_was_moved_to(data: Path, settings: Any) -> None:
    """The launcher writes what the port reads, and the other way round."""
    settings.CLOCK_FILE = str(data / "clock_offset")
    assert servers.clock_offset() == 0
    assert clock.moved_by() == timedelta(0)

    servers.clock_offset(86_400)
    assert clock.moved_by() == timedelta(days=1)

    clock.store_offset(timedelta(days=91, seconds=7, microseconds=5))
    assert servers.clock_offset() == 91 * 86_400 + 7


def test_a_log_holds_the_newest_run_and_is_private(data: Path) -> None:
    places.log_file("step").write_text("old\n", encoding="utf-8")

    log = places.log_file("step")

    assert log.read_text(encoding="utf-8") == ""
    assert log.stat().st_mode & 0o777 == 0o600


def test_named_servers_replace_the_embedded_ones(named: servers.Servers, data: Path) -> None:
    assert named.started == []

    environment = servers.environment_of(named)
    assert environment["DATABASE_URL"] == "postgres://app@db/portal"
    assert environment["REDIS_URL"] == "redis://queue"

    environment = servers.environment_of(named, as_owner=True)
    assert environment["DATABASE_URL"] == "postgres://owner@db/portal"


def test_without_an_owner_of_its_own_the_named_database_migrates_as_it_is(
    named: servers.Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_OWNER_URL")

    assert servers.start_servers(tmp_path).owner_url == "postgres://app@db/portal"


def test_a_browser_that_only_says_how_to_install_it_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretender = tmp_path / "chromium"
    pretender.write_text("#!/bin/sh\necho 'install me'; exit 1\n", encoding="utf-8")
    pretender.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.setattr(browser, "NAMES", ("chromium",))

    assert browser.on_path() == ""
