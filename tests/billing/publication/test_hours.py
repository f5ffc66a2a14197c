"""Which hours are closed, in which order, and that every way there ends the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from billing import tasks
from billing.domain import publication
from billing.domain.publication import close_boundary, publish
from credits import clock
from credits.domain import jobs
from credits.domain.boundaries import HOUR, missing_hours
from credits.domain.jobs import ClockJumped
from credits.exceptions import InvalidCommand
from credits.models import Boundary, Publication
from tests.billing.publication.hours import closed, problems, records, run, undone
from tests.billing.story import NOON, Story, instant

NINE = instant("2026-11-24T09:00")


def hours(first: str, count: int) -> list[object]:
    return [instant(first) + HOUR * n for n in range(count)]


def test_a_fresh_installation_closes_only_the_newest_hour_that_is_due(halden: Story) -> None:
    assert missing_hours(instant(NOON)) == [NINE]

    assert run(NOON) == [NINE]

    assert closed() == [NINE]
    assert problems() == []


def test_each_hour_closes_the_next_boundary(halden: Story) -> None:
    run("2026-11-24T11:02")

    assert run("2026-11-24T11:59") == []
    assert run("2026-11-24T12:00") == [instant("2026-11-24T10:00")]
    assert problems() == []


def test_hours_without_a_worker_are_closed_in_order(halden: Story) -> None:
    run("2026-11-24T05:02")

    assert missing_hours(instant("2026-11-24T11:30")) == hours("2026-11-24T04:00", 6)
    assert run("2026-11-24T11:30") == hours("2026-11-24T04:00", 6)
    assert missing_hours(instant("2026-11-24T11:30")) == []
    assert closed() == hours("2026-11-24T03:00", 7)
    assert problems() == []


def test_a_second_run_and_a_late_one_change_nothing(halden: Story) -> None:
    run("2026-11-24T09:02")
    run(NOON)
    before = records()

    assert run(NOON) == []
    assert run("2026-11-24T10:30") == []
    assert records() == before


def test_killed_between_the_two_transactions_it_ends_the_same(halden: Story) -> None:
    run("2026-11-24T09:02")
    with undone():
        run("2026-11-24T13:02")
        unbroken = records()

    killed = close_boundary(instant("2026-11-24T08:00"), instant("2026-11-24T10:02"))
    assert killed is not None
    assert not hasattr(Boundary.objects.get(pk=killed.pk), "publication")
    recorded = run("2026-11-24T13:02")

    assert recorded == hours("2026-11-24T08:00", 4)
    assert records() == unbroken
    assert problems() == []


def test_the_very_first_hour_killed_in_between_is_completed(halden: Story) -> None:
    close_boundary(NINE, instant(NOON))

    assert run(NOON) == [NINE]
    assert problems() == []


def test_no_hour_is_closed_out_of_order_and_none_is_left_out(halden: Story) -> None:
    run(NOON)

    assert close_boundary(NINE + 2 * HOUR, instant("2026-11-24T15:00")) is None
    assert close_boundary(NINE - HOUR, instant("2026-11-24T15:00")) is None
    again = close_boundary(NINE, instant("2026-11-24T15:00"))

    assert again == Boundary.objects.get()
    assert again.closed_at == instant(NOON)


def test_no_record_is_written_before_that_of_the_hour_before(halden: Story) -> None:
    first = close_boundary(NINE, instant(NOON))
    second = close_boundary(NINE + HOUR, instant("2026-11-24T12:02"))
    assert first is not None
    assert second is not None

    assert publish(second, instant(NOON)) is None
    written = publish(first, instant(NOON))
    assert publish(first, instant("2026-11-24T15:00")) == written
    assert publish(second, instant(NOON)) is not None
    assert Publication.objects.count() == 2
    assert problems() == []


def test_a_clock_that_stands_before_the_newest_boundary_closes_nothing(halden: Story) -> None:
    run(NOON)

    assert run("2026-11-20T11:20") == []
    assert missing_hours(instant("2026-11-20T11:20")) == []
    assert closed() == [NINE]


def test_thirty_days_are_made_up_for_and_an_hour_more_is_refused(
    halden: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "LONGEST_JUMP", timedelta(hours=5))
    run(NOON)

    with pytest.raises(ClockJumped, match="2026-11-24 15:00 UTC is due") as refusal:
        run("2026-11-24T17:00")
    assert closed() == [NINE]
    assert "run_job publish-hour --all --yes" in refusal.value.message

    assert len(run("2026-11-24T16:59")) == 5
    assert problems() == []


def test_the_jump_that_is_refused_is_one_of_more_than_thirty_days(halden: Story) -> None:
    run(NOON)

    with pytest.raises(ClockJumped):
        run("2026-12-24T12:00")
    assert closed() == [NINE]


def test_the_task_logs_a_jump_and_closes_nothing(
    halden: Story, caplog: pytest.LogCaptureFixture
) -> None:
    with clock.moved_to(instant(NOON)):
        assert tasks.publish_hour() == 1
        assert tasks.publish_hour() == 0
    with clock.moved_to(instant("2027-02-24T12:00")):
        assert tasks.publish_hour() == 0

    assert closed() == [NINE]
    assert "job_refused job=publish-hour" in caplog.text


def test_only_a_full_hour_that_is_due_can_be_named(halden: Story) -> None:
    for through in ("2026-11-24T09:30", "2026-11-24T10:00"):
        with pytest.raises(InvalidCommand):
            run(NOON, through=instant(through))
    assert closed() == []


def test_an_operator_closes_what_a_jump_keeps_back_and_is_asked_first(
    halden: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs, "LONGEST_JUMP", timedelta(hours=1))
    with clock.moved_to(instant(NOON)):
        call_command("run_job", "publish-hour", "--all")
    with clock.moved_to(instant("2026-11-24T15:00")):
        with pytest.raises(CommandError, match="run_job publish-hour --all --yes"):
            call_command("run_job", "publish-hour", "--all")
        with pytest.raises(CommandError, match="This would run 3 slots"):
            call_command("run_job", "publish-hour", "--all", "--through=2026-11-24T14:00")
        assert closed() == [NINE]

        call_command("run_job", "publish-hour", "--all", "--through=2026-11-24T14:00", "--yes")

        assert closed() == hours("2026-11-24T09:00", 4)
        call_command("run_job", "publish-hour", "--all")
        call_command("run_job", "publish-hour", "--all")
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "publish-hour ran for 1 slot.",
        "publish-hour ran for 3 slots.",
        "publish-hour ran for 1 slot.",
        "Nothing is missing.",
    ]
    assert problems() == []
