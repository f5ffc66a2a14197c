"""What a person reads: figures that lead to their rows, and the rows they lead to."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

ANCHOR = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.S)
EXPLAIN = re.compile(r'(?:hx-get|href)="([^"]*/explain/\?[^"]*)"')
NUMBER = re.compile("[\u2212+]?[0-9][0-9,]*")
ROW = re.compile(r'<td class="n">([^<]*)</td>')
GROUP = re.compile(
    r'<details class="rows"[^>]*>\s*<summary>(.*?)</summary>\s*<table class="ledger">(.*?)</table>',
    re.S,
)
NAMED_SUM = re.compile(
    r'<a href="([^"]*)">([^<]*)</a> <span class="muted small">\d+ rows?</span></td>'
    r'<td class="n">([^<]*)</td>'
)
NEXT = re.compile(r'<a href="([^"]*)" rel="next">')
EXPLANATION = re.compile(r'<section class="(?:panel explained|drawer)"')
TITLE = re.compile(r'<(h1|h2 id="drawer-title")[^>]*>(.*?)</h[12]>', re.S)
LEDGER = re.compile(r'<table class="ledger[^"]*">.*?</table>', re.S)
SUM = re.compile(r'<p class="sum-line">.*<b>(.*?)</b></p>', re.S)
ALLOCATED = re.compile(r'<h2 class="side-of">Allocated')


def number(text: str) -> int:
    """A figure as the pages write it: 52,000, a true minus, sometimes a plus."""
    return int(text.replace("\u2212", "-").replace(",", "").replace("+", ""))


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@dataclass(frozen=True)
class Figure:
    """A number on a page, and where its rows are."""

    value: int
    url: str

    @property
    def asked(self) -> dict[str, str]:
        """What the address asks for, with what it leaves to be understood."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}
        if through := said.pop("through", ""):
            said |= {"at": through, "known": through}
        subjects = dict.fromkeys(("feature", "group", "solution"), "allocated")
        subjects["license"] = "valid"
        sides = [side for subject, side in subjects.items() if subject in said]
        return {"side": sides[0] if sides else "balance", **said}


@dataclass(frozen=True)
class Group:
    """One license or feature of an explanation."""

    name: str
    total: int
    rows: int


@dataclass(frozen=True)
class Named:
    """A license or feature that stands in an explanation by its sum, with its own explanation."""

    name: str
    figure: Figure

    @property
    def value(self) -> int:
        return self.figure.value


@dataclass(frozen=True)
class Explained:
    """An explanation, each figure read from the page and added up again here."""

    total: int
    title: str
    valid: int
    allocated: int
    """The sums of the rows shown, older ones carried forward."""
    groups: tuple[Group, ...]
    sums: tuple[Named, ...]


def get(client: Client, url: str) -> str:
    answer: Any = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())


def figures_of(html: str) -> Iterator[Figure]:
    """Every number that leads to an explanation."""
    for attributes, inner in ANCHOR.findall(html):
        found, text = EXPLAIN.search(attributes), text_of(inner)
        if found and (shown := NUMBER.match(text)):
            yield Figure(number(shown.group()), unescape(found.group(1)))


def rows_sum(html: str) -> int:
    """The sum of all ledger rows shown."""
    return sum(number(cell) for table in LEDGER.findall(html) for cell in ROW.findall(table))


def explained(client: Client, figure: Figure) -> Explained:
    """The explanation of a figure, the first page of it."""
    return read_explained(get(client, figure.url), figure)


def explained_pages(client: Client, figure: Figure) -> list[Explained]:
    """The explanation of a figure, page by page."""
    found, url = [], figure.url
    while url:
        html = get(client, url)
        found.append(read_explained(html, figure))
        further = NEXT.search(html)
        url = unescape(further.group(1)) if further else ""
    return found


def read_explained(html: str, figure: Figure) -> Explained:
    """A page of the explanation of a figure, or its drawer."""
    start, title = EXPLANATION.search(html), TITLE.search(html)
    assert start
    assert title
    body = html[start.end() :]
    total = SUM.search(body)
    assert total
    split = ALLOCATED.search(body)
    side = figure.asked["side"]
    first, second = (body[: split.start()], body[split.start() :]) if split else (body, "")
    return Explained(
        total=number(text_of(total.group(1)).split()[0]),
        title=text_of(title.group(2)),
        valid=rows_sum(first) if side != "allocated" else 0,
        allocated=rows_sum(first) if side == "allocated" else rows_sum(second),
        groups=tuple(group_of(*found) for found in GROUP.findall(body)),
        sums=tuple(
            Named(unescape(name), Figure(number(value), unescape(url)))
            for url, name, value in NAMED_SUM.findall(body)
        ),
    )


def group_of(summary: str, table: str) -> Group:
    name, shown = summary.rsplit("<b>", 1)
    plain = re.sub(r" \d+ rows?$", "", text_of(name))
    cells = [number(cell) for cell in ROW.findall(table)]
    return Group(plain, number(text_of(shown)), sum(cells))


def file_sums(client: Client, figure: Figure) -> tuple[int, int]:
    """Valid and allocated, added up from the file of a figure's rows."""
    answer: Any = client.get(f"{figure.url}&_export=csv")
    assert answer.status_code == 200
    sums = {"valid": 0, "allocated": 0}
    for row in csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())):
        if (side := row["Side"].lower()) in sums:
            sums[side] += int(row["Credits"])
    return sums["valid"], sums["allocated"]


def check(client: Client, figure: Figure) -> None:
    """The rows sum to the figure, on the page, group by group, and in the file."""
    page = explained(client, figure)
    sums = (page.valid, page.allocated)
    of_side = {"valid": sums[0], "allocated": sums[1], "balance": sums[0] - sums[1]}

    assert page.total == figure.value, figure
    assert of_side[figure.asked["side"]] == figure.value, figure
    assert f"{abs(figure.value):,}" in page.title, figure
    assert [group.rows for group in page.groups] == [group.total for group in page.groups]
    assert file_sums(client, figure) == sums, figure
