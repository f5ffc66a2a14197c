"""From what a marketplace says to the steps that are missing: pure, and true at every instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.marketplaces.agreements import short
from billing.domain.marketplaces.providers import Item, Truth
from billing.domain.marketplaces.wanted import (
    Buy,
    Held,
    MoveEnd,
    NoEnd,
    Reduce,
    UnknownOffer,
    Void,
    Wanted,
    Worth,
    cut_down,
    cut_up,
    steps,
    wanted,
)

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
OFFERS = {"plan": Worth("credits", 100), "payg": Worth("payg")}
DAY = timedelta(days=1)


def truth(**fields: object) -> Truth:
    said: dict[str, object] = {
        "marketplace": "aws",
        "reference": "l-1",
        "account": "1",
        "product": "p",
        "state": "active",
        "items": [Item("plan", 3)],
        "starts_at": datetime(2026, 11, 10, 13, 37, tzinfo=UTC),
        "ends_at": datetime(2027, 11, 10, 13, 37, tzinfo=UTC),
    }
    return Truth(**{**said, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("instant", "down", "up"),
    [
        ("2026-03-01T00:00:00", "2026-03-01", "2026-03-01"),
        ("2026-03-01T00:00:00.000001", "2026-03-01", "2026-03-02"),
        ("2026-03-01T13:37:00", "2026-03-01", "2026-03-02"),
        ("2026-03-01T23:59:59.999999", "2026-03-01", "2026-03-02"),
        ("2028-02-29T12:00:00", "2028-02-29", "2028-03-01"),
    ],
)
def test_instants_become_whole_days_in_the_customers_favor(
    instant: str, down: str, up: str
) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)

    assert f"{cut_down(at):%Y-%m-%d %H:%M}" == f"{down} 00:00"
    assert f"{cut_up(at):%Y-%m-%d %H:%M}" == f"{up} 00:00"


def test_units_are_worth_what_was_said() -> None:
    said = truth(items=[Item("plan", 3), Item("payg", 1), Item("plan", 2)])

    assert wanted(said, OFFERS, NOW) == Wanted(
        500,
        True,
        datetime(2026, 11, 10, tzinfo=UTC),
        datetime(2027, 11, 11, tzinfo=UTC),
    )


def test_nothing_is_wanted_of_what_is_not_active_yet() -> None:
    assert wanted(truth(state="pending"), OFFERS, NOW) is None


def test_what_waits_to_be_let_in_is_wanted_as_soon_as_its_end_is_known() -> None:
    waits = truth(state="pending", must_activate=True)

    assert wanted(waits, OFFERS, NOW) == wanted(truth(), OFFERS, NOW)
    assert wanted(replace(waits, ends_at=None), OFFERS, NOW) is None


def test_a_plan_without_a_worth_is_refused_and_none_of_it_is_no_plan() -> None:
    with pytest.raises(UnknownOffer, match="other"):
        wanted(truth(items=[Item("other", 1)]), OFFERS, NOW)

    assert wanted(truth(items=[Item("plan", 1), Item("other", 0)]), OFFERS, NOW)


def test_what_is_over_ends_though_nobody_knows_its_plan() -> None:
    over = wanted(truth(state="ended", items=[Item("other", 1)]), OFFERS, NOW)

    assert over == Wanted(0, False, None, NOW, is_over=True)


def test_what_is_over_on_its_last_day_has_ended_with_its_term() -> None:
    last = wanted(truth(state="ended", ends_at=NOW + timedelta(hours=1)), OFFERS, NOW)
    before = wanted(truth(state="ended", ends_at=NOW + timedelta(days=1)), OFFERS, NOW)

    assert last == Wanted(0, False, None, cut_up(NOW), is_over=True)
    assert before == Wanted(0, False, None, NOW, is_over=True)


def test_credits_without_a_last_day_are_refused() -> None:
    with pytest.raises(NoEnd):
        wanted(truth(ends_at=None), OFFERS, NOW)


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("arn:aws:license-manager::123456789012:license:l-0123", "l-0123"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    ],
)
def test_an_agreement_is_called_by_the_end_of_its_reference(reference: str, name: str) -> None:
    assert short(reference) == name


def test_long_references_stay_apart() -> None:
    first, second = short("x" * 290 + "1"), short("x" * 290 + "2")

    assert first != second
    assert max(len(first), len(second)) <= 48


def taken(held: Sequence[Held], found: Sequence[object], now: datetime) -> list[Held]:
    """The licenses after some steps, as the books would have them."""
    after = {one.license: one for one in held}
    for step in found:
        if isinstance(step, Buy):
            number = len(after) + 1
            after[number] = Held(number, step.credits, step.starts_at, step.ends_at)
        elif isinstance(step, Void):
            one = after[step.license]
            after[step.license] = replace(one, voided_at=now)
        elif isinstance(step, Reduce):
            assert 0 < step.credits < after[step.license].credits
            after[step.license] = replace(after[step.license], credits=step.credits)
        elif isinstance(step, MoveEnd):
            one = after[step.license]
            assert step.ends_at > max(now, one.starts_at)
            assert (step.ends_at > one.ends_at) is step.is_later
            after[step.license] = replace(one, ends_at=step.ends_at)
    return list(after.values())


def level(held: Sequence[Held], at: datetime) -> int:
    """The credits that licenses give at an instant."""
    return sum(
        one.credits
        for one in held
        if one.starts_at <= at < one.ends_at and (one.voided_at is None or at < one.voided_at)
    )


days = st.integers(0, 40)


@st.composite
def wishes(draw: st.DrawFn) -> list[tuple[datetime, Wanted]]:
    """What is wanted from one look to the next, days apart."""
    found = []
    now = NOW
    for _look in range(draw(st.integers(1, 6))):
        now += draw(days) * DAY
        start = cut_down(NOW) + draw(st.integers(-40, 200)) * DAY
        starts_at = draw(st.sampled_from([start, None]))
        ends_at = max(start, cut_down(now)) + draw(st.integers(1, 120)) * DAY
        if draw(st.integers(0, 5)) == 0:
            over_at = draw(st.sampled_from([now, cut_up(now)]))
            found.append((now, Wanted(0, False, None, over_at, is_over=True)))
        else:
            credits = draw(st.sampled_from([100, 200, 300, 500]))
            found.append((now, Wanted(credits, False, starts_at, ends_at)))
    return found


@given(wishes())
def test_after_every_look_what_is_wanted_stands_and_looking_again_finds_nothing(
    looks: list[tuple[datetime, Wanted]],
) -> None:
    held: list[Held] = []
    for now, want in looks:
        found = steps(held, want, now)
        ended = {one.license for one in held if one.ends_at <= now}
        assert not [step for step in found if getattr(step, "license", None) in ended]
        held = taken(held, found, now)

        assert not steps(held, want, now)
        last = want.ends_at - timedelta(microseconds=1)
        if want.is_over:
            assert level(held, max(now, want.ends_at)) == 0
        else:
            assert level(held, last) == want.credits
            assert level(held, want.ends_at) == 0
