"""Bugs in the rules, planted beside those in the books: a file of its own runs beside the other."""

from __future__ import annotations

import pytest

from tests.planted.bugs import Bug
from tests.planted.bugs_of_rules import OF_RULES
from tests.planted.hunt import Record, find_by_properties, parameters

pytestmark = pytest.mark.planted


@pytest.mark.django_db
@pytest.mark.parametrize("bug", parameters(OF_RULES, "properties"))
def test_the_stateful_test_finds(
    bug: Bug, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    find_by_properties(bug, monkeypatch, record_property)
