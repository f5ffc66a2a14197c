"""Reports out of order, repeated and corrected end in the same state, at every instant."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits.domain import figures, verify
from credits.models import Customer, Feature
from tests.credits.domain.acts import NOON, now_of
from tests.credits.usage.reports import SANDBOX, report, set_source
from tests.factories import credits as make

PACKAGES = "endpoint-packages"
TIERS = "cloud-risk"
GROUPS = (SANDBOX, PACKAGES, TIERS)
MOST_DAYS = 390
"""The instants are older than the last change of a rate in places, and never too old."""

Said = tuple[str, int, int, Any]
"""Group, hours before now, revision, units."""

small = st.integers(0, 5_000)
units = {
    SANDBOX: small,
    PACKAGES: st.fixed_dictionaries({"endpoint-core": small, "endpoint-pro": small}),
    TIERS: st.dictionaries(st.sampled_from(["prod", "lab", "eu"]), small).map(
        lambda accounts: {TIERS: accounts}
    ),
}


def said_of(group: str) -> st.SearchStrategy[Said]:
    return st.tuples(
        st.just(group), st.integers(0, 5), st.sampled_from([0, 1, 2**40]), units[group]
    )


saids = st.lists(
    st.sampled_from(GROUPS).flatmap(said_of),
    min_size=2,
    max_size=7,
    # Two statements of one instant and revision are told apart by which came last, as they must.
    unique_by=lambda said: said[:3],
)


def told(saids: list[Said], *, spread: int) -> dict[tuple[str, int], int]:
    """A fresh customer's levels at every instant, after these reports in this order."""
    customer = make.make_customer()
    for group in GROUPS:
        set_source(customer, group)
    for group, hours, revision, stated in saids:
        at = NOON - timedelta(hours=hours * spread)
        report(customer, stated, at, group=group, revision=revision, key=key_of(customer, hours))
    assert verify.verify_books(customer) == []
    return levels(customer, {said[1] for said in saids}, spread)


def key_of(customer: Customer, hours: int) -> str:
    return f"{customer.slug}/{hours}/{uuid.uuid4().hex}"


def levels(customer: Customer, hours: set[int], spread: int) -> dict[tuple[str, int], int]:
    known = now_of(customer)
    features = Feature.objects.filter(group__key__in=GROUPS)
    return {
        (feature.key, hour): figures.level(
            customer,
            at=NOON - timedelta(hours=hour * spread),
            known=known,
            feature_id=feature.pk,
        )
        for feature in features
        for hour in hours
    }


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    saids=saids, order=st.randoms(use_true_random=False), spread=st.sampled_from([1, 24, 24 * 78])
)
def test_any_order_of_arrival_ends_in_the_same_levels(
    catalogue: None, saids: list[Said], order: Any, spread: int
) -> None:
    shuffled = list(saids)
    order.shuffle(shuffled)

    assert told(shuffled, spread=spread) == told(saids, spread=spread)


def test_every_order_of_a_late_a_corrected_and_a_zero_report_is_the_same(catalogue: None) -> None:
    said: list[Said] = [
        (SANDBOX, 0, 0, 310),
        (SANDBOX, 3, 1, 320),
        (SANDBOX, 3, 2, 0),
        (SANDBOX, 9, 0, 300),
    ]

    ends = [told(list(order), spread=1) for order in permutations(said)]

    assert ends[0][SANDBOX, 0] == 2_170
    assert ends[0][SANDBOX, 3] == 0
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize("times", [2, 3])
def test_repeats_in_any_place_change_nothing(reported: Customer, times: int) -> None:
    said = [(300, 9, "a"), (310, 0, "b"), (290, 5, "c")]
    for number, hours, key in [*said, *said[::-1] * times]:
        report(reported, Decimal(number), NOON - timedelta(hours=hours), key=key)

    assert levels(reported, {9, 5, 0}, 1)[SANDBOX, 0] == 2_170
    assert levels(reported, {5}, 1)[SANDBOX, 5] == 2_030
    assert verify.verify_books(reported) == []
