"""The replay itself: on any day, all of it or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from config.demonstration.replay import Replay, is_loaded, replay
from config.demonstration.stories import STORIES
from credits import clock
from credits.models import Customer, Feature, Operation

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("today", [datetime(2026, 2, 28, 0, 5, tzinfo=UTC)])
def test_the_stories_fit_another_day(today: datetime) -> None:
    with clock.moved_to(today):
        replay()

    assert is_loaded()
    assert {story.slug for story in STORIES} <= set(Customer.objects.values_list("slug", flat=True))


def test_killed_in_the_middle_it_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Operation.objects.count(), Feature.objects.count(), Customer.objects.count()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Replay, "carry_out", die)
    with pytest.raises(KeyboardInterrupt):
        replay()

    assert not is_loaded()
    assert (Operation.objects.count(), Feature.objects.count(), Customer.objects.count()) == before
