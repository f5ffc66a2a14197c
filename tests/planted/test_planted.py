"""A suite that cannot find a planted bug has no right to say that there is none.

`./portal test -m planted` plants each in turn, runs the stateful test or the race on it until
something fails, and prints at its end what was found and how soon.
"""

from __future__ import annotations

import pytest

from tests.planted.bugs import Bug
from tests.planted.bugs_of_books import OF_BOOKS
from tests.planted.hunt import Record, find_by_properties, find_by_race, parameters

pytestmark = pytest.mark.planted


@pytest.mark.django_db
@pytest.mark.parametrize("bug", parameters(OF_BOOKS, "properties"))
def test_the_stateful_test_finds(
    bug: Bug, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    find_by_properties(bug, monkeypatch, record_property)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bug", parameters(OF_BOOKS, "races"))
def test_the_race_finds(
    bug: Bug, monkeypatch: pytest.MonkeyPatch, record_property: Record, catalogue: None
) -> None:
    find_by_race(bug, monkeypatch, record_property)
