"""A walk over the portal by its own links: pages, fragments and drawers, as one person."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve, reverse

from tests.access.routes import portal_routes
from tests.demonstration.marking import without_signs
from tests.pages.markup import Element, tree_of

OF_A_KIND = 2
"""How many pages of one route are opened; they share a template, and differ in what they show."""
NOT_FOLLOWED = ("credits:logout", "billing:explain")
"""Explanations are opened one by one, for the figure that leads to them."""


@dataclass(frozen=True)
class Seen:
    """An answer of the portal with where it came from."""

    who: str
    url: str
    target: str
    route: str
    html: str
    tree: Element

    def __str__(self) -> str:
        return f"{self.who} {self.url}"


@dataclass(frozen=True)
class Way:
    """A link: where to, and the element of the page it is answered in."""

    url: str
    target: str = ""


def crawl(client: Client, who: str, slug: str, *, once: bool = False) -> Iterator[Seen]:
    """The pages of a customer: every one without parameters, and all that their links lead to.

    Of a route two are opened, and one for each parameter that links give it; or one and no more.
    """
    opened: Counter[tuple[str, ...]] = Counter()
    seen: set[Way] = set()
    queue = deque(Way(url) for url in starts(slug))
    while queue:
        way = queue.popleft()
        kind = kind_of(way)
        if way in seen or kind is None or not is_new(kind, opened, once=once):
            continue
        seen.add(way)
        opened.update(kind.counted)
        page = visit(client, who, way, kind.route)
        if page is not None:
            yield page
            queue.extend(ways_of(page, slug))


def is_new(kind: Kind, opened: Counter[tuple[str, ...]], *, once: bool) -> bool:
    """Whether a way shows something that no page before did."""
    first, *further = kind.counted
    if once:
        return opened[first] == 0 and kind.target in ("", "drawer")
    return any(opened[name] == 0 for name in further) or (not further and opened[first] < OF_A_KIND)


def starts(slug: str) -> list[str]:
    """The pages that need no more than the customer."""
    found = []
    for route in portal_routes():
        if set(route.parameters) <= {"slug"} and route.name not in NOT_FOLLOWED:
            found.append(reverse(route.name, kwargs=dict.fromkeys(route.parameters, slug)))
    return found


@dataclass(frozen=True)
class Kind:
    """What ways have in common: the route, the place they are shown in, the parameters given."""

    route: str
    target: str
    names: tuple[str, ...]

    @property
    def counted(self) -> list[tuple[str, ...]]:
        """The page itself, and each of its parameters."""
        own = (self.route, self.target)
        return [own, *((*own, name) for name in self.names)]


def kind_of(way: Way) -> Kind | None:
    """None for what is not followed."""
    parts = urlsplit(way.url)
    try:
        route = resolve(parts.path).view_name
    except Resolver404:
        return None
    if route in NOT_FOLLOWED or route.startswith("admin:"):
        return None
    return Kind(route, way.target, tuple(sorted({name for name, _ in parse_qsl(parts.query)})))


def visit(client: Client, who: str, way: Way, route: str) -> Seen | None:
    """The answer; None where there is no page: a form only, no right to it, a file."""
    headers = {"HX-Request": "true", "HX-Target": way.target} if way.target else {}
    answer: Any = client.get(way.url, headers=headers)
    if answer.status_code in (302, 403, 404, 405, 410):
        return None
    assert answer.status_code in (200, 204, 422), (who, way, answer.status_code)
    if answer.streaming or not answer["Content-Type"].startswith("text/html"):
        for _piece in answer.streaming_content if answer.streaming else ():
            pass
        return None
    html = answer.content.decode()
    return Seen(who, way.url, way.target, route, html, tree_of(html))


def target_of(element: Element) -> str:
    """The element that an answer goes to, which what it stands in may say for it."""
    told = (here.attributes.get("hx-target", "") for here in element.within())
    return next((target.removeprefix("#") for target in told if target), "")


def ways_of(page: Seen, slug: str) -> Iterator[Way]:
    """The links of a page that stay with the customer."""
    for element in page.tree.everything():
        for name in ("href", "hx-get"):
            found = without_signs(element.attributes.get(name, ""))
            if not found or found.startswith(("#", "mailto:", "http:", "https:")):
                continue
            url = urljoin(page.url, found).partition("#")[0]
            if not url.startswith("/c/") or url.startswith(f"/c/{slug}/"):
                yield Way(url, target_of(element) if name == "hx-get" else "")
                if "data-drawer" in element.attributes:
                    yield Way(url, "drawer")
