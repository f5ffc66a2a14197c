"""Pages as tests read them: at an instant, as a person, and how many queries that took."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits import clock
from credits.models import User
from tests.billing.story import instant
from tests.factories import credits as make


def read(user: User, url: str, now: str, *, region: str = "", **headers: str) -> Any:
    """The answer to a request at an instant; with `region` as htmx asks for a fragment."""
    return ask(logged_in(user), url, now, region=region, **headers)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, url: str, now: str, *, region: str = "", **headers: str) -> Any:
    """The answer at an instant, with the boundary of that hour closed."""
    make.publish(instant(now))
    return send(client, url, now, region=region, **headers)


def send(client: Client, url: str, now: str, *, region: str = "", **headers: str) -> Any:
    if region:
        headers = {"HX-Request": "true", "HX-Target": region, **headers}
    with clock.moved_to(instant(now)):
        return client.get(url, headers=headers)


def statements_of(user: User, url: str, now: str, *, region: str = "") -> list[str]:
    """The statements one request takes, without those of the test's own savepoints."""
    client = logged_in(user)
    make.publish(instant(now))
    with CaptureQueriesContext(connection) as captured:
        answer = send(client, url, now, region=region)
    assert answer.status_code == 200
    statements = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in statements if not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))]


def download(user: User, url: str, now: str) -> str:
    """A file as it arrives, read while it is sent."""
    with clock.moved_to(instant(now)):
        answer: Any = read(user, url, now)
        assert answer.streaming
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"].startswith("attachment;")
        return b"".join(answer.streaming_content).decode()


def text_of(answer: Any) -> str:
    """What a reader sees: the text without tags, on one line."""
    html = answer.content.decode()
    body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", html, flags=re.S)
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
    return re.sub(r" ([,.:;])", r"\1", text)


def links_of(answer: Any) -> list[str]:
    """Every address the answer leads to."""
    return [unescape(url) for url in re.findall(r'href="([^"]+)"', answer.content.decode())]
