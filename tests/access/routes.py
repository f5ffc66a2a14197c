"""Every route of the product, found by walking the URL resolver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PARAMETER = re.compile(r"<(?:[a-z_]+:)?([a-z_0-9]+)>")


@dataclass(frozen=True)
class Route:
    """One address pattern with its full name and its view."""

    name: str
    pattern: str
    view: Callable[..., Any]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(PARAMETER.findall(self.pattern))

    @property
    def is_admin(self) -> bool:
        return self.name.startswith("admin:")


def all_routes() -> list[Route]:
    """The routes of the root URLconf, namespaces and all."""
    return list(walk(get_resolver().url_patterns, "", ()))


def portal_routes() -> list[Route]:
    return [route for route in all_routes() if not route.is_admin]


def admin_routes() -> list[Route]:
    return [route for route in all_routes() if route.is_admin]


def walk(
    patterns: Sequence[URLPattern | URLResolver], before: str, namespaces: tuple[str, ...]
) -> Iterator[Route]:
    for entry in patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from walk(entry.url_patterns, pattern, inner)
        else:
            yield Route(":".join((*namespaces, entry.name or "")), pattern, entry.callback)
