"""What walks through the portal came across: pages, their figures, and where these lead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.test import Client

from credits.models import User
from tests.demonstration.allowed import CHANGES, FIGURES, Kind, fault_of
from tests.demonstration.conftest import BOUNDARY, NOW
from tests.demonstration.crawling import Seen, crawl
from tests.demonstration.drawers import clock_text
from tests.demonstration.marking import figures_marked, without_signs
from tests.demonstration.reading import Figure
from tests.demonstration.shown import Shown, changes_of, figures_of

CREDITS = re.compile(r"−?[1-9][\d,]*")
"""A number above or below zero; with a plus it is a change."""
RATES = ("billing:solution-feature",)
"""Tables of rates, which are no credits that anybody holds."""
AT_A_BOUNDARY = ("billing:annual-credits",)
OF_ANOTHER_INSTANT = ("billing:time-machine", "billing:request-detail", "billing:request-list")
"""Pages that were asked for an instant, or say what was known when something was written."""


@dataclass(frozen=True)
class Tour:
    """Who walks through which customer, and whether every parameter of every page is tried."""

    who: str
    slug: str
    is_deep: bool = False


@dataclass
class Read:
    """What all the walks came across."""

    pages: Counter[str] = field(default_factory=Counter)
    """By who saw them."""
    faults: Counter[str] = field(default_factory=Counter)
    """Figures and changes that lead nowhere and are of no kind that need not, or of one in vain."""
    unwritten: Counter[str] = field(default_factory=Counter)
    misplaced: Counter[str] = field(default_factory=Counter)
    """Figures that are explained at another instant than that of their page."""
    explained: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """By address of the rows: who saw the figure, and what it said."""
    kinds: Counter[str] = field(default_factory=Counter)
    """How often a figure leads nowhere for which reason."""

    @property
    def ambiguous(self) -> dict[str, set[str]]:
        """Addresses of figures that differ. What is missing of a balance has no sign."""
        return {
            url: said
            for url, (_who, said) in self.explained.items()
            if len({text.removeprefix("−") for text in said}) > 1
        }

    def to_follow(self) -> list[tuple[str, Figure]]:
        """Each explanation once, with who saw the figure first."""
        return [(who, Figure(value_of(said), url)) for url, (who, said) in self.explained.items()]


def value_of(said: Iterable[str]) -> int:
    """A figure as a number; what is missing of a balance is told without its sign."""
    return min(int(text.replace("−", "-").replace(",", "")) for text in said)


def walk(tours: Iterable[Tour]) -> Read:
    """Every page and drawer of the tours."""
    read = Read()
    with figures_marked():
        for tour in tours:
            client = client_of(tour.who)
            for page in crawl(client, tour.who, tour.slug, once=not tour.is_deep):
                read_page(page, read)
    return read


def read_page(page: Seen, read: Read) -> None:
    """Note all that a page shows."""
    read.pages[page.who] += 1
    read.unwritten.update(f"{page.route}: {text}" for text in unwritten(page))
    figures = figures_of(page)
    for figure in figures:
        if figure.is_explained:
            _who, said = read.explained.setdefault(figure.url, (page.who, set()))
            said.add(figure.text)
            if fault := clock_fault(figure):
                read.misplaced[fault] += 1
    note([figure for figure in figures if not figure.is_explained], FIGURES, read)
    note(changes_of(page), CHANGES, read)


def note(figures: Iterable[Shown], kinds: tuple[Kind, ...], read: Read) -> None:
    """What is wrong with figures that lead to no rows."""
    for figure in figures:
        reason, fault = fault_of(figure, kinds)
        read.kinds[reason] += 1
        if fault:
            read.faults[f"{figure}: {fault}"] += 1


def clock_fault(figure: Shown) -> str:
    """A figure of Annual credits is known at the boundary, a live one now.

    What is not shown yet stands on the page of the boundary, and is live.
    """
    if figure.page.route in OF_ANOTHER_INSTANT:
        return ""
    is_shown = figure.page.route in AT_A_BOUNDARY and not figure.around(".pending")
    known = Figure(0, figure.url).asked.get("known", "")
    expected = clock_text(BOUNDARY if is_shown else NOW)
    return "" if known == expected else f"{figure}: known at {known}, not {expected}"


def unwritten(page: Seen) -> Iterator[str]:
    """Numbers where credits stand that were not written as credits: no sign is around them."""
    if page.route in RATES:
        return
    for css in ("amount", "fig"):
        for element in page.tree.all(css=css):
            text = element.text
            if CREDITS.fullmatch(without_signs(text)) and text == without_signs(text):
                yield f"{text} in {element.tag}.{css}"


def client_of(email: str) -> Client:
    """A person's browser."""
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


def listed(faults: Counter[str]) -> str:
    """Each fault once, with how often it was met."""
    return "\n".join(f"{count} × {fault}" for fault, count in sorted(faults.items()))
