"""Broken books are parked: read by all, written by systems alone, told once, opened by support."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection

from credits import clock
from credits.domain import alarms, verify
from credits.domain.alarms import NotAllChecked, verify_and_park
from credits.domain.commands import Command
from credits.domain.parking import Unpark, parked_by
from credits.domain.post import bring_up_to_rates, post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.exceptions import InvalidCommand, NotAllowed
from credits.models import Balance, Customer, LedgerEntry, Operation, OutgoingMail, User
from credits.roles import StaffRole
from tests.credits.domain.acts import allocate
from tests.credits.verify.broken import tamper
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
SLOT = datetime(2027, 1, 10, 2, tzinfo=UTC)
NEXT = SLOT + timedelta(days=1)
EMAIL, REPORTED = "email-core", "endpoint-sandbox-submission"
NO_COUNTS = {"customers": 2, "broken": 0, "parked": 0, "behind": 0}


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture(autouse=True)
def books(present: None, customer: Customer, other_customer: Customer) -> None:
    for one in (customer, other_customer):
        make.grant(one, 10_000, date(2027, 1, 1), date(2027, 12, 31))
        allocate(one, EMAIL, 7)
    post(SetUsageSource(customer=customer, asked=make.asked(reason="x"), group=REPORTED, name="S"))


def break_sum(customer: Customer) -> None:
    """Let the stored sum be another than that of the entries."""
    Balance.objects.filter(customer=customer).update(valid=9_999)


def mend_sum(customer: Customer) -> None:
    Balance.objects.filter(customer=customer).update(valid=10_000)


def is_parked(customer: Customer) -> bool:
    return Balance.objects.get(customer=customer).parked_at is not None


def report(customer: Customer, *, by_hand: bool = False, reason: str = "") -> None:
    post(
        ReportUsage(
            customer=customer,
            asked=make.asked(reason=reason),
            group=REPORTED,
            quantities={REPORTED: Decimal(30)},
            at=clock.now(),
            by_hand=by_hand,
        )
    )


def opening(customer: Customer, who: User, *, reason: str = "Mended", anyway: bool = False) -> None:
    ask = make.asked(actor=who, reason=reason)
    post(Unpark(customer=customer, asked=ask, although_broken=anyway))


def alarm_mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind="books-alarm").order_by("to"))


def test_each_command_says_whether_it_passes_parked_books() -> None:
    def below(command: type[Command]) -> Iterator[type[Command]]:
        for one in command.__subclasses__():
            yield one
            yield from below(one)

    passing = {
        one.kind
        for one in below(Command)
        if one.__module__.partition(".")[0] != "tests" and one.while_parked
    }

    of_support = {"view-as", "end-viewing", "check-books", "resend-notice"}
    assert passing == of_support | {
        "apply-rates",
        "park",
        "report-usage",
        "revoke-estimate-link",
        "set-legal-hold",
        "unpark",
    }


def test_whole_books_are_counted_and_nobody_is_told(support: User) -> None:
    assert verify_and_park(SLOT) == NO_COUNTS
    assert alarm_mails() == []


def test_broken_books_are_parked_with_what_is_broken(
    customer: Customer, other_customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    break_sum(customer)

    counts = verify_and_park(SLOT)

    found = parked_by(customer)
    assert counts == NO_COUNTS | {"broken": 1, "parked": 1}
    assert (is_parked(customer), is_parked(other_customer)) == (True, False)
    assert found is not None
    assert (found.source, found.actor) == ("verify-books", None)
    assert "9,999" in found.note.text or "9999" in found.note.text
    assert "books_broken check=I1" in caplog.text
    assert f"books_parked customer={customer.label}" in caplog.text


def test_while_parked_people_are_refused_and_systems_are_kept(
    customer: Customer, other_customer: Customer, support: User
) -> None:
    break_sum(customer)
    verify_and_park(SLOT)

    with pytest.raises(NotAllowed, match="parked until support has looked"):
        allocate(customer, EMAIL, 8)
    with pytest.raises(NotAllowed, match="parked"):
        report(customer, by_hand=True, reason="Counted")
    report(customer)
    allocate(other_customer, EMAIL, 8)

    assert customer.reports.filter(by_hand=False).count() == 1
    assert is_parked(customer)


def test_while_parked_dated_rates_are_booked(customer: Customer) -> None:
    break_sum(customer)
    verify_and_park(SLOT)
    Balance.objects.filter(customer=customer).update(rates_through=0)

    bring_up_to_rates(customer)

    assert Balance.objects.get(customer=customer).rates_through > 0


def test_support_and_operators_are_told_once(
    customer: Customer, other_customer: Customer, support: User, alice: User
) -> None:
    make.make_staff(make.make_user(email="operator@vendor.example"), StaffRole.OPERATOR)
    break_sum(customer)

    verify_and_park(SLOT)
    verify_and_park(SLOT)
    verify_and_park(NEXT)

    mails = alarm_mails()
    assert [mail.to for mail in mails] == sorted(["operator@vendor.example", support.email])
    for mail in mails:
        assert mail.subject == "Books are broken: 1 customer is parked"
        assert f"{customer.name} ({customer.label})" in mail.text
        assert f"{customer.name} ({customer.label})" in mail.html
        assert "state=parked" in mail.text
        assert "10 Jan 2027, 02:00 UTC" in mail.text
        assert other_customer.name not in mail.text
    assert Operation.objects.filter(kind="park").count() == 1


def test_a_run_that_was_killed_before_its_mail_tells_of_all_it_parked(
    customer: Customer, support: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_sum(customer)
    with monkeypatch.context() as patch:
        patch.setattr(alarms, "tell_alarm", interrupt)
        with pytest.raises(KeyboardInterrupt):
            verify_and_park(SLOT)
    assert alarm_mails() == []

    verify_and_park(SLOT)

    assert [customer.name in mail.text for mail in alarm_mails()] == [True]


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_one_that_cannot_be_parked_stops_nobody_and_fails_the_job(
    customer: Customer, other_customer: Customer, support: User
) -> None:
    break_sum(customer)
    break_sum(other_customer)
    # The next operation of this customer would take a place that is taken.
    Balance.objects.filter(customer=customer).update(position=0)

    with pytest.raises(NotAllChecked, match=f"Parking {customer.label}"):
        verify_and_park(SLOT)

    assert (is_parked(customer), is_parked(other_customer)) == (False, True)
    assert f"Parking {customer.label}" in alarm_mails()[0].text


def test_books_that_cannot_even_be_read_are_parked_behind_in_rates_as_they_are(
    customer: Customer, other_customer: Customer
) -> None:
    report(customer)
    tamper(
        "credits_usagereport",
        "UPDATE credits_usagereport SET quantities = %s WHERE customer_id = %s AND NOT by_hand",
        '["nonsense"]',
        customer.pk,
    )
    Balance.objects.filter(customer=customer).update(rates_through=0)

    counts = verify_and_park(SLOT)

    assert (is_parked(customer), is_parked(other_customer)) == (True, False)
    assert (counts["customers"], counts["parked"]) == (2, 1)


def test_what_belongs_to_nobody_alarms_and_parks_nobody(
    customer: Customer, support: User, caplog: pytest.LogCaptureFixture
) -> None:
    tamper(
        "credits_operation",
        "UPDATE credits_operation SET subject = %s WHERE id = "
        "(SELECT min(id) FROM credits_operation WHERE customer_id IS NULL)",
        "something else",
    )

    counts = verify_and_park(SLOT)

    assert counts == NO_COUNTS
    assert alarm_mails()[0].subject == "Books are broken: look at the nightly check"
    assert "belonging to no customer" in alarm_mails()[0].text
    assert "books_broken check=I4" in caplog.text


def test_a_batch_is_a_transaction_of_its_own(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credits.domain.verify.BATCH_CUSTOMERS", 1)
    seen: list[list[int]] = []
    look = verify.look_at

    def looking(customers: list[int]) -> object:
        seen.append(customers)
        return look(customers)

    monkeypatch.setattr(alarms, "look_at", looking)

    assert verify_and_park(SLOT)["customers"] == 2
    assert [len(batch) for batch in seen] == [1, 1]


def test_support_opens_mended_books_with_a_reason(customer: Customer, support: User) -> None:
    break_sum(customer)
    verify_and_park(SLOT)
    mend_sum(customer)

    with pytest.raises(InvalidCommand, match="Say why"):
        opening(customer, support, reason=" ")
    opening(customer, support)

    assert not is_parked(customer)
    allocate(customer, EMAIL, 8)
    assert verify_and_park(NEXT) == NO_COUNTS


def test_books_that_are_still_broken_stay_parked_unless_support_says_so(
    customer: Customer, support: User
) -> None:
    break_sum(customer)
    verify_and_park(SLOT)

    with pytest.raises(InvalidCommand, match="still broken") as refused:
        opening(customer, support)
    assert refused.value.field == "although_broken"
    opening(customer, support, anyway=True)

    assert not is_parked(customer)
    assert verify_and_park(NEXT)["parked"] == 1


def test_books_that_are_too_large_for_a_page_are_opened_unchecked(
    customer: Customer, support: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_sum(customer)
    verify_and_park(SLOT)

    def too_slow(customer: Customer) -> list[str]:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr("credits.domain.parking.verify_books", too_slow)

    with pytest.raises(OperationalError):
        opening(customer, support)
    opening(customer, support, anyway=True)

    assert not is_parked(customer)


def test_only_support_opens_them_and_only_where_they_are_parked(
    customer: Customer, alice: User, support: User
) -> None:
    with pytest.raises(NotAllowed, match="not parked"):
        opening(customer, support)
    break_sum(customer)
    verify_and_park(SLOT)

    with pytest.raises(NotAllowed, match="Only support"):
        opening(customer, alice, anyway=True)
    assert is_parked(customer)


def test_the_chain_of_parked_books_goes_on(customer: Customer, support: User) -> None:
    before = LedgerEntry.objects.count()
    break_sum(customer)
    verify_and_park(SLOT)
    mend_sum(customer)
    opening(customer, support)

    kinds = customer.operations.order_by("position").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["park", "unpark"]
    assert LedgerEntry.objects.count() == before
    assert verify_and_park(NEXT) == NO_COUNTS
    connection.check_constraints()
