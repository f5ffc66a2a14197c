"""How a route is tried: its address at a place, what came of it, and what it wrote."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from psycopg import sql

from estimator.domain.sharing import secret_of
from tests.access.routes import Route
from tests.access.world import FEATURE, Place

ABSENT = "no-such-customer"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}
NOT_COUNTED = {"django_session"}
"""A session is no record of the product: it begins and ends with a visit."""


def address(route: Route, place: Place, *, slug: str = "", objects: Place | None = None) -> str:
    """The address of a route at a place; `objects` may belong to another one, or be absent."""
    found = {name: value_of(route, name, objects or place) for name in route.parameters}
    if "slug" in found:
        found["slug"] = slug or place.customer.slug
    url = reverse(route.name, kwargs=found)
    if route.name == "credits:allocation-undo":
        url += f"?operation={(objects or place).operation.public_id}"
    return url


def value_of(route: Route, name: str, place: Place) -> Any:
    if name == "slug":
        return place.customer.slug
    if name in ("group", "feature"):
        return FEATURE
    if name == "operation":
        return place.operation.public_id
    if name == "member":
        return place.member.public_id
    if name == "license":
        return place.license.public_id
    if name == "file":
        return place.file.public_id
    if name == "link":
        return place.link.public_id
    if name == "token" and route.name.startswith("estimator:shared-"):
        return secret_of(place.link)
    if name == "public_id":
        if route.name.startswith("billing:order-"):
            return place.draft.public_id
        if route.name == "billing:import-detail":
            return place.imported.public_id
        for kind in ("purchase", "license", "estimate", "request"):
            if kind in route.name:
                return getattr(place, kind).public_id
    return {"uidb64": "x", "token": "y", "secret": "z", "number": 1, "kind": "csv"}[name]


def absent_objects(place: Place) -> Place:
    """The place, with records that nobody has."""
    return Place(
        customer=place.customer,
        purchase=type(place.purchase)(public_id=uuid4()),
        license=type(place.license)(public_id=uuid4()),
        operation=type(place.operation)(public_id=uuid4()),
        estimate=type(place.estimate)(public_id=uuid4()),
        member=type(place.member)(public_id=uuid4()),
        request=type(place.request)(public_id=uuid4()),
        imported=type(place.imported)(public_id=uuid4()),
        draft=type(place.draft)(public_id=uuid4()),
        file=type(place.file)(public_id=uuid4()),
        link=type(place.link)(public_id=uuid4()),
    )


def sent_to(route: Route) -> dict[str, str]:
    """What makes a route write, where sending nothing only computes."""
    return {"act": "save"} if route.name.startswith("estimator:estimate-") else {}


def ends_session(route: Route) -> bool:
    return route.name in ("credits:login", "credits:logout")


def send(
    client: Client, method: str, url: str, *, htmx: bool = False, data: dict[str, str] | None = None
) -> HttpResponse:
    """One request; a form where it is a POST."""
    body = urlencode(data or {}) if method == "POST" else ""
    kind = "application/x-www-form-urlencoded"
    response: Any = client.generic(method, url, body, kind, headers=HTMX if htmx else None)
    if response.streaming:
        b"".join(response.streaming_content)
    return response  # type: ignore[no-any-return]


def verdict(response: HttpResponse) -> str:
    """What a person met, in the words of the policy."""
    login = reverse("credits:login") + "?next="
    if response.status_code == 204 and response.get("HX-Redirect", "").startswith(login):
        return "login"
    if response.status_code == 302 and response.get("Location", "").startswith(login):
        return "login"
    if response.status_code in (403, 404, 405) or response.status_code >= 500:
        return str(response.status_code)
    return "ok"


def told(response: HttpResponse) -> tuple[int, bytes, dict[str, str]]:
    """All that a person can learn from an answer, but for the second it was given in."""
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}
    return response.status_code, response.content, headers


def stored() -> dict[str, tuple[int, int]]:
    """Rows and digest of every table of the product."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    parts = [
        sql.SQL("SELECT {}, count(*), coalesce(sum(hashtext(t::text)), 0) FROM {} t").format(
            sql.Literal(table), sql.Identifier(table)
        )
        for table in sorted(tables - NOT_COUNTED)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        return {table: (rows, int(digest)) for table, rows, digest in cursor.fetchall()}
