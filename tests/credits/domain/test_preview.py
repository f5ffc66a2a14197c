"""What is shown before an act is what the act then does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credits import clock
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.arithmetic import lines
from credits.domain.catalogue import load_catalogue
from credits.domain.commands import Command
from credits.domain.figures import Position, standing
from credits.domain.groups import read_group
from credits.domain.post import post
from credits.domain.preview import Preview, open_draft
from credits.exceptions import CreditsError, ShortBalance
from credits.models import AllocationGroup, Customer, LedgerEntry, Operation, OverAllocation
from tests.credits.domain.catalogue_text import cells, text_of
from tests.factories import credits as make

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
ENOUGH = 10**15

units = st.integers(0, 400).map(Decimal)
measured = st.decimals(0, 2000, places=1, allow_nan=False)


def allocate(group: str, quantities: Any, on: Any = None) -> dict[str, Any]:
    return {"group": group, "quantities": quantities, "on": on}


acts = st.one_of(
    st.builds(lambda n: allocate("email-core", {"email-core": n}), units),
    st.builds(lambda n: allocate("email-sensor", {"email-sensor": n}), units),
    st.builds(lambda n: allocate("ztsa-sandbox", {"ztsa-sandbox": n}), units),
    st.builds(
        lambda n, m: allocate("endpoint-packages", {"endpoint-core": n, "endpoint-pro": m}),
        units,
        units,
    ),
    st.builds(
        lambda n, on: allocate("ztsa-internet-ai", {"units": n}, on),
        units,
        st.frozensets(st.sampled_from(["ztsa-internet-access", "ztsa-ai-access"])),
    ),
    st.builds(
        lambda accounts: allocate("cloud-risk", {"cloud-risk": accounts}),
        st.dictionaries(st.sampled_from(["lab", "shop", "core"]), units.map(lambda n: n * 30)),
    ),
    st.builds(
        lambda n: allocate("network-virtual-sensor", {"network-virtual-sensor": n}), measured
    ),
)
steps = st.lists(
    st.one_of(
        acts,
        st.builds(lambda place: {"undo": place}, st.integers(0, 8)),
        st.sampled_from(
            [
                {"release": group}
                for group in ("email-core", "ztsa-internet-ai", "endpoint-packages")
            ]
        ),
        st.builds(lambda days: {"wait": days}, st.integers(1, 200)),
        st.builds(
            lambda rate, days: {"rate": rate, "days": days},
            st.integers(1, 60),
            st.integers(-20, 120),
        ),
    ),
    min_size=1,
    max_size=8,
)


def command(customer: Customer, step: dict[str, Any], done: list[Operation]) -> Command | None:
    """The act that a step stands for; None where there is nothing to undo or release yet."""
    asked = make.asked(confirmed_shortfall=ENOUGH)
    if "undo" in step:
        if not done:
            return None
        operation = done[step["undo"] % len(done)].public_id
        return Undo(customer=customer, asked=asked, operation=operation)
    if "release" in step:
        group = AllocationGroup.objects.get(key=step["release"])
        features = [f for f in group.features.all() if not f.key.endswith("bundle")]
        return Release(customer=customer, asked=asked, group=group.key, features=features)
    return Allocate(customer=customer, asked=asked, **step)


def enter_rate(credits: int, first_day: date) -> None:
    """Mail's core package costs this from a day on; no customer's books know it yet."""
    usual = AllocationGroup.objects.get(key="email-core")
    load_catalogue(
        text_of(
            cells(
                "email-core",
                solution=usual.solution.key,
                solution_name=usual.solution.name,
                group_name=usual.name,
                feature_name=usual.name,
                credits=str(credits),
                valid_from=first_day.isoformat(),
            )
        )
    )


def course(position: Position) -> tuple[Any, ...]:
    """All that a position says, without the rows it is made of."""
    ahead = tuple((step.at, step.figure) for step in position.ahead)
    return position.figure, dict(position.by_license), dict(position.by_feature), ahead


def live(customer: Customer) -> Position:
    now = clock.now()
    return standing(customer, now=now, boundary=now - timedelta(hours=2)).live


def posted(act: Command) -> Operation | CreditsError:
    """The operation of an act, or why it was refused."""
    try:
        with transaction.atomic():
            return post(act).operation
    except CreditsError as refused:
        return refused


def try_both(customer: Customer, act: Command) -> Operation | None:
    """Preview an act, do it, and compare; the operation if it was allowed."""
    rows = LedgerEntry.objects.count()
    try:
        shown: Preview | CreditsError = open_draft(customer).preview(act)
    except CreditsError as refused:
        shown = refused
    assert LedgerEntry.objects.count() == rows
    now_before = course(live(customer))
    done = posted(act)
    if isinstance(done, CreditsError):
        assert isinstance(shown, CreditsError)
        assert (shown.message, shown.field) == (done.message, done.field)
        return None
    assert isinstance(shown, Preview)
    assert course(shown.before) == now_before
    assert course(shown.after) == course(live(customer))
    return done


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogue")
@settings(max_examples=25)
@example(
    steps=[
        allocate("email-core", {"email-core": Decimal(20)}),
        {"rate": 30, "days": 0},
        allocate("email-core", {"email-core": Decimal(21)}),
        {"rate": 7, "days": -10},
        {"undo": 0},
    ]
)
@given(steps=steps)
def test_what_is_shown_before_is_what_is_done_after(steps: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        now = START
        with clock.moved_to(now):
            customer = make.make_customer()
            make.grant(customer, 9_000, date(2026, 1, 1), date(2026, 12, 31))
            make.grant(customer, 4_000, date(2026, 6, 1), date(2027, 5, 31))
        done: list[Operation] = []
        for step in steps:
            now += timedelta(minutes=1) + timedelta(days=step.get("wait", 0))
            with clock.moved_to(now):
                if "rate" in step:
                    first = clock.day_of(now) + timedelta(days=step["days"])
                    enter_rate(step["rate"], max(first, date(2024, 1, 2)))
                elif "wait" not in step and (act := command(customer, step, done)):
                    operation = try_both(customer, act)
                    done += [operation] if operation else []
        transaction.set_rollback(True)


@pytest.fixture
def held(customer: Customer) -> Customer:
    """1,000 credits to the end of 2026, of which mail holds 500."""
    with clock.moved_to(START):
        make.grant(customer, 1_000, date(2026, 1, 1), date(2026, 12, 31))
        make.allocate(customer, "email-core", 20)
    return customer


def mail(customer: Customer, number: int, confirmed: int | None = None) -> Allocate:
    return Allocate(
        customer=customer,
        asked=make.asked(confirmed_shortfall=confirmed),
        group="email-core",
        quantities={"email-core": Decimal(number)},
    )


def test_the_judgment_is_shown_and_not_raised(held: Customer) -> None:
    with clock.moved_to(START):
        open_draft(held).preview(mail(held, 40))
        passing = open_draft(held).preview(mail(held, 40)).judgment
        asking = open_draft(held).preview(mail(held, 41)).judgment
        held.over_allocation = OverAllocation.REFUSE
        refusing = open_draft(held).preview(mail(held, 41, ENOUGH)).judgment

    assert passing is None
    assert isinstance(asking, ShortBalance)
    assert (asking.code, asking.shortfall) == ("confirm", 25)
    assert isinstance(refusing, ShortBalance)
    assert (refusing.code, refusing.shortfall) == ("short", 25)


def test_a_preview_takes_no_lock_and_writes_nothing(held: Customer) -> None:
    with clock.moved_to(START), CaptureQueriesContext(connection) as captured:
        open_draft(held).preview(mail(held, 40))

    statements = [query["sql"] for query in captured.captured_queries]
    changing = ("INSERT ", "UPDATE ", "DELETE ", "advisory")
    assert statements
    assert not [sql for sql in statements if any(word in sql for word in changing)]
    assert not [statement for statement in statements if "FOR NO KEY UPDATE" in statement]


def test_rates_that_are_not_booked_yet_are_in_what_comes_after(held: Customer) -> None:
    with clock.moved_to(START + timedelta(days=1)):
        enter_rate(30, date(2026, 2, 2))
        shown = open_draft(held).preview(mail(held, 21))

    assert shown.before.figure.allocated == 500
    assert shown.after.figure.allocated == 630


def test_the_first_short_date_is_the_one_after_the_act(held: Customer) -> None:
    with clock.moved_to(START):
        make.grant(held, 300, date(2026, 1, 1), date(2027, 12, 31))
        shown = open_draft(held).preview(mail(held, 8)).first_short
        gone = open_draft(held).preview(mail(held, 13)).first_short

    assert shown is not None
    assert (shown.at, shown.before, shown.after) == (datetime(2027, 1, 1, tzinfo=UTC), -200, 100)
    assert gone is not None
    assert (gone.before, gone.after) == (-200, -25)


@pytest.mark.parametrize(
    ("group", "quantities", "on", "expected"),
    [
        ("email-core", {"email-core": Decimal(3)}, None, [("", 3, None, 75, False)]),
        (
            "collaboration-sensor",
            {"collaboration-sensor": Decimal(9)},
            None,
            [("", 9, None, 0, False)],
        ),
        (
            "cloud-risk",
            {"cloud-risk": {"a": Decimal(501), "b": Decimal(3501), "c": Decimal(0)}},
            None,
            [("a", 501, 2, 2000, False), ("b", 3501, 8, 8000, False), ("c", 0, 0, 0, False)],
        ),
        ("cloud-risk", {"cloud-risk": {"x": Decimal(9000)}}, None, [("x", 9000, 18, 8000, True)]),
        (
            "ztsa-internet-ai",
            {"units": Decimal(2)},
            frozenset({"ztsa-internet-access", "ztsa-ai-access"}),
            [("", 2, None, 170, False)],
        ),
        (
            "ztsa-internet-ai",
            {"units": Decimal(2)},
            frozenset({"ztsa-ai-access"}),
            [("", 2, None, 100, False)],
        ),
    ],
)  # fmt: skip
def test_the_lines_of_a_price_add_up_to_what_is_held(
    customer: Customer, group: str, quantities: Any, on: Any, expected: list[Any]
) -> None:
    with clock.moved_to(START):
        draft = open_draft(customer)
        act = Allocate(
            customer=customer, asked=make.asked(), group=group, quantities=quantities, on=on
        )
        shown = draft.preview(act)
        found = lines(read_group(draft.books, group), quantities, shown.after.by_feature)

    rows = [(r.account, int(r.units), r.blocks, r.credits, r.is_capped) for r in found]
    assert rows == expected
    assert sum(row.credits for row in found) == sum(shown.after.by_feature.values())
