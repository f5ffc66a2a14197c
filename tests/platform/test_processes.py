"""The launcher's children: how they are watched, stopped, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.launcher import processes
from config.launcher.console import LauncherError
from config.launcher.processes import RunAs

ROOT = Path(__file__).resolve().parents[2]


def test_a_failing_step_shows_the_end_of_its_log(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "print('first'); print('what went wrong'); raise SystemExit(3)",
    ]

    with pytest.raises(LauncherError, match=r"(?s)step failed with exit code 3\..*what went wrong"):
        processes.run("step", command, env=os.environ, log=tmp_path / "log")


def test_a_server_that_ends_is_not_waited_for(tmp_path: Path) -> None:
    child = processes.start("Server", ["false"], env=os.environ, log=tmp_path / "log")

    with pytest.raises(LauncherError, match=r"^Server ended with exit code 1\."):
        processes.wait_until(lambda: False, child, seconds=30)


def test_a_server_that_never_answers_is_given_up() -> None:
    child = processes.start("Server", ["sleep", "60"], env=os.environ)
    try:
        with pytest.raises(LauncherError, match="Server was not ready after 0 s"):
            processes.wait_until(lambda: False, child, seconds=0.2)
    finally:
        child.stop()


def test_stopping_a_child_ends_what_it_has_started_too(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/pid; wait"
    child = processes.start("Shell", ["sh", "-c", script], env=os.environ)
    grandchild = read_pid(tmp_path / "pid")

    child.stop()

    assert child.has_ended
    assert wait_for_end(grandchild)


def test_a_child_is_asked_with_its_own_signal(tmp_path: Path) -> None:
    script = f"trap 'echo asked > {tmp_path}/asked; exit' INT; echo $$ > {tmp_path}/pid; "
    script += "while :; do sleep 0.05; done"
    child = processes.start(
        "Shell", ["sh", "-c", script], env=os.environ, stop_signal=signal.SIGINT
    )
    read_pid(tmp_path / "pid")

    child.stop()

    assert (tmp_path / "asked").read_text() == "asked\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of a parent's end")
def test_a_killed_launcher_leaves_no_child(tmp_path: Path) -> None:
    script = (
        "import os, time; from config.launcher import processes; "
        "child = processes.start('Sleeper', ['sleep', '60'], env=os.environ); "
        f"open({str(tmp_path / 'pid')!r}, 'w').write(f'{{child.process.pid}}\\n'); time.sleep(60)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    child = read_pid(tmp_path / "pid")

    launcher.kill()
    launcher.wait()

    assert wait_for_end(child)


def test_the_exit_code_of_a_command_is_passed_on() -> None:
    for code, command in [(0, "exit 0"), (5, "exit 5"), (143, "kill -TERM $$")]:
        assert code == processes.run_in_foreground(
            ["sh", "-c", command], env=os.environ, own_session=True
        )


def test_a_user_to_run_as_replaces_groups_too() -> None:
    assert RunAs().arguments() == {}
    assert RunAs(user=1, group=2).arguments() == {"user": 1, "group": 2, "extra_groups": []}


def read_pid(path: Path) -> int:
    for _ in range(200):
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError(f"{path} was not written")


def wait_for_end(pid: int) -> bool:
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        # A process that nobody has waited for yet is a zombie.
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False
