from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits import clock
from credits.domain.counted import counted
from credits.domain.job_hands import written
from credits.domain.job_states import JobState, job_states, last_runs, newest_runs
from credits.domain.jobs import Job, job_named
from credits.exceptions import UnknownObject
from credits.models import JobRun

SLOTS = 20
"""Slots of one job that are listed."""

MOST_MISSING = 5


class Command(BaseCommand):
    """Every job with its newest slot and what is missing, or one job with its last slots."""

    help = "List the scheduled jobs with their slots, states, durations and counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="one job: its last 20 slots")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        if name:
            try:
                self.tell_slots(job_named(name))
            except UnknownObject as error:
                raise CommandError(error.message) from error
            return
        states = job_states(clock.now())
        runs = last_runs(states)
        for state in states:
            self.tell(state, runs.get(state.job.name))

    def tell(self, state: JobState, run: JobRun | None) -> None:
        """One job: what it does, how far it has come, and how its newest slot went."""
        self.stdout.write(f"{state.job.name}: {state.job.words}")
        self.stdout.write(f"    done through   {instant(state.done)}")
        self.stdout.write(f"    missing        {missing_text(state)}")
        if run is not None:
            self.stdout.write(f"    newest slot    {run_text(run)}")

    def tell_slots(self, job: Job) -> None:
        """The last slots of one job."""
        runs = newest_runs(job, SLOTS)
        for run in runs:
            self.stdout.write(run_text(run))
        if not runs:
            self.stdout.write(f"{job.name} has never run.")


def missing_text(state: JobState) -> str:
    """How many slots are missing, the first ones named, and whether that is late."""
    missing = state.missing
    if not missing:
        return "nothing"
    named = ", ".join(written(slot) for slot in missing[:MOST_MISSING])
    more = f" and {len(missing) - MOST_MISSING:,} more" if len(missing) > MOST_MISSING else ""
    return f"{len(missing):,}{', late' if state.is_late else ''}: {named}{more}"


def run_text(run: JobRun) -> str:
    """One slot in a line: 2026-11-24 09:00 done in 120 ms, 7 customers."""
    told = [f"{instant(run.slot)}  {run.get_state_display().lower()}"]
    if run.milliseconds is not None:
        told.append(f"in {run.milliseconds:,} ms")
    if run.attempts != 1:
        told.append(f"attempts {run.attempts:,}")
    told += [counted(count, name) for name, count in sorted(run.counts.items()) if count]
    if run.problem:
        told.append(run.problem)
    return ", ".join(told)


def instant(at: datetime | None) -> str:
    """An instant in UTC, or that there is none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "never"
