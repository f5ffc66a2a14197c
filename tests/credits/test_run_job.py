"""Jobs by hand: one slot or all that is missing, what is refused, and how jobs are listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min

from credits import clock
from credits.domain import jobs
from credits.domain.job_hands import run_by_hand
from credits.domain.job_states import job_states
from credits.domain.jobs import DAY, HOUR, Job
from credits.models import JobRun, RunState
from credits.tasks import run_slot

NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)


class Work:
    """Work that keeps what it was asked, and goes wrong where it is told to."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.wrong: set[datetime] = set()

    def __call__(self, as_of: datetime) -> dict[str, int]:
        self.asked.append(as_of)
        if as_of in self.wrong:
            raise ValueError("the mail server is gone")
        return {"things": 3}


@pytest.fixture
def work(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Two jobs alone: one that makes up each slot, and one whose newest stands for all."""
    work = Work()
    daily = Job(name="daily", words="Does it.", every=DAY, after=6 * HOUR, work=work)
    newest = Job(name="newest", words="Does it.", every=HOUR, work=work, catches_up=False)
    monkeypatch.setattr(jobs, "jobs", lambda: (daily, newest))
    monkeypatch.setattr("credits.domain.job_states.jobs", lambda: (daily, newest))
    monkeypatch.setattr(clock, "machine", lambda: installed() + timedelta(minutes=1))
    with clock.moved_to(NOW):
        yield work


def installed() -> datetime:
    """When the tables of this database were made."""
    applied = MigrationRecorder.Migration.objects.filter(app="credits").aggregate(at=Min("applied"))
    at: datetime = applied["at"]
    return at


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


def run(*arguments: str) -> None:
    call_command("run_job", *arguments)


def done() -> list[datetime]:
    runs = JobRun.objects.filter(state=RunState.DONE).order_by("slot")
    return list(runs.values_list("slot", flat=True))


def test_one_slot_is_run_done_before_or_not(work: Work, capsys: pytest.CaptureFixture[str]) -> None:
    run("daily", "--slot=2026-11-24")
    run("daily", "--slot=2026-11-24T00:00")

    assert work.asked == [day(24, 6)] * 2
    assert JobRun.objects.get().attempts == 2
    assert capsys.readouterr().out == "daily ran for 2026-11-24T00:00 UTC.\n" * 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("daily", "--slot=2026-11-24T09:00"), "is no slot of daily.*2026-11-24T00:00 and"),
        (("daily", "--slot=2026-11-25"), "is due on 2026-11-25T06:00 UTC"),
        (("daily", "--slot=yesterday"), "is no slot such as"),
        (("nothing", "--all"), "no job 'nothing'. There are: daily, newest"),
        (("daily",), "one of the arguments --slot --all is required"),
        (("daily", "--slot=2026-11-24", "--yes"), "go with --all"),
        (("daily", "--all", "--through=2026-11-24T01:00"), "is no slot of daily"),
    ],
)
def test_what_is_no_slot_is_refused_with_a_sentence(
    work: Work, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)

    assert work.asked == []
    assert not JobRun.objects.exists()


def test_a_slot_takes_the_missing_ones_before_it_along(work: Work) -> None:
    run("daily", "--slot=2026-11-20")
    run("daily", "--slot=2026-11-23")

    assert done() == [day(n) for n in (20, 21, 22, 23)]
    assert jobs.missing_slots(jobs.job_named("daily"), NOW) == [day(24)]


def test_where_the_newest_stands_for_all_nothing_is_taken_along(work: Work) -> None:
    run("newest", "--slot=2026-11-24T08:00")
    run("newest", "--slot=2026-11-24T11:00")

    assert done() == [day(24, 8), day(24, 11)]


def test_all_that_is_missing_is_run_or_up_to_a_slot(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    run("daily", "--slot=2026-11-20")
    capsys.readouterr()

    run("daily", "--all", "--through=2026-11-22")
    assert done() == [day(n) for n in (20, 21, 22)]
    run("daily", "--all")
    run("daily", "--all")

    assert done() == [day(n) for n in range(20, 25)]
    assert capsys.readouterr().out.splitlines() == [
        "daily ran for 2 slots.",
        "daily ran for 2 slots.",
        "Nothing is missing.",
    ]


def test_a_clock_that_jumped_needs_the_operators_word(work: Work) -> None:
    run("daily", "--slot=2026-11-24")
    with clock.moved_to(NOW + timedelta(days=31)):
        with pytest.raises(CommandError, match="This would run 31 slots, 2026-11-25T00:00 to"):
            run("daily", "--all")
        with pytest.raises(CommandError, match="run_job daily --all --yes"):
            run("daily", "--slot=2026-12-25")
        assert len(work.asked) == 1

        run("daily", "--all", "--through=2026-11-26", "--yes")
        assert done() == [day(24), day(25), day(26)]

        run("daily", "--all", "--yes")
    assert len(done()) == 32


def test_a_failure_is_told_and_the_others_are_done(work: Work) -> None:
    run("daily", "--slot=2026-11-22")
    work.wrong = {day(23, 6)}

    with pytest.raises(CommandError, match="daily failed for 1 of 2 slots"):
        run("daily", "--all")
    with pytest.raises(CommandError, match="2026-11-23T00:00 UTC: ValueError: the mail server"):
        run("daily", "--slot=2026-11-23")

    assert done() == [day(22), day(24)]


def test_the_task_of_a_slot_says_whether_it_went_well(work: Work) -> None:
    run("daily", "--slot=2026-11-22")
    work.wrong = {day(24, 6)}

    assert run_slot("daily", "2026-11-23T00:00+00:00") is True
    assert run_slot("daily", "2026-11-24T00:00+00:00") is False

    assert done() == [day(22), day(23)]


def test_all_jobs_are_listed_with_what_is_missing(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    work.wrong = {day(23, 6)}
    with pytest.raises(CommandError):
        run("daily", "--slot=2026-11-23")
    JobRun.objects.update(milliseconds=0)

    call_command("jobs")

    assert capsys.readouterr().out.splitlines() == [
        "daily: Does it.",
        "    done through   never",
        "    missing        2, late: 2026-11-23T00:00, 2026-11-24T00:00",
        "    newest slot    2026-11-23 00:00 UTC  failed, in 0 ms, "
        "ValueError: the mail server is gone",
        "newest: Does it.",
        "    done through   never",
        "    missing        1: 2026-11-24T12:00",
    ]


def test_one_job_is_listed_with_its_last_slots(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("jobs", "daily")
    run("daily", "--slot=2026-11-23")
    run("daily", "--all")
    JobRun.objects.update(milliseconds=1_200)

    call_command("jobs", "daily")

    assert capsys.readouterr().out.splitlines() == [
        "daily has never run.",
        "daily ran for 2026-11-23T00:00 UTC.",
        "daily ran for 1 slot.",
        "2026-11-24 00:00 UTC  done, in 1,200 ms, 3 things",
        "2026-11-23 00:00 UTC  done, in 1,200 ms, 3 things",
    ]
    with pytest.raises(CommandError, match="no job 'other'"):
        call_command("jobs", "other")


def late(name: str, now: datetime) -> bool:
    return next(state.is_late for state in job_states(now) if state.job.name == name)


def test_a_slot_is_late_after_its_tick_and_the_grace(work: Work) -> None:
    run("daily", "--slot=2026-11-23")

    assert not late("daily", day(24, 7) + timedelta(minutes=14))
    assert late("daily", day(24, 7) + timedelta(minutes=15))
    run("daily", "--slot=2026-11-24")
    assert not late("daily", NOW)


def test_a_failed_slot_is_late_although_newer_ones_are_done(work: Work) -> None:
    run("daily", "--slot=2026-11-22")
    work.wrong = {day(23, 6)}
    with pytest.raises(CommandError):
        run("daily", "--all")

    assert late("daily", NOW)


def test_where_the_newest_stands_for_all_an_old_failure_is_not_late(work: Work) -> None:
    work.wrong = {day(24, 8)}
    with pytest.raises(CommandError):
        run("newest", "--slot=2026-11-24T08:00")
    assert late("newest", NOW)

    run("newest", "--slot=2026-11-24T11:00")

    assert not late("newest", NOW)
    assert late("newest", day(24, 13) + timedelta(minutes=15))


def test_who_never_ran_is_late_once_the_installation_is_old_enough(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not late("daily", NOW)

    monkeypatch.setattr(clock, "machine", lambda: installed() + timedelta(hours=2))

    assert late("daily", NOW)


def test_a_job_of_a_new_release_is_not_late_at_once(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "machine", lambda: installed() + timedelta(days=400))
    assert late("daily", NOW)

    MigrationRecorder.Migration.objects.create(
        app="credits", name="9999_new", applied=installed() + timedelta(days=400)
    )

    assert not late("daily", NOW)


def test_a_fresh_job_is_run_for_the_slot_that_is_asked(work: Work) -> None:
    job = replace(jobs.job_named("daily"), name="fresh")

    run_by_hand(job, day(21), NOW)

    assert work.asked == [day(21, 6)]
