"""A long ledger's explanation is told from the projections: with the same sums and rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from billing.domain import explained_levels
from billing.domain.explanation import BALANCE, Explanation, Question
from credits import clock
from credits.models import Feature, Side
from tests.billing.story import Story, instant

B, NOW = instant("2026-11-24T09:00"), instant("2026-11-24T11:20")
AHEAD = instant("2027-06-01T00:00")
POSITIONS = [(B, B), (NOW, NOW), (AHEAD, B), (AHEAD, NOW)]

Told = tuple[str, int, dict[str, int], dict[str, list[int]]]


@contextmanager
def long_ledgers() -> Iterator[None]:
    """Ledgers count as long from their first row on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explained_levels, "LONG", 0)
        yield


def told(question: Question) -> list[Told]:
    """Each side's sum, the sums of its parts, and the rows of each as far as both show them."""
    with clock.moved_to(NOW):
        return [
            (
                section.side,
                section.total,
                {group.name: group.total for group in section.groups},
                {group.name: [row.entry.seq for row in group.rows] for group in section.groups},
            )
            for section in Explanation(question).sections
        ]


@pytest.mark.parametrize(("at", "known"), POSITIONS)
def test_its_sums_are_those_of_its_rows(halden: Story, at: datetime, known: datetime) -> None:
    halden.allocate("2026-11-24T10:30", "email-core", 20)
    for side in (BALANCE, Side.VALID.value, Side.ALLOCATED.value):
        question = Question(halden.customer, side, at, known)
        short = told(question)
        with long_ledgers():
            long = told(question)

        assert [one[:3] for one in long] == [one[:3] for one in short]


@pytest.mark.parametrize(("at", "known"), POSITIONS)
def test_a_features_rows_are_the_same(halden: Story, at: datetime, known: datetime) -> None:
    halden.allocate("2026-11-24T10:30", "email-core", 20)
    for feature in Feature.objects.filter(levels__customer=halden.customer):
        question = Question(
            halden.customer,
            Side.ALLOCATED.value,
            at,
            known,
            feature=feature,
        )
        short = told(question)
        with long_ledgers():
            long = told(question)

        if short != long:
            # Nothing of it is known yet at the position: then it is no part at all.
            assert (short[0][1], short[0][3], long[0][1]) == (0, {}, 0)


def test_older_rows_are_carried_forward_uncounted(story: Story) -> None:
    story.buy("2025-12-02T09:00", 90_000, "2025-12-02", "2027-03-31")
    for n in range(60):
        story.allocate(f"2026-0{1 + n // 25}-{1 + n % 25:02}T09:00", "email-core", n + 1)
    feature = Feature.objects.get(key="email-core")
    with long_ledgers(), clock.moved_to(NOW):
        explanation = Explanation(
            Question(story.customer, Side.ALLOCATED.value, B, B, feature=feature)
        )
        [group] = explanation.sections[0].groups

    assert group.count is None
    assert group.is_cut
    assert (len(group.rows), group.total) == (50, 1_500)
    assert group.carried == 1_500 - sum(row.entry.credits for row in group.rows) == 250
