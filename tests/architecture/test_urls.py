"""Every route says who may open it, and is named and placed like the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from credits.web.access import ACCESS
from tests.access.routes import Route, portal_routes

NAME = re.compile(r"(?:[a-z]+:)?[a-z]+(?:-[a-z]+)*")
PATH = re.compile(r"(?:[a-z0-9-]+/)*(?:[a-z-]+\.(?:csv|ics|x))?")
CONVERTER = re.compile(r"<([^>]+)>")
KINDS = ("customer:", "sales", "person", "public: ")
SIGNED_LINKS = {
    "credits:set-password",
    "estimator:shared-estimate",
    "estimator:shared-estimate-file",
}
NUMBERED = {"estimator:estimate-version", "estimator:estimate-file"}
"""Versions are counted within their estimate, as people call them."""
FOR_MACHINES = {"health", "metrics"}

each_route = pytest.mark.parametrize("route", portal_routes(), ids=lambda route: route.name)


def markers(view: Callable[..., Any] | None) -> Iterator[str]:
    """The access markers of a view and of all it wraps."""
    while view is not None:
        if hasattr(view, ACCESS):
            yield str(getattr(view, ACCESS))
        view = getattr(view, "__wrapped__", None)


def marker(route: Route) -> str:
    return next(markers(route.view), "")


@each_route
def test_every_view_says_once_who_may_open_it(route: Route) -> None:
    found = set(markers(route.view))

    assert len(found) == 1, f"{route.name} has the access markers {found or 'of none'}"
    assert found.pop().startswith(KINDS)


@each_route
def test_a_public_view_says_why(route: Route) -> None:
    public, _, reason = marker(route).partition("public: ")

    assert public or len(reason.split()) > 3


@each_route
def test_names_are_kebab_case_within_their_app(route: Route) -> None:
    assert NAME.fullmatch(route.name)


@each_route
def test_paths_of_a_customer_begin_with_the_customer(route: Route) -> None:
    is_customers = marker(route).startswith("customer:")

    assert route.pattern.startswith("c/<slug:slug>/") == is_customers
    assert ("slug" in route.parameters) == is_customers


@each_route
def test_paths_are_lower_case_words_with_a_slash_or_a_file_at_the_end(route: Route) -> None:
    path = CONVERTER.sub("x", route.pattern)

    assert PATH.fullmatch(path) or route.name in FOR_MACHINES


@each_route
def test_addresses_carry_public_ids_and_keys_never_numbers_of_rows(route: Route) -> None:
    converters = {part.partition(":")[0] for part in CONVERTER.findall(route.pattern)}

    numbers = {"int"} if route.name in NUMBERED else set()
    assert converters <= {"slug", "uuid"} | numbers or route.name in SIGNED_LINKS


def test_names_are_given_once() -> None:
    names = [route.name for route in portal_routes()]

    assert sorted(names) == sorted(set(names))


def test_a_view_without_or_with_two_markers_is_found_out() -> None:
    def bare() -> None: ...

    def once() -> None: ...

    def twice() -> None: ...

    setattr(once, ACCESS, "person")
    setattr(twice, ACCESS, "sales")
    twice.__wrapped__ = once  # type: ignore[attr-defined]

    assert list(markers(bare)) == []
    assert list(markers(once)) == ["person"]
    assert set(markers(twice)) == {"person", "sales"}
