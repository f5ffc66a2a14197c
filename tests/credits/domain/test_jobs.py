"""Jobs and their slots: what is missing, in which order, and what becomes of a failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from credits import clock
from credits.domain import jobs
from credits.domain.jobs import DAY, HOUR, WEEK, ClockJumped, Job, JobFailed, catch_up
from credits.exceptions import UnknownObject
from credits.models import JobRun, RunState

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
Work = Callable[[datetime], dict[str, int]]


class Worker:
    """Notes for which instants it was asked to work, and fails where it is told to."""

    def __init__(self) -> None:
        self.seen: list[datetime] = []
        self.broken: set[datetime] = set()

    def __call__(self, as_of: datetime) -> dict[str, int]:
        self.seen.append(as_of)
        if as_of in self.broken:
            raise ValueError("broken\non purpose")
        return {"things": len(self.seen)}


@pytest.fixture
def worker() -> Worker:
    return Worker()


def hourly(worker: Worker, **given: object) -> Job:
    return Job(name="test", words="", every=HOUR, work=worker, **given)  # type: ignore[arg-type]


def states() -> list[tuple[datetime, str]]:
    return list(JobRun.objects.order_by("slot").values_list("slot", "state"))


def test_a_fresh_installation_is_due_for_the_newest_slot_alone(worker: Worker) -> None:
    job = hourly(worker)

    assert catch_up(job, NINE + timedelta(minutes=5)) == 1
    assert catch_up(job, NINE + timedelta(minutes=59)) == 0
    assert worker.seen == [NINE]


def test_missing_slots_are_made_up_for_in_order(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)

    assert catch_up(job, NINE + timedelta(hours=72, minutes=3)) == 72
    assert worker.seen == [NINE + n * HOUR for n in range(73)]


def test_a_slot_is_due_so_long_after_it_began(worker: Worker) -> None:
    job = Job(name="test", words="", every=DAY, after=6 * HOUR, work=worker)
    midnight = clock.start_of(NINE.date())

    assert job.newest_due(midnight + 6 * HOUR) == midnight
    assert job.newest_due(midnight + 6 * HOUR - timedelta(microseconds=1)) == midnight - DAY
    catch_up(job, NINE)
    assert worker.seen == [midnight + 6 * HOUR]


def test_weeks_begin_on_monday() -> None:
    job = Job(name="test", words="", every=WEEK, work=Worker())

    assert job.slot_of(datetime(2026, 11, 29, 23, 59, tzinfo=UTC)) == datetime(
        2026, 11, 23, tzinfo=UTC
    )
    assert job.slot_of(datetime(2026, 11, 30, tzinfo=UTC)) == datetime(2026, 11, 30, tzinfo=UTC)


def test_a_failure_is_kept_holds_up_nothing_and_is_tried_again(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)
    worker.broken = {NINE + HOUR}

    with pytest.raises(JobFailed, match="1 of 2"):
        catch_up(job, NINE + 2 * HOUR)
    failed = JobRun.objects.get(slot=NINE + HOUR)
    assert failed.problem == "ValueError: broken on purpose"
    assert states() == [
        (NINE, RunState.DONE),
        (NINE + HOUR, RunState.FAILED),
        (NINE + 2 * HOUR, RunState.DONE),
    ]

    worker.broken = set()
    assert catch_up(job, NINE + 2 * HOUR) == 1
    mended = JobRun.objects.get(slot=NINE + HOUR)
    assert (mended.state, mended.attempts, mended.problem) == (RunState.DONE, 2, "")


def test_what_fails_in_every_slot_costs_a_tick_one_try(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)
    worker.broken = {NINE + n * HOUR for n in range(1, 49)}
    for n in range(1, 49):
        with pytest.raises(JobFailed):
            catch_up(job, NINE + n * HOUR, is_tick=True)
    worker.seen.clear()
    now = NINE + 49 * HOUR

    with pytest.raises(JobFailed):
        catch_up(job, now, is_tick=True)

    # Those that were not tried three times yet in order, the new one too; then a single old one.
    assert worker.seen[:3] == [NINE + 47 * HOUR, NINE + 48 * HOUR, now]
    assert len(worker.seen) == 4
    first = worker.seen[-1]
    with pytest.raises(JobFailed):
        catch_up(job, now, is_tick=True)
    assert worker.seen[-1] != first
    worker.broken = set()
    assert catch_up(job, now, is_tick=True) == 48
    assert catch_up(job, now, is_tick=True) == 0


def test_a_slot_that_kills_its_worker_each_time_gives_way_to_the_others(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)
    with clock.moved_to(NINE + HOUR):
        for _ in range(jobs.TRIES):
            jobs.begin(job, NINE + HOUR)

    assert catch_up(job, NINE + 2 * HOUR, is_tick=True) == 2
    assert worker.seen == [NINE, NINE + 2 * HOUR, NINE + HOUR]


def test_a_slot_that_several_workers_are_at_keeps_its_place(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)
    with clock.moved_to(NINE + 2 * HOUR):
        for _ in range(jobs.TRIES):
            jobs.begin(job, NINE + HOUR)

        assert catch_up(job, NINE + 2 * HOUR, is_tick=True) == 2
    assert worker.seen == [NINE, NINE + HOUR, NINE + 2 * HOUR]


def test_a_run_that_was_killed_is_run_again(worker: Worker) -> None:
    job = hourly(worker)
    jobs.begin(job, NINE)

    assert catch_up(job, NINE) == 1
    assert states() == [(NINE, RunState.DONE)]


def test_where_only_the_newest_counts_missed_slots_are_left_out(worker: Worker) -> None:
    job = hourly(worker, catches_up=False)
    catch_up(job, NINE)

    assert catch_up(job, NINE + 10 * HOUR) == 1
    assert catch_up(job, NINE + 10 * HOUR) == 0
    assert worker.seen == [NINE, NINE + 10 * HOUR]


def test_a_clock_that_went_back_runs_nothing(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)

    assert catch_up(job, NINE - DAY) == 0
    assert worker.seen == [NINE]


def test_where_only_the_newest_counts_the_work_goes_on_after_a_clock_that_ran_ahead(
    worker: Worker,
) -> None:
    job = hourly(worker, catches_up=False)
    catch_up(job, NINE)
    catch_up(job, NINE + 10 * DAY)

    assert catch_up(job, NINE) == 0
    assert catch_up(job, NINE + HOUR) == 1
    assert catch_up(job, NINE + HOUR) == 0


def test_a_clock_that_jumped_runs_nothing_until_an_operator_says_so(worker: Worker) -> None:
    job = hourly(worker)
    catch_up(job, NINE)
    later = NINE + 30 * DAY + HOUR

    with pytest.raises(ClockJumped, match="30 days after"):
        catch_up(job, later)
    assert worker.seen == [NINE]
    assert catch_up(job, later, is_told=True) == 30 * 24 + 1


def test_thirty_days_are_made_up_for(worker: Worker) -> None:
    job = Job(name="test", words="", every=DAY, work=worker)
    catch_up(job, NINE)

    assert catch_up(job, NINE + 30 * DAY) == 30


def test_rows_are_forgotten_when_they_are_old_but_never_the_newest(worker: Worker) -> None:
    job = hourly(worker, catches_up=False, kept=DAY)
    catch_up(job, NINE)
    catch_up(job, NINE + 25 * HOUR)

    assert states() == [(NINE + 25 * HOUR, RunState.DONE)]
    catch_up(job, NINE + 25 * HOUR + 10 * DAY)
    assert len(states()) == 1


def test_jobs_have_names_of_their_own() -> None:
    names = [job.name for job in jobs.jobs()]

    assert len(set(names)) == len(names)
    with pytest.raises(UnknownObject, match="publish-hour"):
        jobs.job_named("no-such-job")
