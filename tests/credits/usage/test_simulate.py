"""A simulated customer: the same for the same seed, and never anything twice."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.demonstration.simulate import simulate
from config.demonstration.simulated import SYSTEMS, reports
from credits import clock
from credits.domain import verify
from credits.domain.sources import reporting
from credits.models import Customer, Operation, UsageReport
from tests.credits.domain.acts import DAY, NOON, held

DAYS = 20


def simulated(customer: Customer, **options: Any) -> str:
    out = StringIO()
    call_command("simulate", customer.slug, stdout=out, **options)
    return out.getvalue()


def test_the_same_seed_says_the_same_and_another_something_else() -> None:
    first = list(reports(NOON, days=DAYS, seed=1))

    assert list(reports(NOON, days=DAYS, seed=1)) == first
    assert list(reports(NOON, days=DAYS, seed=2)) != first


def test_a_later_day_adds_and_changes_nothing_before() -> None:
    first = {sent.key: sent for sent in reports(NOON, days=DAYS, seed=1)}
    later = {sent.key: sent for sent in reports(NOON + DAY, days=DAYS + 1, seed=1)}

    assert first.items() <= later.items()
    assert len(later) > len(first)


def test_there_are_late_and_corrected_reports_weekends_and_growth() -> None:
    sent = list(reports(NOON, days=365, seed=1))
    late = [one for one in sent if one.arrives_at - one.at > timedelta(days=1)]
    corrected = [one for one in sent if one.revision]
    traffic = {one.at.date(): one for one in sent if one.group == "network-virtual-sensor"}
    monday, sunday = traffic[NOON.date() - DAY], traffic[NOON.date() - 2 * DAY]

    assert late
    assert corrected
    assert sunday.quantities["network-virtual-sensor"] < monday.quantities["network-virtual-sensor"]  # type: ignore[operator]
    mail = [one.quantities["email-core"] for one in sent if one.group == "email-core"]
    assert mail[0] < mail[-1]  # type: ignore[operator]
    assert all(one.arrives_at <= NOON for one in sent)
    assert [one.arrives_at for one in sent] == sorted(one.arrives_at for one in sent)


def test_a_run_fills_the_books_and_they_hold(licensed: Customer) -> None:
    said = simulated(licensed, days=DAYS, seed=3)

    count = UsageReport.objects.filter(customer=licensed, by_hand=False).count()
    assert said == f"{count} reports posted, 0 were there already.\n"
    assert count > DAYS * 7
    assert all(held(licensed, key) > 0 for key in ("endpoint-pro", "email-core", "cloud-risk"))
    assert verify.verify_books(licensed) == []


def test_one_system_is_silent(licensed: Customer) -> None:
    simulate(licensed, days=DAYS, seed=3)

    stale = {own.source.group.key for own in reporting(licensed).values() if own.is_stale(NOON)}
    assert stale == {"endpoint-sandbox-submission"}
    assert held(licensed, "endpoint-sandbox-submission") > 0


def test_a_second_run_doubles_nothing(licensed: Customer) -> None:
    simulated(licensed, days=DAYS, seed=3)
    operations = Operation.objects.count()

    said = simulated(licensed, days=DAYS, seed=3)

    assert said.startswith("0 reports posted, ")
    assert Operation.objects.count() == operations


def test_a_run_a_day_later_adds_the_day(licensed: Customer) -> None:
    simulated(licensed, days=3, seed=3)
    with clock.moved_to(NOON + DAY):
        said = simulated(licensed, days=4, seed=3)

        assert int(said.split()[0]) >= len(SYSTEMS)
        assert verify.verify_books(licensed) == []


def test_production_makes_up_no_history(licensed: Customer, settings: Any) -> None:
    settings.CLOCK_MAY_MOVE = False

    with pytest.raises(CommandError, match="makes up no history"):
        simulated(licensed)

    assert UsageReport.objects.count() == 0


def test_nobody_is_not_simulated(db: None) -> None:
    with pytest.raises(CommandError, match="There is no customer"):
        call_command("simulate", "nobody")


@pytest.mark.parametrize("days", ["0", "366", "-1", "x", "²", "1e3"])
def test_days_out_of_range_are_refused(licensed: Customer, days: str) -> None:
    with pytest.raises(CommandError, match="days"):
        call_command("simulate", licensed.slug, f"--days={days}")
