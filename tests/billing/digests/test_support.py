"""The daily digest of the support desk: what must be mended, and who reads of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from billing.domain.digests import sending
from billing.domain.digests.support import send_support, support_mail
from billing.models import LifeEvent, LifeEventKind
from credits import clock
from credits.domain.jobs import JobFailed, job_named
from credits.models import Balance, Customer, JobRun, OutgoingMail, RunState, User
from credits.roles import StaffRole
from tests.billing.digests.telling import MONDAY, licensed, mails_to, reported_by, told_at
from tests.factories import credits as make

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def operator(support: User) -> User:
    person = make.make_user(email="olga@vendor.example", name="Olga Lund")
    return make.make_staff(person, StaffRole.OPERATOR)


def text_to(person: User) -> str:
    [mail] = mails_to(person, "support-digest")
    return mail.text


def failed_mail(to: User, written_at: Any) -> OutgoingMail:
    """A mail that a server has refused."""
    return OutgoingMail.objects.create(
        key=f"x/{written_at}",
        kind="membership",
        recipient=to,
        to=to.email,
        subject="Your way in",
        text="x",
        created_at=written_at,
        due_at=written_at,
        attempts=3,
        problem="SMTPRecipientsRefused no such box",
    )


def noted(customer: Customer, kind: LifeEventKind, at: datetime) -> None:
    """What the lifecycle has recorded of a customer."""
    LifeEvent.objects.create(customer=customer, kind=kind, at=at, recorded_at=at)


def failed_slot() -> None:
    JobRun.objects.create(
        job="verify-books",
        slot=MONDAY - 6 * HOUR,
        state=RunState.FAILED,
        started_at=MONDAY - 4 * HOUR,
        problem="OSError: disk",
    )


def test_on_a_quiet_day_nobody_is_written_to(
    customer: Customer, support: User, operator: User
) -> None:
    licensed(customer)

    assert send_support(MONDAY) == {"support digests": 0}


def test_support_reads_of_everything_and_operators_of_mail_and_jobs(
    customer: Customer, other_customer: Customer, alice: User, support: User, operator: User
) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 10, MONDAY - 3 * DAY)
    Balance.objects.filter(customer=other_customer).update(parked_at=MONDAY - HOUR)
    noted(other_customer, LifeEventKind.MARKED, MONDAY - HOUR)
    failed_mail(alice, MONDAY - DAY)
    failed_mail(alice, MONDAY - DAY + HOUR)
    failed_slot()

    assert send_support(MONDAY) == {"support digests": 2}

    told = text_to(support)
    for words in (
        "Borealis Freight, C-",
        "parked since 30 Nov 2026, 05:00 UTC",
        "marked for purge, erased from 1 Dec 2026, 05:00 UTC on",
        "silent for too long since 29 Nov 2026, 06:00 UTC",
        "to alice@example.org, written 29 Nov 2026, 06:00 UTC, failed: SMTPRecipientsRefused",
        "slot 30 Nov 2026, 00:00 UTC failed: OSError: disk",
        "Mail that did not go out for a day (1)",
        "/admin/credits/customer/",
    ):
        assert words in told
    [mail] = mails_to(support, "support-digest")
    assert mail.subject == "5 things to look at (30 Nov 2026), first: Parked customers"
    theirs = text_to(operator)
    assert "OSError: disk" in theirs
    assert "SMTPRecipientsRefused" in theirs
    for words in ("parked", "Borealis", "Halden", "silent"):
        assert words not in theirs


def test_a_day_is_told_once_and_the_next_only_where_it_brings_something_new(
    alice: User, support: User
) -> None:
    failed_slot()

    assert [send_support(MONDAY)["support digests"] for _ in range(2)] == [1, 1]
    assert len(mails_to(support, "support-digest")) == 1
    failed_mail(alice, MONDAY + 2 * DAY)
    written = [
        day for day in range(1, 9) if send_support(MONDAY + day * DAY)["support digests"] == 1
    ]

    assert written == [3, 7]
    assert len(mails_to(support, "support-digest")) == 3


def test_a_system_is_silent_only_after_its_patience(customer: Customer, support: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 10, MONDAY - 2 * DAY)

    assert support_mail(support, MONDAY) is None
    assert support_mail(support, MONDAY + timedelta(microseconds=1)) is not None


def test_a_report_that_came_later_was_not_known_then(customer: Customer, support: User) -> None:
    licensed(customer)
    reported_by(customer)
    told_at(customer, 10, MONDAY - 3 * DAY)
    told_at(customer, 11, MONDAY - HOUR, late=2 * HOUR)

    assert support_mail(support, MONDAY) is not None
    assert support_mail(support, MONDAY + HOUR) is None


def test_of_a_locked_customer_nobody_expects_reports(customer: Customer, support: User) -> None:
    licensed(customer, last_day=date(2026, 10, 20))
    reported_by(customer)

    assert support_mail(support, MONDAY - 20 * DAY) is not None
    assert support_mail(support, MONDAY) is None


def test_a_mark_is_told_until_it_is_held_restored_or_carried_out(
    customer: Customer, support: User
) -> None:
    noted(customer, LifeEventKind.MARKED, MONDAY - 3 * DAY)
    noted(customer, LifeEventKind.RESTORED, MONDAY - DAY)
    noted(customer, LifeEventKind.MARKED, MONDAY + 60 * DAY)
    noted(customer, LifeEventKind.PURGED, MONDAY + 62 * DAY)

    told = [
        day
        for day in (-4, -3, -2, -1, 0, 60, 61, 62)
        if support_mail(support, MONDAY + day * DAY) is not None
    ]
    assert told == [-3, -2, 60, 61]

    Customer.objects.filter(pk=customer.pk).update(held_at=MONDAY + 61 * DAY)
    assert support_mail(support, MONDAY + 60 * DAY) is not None
    assert support_mail(support, MONDAY + 61 * DAY) is None


def test_members_and_sales_are_not_told(alice: User, rep: User, support: User) -> None:
    failed_slot()

    assert support_mail(alice, MONDAY) is None
    assert support_mail(rep, MONDAY) is None


def test_support_is_told_whatever_became_of_the_notices(
    support: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_slot()

    def broken(as_of: Any) -> dict[str, int]:
        raise ValueError("broken")

    monkeypatch.setattr(sending, "send_notices", broken)
    with clock.moved_to(MONDAY), pytest.raises(JobFailed, match="broken"):
        job_named("send-notices").work(MONDAY)

    assert "OSError: disk" in text_to(support)
