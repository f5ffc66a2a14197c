"""The figures of many customers are the sums of their ledgers, at any two clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.digests.positions import positions_at
from billing.domain.notices.holding import holdings_at
from credits.domain.figures import figure, level
from credits.models import Feature
from tests.billing.story import Story, found_story, instant, ordinary

pytestmark = pytest.mark.usefixtures("catalogue")

START, END = instant("2025-10-15T00:00"), instant("2028-03-01T00:00")
HOURS = int((END - START) / timedelta(hours=1))
hours = st.integers(0, HOURS).map(lambda n: START + timedelta(hours=n))


@pytest.fixture
def stories() -> list[Story]:
    """Two customers that live through much the same at different times, and one with nothing."""
    first = ordinary(found_story("Halden Energy"))
    second = found_story("Borealis Freight")
    license = second.buy("2026-02-02T09:00", 9_000, "2026-02-02", "2026-08-31")
    second.buy("2026-03-02T09:00", 9_000, "2026-06-01", "2027-05-31")
    second.allocate("2026-03-03T09:00", "sandbox-daily-reserve", 40)
    second.extend("2026-08-15T09:00", license, "2026-11-01T00:00")
    second.reduce("2026-09-15T09:00", license, 4_000)
    second.void("2026-10-15T09:00", license)
    return [first, second, found_story("Corvus Retail")]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=hours, known=hours, ahead=st.integers(0, 900))
def test_every_figure_is_the_sum_of_its_rows(
    stories: list[Story], at: datetime, known: datetime, ahead: int
) -> None:
    customers = [story.customer for story in stories]
    later = at + timedelta(days=ahead)

    positions = positions_at(customers, at, known)

    for customer in customers:
        found = positions[customer.pk]
        assert found.figure == figure(customer, at=at, known=known)
        assert found.figure_at(later) == figure(customer, at=later, known=known)


def test_holdings_are_the_levels_of_each_feature(stories: list[Story]) -> None:
    instants = [instant("2026-11-24T12:00"), instant("2027-04-01T00:00"), END]
    asked = [(story.customer.pk, at) for story in stories for at in instants]

    found = holdings_at(asked)

    for story in stories:
        for at in instants:
            levels = {held.key: held.credits for held in found[story.customer.pk, at]}
            for feature in Feature.objects.all():
                known = instant("2030-01-01T00:00")
                wanted = level(story.customer, at=at, known=known, feature_id=feature.pk)
                assert levels.get(feature.key, 0) == wanted
