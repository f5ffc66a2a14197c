"""The measurement of the calculator: that it runs, and that it counts what is asked of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.benchmarks.estimate import CASES, Case, bare
from tests.platform.test_bench import databases_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.nightly
def test_a_small_run_tells_of_every_case_and_leaves_no_database(db: None) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "bench", "estimate", "--lines=4", "--rounds=1"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.local"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    for case in CASES:
        [line] = [line for line in done.stdout.splitlines() if line.startswith(f"{case.name}: ")]
        assert "4 lines, 5 queries" in line or (case.months and "4 lines, 6 queries" in line)
        assert "x the bare arithmetic" in line
    assert databases_of(os.environ["DATABASE_URL"]) == []


def test_the_floor_is_one_product_and_one_rounding_for_each_month() -> None:
    # 100 and 107 units at 12.5 are 1,250 and 1,337.5, rounded half up.
    assert bare(Case("flat", 1), 2) == 1_250 + 1_338
    assert bare(Case("planned", 1, planned=True), 1) == sum(
        -(-(2_500 + 25 * month) // 2) for month in range(12)
    )
