"""The dry run of a rate says what booking it then does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from credits import clock
from credits.domain import rate_preview
from credits.domain.allocations import Allocate, Release
from credits.domain.figures import figure, standing
from credits.domain.post import post
from credits.domain.rate_entry import EnterRate
from credits.domain.rate_preview import RateEffect, Touched, effect_words, preview_rate
from credits.domain.rate_run import apply_rates
from credits.models import Customer, Feature, LedgerEntry, Side, subject_of
from tests.credits.rates.entering import enter, row
from tests.factories import credits as make

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
FIRST = date(2027, 3, 1)
MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)
EVER = datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


def dry_run(first_day: date, *, at: datetime = NOW, **fields: Any) -> RateEffect:
    command = EnterRate(asked=make.asked(reason="why"), row=row(first_day, **fields))
    return preview_rate(command.checked(at)[0], at)


def holder(users: int, credits: int = 0) -> Customer:
    """Holds users of Email Core, with a license of so many credits."""
    customer = make.make_customer()
    if credits:
        make.grant(customer, credits, date(2027, 1, 1), date(2027, 12, 31))
    make.allocate(customer, "email-core", users)
    return customer


def test_it_counts_customers_credits_and_who_becomes_short_first() -> None:
    enough, short = holder(10, 1_000), holder(100, 2_600)
    holder(0, 500)
    make.make_customer()

    effect = dry_run(FIRST)

    assert (effect.reporting, effect.touched, effect.credits) == (3, 2, 550)
    assert (effect.short, effect.first_short, effect.deeper) == (1, MIDNIGHT, 0)
    most = [(one.customer, one.before, one.after, one.short_at) for one in effect.most]
    assert most == [(short, 2_500, 3_000, MIDNIGHT), (enough, 250, 300, None)]
    assert (effect.most[0].balance_before, effect.most[0].balance_after) == (100, -400)
    assert effect_words(effect) == (
        "2 customers, +550 credits, 1 would be short, first on 1 March 2027."
    )


def test_it_writes_nothing() -> None:
    customer = holder(10, 1_000)
    before = LedgerEntry.objects.count()

    dry_run(FIRST)

    assert LedgerEntry.objects.count() == before
    assert standing(customer, now=NOW, boundary=NOW).live.figure.allocated == 250


def test_nobody_touched_less_credits_and_nobody_short_each_read_right() -> None:
    assert effect_words(dry_run(FIRST)) == "No customer's credits change."

    holder(10, 1_000)

    assert effect_words(dry_run(FIRST, credits=Decimal(20))) == (
        "1 customer, \N{MINUS SIGN}50 credits, nobody would be short."
    )
    assert effect_words(dry_run(FIRST, credits=Decimal("25.1"))) == (
        "1 customer, +1 credit, nobody would be short."
    )


def test_who_is_short_anyway_is_told_apart_from_who_becomes_short() -> None:
    holder(10, 100)

    effect = dry_run(FIRST)

    assert (effect.short, effect.deeper) == (0, 1)
    assert effect_words(effect).endswith(
        "nobody would be short, 1 that is short anyway would be shorter."
    )


def test_a_shortage_that_comes_only_with_a_later_end_has_that_day() -> None:
    customer = make.make_customer()
    make.grant(customer, 260, date(2027, 1, 1), date(2027, 12, 31))
    make.grant(customer, 100, date(2027, 1, 1), date(2027, 5, 31))
    make.allocate(customer, "email-core", 10)

    effect = dry_run(FIRST)

    assert effect.first_short == datetime(2027, 6, 1, tzinfo=UTC)


def test_the_change_counts_on_the_first_day_also_where_a_later_rate_follows() -> None:
    holder(10, 1_000)
    enter(date(2027, 6, 1), credits=Decimal(40))
    apply_rates()

    effect = dry_run(FIRST)

    assert (effect.touched, effect.credits) == (1, 50)
    assert [(b.at, b.credits) for b in effect.most[0].bookings] == [
        (MIDNIGHT, 50),
        (datetime(2027, 6, 1, tzinfo=UTC), -50),
    ]


def test_rates_entered_and_not_booked_yet_are_no_part_of_the_change() -> None:
    holder(10, 1_000)
    enter(date(2027, 2, 1), credits=Decimal(28))
    enter(date(2027, 2, 1), feature="email-pro", credits=Decimal(500))

    effect = dry_run(FIRST)

    assert (effect.touched, effect.credits) == (1, 20)
    assert (effect.most[0].before, effect.most[0].after) == (280, 300)
    assert (effect.most[0].balance_before, effect.most[0].balance_after) == (720, 700)


def test_batches_come_to_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for users in (5, 10, 15, 20, 25):
        holder(users, 500)
    whole = dry_run(FIRST)

    monkeypatch.setattr(rate_preview, "BATCH", 2)
    parts = dry_run(FIRST)

    assert (parts.touched, parts.credits, parts.short, parts.deeper) == (5, 375, 1, 1)
    assert [t.customer for t in parts.most] == [t.customer for t in whole.most]


def test_only_twenty_customers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_preview, "SHOWN", 3)
    for users in (7, 3, 9, 1, 8):
        holder(users)

    assert [one.change for one in dry_run(FIRST).most] == [45, 40, 35]


@pytest.mark.parametrize("first_day", [FIRST, date(2027, 1, 1)])
def test_a_batch_costs_the_same_queries_however_many_customers(first_day: date) -> None:
    def queries() -> int:
        command = EnterRate(asked=make.asked(reason="why"), row=row(first_day))
        rate, _ = command.checked(NOW)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            preview_rate(rate, NOW)
        return len(captured)

    holder(10, 1_000)
    few = queries()
    for users in range(1, 30):
        holder(users, 100)

    assert queries() == few <= 9


groups = st.sampled_from(["email-core", "email-pro", "endpoint", "ztsa"])
units = st.integers(0, 60)
acts = st.lists(st.tuples(groups, units, units, st.booleans(), st.integers(0, 30)), max_size=5)
terms = st.lists(
    st.tuples(st.integers(1, 9_000), st.integers(0, 60), st.integers(1, 120)), max_size=2
)
rates = st.tuples(
    st.sampled_from(
        [
            {"feature": "email-core", "model": "per_user"},
            {"feature": "email-core", "model": "volume_pack", "block": Decimal(7)},
            {"feature": "endpoint-core", "model": "package"},
            {"feature": "ztsa-internet-access", "model": "per_user"},
            {
                "feature": "ztsa-internet-ai-bundle",
                "model": "bundle",
                "parts": ("ztsa-internet-access", "ztsa-ai-access"),
            },
        ]
    ),
    st.integers(-25, 60),
    st.decimals(1, 120, places=2),
)


def act(customer: Customer, of: str, one: int, other: int, flag: bool) -> None:
    quantities: dict[str, Decimal] = {of: Decimal(one)}
    group, on = of, None
    if of == "endpoint":
        group = "endpoint-packages"
        quantities = {"endpoint-core": Decimal(one), "endpoint-pro": Decimal(other)}
    if of == "ztsa":
        group, quantities = "ztsa-internet-ai", {"units": Decimal(one)}
        on = frozenset(
            key
            for key, wanted in (("ztsa-internet-access", flag), ("ztsa-ai-access", other > 20))
            if wanted
        )
    if of.startswith("email") and flag:
        features = [Feature.objects.get(key=of)]
        post(Release(customer=customer, asked=make.asked(), group=group, features=features))
        return
    ask = make.asked(confirmed_shortfall=10**15)
    post(Allocate(customer=customer, asked=ask, group=group, quantities=quantities, on=on))


def ledger(customer: Customer) -> Counter[Any]:
    sums: Counter[Any] = Counter()
    for entry in LedgerEntry.objects.filter(customer=customer):
        sums[subject_of(entry), entry.effective_at] += entry.credits
    return sums


@settings(max_examples=15)
@given(st.lists(st.tuples(terms, acts), min_size=1, max_size=3), rates)
def test_what_it_says_is_what_booking_then_does(people: list[Any], entered: Any) -> None:
    fields, day, credits = entered
    now = NOW + 40 * DAY
    first = now.date() + timedelta(days=day)
    with transaction.atomic():
        customers = [customer_with(*person) for person in people]
        with clock.moved_to(now):
            apply_rates()
            before = {customer: ledger(customer) for customer in customers}
            effect = dry_run(first, at=now, credits=credits, **fields)
            enter(first, reason="why", credits=credits, **fields)
            apply_rates()
        told = {one.customer: one for one in effect.most}
        for customer in customers:
            after = ledger(customer)
            booked = {key: n for key in after if (n := after[key] - before[customer][key])}
            said = told.get(customer)
            assert (said_of(said) if said else {}) == booked
            if said is not None:
                figures = figure(customer, at=effect.at + DAY / 2, known=EVER)
                assert said.balance_after == figures.balance
                assert said.short_at == first_short(before[customer], after, now)
        assert effect.touched == len(told)
        assert effect.credits == sum(one.change for one in effect.most)
        transaction.set_rollback(True)


def customer_with(granted: list[Any], done: list[Any]) -> Customer:
    """A customer with licenses, who allocated and released over the thirty days before."""
    customer = make.make_customer()
    for credits, start, days in granted:
        first = NOW.date() + start * DAY
        make.grant(customer, credits, first, first + days * DAY)
    for number, (*what, later) in enumerate(sorted(done, key=lambda one: one[-1])):
        with clock.moved_to(NOW + DAY * later + timedelta(minutes=number)):
            act(customer, *what)
    return customer


def said_of(said: Touched) -> dict[Any, int]:
    return {(booking.subject, booking.at): booking.credits for booking in said.bookings}


def first_short(before: Counter[Any], after: Counter[Any], now: datetime) -> datetime | None:
    """By the definition: the first instant that is below zero after, and was not before."""
    instants = sorted({now, *(at for _, at in [*before, *after] if at > now)})
    fallen = [at for at in instants if balance(after, at) < 0 <= balance(before, at)]
    return fallen[0] if fallen else None


def balance(sums: Counter[Any], at: datetime) -> int:
    return sum(
        n if side == Side.VALID else -n for ((side, _), when), n in sums.items() if when <= at
    )
