"""Every route for every person: own customer, another's, and one that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from credits.domain.people import RIGHTS
from credits.models import Role
from tests.access.policy import (
    COLUMNS,
    NOT_STAFF,
    STAFF,
    admin_policy,
    correction_policy,
    portal_policy,
    site_policy,
)
from tests.access.probing import (
    ABSENT,
    absent_objects,
    address,
    ends_session,
    send,
    sent_to,
    stored,
    told,
    verdict,
)
from tests.access.routes import Route, admin_routes, portal_routes
from tests.access.world import World

SAFE = ("GET", "HEAD")
OTHER_METHODS = ("OPTIONS", "PUT", "PATCH", "DELETE")
CUSTOMERS = ("viewer", "admin", "rep", "free", "root", "operator", "catalogue")
"""Who may not see the other customer."""

each_person = pytest.mark.parametrize("who", COLUMNS)
EACH_WAY = (("GET", False), ("GET", True), ("HEAD", False), ("POST", False), ("POST", True))
"""Every method a page knows, plain and as htmx asks for a fragment."""


def expected(method: str, route: Route, who: str) -> str:
    return portal_policy()["GET" if method == "HEAD" else method, route.name][who]


def customer_routes() -> list[Route]:
    return [route for route in portal_routes() if "slug" in route.parameters]


def object_routes() -> list[Route]:
    return [
        route
        for route in customer_routes()
        if {"public_id", "operation", "member"} & set(route.parameters)
        or route.name == "credits:allocation-undo"
    ]


def test_every_route_has_its_line_for_reading_and_for_sending() -> None:
    routes = {(method, route.name) for route in portal_routes() for method in ("GET", "POST")}

    assert set(portal_policy()) == routes


@each_person
def test_the_own_customer_answers_as_the_table_says(world: World, who: str) -> None:
    assert wrong_answers(world, who, portal_routes()) == []


def test_a_right_too_many_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIGHTS, Role.VIEWER.value, RIGHTS[Role.ADMIN.value])

    found = wrong_answers(world, "viewer", [by_name("credits:allocation-edit")])

    assert "POST credits:allocation-edit: 422, not 403" in found


def by_name(name: str) -> Route:
    return next(route for route in portal_routes() if route.name == name)


def wrong_answers(world: World, who: str, routes: Sequence[Route]) -> list[str]:
    """What a person meets at the own customer, where it is not what the table says."""
    kept, wrong = world.client(who), []
    for route in routes:
        for method, htmx in EACH_WAY:
            client = world.client(who) if ends_session(route) else kept
            url, data = address(route, world.own), sent_to(route)
            response = send(client, method, url, htmx=htmx, data=data)
            wanted = expected(method, route, who)
            if verdict(response) != wanted:
                wrong.append(f"{method} {route.name}: {response.status_code}, not {wanted}")
    return wrong


@each_person
def test_who_is_refused_writes_nothing(world: World, who: str) -> None:
    refused = [
        route for route in portal_routes() if expected("POST", route, who) not in ("ok", "405")
    ]
    client, before = world.client(who), stored()
    for route in refused:
        for place in [world.own] if who == "stranger" else [world.own, world.other]:
            for htmx in (False, True):
                send(client, "POST", address(route, place), htmx=htmx, data=sent_to(route))

    assert stored() == before


@each_person
def test_no_other_method_breaks_or_writes(world: World, who: str) -> None:
    client, before = world.client(who), stored()
    statuses = {
        (method, route.name): send(client, method, address(route, world.own)).status_code
        for route in portal_routes()
        for method in OTHER_METHODS
    }

    assert {one: status for one, status in statuses.items() if status >= 500} == {}
    assert stored() == before


@pytest.mark.parametrize("who", CUSTOMERS)
def test_another_customer_and_none_at_all_are_the_same(world: World, who: str) -> None:
    client, told_apart = world.client(who), []
    for route in customer_routes():
        for method, htmx in EACH_WAY:
            nowhere = address(route, world.other, slug=ABSENT)
            data = sent_to(route)
            theirs = send(client, method, address(route, world.other), htmx=htmx, data=data)
            absent = send(client, method, nowhere, htmx=htmx, data=data)
            same = told(theirs) == told(absent)
            if verdict(theirs) not in ("404", "405") or verdict(absent) != verdict(theirs):
                told_apart.append(f"{method} {route.name}: {theirs.status_code}")
            elif not same:
                told_apart.append(f"{method} {route.name}: the pages differ")

    assert told_apart == []


@pytest.mark.parametrize("who", ["viewer", "admin", "rep", "boss", "support"])
def test_anothers_record_under_the_own_customer_is_as_absent(world: World, who: str) -> None:
    client, told_apart = world.client(who), []
    nothing = absent_objects(world.own)
    for route in object_routes():
        for method, htmx in EACH_WAY:
            if expected(method, route, who) != "ok":
                continue
            anothers = address(route, world.own, objects=world.other)
            nobodys = address(route, world.own, objects=nothing)
            theirs = send(client, method, anothers, htmx=htmx, data=sent_to(route))
            absent = send(client, method, nobodys, htmx=htmx, data=sent_to(route))
            if not theirs.status_code == absent.status_code == 404:
                told_apart.append(f"{method} {route.name}: {theirs.status_code}")
            elif told(theirs) != told(absent):
                told_apart.append(f"{method} {route.name}: the pages differ")

    assert told_apart == []


def test_rights_that_were_taken_away_are_gone_at_the_next_request(world: World) -> None:
    client, url = world.client("admin"), address(customer_routes()[0], world.own)
    assert client.get(url).status_code == 200

    world.own.customer.memberships.all().delete()

    assert client.get(url).status_code == 404


def test_a_person_who_was_locked_is_out_at_the_next_request(world: World) -> None:
    client, url = world.client("admin"), address(customer_routes()[0], world.own)
    alice = world.people["admin"]
    assert alice is not None
    alice.is_active = False
    alice.save(update_fields=["is_active"])

    assert verdict(send(client, "GET", url)) == "login"


# The admin


def test_every_record_and_page_of_the_admin_has_its_line() -> None:
    site = {route.name for route in admin_routes() if model_of(route) is None}

    assert set(admin_policy()) == {model._meta.label_lower for model in admin.site._registry}
    assert set(site_policy()) == site


def test_every_correction_has_its_line() -> None:
    found: dict[str, set[str]] = {}
    for route in admin_routes():
        if (model := model_of(route)) and (way := correction_of(route)):
            found.setdefault(model._meta.label_lower, set()).add(way)

    assert {model: ways for model, (ways, _) in correction_policy().items()} == found


@pytest.mark.parametrize("who", ["nobody", *NOT_STAFF, *STAFF])
def test_the_admin_answers_as_the_table_says(world: World, who: str) -> None:
    client, before, wrong = world.client(who), stored(), []
    for route in admin_routes():
        for method in (*SAFE, "POST"):
            if method == "POST" and model_of(route) is None:
                continue
            response = send(client, method, admin_address(route))
            wanted = admin_expected(method, route, who)
            if verdict(response) != wanted:
                wrong.append(f"{method} {route.name}: {response.status_code}, not {wanted}")

    assert wrong == []
    assert stored() == before


@pytest.mark.parametrize("who", STAFF)
def test_no_other_method_breaks_the_admin_or_writes(world: World, who: str) -> None:
    client, before = world.client(who), stored()
    statuses = {
        (method, route.name): send(client, method, admin_address(route)).status_code
        for route in admin_routes()
        if route.name != "admin:logout"
        for method in OTHER_METHODS
    }

    assert {one: status for one, status in statuses.items() if status >= 500} == {}
    assert stored() == before


def model_of(route: Route) -> type[Model] | None:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        if route.name.startswith(name):
            return model
    return None


def correction_of(route: Route) -> str:
    """The way of correcting a record that a route is, if it is one."""
    way = route.name.rpartition("_")[2]
    return "" if way in ("changelist", "add", "change") or model_of(route) is None else way


def admin_expected(method: str, route: Route, who: str) -> str:
    if who == "nobody":
        return "login"
    if who in NOT_STAFF:
        return "404"
    model = model_of(route)
    if model is None:
        logs_out_by_post = route.name == "admin:logout"
        return "405" if logs_out_by_post else site_policy()[route.name][who]
    readers, makers = admin_policy()[model._meta.label_lower]
    if route.name.endswith("_add"):
        return "ok" if who in makers else "403"
    if correction_of(route):
        return "ok" if who in correction_policy()[model._meta.label_lower][1] else "403"
    if method == "POST" and route.name.endswith("_change"):
        return "403"
    return "ok" if who in readers else "403"


def admin_address(route: Route) -> str:
    model = model_of(route)
    if model is not None and (route.name.endswith("_change") or correction_of(route)):
        rows = model._default_manager.order_by("pk")
        row = (
            rows.filter(kind="allocate").first() if correction_of(route) == "undo" else rows.first()
        )
        assert row is not None, f"the world has no {model.__name__}"
        return reverse(route.name, args=[row.pk])
    if route.name == "admin:app_list":
        return reverse(route.name, kwargs={"app_label": "credits"})
    return reverse(route.name) if route.name != "admin:" else "/admin/no/such/page/"
