"""Whoever reads one customer, each in a role of its own: figures lead to rows that sum to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from config.demonstration.replay import LogIn
from config.demonstration.stories import STAFF, STORIES
from credits import clock
from tests.demonstration.conftest import NOW
from tests.demonstration.drawers import check_drawer
from tests.demonstration.walking import Read, Tour, client_of, listed, walk

FIRST = STORIES[0]


def tours() -> Iterator[Tour]:
    """An admin tries every parameter of every page; every other role walks through each page."""
    admin, *others = [email for email, _name, _role in FIRST.people]
    yield Tour(admin, FIRST.slug, is_deep=True)
    for who in (*others, *(email for email, _name, _role in STAFF)):
        yield Tour(who, FIRST.slug)


@pytest.fixture(scope="module")
def walked(people: list[LogIn], django_db_blocker: Any) -> Read:
    """Every page and drawer, as every role."""
    with django_db_blocker.unblock(), transaction.atomic(), clock.moved_to(NOW):
        read = walk(tours())
        transaction.set_rollback(True)
    return read


def test_every_role_meets_its_pages(walked: Read) -> None:
    admin, viewer = (email for email, _name, _role in FIRST.people)
    rep, manager, support, operator, catalogue = (email for email, _name, _role in STAFF)
    pages = walked.pages

    assert pages[admin] > 90
    assert pages[viewer] > 20
    assert min(pages[rep], pages[manager]) > pages[viewer]
    assert pages[support] > 20
    assert max(pages[operator], pages[catalogue]) < 6


def test_every_figure_and_change_leads_to_its_rows_or_is_proven_on_its_page(walked: Read) -> None:
    assert listed(walked.faults) == ""


def test_every_figure_is_written_as_one(walked: Read) -> None:
    assert listed(walked.unwritten) == ""


def test_figures_are_explained_at_the_clocks_of_their_page(walked: Read) -> None:
    assert listed(walked.misplaced) == ""


def test_a_figure_is_the_same_wherever_it_stands(walked: Read) -> None:
    assert walked.ambiguous == {}


def test_every_drawer_shows_rows_that_sum_to_its_figure(told: list[LogIn], walked: Read) -> None:
    followed = walked.to_follow()

    for who, figure in followed:
        check_drawer(client_of(who), figure)

    assert len(followed) > 150
