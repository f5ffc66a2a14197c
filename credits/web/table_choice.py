"""What a reader has chosen for a table: its columns, how close its rows stand, how many a page.

It is kept in one small cookie a table; the address may say otherwise. What cannot be meant is
ignored: a cookie outlives the columns it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

PAGE_SIZES = (10, 25, 50, 100, 200)
COMPACT, ROOMY = "compact", "roomy"
DENSITIES = (ROOMY, COMPACT)
COLUMNS, DENSITY, PER_PAGE = "columns", "density", "per_page"
COOKIE = "table-"
KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_COLUMNS = 40
MOST_TEXT = 1_000


@dataclass(frozen=True)
class Choice:
    """A reader's choice; what is empty is as the table has it."""

    columns: tuple[str, ...] = ()
    density: str = ""
    page_size: int | None = None

    @property
    def text(self) -> str:
        """As the cookie holds it: name.credits~compact~100."""
        size = str(self.page_size or "")
        return "~".join((".".join(self.columns), self.density, size))

    def over(self, other: Choice) -> Choice:
        """This choice, and the other one where it says nothing."""
        return Choice(
            self.columns or other.columns,
            self.density or other.density,
            self.page_size or other.page_size,
        )


def cookie_name(key: str) -> str:
    """The cookie of a table."""
    return f"{COOKIE}{key}"


def kept(request: HttpRequest, key: str) -> Choice:
    """What the cookie of a table says."""
    text = request.COOKIES.get(cookie_name(key), "") if key else ""
    parts = text.split("~") if len(text) <= MOST_TEXT else []
    if len(parts) != 3:
        return Choice()
    return Choice(names(parts[0].split(".")), density(parts[1]), page_size(parts[2]))


def asked(query: QueryDict, prefix: str = "") -> Choice:
    """What the address, or a form that was sent, says."""
    columns = [name for text in query.getlist(prefix + COLUMNS) for name in text.split(".")]
    return Choice(
        names(columns),
        density(query.get(prefix + DENSITY, "")),
        page_size(query.get(prefix + PER_PAGE, "")),
    )


def names(words: Iterable[str]) -> tuple[str, ...]:
    """Those words that could name columns, each once."""
    found = dict.fromkeys(word for word in words if NAME.fullmatch(word))
    return tuple(found)[:MOST_COLUMNS]


def density(word: str) -> str:
    return word if word in DENSITIES else ""


def page_size(text: Any) -> int | None:
    """One of the page sizes that are offered."""
    return next((size for size in PAGE_SIZES if str(size) == text), None)
