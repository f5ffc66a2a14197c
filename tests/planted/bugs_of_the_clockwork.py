"""Bugs in the jobs, to be found by running every task in every way, or by bad days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import DateTimeField, Value

from billing.domain import publication
from billing.domain.lifecycle import purge
from billing.domain.notices import terms
from credits import clock
from credits.domain import jobs, mail
from tests.planted.bugs import Bug
from tests.planted.planting import Constant, Edit, Swap

BY_RUNNING, BY_BAD_DAYS, BY_A_WRONG_CLOCK = "every way", "bad days", "a wrong clock"


@dataclass(frozen=True)
class TaskBug(Bug):
    """A bug that shows when its task is killed, repeated, or run by several at once."""

    task: str = ""


OF_THE_CLOCKWORK = [
    TaskBug(
        "a mail is taken without keeping it from others",
        Edit(mail, "claim", "due_at=now + LEASE", "due_at=now"),
        BY_RUNNING,
        task="relay_outbox",
        always=True,
    ),
    TaskBug(
        "a mail is marked before it is sent",
        Edit(
            mail,
            "relay",
            "message_of(mail).send()",
            "OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=now); message_of(mail).send()",
        ),
        BY_RUNNING,
        task="relay_outbox",
    ),
    TaskBug(
        "what a killed run left is not run again",
        Edit(jobs, "missing_of", "for slot in unfinished if slot <= due", "for slot in ()"),
        BY_RUNNING,
        task="send_notices",
        always=True,
    ),
    TaskBug(
        "two runs publish at once",
        Swap(publication, "has_turn", lambda original: lambda: True),
        BY_RUNNING,
        task="publish_hour",
    ),
    TaskBug(
        "what was closed and not recorded is passed over",
        Edit(
            publication,
            "publish_hours",
            "first_unrecorded() or close_next(due, now)",
            "close_next(due, now) or first_unrecorded()",
        ),
        BY_RUNNING,
        task="publish_hour",
    ),
    Bug(
        "a slot does its work as of the run",
        Edit(jobs, "run_slot", "job.work(job.due_at(slot))", "job.work(clock.now())"),
        BY_BAD_DAYS,
    ),
    Bug(
        "only the newest of the missed slots is run",
        Edit(jobs, "missing_of", "sorted({*begun, *slots_between(job, newest, due)})", "[due]"),
        BY_BAD_DAYS,
    ),
    Bug(
        "slots are counted from the run",
        Edit(
            jobs.Job,
            "slot_of",
            "ANCHOR + (instant - ANCHOR) // self.every * self.every",
            "instant",
        ),
        BY_BAD_DAYS,
    ),
    Bug(
        "a clock that jumped is believed",
        Swap(jobs, "refuse_jump", lambda original: lambda job, now: None),
        BY_BAD_DAYS,
    ),
    Bug(
        "the day is not in a notice's key",
        Edit(
            terms, "license_notice", "{due.license.public_id}/{last_day}", "{due.license.public_id}"
        ),
        BY_BAD_DAYS,
    ),
    Bug(
        "mark and purge in one run",
        Constant(purge, "WAIT", lambda _: timedelta(0)),
        BY_BAD_DAYS,
    ),
    Bug(
        "a purge goes by the machine's clock",
        Swap(
            purge,
            "database_clock",
            lambda original: lambda: Value(clock.now(), output_field=DateTimeField()),
        ),
        BY_A_WRONG_CLOCK,
    ),
]
