from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from credits import clock
from credits.domain.job_hands import check_slot, run_by_hand, written
from credits.domain.jobs import ClockJumped, Job, JobFailed, catch_up, job_named, missing_slots
from credits.exceptions import CreditsError
from credits.management.slots import slot_argument


class Command(BaseCommand):
    """What the worker does, by hand; with --yes also past a jump of the clock."""

    help = "Run one slot of a job, done before or not, or all that are missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the job; `jobs` lists them")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--slot", type=slot_argument, help="one slot, UTC, such as 2026-11-24T09:00"
        )
        which.add_argument("--all", action="store_true", help="every slot that is missing")
        parser.add_argument(
            "--through", type=slot_argument, metavar="SLOT", help="with --all: the last one to run"
        )
        parser.add_argument(
            "--yes", action="store_true", help="with --all: the clock is right, however far it went"
        )

    def handle(
        self,
        *args: Any,
        name: str,
        slot: datetime | None = None,
        through: datetime | None = None,
        yes: bool = False,
        **options: Any,
    ) -> None:
        now = clock.now()
        try:
            job = job_named(name)
            if slot is None:
                self.run_all(job, now, through, is_told=yes)
            elif through is not None or yes:
                raise CommandError("--through and --yes go with --all.")
            else:
                run_by_hand(job, slot, now)
                self.stdout.write(f"{job.name} ran for {written(slot)} UTC.")
        except CreditsError as error:
            raise CommandError(error.message) from error
        except JobFailed as error:
            raise CommandError(str(error)) from error

    def run_all(self, job: Job, now: datetime, through: datetime | None, *, is_told: bool) -> None:
        """Run what is missing; where the clock jumped, only with the operator's word."""
        if through is not None:
            check_slot(job, through, now)
        try:
            done = catch_up(job, now, is_told=is_told, through=through)
        except ClockJumped as jump:
            missing = [s for s in missing_slots(job, now) if through is None or s <= through]
            raise CommandError(f"{jump.message} {asking(missing)}") from jump
        if done:
            self.stdout.write(f"{job.name} ran for {done:,} {'slot' if done == 1 else 'slots'}.")
        else:
            self.stdout.write("Nothing is missing.")


def asking(missing: list[datetime]) -> str:
    """What would be run, for an operator who has not given the word."""
    if not missing:
        return "Nothing is missing up to then."
    return (
        f"This would run {len(missing):,} slots, {written(missing[0])} to {written(missing[-1])} "
        "UTC. Add --yes to do it."
    )
