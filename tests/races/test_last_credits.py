"""The refusing policy holds while everybody asks at once."""

from __future__ import annotations

import pytest

from tests.races.last_credits import CLIENTS, race_for_the_last_credits
from tests.races.racing import deadlocks

ROUNDS = 100


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_clients_racing_for_the_last_credits_never_go_over(catalogue: None) -> None:
    before = deadlocks()

    outcome = race_for_the_last_credits(ROUNDS)

    assert outcome.wrong == []
    assert outcome.over == 0
    assert outcome.rounds == ROUNDS
    assert outcome.granted + outcome.refused == ROUNDS * CLIENTS
    assert outcome.granted >= ROUNDS
    assert outcome.refused >= ROUNDS
    assert deadlocks() == before
