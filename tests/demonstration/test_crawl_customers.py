"""Every other customer, as its admin sees it: figures lead to the rows that sum to them."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.urls import reverse

from config.demonstration.huge import CORVANE
from config.demonstration.replay import LogIn
from config.demonstration.stories import SALTMARSH as LOCKED
from config.demonstration.stories import STORIES
from credits import clock
from tests.demonstration.conftest import NOW
from tests.demonstration.crawling import starts
from tests.demonstration.drawers import check_drawer
from tests.demonstration.reading import Figure
from tests.demonstration.walking import Read, Tour, client_of, listed, walk

SOME = 6
"""So many explanations of a kind are followed at the huge customer; of all others every one."""
OPEN_WHEN_LOCKED = ("billing:request-list", "billing:request-new", "billing:code-enter")


@pytest.fixture(scope="module")
def walked(people: list[LogIn], django_db_blocker: Any) -> Read:
    """Every page and drawer of the customers, as the first of their people."""
    tours = [Tour(story.people[0][0], story.slug) for story in STORIES[1:]]
    with django_db_blocker.unblock(), transaction.atomic(), clock.moved_to(NOW):
        read = walk(tours)
        transaction.set_rollback(True)
    return read


def test_every_customer_has_pages(walked: Read) -> None:
    admins = {story.slug: story.people[0][0] for story in STORIES[1:]}

    assert walked.pages.keys() == {*admins.values()}
    assert min(walked.pages[who] for slug, who in admins.items() if slug != LOCKED.slug) > 30


def test_every_figure_and_change_leads_to_its_rows_or_is_proven_on_its_page(walked: Read) -> None:
    assert listed(walked.faults) == ""


def test_every_figure_is_written_as_one(walked: Read) -> None:
    assert listed(walked.unwritten) == ""


def test_figures_are_explained_at_the_clocks_of_their_page(walked: Read) -> None:
    assert listed(walked.misplaced) == ""


def test_a_figure_is_the_same_wherever_it_stands(walked: Read) -> None:
    assert walked.ambiguous == {}


def test_every_drawer_shows_rows_that_sum_to_its_figure(told: list[LogIn], walked: Read) -> None:
    followed: Counter[tuple[str, ...]] = Counter()

    for who, figure in walked.to_follow():
        kind = kind_of(figure)
        followed[kind] += 1
        if CORVANE.slug not in figure.url or followed[kind] <= SOME:
            check_drawer(client_of(who), figure)

    assert {slug for slug, *_rest in followed} == {
        story.slug for story in STORIES[1:] if story is not LOCKED
    }


def kind_of(figure: Figure) -> tuple[str, ...]:
    """The customer, and what its address asks for."""
    slug = urlsplit(figure.url).path.split("/")[2]
    return slug, figure.asked["side"], *sorted(figure.asked)


def test_members_of_a_locked_customer_meet_the_page_that_says_so(told: list[LogIn]) -> None:
    client = client_of(LOCKED.people[0][0])
    still_open = {reverse(name, args=[LOCKED.slug]) for name in OPEN_WHEN_LOCKED}
    inside = {url for url in starts(LOCKED.slug) if url.startswith(f"/c/{LOCKED.slug}/")}

    answers = {url: client.get(url) for url in inside - still_open}
    shut = {url: answer for url, answer in answers.items() if answer.status_code != 405}

    assert len(shut) > 15
    assert {url: one.status_code for url, one in shut.items() if one.status_code != 403} == {}
    assert all("credits/locked.html" in {t.name for t in one.templates} for one in shut.values())
    assert {client.get(url).status_code for url in still_open} == {200}
