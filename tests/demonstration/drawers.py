"""The drawer of a figure, as a person sees it: rows, groups, sum, clocks, cause, link and file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

from django.test import Client
from django.utils.dateparse import parse_datetime

from tests.demonstration.reading import (
    Explained,
    Figure,
    explained_pages,
    file_sums,
    read_explained,
    text_of,
)

HEADERS = {"HX-Request": "true", "HX-Target": "drawer"}
COPIED = re.compile(r'<a class="end" href="([^"]*)">')
FILE = re.compile(r'<a class="btn" href="([^"]*_export=csv[^"]*)" download')
CLOCK = re.compile(r'<time datetime="([^"]*)"')
CAUSE = re.compile(r"Short (?:since|from) \d+ \w+ \d{4} ?: \S+ .+ on \d+ \w+ \d{4}\b")
SENTENCE = re.compile(r"<header>.*?</header>", re.S)


def clock_text(at: datetime) -> str:
    """An instant that is a whole minute, as addresses carry it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def check_drawer(client: Client, figure: Figure) -> None:
    """All that the drawer of a figure must say, and that its link and its file say the same."""
    html = drawer_of(client, figure.url)
    drawer = read_explained(html, figure)
    told = text_of(html)

    assert total_of(figure, drawer) == figure.value, figure
    assert added_up(figure, drawer) == drawer.total, figure
    assert f"{abs(figure.value):,}" in drawer.title, figure
    assert [group.rows for group in drawer.groups] == [group.total for group in drawer.groups]
    assert clocks_of(html) == clocks_asked(figure), figure
    assert bool(CAUSE.search(told)) == (drawer.total < 0), (figure, told[-300:])

    copied = found(COPIED, html)
    pages = explained_pages(client, Figure(drawer.total, copied))
    assert pages[0] == drawer, copied

    file = Figure(drawer.total, found(FILE, html).partition("&_export=")[0])
    assert file_sums(client, file) == (drawer.valid, drawer.allocated), figure


def drawer_of(client: Client, url: str) -> str:
    """The drawer, as the page asks for it."""
    answer: Any = client.get(url, headers=HEADERS)
    assert answer.status_code == 200, (url, answer.status_code)
    html = answer.content.decode()
    assert html.lstrip().startswith('<a class="scrim"'), url
    return str(html)


def found(pattern: re.Pattern[str], html: str) -> str:
    """The address that the drawer offers."""
    match = pattern.search(html)
    assert match, pattern.pattern
    return unescape(match.group(1))


def total_of(figure: Figure, drawer: Explained) -> int:
    """The sum line. What is missing of a balance is told without its sign."""
    is_missing = figure.value > 0 > drawer.total and figure.asked["side"] == "balance"
    return -drawer.total if is_missing else drawer.total


def added_up(figure: Figure, drawer: Explained) -> int:
    """The rows, one by one; a balance is what is valid without what is allocated."""
    of_side = {"valid": drawer.valid, "allocated": drawer.allocated}
    return of_side.get(figure.asked["side"], drawer.valid - drawer.allocated)


def clocks_asked(figure: Figure) -> list[datetime]:
    """The two clocks of an address; one instant where both show the same."""
    asked = figure.asked
    clocks = [parse_datetime(asked[name]) for name in ("at", "known")]
    return list(dict.fromkeys(clock for clock in clocks if clock is not None))


def clocks_of(html: str) -> list[datetime]:
    """The instants that the drawer's head says it is of."""
    head = SENTENCE.search(html)
    assert head
    clocks = [parse_datetime(text) for text in CLOCK.findall(head.group())]
    return [clock for clock in clocks if clock is not None]
