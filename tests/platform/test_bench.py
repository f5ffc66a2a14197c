"""The measurements: that they run, what they compare, and that they leave nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from config.benchmarks import acts, alloc, floor, scratch
from config.benchmarks.alloc import CASES, Measured
from config.management.commands import bench
from credits.models import Customer

ROOT = Path(__file__).resolve().parents[2]
GATED = CASES[0]


def measured(ratio: float) -> Measured:
    return Measured(GATED, floor=[1000], ours=[1000 * ratio], latencies=[0.001])


def test_a_tiny_run_prints_every_case_and_leaves_no_database(db: None) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "bench", "alloc", "--seconds=0.2", "--rounds=1"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.local"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.match(r"PostgreSQL \d+\.\d+: fsync=\w+, synchronous_commit=\w+", lines[0])
    for case in CASES:
        [line] = [line for line in lines if line.startswith(f"{case.name}  ")]
        assert re.search(r" 0\.\d{3} ", line)
    assert "Wrong" not in done.stdout
    assert databases_of(os.environ["DATABASE_URL"]) == []


def databases_of(url: str) -> list[str]:
    """The databases that measurements made beside the one of a URL."""
    name = url.partition("?")[0].rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)",
            [f"{name[:40]}_bench_"],
        )
        return [found for (found,) in cursor.fetchall()]


def test_the_floor_writes_as_many_rows_to_the_same_tables_as_the_writer(catalogue: None) -> None:
    ours = acts.Allocator(acts.make_customer("Ours").pk, client=0)
    theirs = acts.make_customer("Floor")
    run_statement(theirs)  # Both hold credits from here on, so both update a level.
    before = rows_written()
    ours.allocate()
    between = rows_written()
    run_statement(theirs)

    assert between - before == rows_written() - between
    assert {table for table, _ in (between - before)} == {
        "credits_operation",
        "credits_usagereport",
        "credits_ledgerentry",
        "credits_level",
        "credits_dailychange",
        "credits_balance",
    }


def test_the_floor_numbers_and_adds_up_as_the_writer_does(catalogue: None) -> None:
    theirs = acts.make_customer("Floor")
    for _ in range(3):
        run_statement(theirs)

    assert theirs.operations.count() == 5
    assert alloc.wrong(acts.make_customer("Ours"), theirs) == []


def run_statement(customer: Customer) -> None:
    """The floor's statement, once, as pgbench sends it."""
    known = floor.Floor.prepare().known
    people = {"customer": customer.pk, "actor": customer.memberships.get().user_id}
    text = re.sub(r"(?<!:):([a-z]+)", r"%(\1)s", floor.STATEMENT.replace("%", "%%"))
    with connection.cursor() as cursor:
        cursor.execute(text, known | people)


def rows_written() -> Counter[tuple[str, str]]:
    """How many rows this transaction has inserted, updated and deleted, by table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables"
        )
        rows = cursor.fetchall()
    kinds = ("inserted", "updated", "deleted")
    return Counter(
        {
            (table, kind): number
            for table, *numbers in rows
            for kind, number in zip(kinds, numbers, strict=True)
        }
    )


@pytest.mark.parametrize(
    ("ratio", "problems", "check", "code"),
    [
        (GATED.gate, [], True, 0),
        (GATED.gate - 0.001, [], True, 1),
        (GATED.gate - 0.001, [], False, 0),
        (GATED.aim, ["an entry is missing"], True, 1),
        (GATED.aim, ["an entry is missing"], False, 1),
    ],
)
def test_a_missed_gate_fails_a_check_and_wrong_books_fail_every_run(
    ratio: float, problems: list[str], check: bool, code: int
) -> None:
    results = [measured(GATED.aim), measured(ratio)]

    assert alloc.exit_code(results, problems, check=check) == code


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (GATED.gate - 0.001, "below the gate"),
        (GATED.gate, "passes"),
        (GATED.aim - 0.001, "passes"),
        (GATED.aim, "reaches the aim"),
    ],
)
def test_a_ratio_is_told_by_its_gate_and_its_aim(ratio: float, verdict: str) -> None:
    assert measured(ratio).verdict == verdict


def test_the_ratio_is_the_median_of_the_rounds_not_of_the_sides() -> None:
    rounds = Measured(GATED, floor=[100, 200, 1000], ours=[50, 40, 300])

    assert rounds.ratio == 0.3


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    lines = list(alloc.table([alloc.COLUMNS, measured(0.25).row()]))

    assert lines[0].index("ratio") + len("ratio") == lines[1].index("0.250") + len("0.250")


def test_no_measurement_runs_in_production(settings: Any, db: None) -> None:
    settings.REFUSE_PRIVILEGED_ROLE = True

    with (
        pytest.raises(CommandError, match="does not run in production"),
        scratch.scratch_database(),
    ):
        pytest.fail("a database was made")


def test_a_module_is_a_measurement_if_it_can_be_run() -> None:
    names = set(bench.found())

    assert "alloc" in names
    assert not names & {"acts", "clients", "floor", "scratch"}


@pytest.mark.parametrize("argument", ["--seconds=0", "--seconds=601", "--rounds=0", "--rounds=x"])
def test_a_number_out_of_range_is_refused_before_anything_is_made(argument: str) -> None:
    parser = bench.Command().create_parser("manage.py", "bench")

    with pytest.raises(CommandError, match=argument.partition("=")[0]):
        parser.parse_args(["alloc", argument])
