"""One side of an explanation, as much of it as a page holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from billing.domain.explanation import Group, Section

A_PAGE = 50
"""So many licenses or features of a side stand on one page."""


def pages_of(section: Section) -> int:
    """On how many pages a section stands; at least one."""
    return max(1, -(-max(len(section.groups), len(section.settled)) // A_PAGE))


class ShownSection:
    """The groups of a side on one page, and what all others sum to: with it the side adds up."""

    def __init__(self, section: Section, url_of: Callable[[Group], str], number: int) -> None:
        self.section = section
        self._url_of = url_of
        self._start = (number - 1) * A_PAGE

    @cached_property
    def groups(self) -> Sequence[Group]:
        return self.section.groups[self._start : self._start + A_PAGE]

    @property
    def linked(self) -> list[tuple[Group, str]]:
        """The groups of this page, each with its own explanation."""
        return [(group, self._url_of(group)) for group in self.groups]

    @property
    def settled(self) -> list[tuple[str, str]]:
        """What nets to zero, as far as it stands on this page: name and own explanation."""
        found = self.section.settled[self._start : self._start + A_PAGE]
        return [(group.name, self._url_of(group)) for group in found]

    @property
    def others(self) -> int:
        """How many groups stand on other pages."""
        return len(self.section.groups) - len(self.groups)

    @property
    def others_total(self) -> int:
        """What the groups on other pages sum to."""
        return self.section.total - sum(group.total for group in self.groups)
