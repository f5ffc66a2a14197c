"""Shown + pending = live, and every figure is the sum of its rows, over random histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.domain.annual import AnnualCredits
from billing.domain.explanation import BALANCE, Explanation, Question
from credits.domain.boundaries import boundary_at
from credits.domain.figures import figure, level
from credits.exceptions import CreditsError
from credits.models import License, Side
from tests.billing.story import Story, found_story

START = datetime(2026, 6, 1, tzinfo=UTC)
FEATURES = ("email-core", "email-sensor", "sandbox-daily-reserve", "network-virtual-sensor")

minutes = st.integers(0, 4 * 24 * 60)
acts = st.one_of(
    st.tuples(st.just("allocate"), st.sampled_from(FEATURES), st.integers(0, 900)),
    st.tuples(st.just("release"), st.sampled_from(FEATURES), st.just(0)),
    st.tuples(st.just("undo"), st.just(""), st.integers(0, 5)),
    st.tuples(st.just("buy"), st.integers(-40, 5), st.integers(1, 60)),
    st.tuples(st.just("void"), st.just(""), st.integers(0, 3)),
    st.tuples(st.just("reduce"), st.just(""), st.integers(0, 3)),
)
histories = st.lists(st.tuples(minutes, acts), min_size=1, max_size=9)


@given(history=histories, looked_at=minutes)
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_shown_and_pending_make_live(
    catalogue: None, history: list[tuple[int, Any]], looked_at: int
) -> None:
    with transaction.atomic():
        story = found_story(when="2026-05-31T00:00")
        tell(story, history)
        check(story, START + timedelta(minutes=looked_at))
        transaction.set_rollback(True)


def tell(story: Story, history: list[tuple[int, Any]]) -> None:
    """Carry the acts out in time order; what the books refuse is left out."""
    answers: list[Any] = []
    for minute, (act, subject, number) in sorted(history, key=lambda item: item[0]):
        when = (START + timedelta(minutes=minute)).replace(tzinfo=None).isoformat()
        try:
            if act == "allocate":
                answers.append(story.allocate(when, subject, number))
            elif act == "release":
                answers.append(story.release(when, subject))
            elif act == "undo" and answers:
                story.undo(when, answers[number % len(answers)])
            elif act == "buy":
                first = (START + timedelta(days=subject)).date()
                last = first + timedelta(days=number)
                story.buy(when, 1_000 + number, first.isoformat(), last.isoformat())
            elif act in ("void", "reduce"):
                correct(story, when, act, number)
        except CreditsError:
            continue


def correct(story: Story, when: str, act: str, number: int) -> None:
    """Void or reduce one of the licenses, if there is any."""
    licenses: list[License] = list(story.customer.licenses.order_by("number"))
    if not licenses:
        return
    license = licenses[number % len(licenses)]
    if act == "void":
        story.void(when, license)
    else:
        story.reduce(when, license, 500)


def check(story: Story, now: datetime) -> None:
    """Every sum of the page at one instant."""
    boundary = boundary_at(now)
    page = AnnualCredits(story.customer, now=now, boundary=boundary)
    shown, live = page.position, page.live

    assert shown.figure.balance + page.pending.effect == live.figure.balance
    assert shown.figure.valid + page.pending.valid == live.figure.valid
    assert shown.figure.allocated + page.pending.allocated == live.figure.allocated
    assert (
        sum(change.effect for change in page.pending.listed) + (page.pending.unlisted_effect)
        == page.standing.pending_balance
    )
    assert shown.figure == figure(story.customer, at=shown.at, known=shown.known)
    assert live.figure == figure(story.customer, at=live.at, known=live.at)
    assert sum(line.credits for line in page.features) == shown.figure.allocated
    assert sum(line.credits for line in page.valid_licenses) == shown.figure.valid
    assert sum(line.credits for line in page.solutions) == shown.figure.allocated
    for line in page.in_use:
        own = level(story.customer, at=shown.at, known=shown.known, feature_id=line.feature.pk)
        assert line.credits == own
    for side, total in (
        (BALANCE, shown.figure.balance),
        (Side.VALID.value, shown.figure.valid),
        (Side.ALLOCATED.value, shown.figure.allocated),
    ):
        question = Question(story.customer, side, shown.at, shown.known)
        explanation = Explanation(question)
        assert explanation.total == total
        signs = {Side.VALID.value: 1, Side.ALLOCATED.value: -1 if side == BALANCE else 1}
        rows = list(explanation.all_rows())
        assert sum(row.entry.credits * signs[row.entry.side] for row in rows) == total
    for months in ("1m", "3m", "2y", "3y"):
        points = page.course(months).points
        past = [point.figure for point in points if not point.is_ahead]
        assert past[-1] == shown.figure
