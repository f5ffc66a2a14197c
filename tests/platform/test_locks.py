"""The locks of requirements: versions and hashes, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_option_but_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    without_comments = re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)

    assert "://" not in text
    assert set(re.findall(r"(?:^|\s)(--?[a-z-]+)", without_comments)) == {"--hash"}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    for block in re.split(r"\n(?=[a-z0-9])", text):
        assert "--hash=sha256:" in block, block


def test_the_development_lock_holds_all_of_the_runtime_lock() -> None:
    runtime, development = pins(LOCKS[0]), pins(LOCKS[1])

    assert len(runtime) > 20
    assert runtime.items() <= development.items()
