"""What a page shows in credits: figures, and changes of figures, each where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from tests.demonstration.crawling import Seen
from tests.demonstration.marking import CHANGED, MARKED, without_signs
from tests.demonstration.reading import number
from tests.pages.markup import Element


@dataclass(frozen=True)
class Shown:
    """A figure on a page, or a change of one: its text, and what holds it."""

    page: Seen
    text: str
    holder: Element

    @property
    def value(self) -> int:
        return number(self.text)

    @property
    def url(self) -> str:
        """The link it stands in."""
        links = (e.attributes.get("href", "") for e in self.holder.within() if e.tag == "a")
        return without_signs(next(links, ""))

    @property
    def is_explained(self) -> bool:
        return urlsplit(self.url).path.endswith("/explain/")

    @property
    def leads_to(self) -> str:
        """The route of its link."""
        return route_of(self.url)

    def around(self, *names: str) -> Element | None:
        """The nearest element that it stands in with one of the tags, .classes or #ids."""
        return next((one for one in self.holder.within() if is_one(one, names)), None)

    def __str__(self) -> str:
        holders = [".".join((e.tag, *sorted(e.classes))) for e in self.holder.within()]
        return f"{self.page.route}: {self.text} in {' < '.join(holders[:5])}"


def is_one(element: Element, names: Iterable[str]) -> bool:
    own = {element.tag, f"#{element.attributes.get('id')}", *(f".{css}" for css in element.classes)}
    return not own.isdisjoint(names)


def route_of(url: str) -> str:
    """The name of the route that an address belongs to; nothing where it is none."""
    path = urlsplit(without_signs(url)).path
    try:
        return resolve(path).view_name if path.startswith("/") else ""
    except Resolver404:
        return ""


def figures_of(page: Seen, within: Element | None = None) -> list[Shown]:
    """Each figure of credits that is written on a page, or in a part of it."""
    return [
        Shown(page, found.group(1), holder)
        for holder, text in (within or page.tree).texts()
        for found in MARKED.finditer(text)
    ]


def changes_of(page: Seen, within: Element | None = None) -> list[Shown]:
    """Each signed change of credits that is written there."""
    return [
        Shown(page, found.group(1), holder)
        for holder, text in (within or page.tree).texts()
        for found in CHANGED.finditer(text)
    ]


def rows_in(element: Element) -> Iterator[Element]:
    """The rows of a table's body."""
    for body in element.all(tag="tbody"):
        yield from body.all(tag="tr")
