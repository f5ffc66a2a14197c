"""Usage reservation: what is held, until when, and what the next period starts at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from credits import clock
from credits.domain import figures
from credits.domain.allocations import UNDONE_BY_CUSTOMERS, Release, Undo
from credits.domain.catalogue import load_catalogue
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.domain.verify import verify_books
from credits.exceptions import NotAllowed
from credits.models import Customer, Feature, Operation
from tests.factories import credits as make
from tests.properties.lab import catalogue_rows, catalogue_text

KEY = "xdr-for-cloud"
RATE = 36
START = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
FIRST_DAY = datetime(2026, 3, 10, tzinfo=UTC)
ROLL_OVER = datetime(2027, 3, 10, tzinfo=UTC)
SECOND = datetime(2028, 3, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def reserving(customer: Customer) -> Customer:
    """A customer with credits for years."""
    with clock.moved_to(START - timedelta(days=1)):
        make.grant(customer, 100_000, date(2026, 1, 1), date(2035, 12, 31))
    return customer


def typed(customer: Customer, units: Decimal | int, at: datetime) -> Operation:
    with clock.moved_to(at):
        return make.allocate(customer, KEY, units).operation


def system(customer: Customer, at: datetime) -> None:
    """From now on a system reports the usage; people type nothing any more."""
    with clock.moved_to(at):
        post(SetUsageSource(customer=customer, asked=make.asked(), group=KEY, name="Cloud logs"))


def used(
    customer: Customer, units: Decimal | int, at: datetime, *, now: datetime | None = None
) -> None:
    with clock.moved_to(now or at):
        post(
            ReportUsage(
                customer=customer,
                asked=make.asked(),
                group=KEY,
                quantities={KEY: Decimal(units)},
                at=at,
            )
        )


def released(customer: Customer, at: datetime) -> None:
    feature = Feature.objects.get(key=KEY)
    with clock.moved_to(at):
        post(Release(customer=customer, asked=make.asked(), group=KEY, features=[feature]))


def held(customer: Customer, at: datetime) -> int:
    """Units held at an instant, by the ledger as it is known now."""
    feature = Feature.objects.get(key=KEY)
    known = Operation.objects.latest("recorded_at").recorded_at
    credits = figures.level(customer, at=at, known=known, feature_id=feature.pk)
    assert credits % RATE == 0
    return credits // RATE


def test_a_period_keeps_the_highest_quantity_and_the_next_starts_at_the_last_typed(
    reserving: Customer,
) -> None:
    typed(reserving, 80, START)
    system(reserving, START + timedelta(days=1))
    used(reserving, 95, datetime(2026, 6, 1, 12, tzinfo=UTC))
    with clock.moved_to(datetime(2026, 7, 1, tzinfo=UTC)):
        asked = make.asked(reason="agreed with the customer", confirmed_shortfall=10**9)
        post(
            ReportUsage(
                customer=reserving,
                asked=asked,
                group=KEY,
                quantities={KEY: Decimal(60)},
                at=datetime(2026, 7, 1, tzinfo=UTC),
                by_hand=True,
            )
        )

    assert held(reserving, START - MICROSECOND) == 0
    assert held(reserving, datetime(2026, 5, 31, tzinfo=UTC)) == 80
    assert held(reserving, datetime(2026, 8, 1, tzinfo=UTC)) == 95
    assert held(reserving, ROLL_OVER - MICROSECOND) == 95
    assert held(reserving, ROLL_OVER) == 60
    assert held(reserving, datetime(2034, 1, 1, tzinfo=UTC)) == 60
    assert verify_books(reserving) == []


def test_a_period_begins_at_midnight_of_its_day_and_ends_on_the_anniversary(
    reserving: Customer,
) -> None:
    typed(reserving, 10, datetime(2028, 2, 29, 23, 59, tzinfo=UTC))
    typed(reserving, 4, datetime(2028, 3, 1, tzinfo=UTC))

    assert held(reserving, datetime(2029, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)) == 10
    assert held(reserving, datetime(2029, 3, 1, tzinfo=UTC)) == 4


def test_the_ends_of_a_chain_are_anniversaries_of_its_first_day(reserving: Customer) -> None:
    typed(reserving, 10, datetime(2028, 2, 29, 8, tzinfo=UTC))
    typed(reserving, 20, datetime(2031, 6, 1, tzinfo=UTC))
    typed(reserving, 5, datetime(2031, 7, 1, tzinfo=UTC))

    assert held(reserving, datetime(2032, 2, 28, 23, 59, tzinfo=UTC)) == 20
    assert held(reserving, datetime(2032, 2, 29, tzinfo=UTC)) == 5


def test_zero_typed_ends_the_chain_at_the_roll_over_and_not_before(reserving: Customer) -> None:
    typed(reserving, 80, START)
    typed(reserving, 0, datetime(2026, 9, 1, tzinfo=UTC))

    assert held(reserving, ROLL_OVER - MICROSECOND) == 80
    assert held(reserving, ROLL_OVER) == 0

    typed(reserving, 7, datetime(2027, 5, 1, 15, tzinfo=UTC))

    assert held(reserving, datetime(2027, 5, 1, 14, 59, tzinfo=UTC)) == 0
    assert held(reserving, datetime(2028, 4, 30, 23, tzinfo=UTC)) == 7
    assert verify_books(reserving) == []


def test_a_release_returns_nothing_before_the_period_ends(reserving: Customer) -> None:
    typed(reserving, 80, START)
    released(reserving, START + timedelta(days=30))

    assert held(reserving, ROLL_OVER - MICROSECOND) == 80
    assert held(reserving, ROLL_OVER) == 0


def test_switched_on_again_within_the_period_it_goes_on(reserving: Customer) -> None:
    typed(reserving, 80, START)
    released(reserving, START + timedelta(days=30))
    typed(reserving, 50, START + timedelta(days=60))

    assert held(reserving, ROLL_OVER - MICROSECOND) == 80
    assert held(reserving, ROLL_OVER) == 50
    assert held(reserving, SECOND + timedelta(days=1)) == 50


def test_usage_stated_while_it_is_off_raises_nothing(reserving: Customer) -> None:
    typed(reserving, 80, START)
    system(reserving, START + timedelta(days=1))
    released(reserving, START + timedelta(days=30))
    used(reserving, 200, START + timedelta(days=40))

    assert held(reserving, START + timedelta(days=41)) == 80
    assert held(reserving, ROLL_OVER) == 0


def test_where_nothing_was_typed_the_next_period_starts_at_the_last_usage(
    reserving: Customer,
) -> None:
    system(reserving, START - timedelta(hours=1))
    for day, units in enumerate(("40", "90.5", "30.25")):
        used(reserving, Decimal(units), START + timedelta(days=day))

    assert held(reserving, START + timedelta(days=3)) == 91
    assert held(reserving, ROLL_OVER) == 31


def test_the_rate_of_the_periods_start_holds_to_its_end(reserving: Customer) -> None:
    from credits.domain.rate_entry import EnterRate

    assert EnterRate.kind
    typed(reserving, 80, START)
    later = ROLL_OVER - timedelta(days=90)
    enter_rate("40", later)
    with clock.moved_to(START + timedelta(days=10)):
        make.allocate(reserving, "email-core", 1)

    assert credits_at(reserving, later + timedelta(days=1)) == 80 * RATE
    assert credits_at(reserving, ROLL_OVER) == 80 * 40
    assert verify_books(reserving) == []


def enter_rate(credits: str, at: datetime) -> None:
    """A later rate of the reservation, entered as the catalogue file would."""

    rows = catalogue_rows()
    row = next(row for row in rows if row["feature"] == KEY)
    rows.append(row | {"credits": credits, "valid_from": f"{at:%Y-%m-%d}"})
    row["valid_to"] = f"{at - timedelta(days=1):%Y-%m-%d}"
    with clock.moved_to(START + timedelta(days=5)):
        assert load_catalogue(catalogue_text(rows)) is not None


def credits_at(customer: Customer, at: datetime) -> int:
    feature = Feature.objects.get(key=KEY)
    known = Operation.objects.latest("recorded_at").recorded_at
    return figures.level(customer, at=at, known=known, feature_id=feature.pk)


@pytest.mark.parametrize(
    ("after", "passes"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24) + MICROSECOND, False),
    ],
)
def test_a_customer_withdraws_a_wrong_value_for_24_hours(
    reserving: Customer, after: timedelta, passes: bool
) -> None:
    typed(reserving, 10, START)
    wrong = typed(reserving, 1000, START + timedelta(days=1))
    asked = make.asked(confirmed_shortfall=10**9)
    undo = Undo(
        customer=reserving, asked=asked, operation=wrong.public_id, kinds=UNDONE_BY_CUSTOMERS
    )

    with clock.moved_to(wrong.recorded_at + after):
        if passes:
            post(undo)
        else:
            with pytest.raises(NotAllowed, match="Ask support"):
                post(undo)

    assert held(reserving, ROLL_OVER - MICROSECOND) == (10 if passes else 1000)


def test_support_withdraws_a_wrong_value_later(reserving: Customer) -> None:
    typed(reserving, 10, START)
    wrong = typed(reserving, 1000, START + timedelta(days=1))

    with clock.moved_to(START + timedelta(days=200)):
        post(
            Undo(
                customer=reserving,
                asked=make.asked(reason="a typing error"),
                operation=wrong.public_id,
            )
        )

    assert held(reserving, ROLL_OVER - MICROSECOND) == 10
    assert verify_books(reserving) == []


def test_a_late_report_raises_the_period_it_belongs_to(reserving: Customer) -> None:
    typed(reserving, 80, START)
    system(reserving, START + timedelta(days=1))
    late = START + timedelta(days=100)
    used(reserving, 120, late, now=ROLL_OVER + timedelta(days=10))

    assert held(reserving, late - MICROSECOND) == 80
    assert held(reserving, late) == 120
    assert held(reserving, ROLL_OVER) == 80
    assert verify_books(reserving) == []
