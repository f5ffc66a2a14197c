"""What was sent out comes back as it was: any estimate through its own workbook and its own CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits import clock
from credits.domain.quantities import MAX_UNITS, MEASURED
from estimator.domain.course import nothing_held
from estimator.domain.estimates import Draft
from estimator.domain.importing.reading import read_units_file
from estimator.domain.plans import Plan
from estimator.domain.price_list import PriceList, read_price_list
from estimator.domain.statement import Statement
from estimator.files import FILES
from estimator.forms.importing import in_words_of_the_form, merged
from estimator.forms.lines import drafted_lines, read_lines
from tests.estimator.priced import open_on, rows_on

pytestmark = pytest.mark.usefixtures("catalogue")

KEYS = open_on()
MODELS = {key: row["model"] for key, row in rows_on().items()}
WHOLE = st.integers(0, 5_000) | st.integers(0, MAX_UNITS)
PARTS = st.decimals(0, 90_000, places=3)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any features of the catalogue, each with any units and any plan."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=5, unique=True))
    quantities: dict[str, Decimal | Mapping[str, Decimal]] = {}
    for key in keys:
        units = PARTS if MODELS[key] in MEASURED else WHOLE.map(Decimal)
        if MODELS[key] == "tiered":
            accounts = draw(st.lists(units, min_size=1, max_size=4))
            quantities[key] = {str(place): n for place, n in enumerate(accounts, start=1)}
        else:
            quantities[key] = draw(units)
    plans = st.builds(
        Plan,
        growth=st.decimals(-90, 500, places=2),
        starts_on=st.none() | st.dates(date(2026, 1, 1), date(2035, 1, 1)).map(first_of_month),
        ramp=st.sampled_from([0, 2, 12, 60]),
    )
    planned = {key: draw(plans) for key in keys if draw(st.booleans())}
    return Draft(
        quantities=quantities,
        plans={key: plan for key, plan in planned.items() if not plan.is_flat},
    )


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def sent_and_read(draft: Draft, kind: str, prices: PriceList) -> Draft:
    """A draft after its file was written, chosen in an empty calculator, and read."""
    statement = Statement(
        name="Plan", label="", version=0, customer="", at=prices.at, draft=draft, prices=prices
    )
    found = read_units_file(f"plan.{kind}", FILES[kind].write(statement), prices)
    assert found.problems == []
    assert found.unread == []
    merge = merged([], [in_words_of_the_form(line) for line in found.lines], prices)
    lines = read_lines(merge.lines, prices)
    assert lines.is_valid
    assert merge.new == len(draft.quantities)
    return replace(draft, quantities=lines.quantities(), plans=lines.plans())


def said(draft: Draft) -> tuple[object, ...]:
    """What a draft says, the order of its lines included."""
    return list(draft.quantities.items()), dict(draft.plans)


FEW = settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(FEW, max_examples=150)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@FEW
@given(draft=drafts())
def test_an_estimate_comes_back_from_its_own_file(kind: str, draft: Draft) -> None:
    prices = read_price_list(nothing_held(clock.now()).at)

    assert said(sent_and_read(draft, kind, prices)) == said(draft)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@MANY
@given(draft=drafts())
def test_any_estimate_comes_back_from_its_own_file(kind: str, draft: Draft) -> None:
    prices = read_price_list(clock.now())

    assert said(sent_and_read(draft, kind, prices)) == said(draft)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_file_changes_nothing_in_the_form_it_came_from(kind: str) -> None:
    prices = read_price_list(clock.now())
    keys = [*KEYS[:3], "cloud-risk", "xdr-for-cloud"]
    draft = Draft(
        quantities={
            key: {"1": Decimal(700), "2": Decimal(30)} if MODELS[key] == "tiered" else Decimal(1200)
            for key in keys
        },
        plans={KEYS[0]: Plan(growth=Decimal("-5.5"), starts_on=date(2027, 4, 1), ramp=6)},
    )
    statement = Statement(
        name="Plan", label="", version=0, customer="", at=prices.at, draft=draft, prices=prices
    )

    found = read_units_file(f"plan.{kind}", FILES[kind].write(statement), prices)
    read = [in_words_of_the_form(line) for line in found.lines]
    merge = merged(drafted_lines(draft, prices), read, prices)

    assert (merge.same, merge.new, merge.changed) == (len(keys), 0, [])
