"""Usage reports: facts with an instant of their own, kept whatever the books say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from credits import clock
from credits.domain import verify
from credits.domain.post import post
from credits.domain.usage import ReportUsage
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, NotAllowed, UnknownObject
from credits.models import Customer, LedgerEntry, OverAllocation, UsageReport
from tests.credits.domain.acts import DAY, NOON, allocate, figure, held, nothing_written, release
from tests.credits.domain.acts import undo as take_back
from tests.credits.usage.reports import INVENTORY, SANDBOX, report, set_source
from tests.factories import credits as make

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_a_report_holds_credits_from_its_own_instant_on(reported: Customer) -> None:
    report(reported, 310, NOON - 3 * HOUR)

    assert held(reported, SANDBOX) == 2_170
    assert held(reported, SANDBOX, NOON - 3 * HOUR) == 2_170
    assert held(reported, SANDBOX, NOON - 3 * HOUR - SECOND) == 0
    assert not UsageReport.objects.get(customer=reported).by_hand
    assert verify.verify_books(reported) == []


def test_a_report_of_exactly_400_days_ago_is_kept(reported: Customer) -> None:
    # The books' own now is the clock, or just after the last thing they recorded.
    with clock.moved_to(NOON + HOUR):
        report(reported, 5, NOON + HOUR - 400 * DAY)

    assert held(reported, SANDBOX) == 35


def test_a_report_older_than_400_days_is_refused(reported: Customer) -> None:
    with (
        nothing_written(reported),
        clock.moved_to(NOON + HOUR),
        pytest.raises(InvalidCommand, match="more than 400 days ago") as refused,
    ):
        report(reported, 5, NOON + HOUR - 400 * DAY - timedelta(microseconds=1))

    assert refused.value.field == "at"


def test_a_report_of_exactly_5_minutes_ahead_is_kept_and_counts_then(reported: Customer) -> None:
    with clock.moved_to(NOON + HOUR):
        ahead = NOON + HOUR + timedelta(minutes=5)
        report(reported, 5, ahead)

        assert (held(reported, SANDBOX), held(reported, SANDBOX, ahead)) == (0, 35)
        assert verify.verify_books(reported) == []
    with clock.moved_to(ahead):
        assert held(reported, SANDBOX) == 35


def test_a_report_further_ahead_than_5_minutes_is_refused(reported: Customer) -> None:
    with (
        nothing_written(reported),
        clock.moved_to(NOON + HOUR),
        pytest.raises(InvalidCommand, match="more than 5 minutes ahead"),
    ):
        report(reported, 5, NOON + HOUR + timedelta(minutes=5, microseconds=1))


def test_the_higher_revision_wins_at_one_instant_whenever_it_comes(reported: Customer) -> None:
    report(reported, 20, NOON - DAY, revision=7)
    report(reported, 10, NOON - DAY, revision=3)

    assert held(reported, SANDBOX) == 140


def test_the_later_operation_wins_at_one_instant_and_revision(reported: Customer) -> None:
    report(reported, 20, NOON - DAY, revision=7)
    report(reported, 10, NOON - DAY, revision=7)

    assert held(reported, SANDBOX) == 70


def test_a_revision_counts_only_at_its_own_instant(reported: Customer) -> None:
    report(reported, 20, NOON - DAY, revision=9)
    report(reported, 10, NOON - HOUR)

    assert held(reported, SANDBOX) == 70
    assert held(reported, SANDBOX, NOON - DAY) == 140


def test_a_late_report_changes_only_the_time_before_the_next(reported: Customer) -> None:
    report(reported, 10, NOON - DAY)
    report(reported, 40, NOON - 3 * DAY)

    assert held(reported, SANDBOX) == 70
    assert held(reported, SANDBOX, NOON - 2 * DAY) == 280
    assert verify.verify_books(reported) == []


def test_a_report_of_the_same_units_is_kept_and_books_nothing(reported: Customer) -> None:
    report(reported, 10, NOON - DAY)
    entries = LedgerEntry.objects.filter(customer=reported).count()

    report(reported, 10, NOON - HOUR)

    assert LedgerEntry.objects.filter(customer=reported).count() == entries
    assert UsageReport.objects.filter(customer=reported).count() == 2


def test_a_repeat_gets_the_first_answer(reported: Customer) -> None:
    first = report(reported, 10, NOON - DAY, key="inventory-1")
    with clock.moved_to(NOON + 2 * HOUR):
        second = report(reported, 10, NOON - DAY, key="inventory-1")

    assert (second.operation, second.repeated) == (first.operation, True)
    assert UsageReport.objects.filter(customer=reported).count() == 1


def test_a_repeat_is_answered_even_when_nothing_reports_any_more(reported: Customer) -> None:
    report(reported, 10, NOON - DAY, key="inventory-1")
    set_source(reported, name=None)

    assert report(reported, 10, NOON - DAY, key="inventory-1").repeated


@pytest.mark.parametrize(
    "changed", [{"units": 11}, {"at": NOON - HOUR}, {"revision": 1}], ids=lambda c: next(iter(c))
)
def test_the_same_key_with_other_content_is_refused(
    reported: Customer, changed: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"units": 10, "at": NOON - DAY, "key": "inventory-1"}
    report(reported, **asked)

    with nothing_written(reported), pytest.raises(KeyConflict):
        report(reported, **asked | changed)


def test_the_same_content_in_another_zone_or_with_zeros_is_the_same(reported: Customer) -> None:
    report(reported, Decimal("10"), NOON - DAY, key="inventory-1")

    there = (NOON - DAY).astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert report(reported, Decimal("10.000"), there, key="inventory-1").repeated


def test_a_report_is_never_refused_for_the_balance(reported: Customer) -> None:
    reported.over_allocation = OverAllocation.REFUSE
    reported.save(update_fields=["over_allocation"])

    report(reported, 2_000, NOON - HOUR)

    valid, allocated = figure(reported)
    assert valid - allocated == -4_000


def test_a_report_is_not_refused_for_a_missing_requirement(licensed: Customer) -> None:
    set_source(licensed, "ztsa-sandbox")

    report(licensed, 10, NOON - HOUR, group="ztsa-sandbox")

    assert held(licensed, "ztsa-sandbox") == 70


def test_a_report_for_a_closed_rate_is_kept_at_that_rate(licensed: Customer) -> None:
    set_source(licensed, "endpoint-advanced-protection")

    report(licensed, 10, NOON - HOUR, group="endpoint-advanced-protection")

    assert held(licensed, "endpoint-advanced-protection") == 450


def test_reports_are_kept_while_off_and_count_again_when_on(licensed: Customer) -> None:
    allocate(licensed, SANDBOX, 10)
    off = release(licensed, SANDBOX)
    set_source(licensed)
    with clock.moved_to(NOON + HOUR):
        report(licensed, 30, NOON + HOUR)
        assert held(licensed, SANDBOX) == 0

        take_back(licensed, off)

        assert held(licensed, SANDBOX) == 210


def test_a_wrong_report_can_be_undone(reported: Customer) -> None:
    report(reported, 10, NOON - 2 * DAY)
    wrong = report(reported, 1_000, NOON - DAY)

    take_back(reported, wrong)

    assert held(reported, SANDBOX) == held(reported, SANDBOX, NOON - DAY) == 70


def test_the_newest_statement_counts_whoever_made_it(licensed: Customer) -> None:
    allocate(licensed, SANDBOX, 100)
    set_source(licensed)
    report(licensed, 50, NOON - HOUR)
    assert held(licensed, SANDBOX) == 700

    with clock.moved_to(NOON + HOUR):
        report(licensed, 60, NOON + HOUR)
        assert held(licensed, SANDBOX) == 420


def test_a_system_cannot_report_where_people_state_the_units(licensed: Customer) -> None:
    with nothing_written(licensed), pytest.raises(NotAllowed, match="are stated by hand"):
        report(licensed, 10, NOON - HOUR)


def test_support_enters_by_hand_with_a_reason(reported: Customer) -> None:
    report(reported, 10, NOON - DAY)

    report(reported, 12, NOON - HOUR, by_hand=True, reason="Inventory is down")

    assert held(reported, SANDBOX) == 84
    assert UsageReport.objects.filter(customer=reported, by_hand=True).count() == 1


def test_support_cannot_enter_by_hand_without_a_reason(reported: Customer) -> None:
    with nothing_written(reported), pytest.raises(InvalidCommand, match="need a reason"):
        report(reported, 12, NOON - HOUR, by_hand=True)


def test_packages_are_reported_together(licensed: Customer) -> None:
    set_source(licensed, "endpoint-packages")

    report(
        licensed, {"endpoint-core": 10, "endpoint-pro": 2}, NOON - HOUR, group="endpoint-packages"
    )

    assert (held(licensed, "endpoint-core"), held(licensed, "endpoint-pro")) == (450, 600)


def test_accounts_are_reported_apart(licensed: Customer) -> None:
    set_source(licensed, "cloud-risk")

    report(licensed, {"cloud-risk": {"prod": 501, "lab": 20}}, NOON - HOUR, group="cloud-risk")

    assert held(licensed, "cloud-risk") == 3_000


@pytest.mark.parametrize("group", ["", "no-such-group", "Endpoint Packages", "x" * 300, "a\0b"])
def test_an_unknown_group_is_refused(reported: Customer, group: str) -> None:
    with nothing_written(reported), pytest.raises(UnknownObject):
        report(reported, {SANDBOX: 1}, NOON, group=group)


BAD = ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999999", "1e-999999999", "-1", "-0"]


@pytest.mark.parametrize("units", [*BAD, "1000000001", "1.5"])
def test_a_bad_number_is_refused_and_nothing_is_kept(reported: Customer, units: str) -> None:
    with nothing_written(reported), pytest.raises(InvalidCommand) as refused:
        report(reported, Decimal(units), NOON - HOUR)

    assert refused.value.message.startswith("Units ")
    assert refused.value.field == SANDBOX


@pytest.mark.parametrize("units", ["0.125", "1000000000", "0", "0E+5", "1E+2"])
def test_measured_units_may_have_decimals(licensed: Customer, units: str) -> None:
    set_source(licensed, "network-virtual-sensor")

    report(licensed, Decimal(units), NOON - HOUR, group="network-virtual-sensor")

    assert verify.verify_books(licensed) == []


@pytest.mark.parametrize(
    ("group", "quantities"),
    [
        ("endpoint-packages", {"units": 5}),
        ("endpoint-packages", {"email-core": 5}),
        ("ztsa-internet-ai", {"ztsa-internet-access": 5}),
        (SANDBOX, {"units": 5, SANDBOX: 5}),
        (SANDBOX, {SANDBOX: {"prod": 5}}),
        ("cloud-risk", {"cloud-risk": {"": 5}}),
        ("cloud-risk", {"cloud-risk": {"a\nb": 5}}),
        ("cloud-risk", {"cloud-risk": {f"a{n}": 1 for n in range(10_001)}}),
        ("cloud-risk", {}),
    ],
)
def test_units_under_other_keys_than_the_group_has_are_refused(
    licensed: Customer, group: str, quantities: dict[str, Any]
) -> None:
    set_source(licensed, group)

    with nothing_written(licensed), pytest.raises(InvalidCommand):
        report(licensed, quantities, NOON - HOUR, group=group)


def test_a_feature_alone_in_its_group_may_be_called_units(reported: Customer) -> None:
    report(reported, {"units": 10}, NOON - HOUR)

    assert held(reported, SANDBOX) == 70


@pytest.mark.parametrize("revision", [-1, 2**63])
def test_a_revision_out_of_range_is_refused(reported: Customer, revision: int) -> None:
    with nothing_written(reported), pytest.raises(InvalidCommand, match="revision"):
        report(reported, 1, NOON, revision=revision)


def test_the_highest_revision_is_kept(reported: Customer) -> None:
    report(reported, 1, NOON, revision=2**63 - 1)

    assert held(reported, SANDBOX) == 7


def test_an_instant_without_a_zone_is_refused(reported: Customer) -> None:
    with nothing_written(reported), pytest.raises(InvalidCommand, match="time zone"):
        report(reported, 1, datetime(2027, 6, 15, 9))


def test_another_customers_source_is_not_ones_own(
    reported: Customer, other_customer: Customer
) -> None:
    with pytest.raises(NotAllowed):
        report(other_customer, 10, NOON)


def test_who_reported_is_remembered_by_the_name_it_had(reported: Customer) -> None:
    answer = report(reported, 10, NOON - HOUR)
    set_source(reported, name="Another system")

    assert answer.data == {"group": SANDBOX, "reported_by": INVENTORY}


def test_nothing_but_credits_errors_come_of_bad_commands(reported: Customer) -> None:
    for quantities in ({"x" * 5_000: Decimal(1)}, {"²": Decimal(1)}, {"a\0": Decimal(1)}):
        with pytest.raises(CreditsError):
            post(
                ReportUsage(
                    customer=reported,
                    asked=make.asked(),
                    group=SANDBOX,
                    quantities=quantities,
                    at=NOON,
                )
            )
