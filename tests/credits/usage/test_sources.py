"""Who reports: a setting per customer and group, and what follows from silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from credits import clock
from credits.domain.books import Books
from credits.domain.sources import check_by_hand, reporting
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import AllocationGroup, Balance, Customer, Operation, UsageSource, User
from tests.admin.pages import key_of, text_of
from tests.credits.domain.acts import DAY, NOON, allocate, held, nothing_written, undo
from tests.credits.usage.reports import INVENTORY, SANDBOX, report, set_source

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
ADD = "admin:credits_usagesource_add"


def books_of(customer: Customer) -> Books:
    return Books(customer, Balance.objects.get(customer=customer), NOON)


def sandbox() -> AllocationGroup:
    return AllocationGroup.objects.get(key=SANDBOX)


def test_a_source_is_set_by_an_operation(licensed: Customer) -> None:
    answer = set_source(licensed, name="  Endpoint inventory ")

    source = UsageSource.objects.get(customer=licensed)
    assert (source.name, source.group.key, source.stale_after_hours) == (INVENTORY, SANDBOX, 48)
    assert source.since == answer.operation.recorded_at
    assert answer.operation.kind == "set-usage-source"


def test_another_patience_keeps_since_when_it_reports(reported: Customer) -> None:
    since = UsageSource.objects.get(customer=reported).since
    with clock.moved_to(NOON + DAY):
        set_source(reported, hours=2)

    source = UsageSource.objects.get(customer=reported)
    assert (source.since, source.stale_after_hours) == (since, 2)


def test_back_to_by_hand_leaves_what_is_in_force(reported: Customer) -> None:
    report(reported, 10, NOON - HOUR)

    set_source(reported, name=None)

    assert not UsageSource.objects.filter(customer=reported).exists()
    assert held(reported, SANDBOX) == 70


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "two\nlines", "a\0b"])
def test_a_name_that_nobody_can_read_is_refused(licensed: Customer, name: str) -> None:
    with nothing_written(licensed), pytest.raises(InvalidCommand) as refused:
        set_source(licensed, name=name)

    assert refused.value.field == "name"


@pytest.mark.parametrize("hours", [0, -1, 8_761])
def test_patience_out_of_range_is_refused(licensed: Customer, hours: int) -> None:
    with nothing_written(licensed), pytest.raises(InvalidCommand):
        set_source(licensed, hours=hours)


@pytest.mark.parametrize("group", ["no-such-group", "", "\0", "x" * 300])
def test_an_unknown_group_has_no_source(licensed: Customer, group: str) -> None:
    with nothing_written(licensed), pytest.raises(UnknownObject):
        set_source(licensed, group)


def test_a_source_is_stale_just_after_its_patience_ends(reported: Customer) -> None:
    report(reported, 10, NOON - HOUR)
    with clock.moved_to(NOON + HOUR):
        report(reported, 11, NOON + HOUR)

    (own,) = reporting(reported).values()

    assert own.last_at == NOON + HOUR
    assert own.stale_since == NOON + 49 * HOUR
    assert not own.is_stale(NOON + 49 * HOUR)
    assert own.is_stale(NOON + 49 * HOUR + MICROSECOND)


def test_a_source_that_never_reported_is_stale_after_its_patience(reported: Customer) -> None:
    (own,) = reporting(reported).values()

    assert own.last_at is None
    assert not own.is_stale(NOON + 48 * HOUR)
    assert own.is_stale(NOON + 49 * HOUR)


def test_withdrawn_and_typed_reports_are_no_sign_of_life(reported: Customer) -> None:
    report(reported, 10, NOON - DAY)
    wrong = report(reported, 99, NOON - HOUR)
    report(reported, 12, NOON, by_hand=True, reason="The inventory is down")
    undo(reported, wrong)

    (own,) = reporting(reported).values()

    assert own.last_at == NOON - DAY


def test_what_an_earlier_system_said_is_not_the_new_ones(reported: Customer) -> None:
    report(reported, 10, NOON - HOUR)
    with clock.moved_to(NOON + HOUR):
        set_source(reported, name="Another system")

    (own,) = reporting(reported).values()

    assert (own.name, own.last_at) == ("Another system", None)


def test_a_silent_source_goes_on_counting(reported: Customer) -> None:
    report(reported, 10, NOON - HOUR)

    with clock.moved_to(NOON + 30 * DAY):
        assert held(reported, SANDBOX) == 70


def test_units_that_a_system_reports_are_not_typed(reported: Customer) -> None:
    with pytest.raises(NotAllowed) as refused:
        check_by_hand(books_of(reported), sandbox())

    assert refused.value.message == (
        "Units of Sandbox submission are reported by Endpoint inventory. "
        "Ask support to enter them by hand."
    )


def test_support_types_them_with_a_reason_only(reported: Customer) -> None:
    with pytest.raises(NotAllowed, match="Give a reason"):
        check_by_hand(books_of(reported), sandbox(), by_support=True, reason=" ")

    check_by_hand(books_of(reported), sandbox(), by_support=True, reason="It is down")


def test_units_that_nothing_reports_are_typed(licensed: Customer) -> None:
    check_by_hand(books_of(licensed), sandbox())


def test_the_sources_of_a_customer_are_one_query(
    reported: Customer, django_assert_num_queries: Callable[[int], object]
) -> None:
    set_source(reported, "email-core", "Directory")
    report(reported, 10, NOON - HOUR)

    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        found = reporting(reported)
        names = {(own.name, own.source.group.key) for own in found.values()}

    assert names == {("Directory", "email-core"), (INVENTORY, SANDBOX)}


def test_an_operator_sets_it_by_a_command(licensed: Customer) -> None:
    out = StringIO()
    call_command("set_usage_source", licensed.slug, SANDBOX, name=INVENTORY, stdout=out)

    assert out.getvalue() == (
        "Units of Sandbox submission are stated by Endpoint inventory from now on.\n"
    )
    call_command("set_usage_source", licensed.slug, SANDBOX, "--by-hand", stdout=out)
    assert not UsageSource.objects.exists()


@pytest.mark.parametrize("args", [["nobody", SANDBOX], ["{slug}", "no-such-group"]])
def test_a_command_says_what_is_wrong(licensed: Customer, args: list[str]) -> None:
    named = [arg.format(slug=licensed.slug) for arg in args]

    with pytest.raises(CommandError, match="There is no"):
        call_command("set_usage_source", *named, "--by-hand")


def test_support_sets_it_with_a_reason(
    licensed: Customer, support: User, client_of: Callable[[User], Client]
) -> None:
    desk = client_of(support)
    fields = {
        "form_key": key_of(desk, reverse(ADD)),
        "customer": licensed.label,
        "group": SANDBOX,
        "name": INVENTORY,
        "stale_after_hours": "24",
        "reason": "Asked by phone",
    }

    response = desk.post(reverse(ADD), fields)

    source = UsageSource.objects.get(customer=licensed)
    assert response.status_code == 303
    assert response["Location"] == reverse("admin:credits_usagesource_change", args=[source.pk])
    operation = Operation.objects.get(kind="set-usage-source")
    assert (operation.actor, operation.note.text) == (support, "Asked by phone")
    assert "no report yet" in text_of(desk.get(response["Location"]))


def test_the_desk_says_since_when_a_source_is_stale(
    reported: Customer, support: User, client_of: Callable[[User], Client]
) -> None:
    report(reported, 10, NOON - HOUR)
    desk = client_of(support)
    pages = [
        reverse("admin:credits_customer_change", args=[reported.pk]),
        reverse("admin:credits_usagesource_changelist"),
    ]

    assert all("stale" not in text_of(desk.get(page)).replace("stale after", "") for page in pages)
    with clock.moved_to(NOON + 3 * DAY):
        assert all("stale since 2027-06-17 " in text_of(desk.get(page)) for page in pages)


def test_support_is_told_what_is_wrong(
    licensed: Customer, support: User, client_of: Callable[[User], Client]
) -> None:
    desk = client_of(support)
    fields = {
        "form_key": key_of(desk, reverse(ADD)),
        "customer": licensed.label,
        "group": "no-such-group",
        "name": INVENTORY,
        "stale_after_hours": "24",
        "reason": "Asked by phone",
    }

    response = desk.post(reverse(ADD), fields)

    assert response.status_code == 422
    assert "There is no such group" in text_of(response)
    assert not UsageSource.objects.exists()


def test_an_allocation_of_reported_units_is_refused(reported: Customer) -> None:
    with nothing_written(reported), pytest.raises(NotAllowed, match="are reported by"):
        allocate(reported, SANDBOX, 5)
