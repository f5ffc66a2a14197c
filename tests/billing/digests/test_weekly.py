"""What automatic usage changed in a week: whom it is told, and that it is what the ledger holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.digests import weekly
from billing.domain.digests.sales import send_sales
from billing.domain.digests.weekly import LISTED, automatic_rows, sample_week, send_weekly
from billing.domain.notices.words import told
from billing.models import Notice, NoticeKind, NoticeSettings
from credits import clock
from credits.domain.figures import figure, level
from credits.domain.jobs import JobFailed
from credits.models import Balance, Customer, Feature, OutgoingMail, User
from tests.billing.digests.telling import (
    MONDAY,
    WEEK,
    licensed,
    mails_to,
    reported_by,
    told_at,
)
from tests.credits.usage.reports import SANDBOX, report
from tests.factories import credits as make

SENSOR = "network-virtual-sensor"
HOUR = timedelta(hours=1)


def digests() -> list[Notice]:
    return list(Notice.objects.filter(kind=NoticeKind.WEEKLY).order_by("pk"))


def test_the_week_of_a_customer_is_told_to_its_recipients(customer: Customer, alice: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 300, MONDAY - 2 * WEEK)
    told_at(customer, 310, MONDAY - 3 * HOUR)

    assert send_weekly(MONDAY) == {"weekly digests": 1}

    [notice] = digests()
    assert (notice.customer, notice.at) == (customer, MONDAY)
    assert notice.facts["features"] == [
        {
            "name": Feature.objects.get(key=SANDBOX).name,
            "before": 2_100,
            "change": 70,
            "otherwise": 0,
            "after": 2_170,
        }
    ]
    assert notice.facts["change"] == 70
    assert (notice.facts["valid"], notice.facts["allocated"]) == (52_000, 2_170)
    [mail] = mails_to(alice, "weekly")
    week = "Automatic usage changed 1 feature by +70 credits in the week to 30 Nov 2026"
    assert mail.subject == f"{week} (Halden Energy)"
    assert "+70 credits, from 2,100 to 2,170." in mail.text
    assert "the balance was 49,830" in mail.text


def test_the_same_week_is_told_once(customer: Customer, alice: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 310, MONDAY - HOUR)

    send_weekly(MONDAY)
    assert send_weekly(MONDAY) == {"weekly digests": 0}

    assert len(digests()) == len(mails_to(alice, "weekly")) == 1


def test_the_week_begins_after_its_first_instant_and_ends_with_its_last(
    customer: Customer, alice: User
) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 100, MONDAY - WEEK)
    told_at(customer, 110, MONDAY)

    send_weekly(MONDAY - WEEK)
    send_weekly(MONDAY)

    assert [notice.facts["change"] for notice in digests()] == [700, 70]


def test_what_is_heard_late_belongs_to_the_week_that_hears_it(
    customer: Customer, alice: User
) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 100, MONDAY - HOUR, late=2 * HOUR)

    with clock.moved_to(MONDAY + 3 * HOUR):
        assert send_weekly(MONDAY) == {"weekly digests": 0}
        assert send_weekly(MONDAY + WEEK) == {"weekly digests": 1}


def test_catching_up_tells_what_was_known_then(customer: Customer, alice: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 100, MONDAY - HOUR)
    told_at(customer, 500, MONDAY + HOUR)
    told_at(customer, 90, MONDAY - 2 * HOUR, late=4 * HOUR)

    send_weekly(MONDAY)

    [notice] = digests()
    assert notice.facts["change"] == notice.facts["allocated"] == 700


def test_what_people_changed_is_told_beside_and_not_as_automatic(
    customer: Customer, alice: User
) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 100, MONDAY - 3 * HOUR)
    with clock.moved_to(MONDAY - 2 * HOUR):
        report(customer, 150, MONDAY - 2 * HOUR, by_hand=True, reason="Counted")
        make.allocate(customer, SENSOR, 1)

    send_weekly(MONDAY)

    [notice] = digests()
    [line] = notice.facts["features"]
    assert (line["change"], line["otherwise"], line["after"]) == (700, 350, 1_050)
    assert (
        "+700 credits by reports and +350 otherwise, from 0 to 1,050." in told(notice).sentences[0]
    )


def test_a_week_without_change_is_not_told(customer: Customer, alice: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 100, MONDAY - WEEK - HOUR)
    told_at(customer, 120, MONDAY - 3 * HOUR)
    told_at(customer, 100, MONDAY - 2 * HOUR)
    with clock.moved_to(MONDAY - HOUR):
        make.allocate(customer, SENSOR, 1)

    assert send_weekly(MONDAY) == {"weekly digests": 0}


def test_who_chose_not_to_be_told_is_not(customer: Customer, alice: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 100, MONDAY - HOUR)
    NoticeSettings.objects.create(customer=customer, weekly=False)

    assert send_weekly(MONDAY) == {"weekly digests": 0}


def test_balances_of_broken_books_are_told_to_nobody(
    customer: Customer, alice: User, rep: User
) -> None:
    licensed(customer, 70)
    reported_by(customer)
    told_at(customer, 100, MONDAY - HOUR)
    Balance.objects.filter(customer=customer).update(parked_at=MONDAY)

    assert send_weekly(MONDAY) == {"weekly digests": 0}
    assert send_sales(MONDAY) == {"sales digests": 0}

    Balance.objects.filter(customer=customer).update(parked_at=None)
    assert send_weekly(MONDAY) == {"weekly digests": 1}
    assert send_sales(MONDAY) == {"sales digests": 1}


def test_a_locked_new_or_erased_customer_is_told_nothing(
    customer: Customer, other_customer: Customer, alice: User, carol: User
) -> None:
    third = make.make_customer(name="Gone")
    licensed(customer, last_day=date(2026, 10, 20))
    licensed(third)
    for one in (customer, other_customer, third):
        reported_by(one)
        told_at(one, 100, MONDAY - HOUR)
    Balance.objects.filter(customer=third).update(purged_at=MONDAY - HOUR)

    assert send_weekly(MONDAY) == {"weekly digests": 0}


def test_one_customers_failure_stops_no_other(
    customer: Customer,
    other_customer: Customer,
    alice: User,
    carol: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in (customer, other_customer):
        licensed(one)
        reported_by(one)
        told_at(one, 100, MONDAY - HOUR)
    real: Callable[..., Any] = weekly.weekly_notice

    def broken(one: Customer, *rest: Any) -> Notice:
        if one == customer:
            raise ValueError("broken")
        return real(one, *rest)  # type: ignore[no-any-return]

    monkeypatch.setattr(weekly, "weekly_notice", broken)
    with pytest.raises(JobFailed, match="1 customers"):
        send_weekly(MONDAY)
    monkeypatch.undo()

    assert [notice.customer for notice in digests()] == [other_customer]
    assert send_weekly(MONDAY) == {"weekly digests": 1}
    assert OutgoingMail.objects.filter(kind="weekly").count() == 2


FEATURES = ("endpoint-sandbox-submission", "network-virtual-sensor", "email-sensor")

reports = st.lists(
    st.tuples(
        st.sampled_from(FEATURES),
        st.integers(0, 40),
        st.integers(0, 15 * 24),
        st.integers(0, 72),
        st.booleans(),
    ),
    max_size=12,
)


@given(told=reports)
@settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_what_is_told_is_the_sum_of_its_ledger_rows(
    catalogue: None, told: list[tuple[str, int, int, int, bool]]
) -> None:
    customer = make.make_customer()
    licensed(customer)
    reported_by(customer, *FEATURES)
    begin = MONDAY - 2 * WEEK
    heard = sorted(told, key=lambda one: one[2] + one[3])
    for number, (feature, units, hour, late, by_hand) in enumerate(heard):
        at = begin + hour * HOUR
        with clock.moved_to(at + late * HOUR):
            report(
                customer, units, at, group=feature, revision=number, by_hand=by_hand, reason="told"
            )

    for monday in (MONDAY - WEEK, MONDAY, MONDAY + WEEK):
        send_weekly(monday)
        rows = list(automatic_rows(monday).filter(customer=customer))
        found = Notice.objects.filter(customer=customer, at=monday).first()
        if found is None:
            sums = {row.feature_id: 0 for row in rows}
            for row in rows:
                sums[row.feature_id] += row.credits
            assert not any(sums.values())
            continue
        facts = found.facts
        assert facts["change"] == sum(row.credits for row in rows)
        assert facts["change"] == facts["others"]["change"] + sum(
            line["change"] for line in facts["features"]
        )
        now = figure(customer, at=monday, known=monday)
        assert (facts["valid"], facts["allocated"]) == (now.valid, now.allocated)
        assert facts["balance"] == now.balance
        for line in facts["features"]:
            named = Feature.objects.get(name=line["name"], key__in=FEATURES)
            ends = [
                level(customer, at=at, known=at, feature_id=named.pk)
                for at in (monday - WEEK, monday)
            ]
            assert [line["before"], line["after"]] == ends
            assert line["before"] + line["change"] + line["otherwise"] == line["after"]


def test_ten_features_are_named_and_the_others_are_one_sum(customer: Customer, alice: User) -> None:
    changes = {pk: 100 + pk for pk in Feature.objects.order_by("pk").values_list("pk", flat=True)}
    licensed(customer)

    facts = weekly.weekly_notice(customer, changes, MONDAY).facts

    assert len(facts["features"]) == LISTED
    assert facts["others"]["count"] == len(changes) - LISTED
    listed = sum(line["change"] for line in facts["features"])
    assert listed + facts["others"]["change"] == facts["change"] == sum(changes.values())
    least = min(abs(line["change"]) for line in facts["features"])
    assert least > max(sorted(changes.values())[:-LISTED])


def test_the_notice_leads_to_the_reports(
    customer: Customer, alice: User, client_of: Callable[[User], Client]
) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 310, MONDAY - HOUR)
    send_weekly(MONDAY)

    with clock.moved_to(MONDAY):
        page = client_of(alice).get(told(digests()[0]).url)

    assert page.status_code == 200
    assert "310" in page.content.decode()


def test_the_newest_week_with_anything_is_the_sample(customer: Customer) -> None:
    licensed(customer)
    assert sample_week(customer, MONDAY) is None
    reported_by(customer)
    told_at(customer, 300, datetime(2026, 10, 12, 9, tzinfo=UTC))

    found = sample_week(customer, MONDAY)

    assert found is not None
    assert found.pk is None
    assert found.facts["change"] == 2_100
    assert found.at == datetime(2026, 10, 19, 6, tzinfo=UTC)
    assert not digests()


def test_a_week_ends_on_monday_at_six() -> None:
    tick = timedelta(microseconds=1)

    assert weekly.week_end(MONDAY) == weekly.week_end(MONDAY - WEEK + tick) == MONDAY
    assert weekly.week_end(MONDAY + tick) == MONDAY + WEEK


def test_a_report_of_a_system_alone_is_automatic(customer: Customer) -> None:
    licensed(customer)
    reported_by(customer)
    with clock.moved_to(MONDAY - HOUR):
        report(customer, 3, MONDAY - HOUR, by_hand=True, reason="By telephone")

    assert not automatic_rows(MONDAY).filter(customer=customer).exists()
