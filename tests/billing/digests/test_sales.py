"""The weekly digest of sales: who reads of whom, what is told, and that it is as of its instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.domain.digests import sales, wording
from billing.domain.digests.positions import positions_at
from billing.domain.digests.sales import sales_mail, send_sales
from credits import clock
from credits.domain.access_state import state_of
from credits.domain.figures import figure
from credits.domain.jobs import JobFailed
from credits.models import Balance, Customer, OutgoingMail, User
from tests.billing.digests.telling import MONDAY, WEEK, licensed, mails_to
from tests.billing.requests.asking import answer, request_for
from tests.credits.usage.reports import SANDBOX
from tests.factories import credits as make

LATER = datetime(2026, 10, 5, 8, tzinfo=UTC)
FAR = date(2028, 9, 30)


def allocated(customer: Customer, units: int, at: datetime = LATER) -> None:
    """Units of a feature at 7 credits each, allocated by hand."""
    with clock.moved_to(at):
        make.allocate(customer, SANDBOX, units)


def text_to(person: User) -> str:
    """The one digest of a person."""
    [mail] = mails_to(person, "sales-digest")
    return mail.text


def test_a_rep_reads_of_the_assigned_and_a_manager_of_the_rest(
    customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    for one in (customer, other_customer):
        licensed(one, 700, FAR)
        allocated(one, 200)

    assert send_sales(MONDAY) == {"sales digests": 2}

    assert "Halden Energy, C-" in text_to(rep)
    assert "Borealis" not in text_to(rep)
    assert "Borealis Freight, C-" in text_to(manager)
    assert "Halden" not in text_to(manager)
    assert "Of all customers: 2 short now or within 30 days" in text_to(manager)
    assert "700 credits short as of 30 Nov 2026, 06:00 UTC" in text_to(rep)
    assert f"/sales/?q={customer.label}" in text_to(rep)


def test_nobody_gets_an_empty_one_and_nobody_two(
    customer: Customer, rep: User, manager: User
) -> None:
    licensed(customer, last_day=FAR)
    assert send_sales(MONDAY) == {"sales digests": 0}
    assert not OutgoingMail.objects.filter(kind="sales-digest").exists()

    allocated(customer, 10_000)
    send_sales(MONDAY)
    send_sales(MONDAY)

    assert len(mails_to(rep, "sales-digest")) == len(mails_to(manager, "sales-digest")) == 1


def test_a_shortage_within_thirty_days_is_told_and_a_later_one_is_not(
    customer: Customer, rep: User
) -> None:
    licensed(customer, 100, FAR)
    licensed(customer, 600, date(2026, 12, 30))
    allocated(customer, 100)

    earlier = sales_mail(rep, MONDAY - timedelta(days=1))
    assert earlier is not None
    assert "short from" not in earlier.text
    send_sales(MONDAY + timedelta(days=1))

    assert "600 credits short from 31 Dec 2026, 00:00 UTC" in text_to(rep)


def test_licenses_that_end_within_ninety_days_are_told_unless_renewed(
    customer: Customer, rep: User
) -> None:
    ending = licensed(customer, 500, date(2027, 2, 27))
    renewed = licensed(customer, 600, date(2027, 1, 31))
    next_one = licensed(customer, 600, FAR)
    licensed(customer, 700, date(2027, 2, 28))
    type(next_one).objects.filter(pk=next_one.pk).update(renews=renewed)
    withdrawn = licensed(customer, 800, date(2027, 1, 31))
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(credits=0)

    send_sales(MONDAY)

    told = text_to(rep)
    assert f"{ending.label} with 500 credits, last day 27 Feb 2027, end of day UTC" in told
    assert "with 600" not in told
    assert "with 700" not in told
    assert withdrawn.label not in told


def test_grace_and_lock_are_told_with_the_day_until_which_all_is_kept(
    customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    licensed(customer, 700, date(2026, 11, 15))
    licensed(other_customer, 700, date(2026, 10, 20))
    for one in (customer, other_customer):
        allocated(one, 50)

    send_sales(MONDAY)

    assert (
        "in grace, access ends 16 Dec 2026, 00:00 UTC, holds 350 credits, "
        "can be renewed at least until 15 Jan 2027, 00:00 UTC" in text_to(rep)
    )
    assert (
        "locked since 20 Nov 2026, 00:00 UTC, holds 350 credits, "
        "can be renewed at least until 20 Dec 2026, 00:00 UTC" in text_to(manager)
    )
    assert "short as of" not in text_to(rep) + text_to(manager)


def test_a_request_is_told_once_it_has_waited_two_days(
    customer: Customer, alice: User, rep: User
) -> None:
    licensed(customer, last_day=FAR)
    with clock.moved_to(MONDAY - timedelta(days=3)):
        answered = request_for(customer, alice, credits=4_321)
        answer(answered)
    with clock.moved_to(MONDAY - timedelta(days=2, microseconds=1)):
        waiting = request_for(customer, alice, credits=1_234, needed_on=date(2026, 12, 24))
    with clock.moved_to(MONDAY - timedelta(days=2)):
        request_for(customer, alice)
    with clock.moved_to(MONDAY + timedelta(hours=1)):
        answer(waiting)

    send_sales(MONDAY)

    told = text_to(rep)
    assert f"{waiting.label} for 1,234 credits by 24 Dec 2026, asked 28 Nov 2026, 05:59 UTC" in told
    assert f"/requests/{waiting.public_id}/" in told
    assert "4,321" not in told
    assert "5,400" not in told


def test_what_happened_later_is_not_told(customer: Customer, rep: User) -> None:
    licensed(customer, 700, FAR)
    allocated(customer, 200, at=MONDAY + timedelta(hours=1))

    assert send_sales(MONDAY) == {"sales digests": 0}


def test_instants_are_told_in_the_readers_zone_as_well(customer: Customer, rep: User) -> None:
    User.objects.filter(pk=rep.pk).update(time_zone="Europe/Berlin")
    licensed(customer, 700, date(2027, 2, 27))

    send_sales(MONDAY)

    assert "30 Nov 2026, 06:00 UTC (07:00 CET)" in text_to(rep)
    assert "27 Feb 2027, end of day UTC (28 Feb 2027, 01:00 CET)" in text_to(rep)


def test_who_left_or_was_erased_is_left_out(
    customer: Customer, other_customer: Customer, rep: User, manager: User
) -> None:
    for one in (customer, other_customer):
        licensed(one, 700, FAR)
        allocated(one, 200)
    Balance.objects.filter(customer=other_customer).update(purged_at=LATER)
    User.objects.filter(pk=rep.pk).update(is_active=False)

    assert send_sales(MONDAY) == {"sales digests": 1}

    assert "Halden Energy, C-" in text_to(manager)
    assert "Borealis" not in text_to(manager)
    assert sales_mail(rep, MONDAY) is None


def test_a_section_has_an_end_and_says_how_many_more_there_are(
    customer: Customer, rep: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "MOST", 3)
    for n in range(20):
        licensed(customer, 500 + n, date(2027, 2, 27) - timedelta(days=n % 5))

    send_sales(MONDAY)

    [mail] = mails_to(rep, "sales-digest")
    assert mail.subject.startswith("To look after: 0 short, 20 ending,")
    assert mail.text.count("last day 23 Feb 2027") == 3
    assert "And 17 more:" in mail.text
    assert "/sales/expiring/" in mail.text
    assert "And 17 more" in mail.html


def test_one_customers_failure_stops_no_other(
    customer: Customer,
    other_customer: Customer,
    rep: User,
    manager: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in (customer, other_customer):
        licensed(one, 700, FAR)
        allocated(one, 200)

    def broken(one: Customer, at: datetime) -> object:
        if one == customer:
            raise ValueError("broken")
        return state_of(one, at)

    monkeypatch.setattr(sales, "state_of", broken)
    with pytest.raises(JobFailed, match="1 customers"):
        send_sales(MONDAY)

    assert "Borealis Freight, C-" in text_to(manager)
    assert "1 customer could not be looked at and is missing here." in text_to(manager)


def test_a_hostile_name_is_words(customer: Customer, rep: User) -> None:
    Customer.objects.filter(pk=customer.pk).update(name='<b onclick="x">%(at)s {{ 7 }}</b>')
    licensed(customer, 700, FAR)
    allocated(customer, 200)

    send_sales(MONDAY)

    [mail] = mails_to(rep, "sales-digest")
    assert '<b onclick="x">%(at)s {{ 7 }}</b>, C-' in mail.text
    assert "<b onclick" not in mail.html
    assert "&lt;b onclick=" in mail.html


def test_positions_are_the_ledgers_figures_at_any_instant(customer: Customer) -> None:
    licensed(customer, 600, date(2026, 12, 30))
    licensed(customer, 100, FAR)
    for days, units in ((0, 100), (30, 60), (62, 80), (95, 10)):
        allocated(customer, units, at=LATER + timedelta(days=days))

    for at in (LATER - WEEK, LATER, LATER + 5 * WEEK, MONDAY, MONDAY + 9 * WEEK):
        position = positions_at([customer], at)[customer.pk]
        assert position.figure == figure(customer, at=at, known=at)
        for step in position.ahead:
            assert step.figure == figure(customer, at=step.at, known=at)
