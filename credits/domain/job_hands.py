"""Jobs run by a person: one slot, or all that is missing (docs/rules.md#r24)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from credits import clock
from credits.domain.commands import Asked, Decision, OfficeCommand
from credits.domain.jobs import (
    Job,
    JobFailed,
    catch_up,
    job_named,
    newest_begun,
    refuse_jump,
    run_slot,
)
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import JobRun, User
from credits.roles import StaffRole


def check_slot(job: Job, slot: datetime, now: datetime) -> None:
    """Refuse a slot that is no start of a window of the job, or not due yet.

    Raises InvalidCommand.
    """
    if (start := job.slot_of(slot)) != slot:
        raise InvalidCommand(
            _(
                "%(slot)s UTC is no slot of %(job)s, so nothing was run. "
                "The nearest are %(before)s and %(after)s."
            )
            % {
                "slot": written(slot),
                "job": job.name,
                "before": written(start),
                "after": written(start + job.every),
            },
            field="slot",
        )
    if job.due_at(slot) > now:
        raise InvalidCommand(
            _("Slot %(slot)s of %(job)s is due on %(due)s UTC, so nothing was run.")
            % {"slot": written(slot), "job": job.name, "due": written(job.due_at(slot))},
            field="slot",
        )


def written(slot: datetime) -> str:
    """A slot as it is typed and read: 2026-11-24T09:00."""
    return f"{slot:%Y-%m-%dT%H:%M}"


def run_by_hand(job: Job, slot: datetime, now: datetime) -> None:
    """Run one slot, done before or not.

    Of a job that makes up each missed slot, those missing before it are run first: the newest
    slot begun is where the next tick looks on from, so none may be passed over.

    Raises InvalidCommand for a slot that is none or not due, ClockJumped for one more than 30
    days past the newest, and JobFailed.
    """
    check_slot(job, slot, now)
    if not takes_along(job, slot, now):
        if not run_slot(job, slot):
            raise JobFailed(failure_of(job, slot))
        return
    refuse_jump(job, job.due_at(slot))
    catch_up(job, now, is_told=True, through=slot)


def takes_along(job: Job, slot: datetime, now: datetime) -> bool:
    """Whether the slots that are missing before one are run with it."""
    newest = newest_begun(job, now)
    return job.catches_up and newest is not None and slot > newest


def failure_of(job: Job, slot: datetime) -> str:
    """Why a slot failed, in one sentence."""
    run = JobRun.objects.filter(job=job.name, slot=slot).first()
    told = {"job": job.name, "slot": written(slot), "problem": run.problem if run else ""}
    return _("%(job)s failed for %(slot)s UTC: %(problem)s") % told


@dataclass(frozen=True, kw_only=True)
class RunJob(OfficeCommand):
    """An operator has a slot of a job run: who asked for it is kept, what comes of it is the run's.

    Raises UnknownObject for a job there isn't, InvalidCommand for a slot that is none or not due,
    ClockJumped for one more than 30 days past the newest, which takes the command's `--yes`, and
    NotAllowed for whoever is no operator.
    """

    kind: ClassVar[str] = "run-job"

    job: str
    slot: datetime

    def content(self) -> Mapping[str, Any]:
        return {"job": self.job, "slot": self.slot}

    def decide(self, now: datetime) -> Decision:
        if self.asked.actor is None or not may_run_jobs(self.asked.actor):
            raise NotAllowed(_("Only operators run jobs, so nothing was run."))
        job, present = job_named(self.job), clock.now()
        check_slot(job, self.slot, present)
        if takes_along(job, self.slot, present):
            refuse_jump(job, job.due_at(self.slot))
        return Decision(subject=f"{self.job} {written(self.slot)}")


def run_asked(person: User, name: str, slot: datetime) -> RunJob:
    """The command of a person's button; a double click, before the run began, is one act."""
    run = JobRun.objects.filter(job=name, slot=slot).first()
    attempts = run.attempts if run else 0
    key = f"run-job/{name[:40]}/{written(slot)}/{attempts}/{person.public_id}"
    return RunJob(asked=Asked(source="admin", key=key, actor=person), job=name, slot=slot)


def may_run_jobs(user: User) -> bool:
    """Whether a person may run jobs by hand: operators and superusers (docs/rules.md#roles)."""
    return is_one_of(user, StaffRole.OPERATOR)


def may_see_jobs(user: User) -> bool:
    """Whether a person may look at the jobs: operators, support and superusers."""
    return is_one_of(user, StaffRole.OPERATOR, StaffRole.SUPPORT)


def is_one_of(user: User, *roles: StaffRole) -> bool:
    """Whether an active person has one of these staff roles, or is a superuser."""
    if not user.is_active:
        return False
    names = [role.value for role in roles]
    return user.is_superuser or user.groups.filter(name__in=names).exists()
