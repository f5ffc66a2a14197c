"""Calls of the webhook, as the marketplace makes them and as others would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from credits import clock
from tests.billing.marketplaces.azure.signing import sign
from tests.billing.marketplaces.azure.standin import CALLER, CLIENT_ID, TENANT, Wish

WEBHOOK = "/marketplace/azure/webhook/"
V1 = f"https://sts.windows.net/{TENANT}/"
V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"


def claims(**other: Any) -> dict[str, Any]:
    """What a good token says; a claim given as None is left out."""
    now = int(clock.now().timestamp())
    found = {
        "iss": V1,
        "aud": CLIENT_ID,
        "tid": TENANT,
        "appid": CALLER,
        "ver": "1.0",
        "iat": now,
        "nbf": now,
        "exp": now + int(timedelta(hours=1).total_seconds()),
    } | other
    return {name: value for name, value in found.items() if value is not None}


def bearer(**other: Any) -> str:
    return f"Bearer {sign(claims(**other))}"


def call(
    body: bytes,
    authorization: str | None = None,
    *,
    content_type: str = "application/json",
    query: str = "",
    **meta: Any,
) -> Any:
    """The answer to one call; without a word on it, with a good token."""
    word = bearer() if authorization is None else authorization
    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": word} if word else {}
    return Client().post(f"{WEBHOOK}{query}", body, content_type, **headers, **meta)


def tell(wish: Wish, **other: Any) -> Any:
    """The marketplace tells of an operation."""
    return call(wish.told(**other))


def rows() -> dict[str, int]:
    """How many rows every table has."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
    counts = [
        sql.SQL("SELECT {}, count(*) FROM {}").format(sql.Literal(table), sql.Identifier(table))
        for table in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(counts))
        return dict(cursor.fetchall())


def written(queries: CaptureQueriesContext) -> list[str]:
    """What was asked of the database besides reading."""
    asked = [query["sql"] for query in queries.captured_queries]
    return [one for one in asked if not one.lstrip().upper().startswith("SELECT")]
