"""Grant, extend, reduce, void."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from credits import clock
from credits.domain.licenses import (
    MAX_CREDITS,
    ExtendLicense,
    GrantLicenses,
    Lot,
    ReduceLicense,
    VoidLicense,
)
from credits.domain.post import post
from credits.domain.verify import verify_books
from credits.exceptions import CreditsError, InvalidCommand, NotAllowed, UnknownObject
from credits.models import Balance, Customer, LedgerEntry, License, LicenseKind
from tests.credits.domain.acts import DAY, NOON, figure, grant, nothing_written, undo
from tests.factories import credits as make

MICROSECOND = timedelta(microseconds=1)
JUNE = clock.start_of(date(2027, 6, 1))
JULY = clock.start_of(date(2027, 7, 1))


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.moved_to(NOON):
        yield


def lots(customer: Customer, *wanted: Lot) -> list[License]:
    answer = post(GrantLicenses(customer=customer, asked=make.asked(), lots=wanted))
    return [License.objects.get(public_id=key) for key in answer.data["licenses"]]


def test_a_license_counts_to_its_last_microsecond_and_no_longer(customer: Customer) -> None:
    grant(customer, 1000, days=10)
    ends_at = License.objects.get(customer=customer).ends_at

    assert ends_at == clock.start_of(NOON.date()) + 10 * DAY
    assert figure(customer, ends_at - MICROSECOND) == (1000, 0)
    assert figure(customer, ends_at) == (0, 0)


def test_a_license_on_a_leap_day_counts_on_that_day_alone(customer: Customer) -> None:
    make.grant(customer, 70, date(2028, 2, 29), date(2028, 2, 29))
    leap = datetime(2028, 2, 29, tzinfo=UTC)

    days = [
        figure(customer, leap + moved)[0]
        for moved in (-MICROSECOND, 0 * DAY, DAY - MICROSECOND, DAY)
    ]
    assert days == [0, 70, 70, 0]


def test_a_license_bought_in_the_past_was_valid_then_and_known_from_now(customer: Customer) -> None:
    make.grant(customer, 500, date(2027, 1, 1), date(2027, 12, 31))

    assert figure(customer, datetime(2027, 1, 1, tzinfo=UTC)) == (500, 0)
    assert figure(customer) == (500, 0)


def test_a_license_entered_after_its_end_leaves_the_balance_at_nothing(customer: Customer) -> None:
    grant(customer, 40)

    with clock.moved_to(NOON + 60 * DAY):
        make.grant(customer, 500, date(2027, 6, 1), date(2027, 7, 31))

        assert figure(customer) == (40, 0)
        assert Balance.objects.get(customer=customer).valid == 40
        assert verify_books(customer) == []


def test_a_license_that_starts_next_year_is_known_and_not_valid_yet(customer: Customer) -> None:
    make.grant(customer, 500, date(2028, 1, 1), date(2028, 12, 31))

    assert figure(customer) == (0, 0)
    assert figure(customer, datetime(2028, 1, 1, tzinfo=UTC)) == (500, 0)


def test_a_purchase_of_several_lots_is_one_operation(customer: Customer) -> None:
    first, second = lots(
        customer,
        Lot(credits=10, starts_at=JUNE, ends_at=JULY),
        Lot(credits=7, starts_at=JULY, ends_at=JULY + DAY, kind=LicenseKind.TRIAL),
    )

    assert [first.label, second.label] == ["L-201", "L-202"]
    assert LedgerEntry.objects.filter(customer=customer).values("operation").distinct().count() == 1
    assert figure(customer, JULY) == (7, 0)
    assert verify_books(customer) == []


def test_license_numbers_count_per_customer(customer: Customer, other_customer: Customer) -> None:
    numbers = [
        grant(customer, 1).number,
        grant(customer, 1).number,
        grant(other_customer, 1).number,
    ]

    assert numbers == [201, 202, 201]


def test_an_extension_moves_the_end_of_the_same_license(customer: Customer) -> None:
    license = grant(customer, 1000, days=10)

    post(
        ExtendLicense(
            customer=customer,
            asked=make.asked(),
            license=license,
            ends_at=license.ends_at + 5 * DAY,
        )
    )

    assert figure(customer, license.ends_at) == (1000, 0)
    assert figure(customer, license.ends_at + 5 * DAY) == (0, 0)
    extended = License.objects.get(pk=license.pk)
    assert extended.ends_at == license.ends_at + 5 * DAY
    assert verify_books(customer) == []


def test_a_reduction_leaves_the_past_as_it_was(customer: Customer) -> None:
    license = grant(customer, 1000, start=-5)

    post(ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=400))

    assert figure(customer) == (400, 0)
    assert figure(customer, NOON - DAY) == (1000, 0)
    assert License.objects.get(pk=license.pk).credits == 400


def test_a_reduction_of_a_license_that_has_not_begun_holds_from_its_start(
    customer: Customer,
) -> None:
    license = grant(customer, 1000, start=5)

    post(ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=400))

    assert figure(customer, license.starts_at) == (400, 0)
    assert figure(customer) == (0, 0)


def test_a_void_ends_a_license_at_once_and_all_that_was_planned_for_it(customer: Customer) -> None:
    license = grant(customer, 1000, start=5)
    later = license.ends_at + 30 * DAY
    post(ExtendLicense(customer=customer, asked=make.asked(), license=license, ends_at=later))

    post(VoidLicense(customer=customer, asked=make.asked(), license=license))

    for at in (license.starts_at, license.ends_at, later - DAY):
        assert figure(customer, at) == (0, 0)
    assert License.objects.get(pk=license.pk).voided_at is not None
    assert verify_books(customer) == []


def test_a_void_that_is_undone_gives_the_license_back(customer: Customer) -> None:
    license = grant(customer, 1000)
    done = post(VoidLicense(customer=customer, asked=make.asked(), license=license))

    undo(customer, done)

    assert figure(customer) == (1000, 0)
    assert License.objects.get(pk=license.pk).voided_at is None
    assert verify_books(customer) == []


def test_a_grant_that_is_undone_was_never_valid(customer: Customer) -> None:
    lot = Lot(credits=10, starts_at=JUNE, ends_at=JULY)
    done = post(GrantLicenses(customer=customer, asked=make.asked(), lots=[lot]))

    undo(customer, done)

    assert figure(customer, JUNE) == (0, 0)
    assert License.objects.get(customer=customer).voided_at == JUNE
    assert verify_books(customer) == []


def test_what_is_over_is_renewed_and_not_corrected(customer: Customer) -> None:
    license = grant(customer, 1000, days=10)
    commands = (
        ExtendLicense(
            customer=customer,
            asked=make.asked(),
            license=license,
            ends_at=license.ends_at + 90 * DAY,
        ),
        ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=1),
        VoidLicense(customer=customer, asked=make.asked(), license=license),
    )

    with clock.moved_to(license.ends_at), nothing_written(customer):
        for command in commands:
            with pytest.raises(NotAllowed, match="renewal"):
                post(command)
    with clock.moved_to(license.ends_at - 2 * MICROSECOND):
        post(replace(commands[1], asked=make.asked()))


def test_a_voided_license_takes_no_correction(customer: Customer) -> None:
    license = grant(customer, 1000)
    post(VoidLicense(customer=customer, asked=make.asked(), license=license))

    with nothing_written(customer), pytest.raises(NotAllowed, match="voided"):
        post(VoidLicense(customer=customer, asked=make.asked(), license=license))


def test_another_customer_s_license_is_unknown(
    customer: Customer, other_customer: Customer
) -> None:
    theirs = grant(other_customer, 1000)
    commands: tuple[Any, ...] = (
        ExtendLicense(
            customer=customer, asked=make.asked(), license=theirs, ends_at=theirs.ends_at + DAY
        ),
        ReduceLicense(customer=customer, asked=make.asked(), license=theirs, credits=1),
        VoidLicense(customer=customer, asked=make.asked(), license=theirs),
        GrantLicenses(
            customer=customer,
            asked=make.asked(),
            lots=[Lot(credits=1, starts_at=JUNE, ends_at=JULY, renews=theirs)],
        ),
    )

    with nothing_written(customer), nothing_written(other_customer):
        for command in commands:
            with pytest.raises(UnknownObject):
                post(command)


def test_a_license_is_renewed_once(customer: Customer) -> None:
    old = grant(customer, 1000, days=10)
    renewal = Lot(credits=5, starts_at=old.ends_at, ends_at=old.ends_at + DAY, renews=old)
    (new,) = lots(customer, renewal)

    assert new.renews == old
    with nothing_written(customer), pytest.raises(NotAllowed, match="renewed before"):
        lots(customer, renewal)


def test_two_lots_of_one_purchase_do_not_renew_the_same_license(customer: Customer) -> None:
    old = grant(customer, 1000, days=10)
    renewal = Lot(credits=5, starts_at=old.ends_at, ends_at=old.ends_at + DAY, renews=old)

    with nothing_written(customer), pytest.raises(NotAllowed, match="renewed before"):
        lots(customer, renewal, renewal)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"credits": 0}, "credits"),
        ({"credits": -1}, "credits"),
        ({"credits": MAX_CREDITS + 1}, "credits"),
        ({"credits": 10**20}, "credits"),
        ({"credits": 1.5}, "credits"),
        ({"credits": float("nan")}, "credits"),
        ({"credits": float("inf")}, "credits"),
        ({"credits": True}, "credits"),
        ({"ends_at": JUNE}, "ends"),
        ({"ends_at": JUNE - DAY}, "ends"),
        ({"starts_at": JUNE + MICROSECOND}, "ends"),
        ({"ends_at": JULY + timedelta(hours=1)}, "ends"),
        ({"kind": "gift"}, "kind"),
    ],
)
def test_a_lot_that_makes_no_sense_is_refused_at_its_field(
    customer: Customer, change: dict[str, Any], field: str
) -> None:
    lot = replace(Lot(credits=10, starts_at=JUNE, ends_at=JULY), **change)

    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        lots(customer, Lot(credits=1, starts_at=JUNE, ends_at=JULY), lot)

    assert refusal.value.field == field
    assert refusal.value.message.endswith(".")


def test_a_grant_needs_a_license(customer: Customer) -> None:
    with nothing_written(customer), pytest.raises(InvalidCommand):
        lots(customer)


@pytest.mark.parametrize("moved", [-DAY, 0 * DAY, timedelta(hours=7)])
def test_an_extension_ends_later_and_with_a_day(customer: Customer, moved: timedelta) -> None:
    license = grant(customer, 1000)
    command = ExtendLicense(
        customer=customer, asked=make.asked(), license=license, ends_at=license.ends_at + moved
    )

    with nothing_written(customer), pytest.raises(InvalidCommand) as refusal:
        post(command)

    assert refusal.value.field == "ends"


@pytest.mark.parametrize("credits", [1000, 1001, 0, -1])
def test_a_reduction_leaves_fewer_but_some(customer: Customer, credits: int) -> None:
    license = grant(customer, 1000)

    with nothing_written(customer), pytest.raises(CreditsError) as refusal:
        post(ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=credits))

    assert refusal.value.field == "credits"


def test_the_same_instants_in_another_zone_are_the_same_request(customer: Customer) -> None:
    plus_two = timezone(timedelta(hours=2))
    lot = Lot(credits=10, starts_at=JUNE, ends_at=JULY)
    abroad = replace(lot, starts_at=JUNE.astimezone(plus_two), ends_at=JULY.astimezone(plus_two))
    asked = make.asked("one")

    first = post(GrantLicenses(customer=customer, asked=asked, lots=[abroad]))
    second = post(GrantLicenses(customer=customer, asked=asked, lots=[lot]))

    assert second.repeated
    assert second.operation == first.operation
    assert verify_books(customer) == []
