"""Lines and sections of a digest, and instants as its reader and everybody else write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from credits.models import Customer

MOST = 50
"""Lines of a section; the page it leads to has the others."""


@dataclass(frozen=True)
class Line:
    """One thing to look at: whose it is, what of it, and where."""

    who: str
    words: str
    path: str
    """The page on which it is dealt with, inside the portal."""


@dataclass
class Pile:
    """Things of one kind, of which the most urgent are kept and all are counted."""

    kept: list[tuple[datetime, int, object]] = field(default_factory=list)
    count: int = 0

    def add(self, at: datetime, order: int, thing: object) -> None:
        """Put a thing on it; the earliest instants stay, and of one instant the lowest order."""
        self.count += 1
        self.kept.append((at, order, thing))
        if len(self.kept) > 4 * MOST:
            self.trim()

    def trim(self) -> None:
        self.kept = sorted(self.kept, key=lambda one: one[:2])[:MOST]

    def joined(self, other: Pile) -> Pile:
        """Both as one."""
        both = Pile([*self.kept, *other.kept], self.count + other.count)
        both.trim()
        return both

    @property
    def things(self) -> list[object]:
        """The most urgent things, in order."""
        self.trim()
        return [thing for _at, _order, thing in self.kept]


@dataclass(frozen=True)
class Section:
    """One heading of a digest with its lines, and the page that has all of them."""

    title: str
    lines: tuple[Line, ...]
    count: int
    path: str

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.count - len(self.lines)


def who(customer: Customer) -> str:
    """Halden Energy, C-1001."""
    return _("%(name)s, %(number)s") % {"name": customer.name, "number": customer.label}


def filled(sections: Iterable[Section]) -> list[Section]:
    """The sections that have anything in them."""
    return [section for section in sections if section.count]
