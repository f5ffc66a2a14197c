"""How many questions a page asks of the database: the same for 5 features and for 50."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.domain.catalogue import load_catalogue
from credits.models import Customer, User
from tests.credits.domain.catalogue_text import cells, text_of
from tests.credits.views.pages import HTMX, drawer, send
from tests.factories import credits as make

TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT")


class Asked(list[str]):
    """The statements a request made, without those that begin and end transactions."""


@contextmanager
def counted() -> Iterator[Asked]:
    asked = Asked()
    with CaptureQueriesContext(connection) as captured:
        yield asked
    asked.extend(
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].startswith(TRANSACTION)
    )


def features(number: int) -> list[str]:
    """Load a catalogue of its own solution with so many more features."""
    keys = [f"extra-{number}-{place}" for place in range(number)]
    lines = (cells(key, solution="extra", solution_name="Extra Security") for key in keys)
    load_catalogue(text_of(*lines))
    return keys


@pytest.fixture
def busy(licensed: Customer, alice: User, client_of: Callable[[User], Client]) -> Client:
    """A browser of a customer that holds something and has a past."""
    make.allocate(licensed, "email-core", 120)
    make.allocate(licensed, "email-sensor", 40)
    return client_of(alice)


def of(client: Client, url: str, **headers: str) -> int:
    with counted() as asked:
        assert client.get(url, headers=headers).status_code == 200
    return len(asked)


def test_the_list_asks_the_same_of_5_and_50_features(busy: Client, licensed: Customer) -> None:
    url = f"/c/{licensed.slug}/allocate/"
    counts = []
    for number in (5, 50):
        for key in features(number):
            make.allocate(licensed, key, 1)
        counts.append((of(busy, url), of(busy, url, **HTMX)))

    assert counts[0] == counts[1]
    assert counts[0][0] <= 11
    assert counts[0][1] <= 10


def test_a_drawer_asks_the_same_of_5_and_50_features(busy: Client, licensed: Customer) -> None:
    url = f"/c/{licensed.slug}/allocate/endpoint-packages/"
    counts = []
    for number in (5, 50):
        for key in features(number):
            make.allocate(licensed, key, 1)
        counts.append((of(busy, url), of(busy, url, **HTMX)))

    assert counts[0] == counts[1]
    assert counts[0][0] <= 20
    assert counts[0][1] <= 11


def test_typing_asks_little(busy: Client, licensed: Customer) -> None:
    sent = drawer(busy, licensed.slug, "email-core").filled(q__email_core="130", act="preview")

    with counted() as asked:
        response = busy.post(
            f"/c/{licensed.slug}/allocate/email-core/",
            sent,
            headers=HTMX | {"HX-Target": "effect"},
        )

    assert response.status_code == 200
    assert len(asked) <= 14


@pytest.mark.parametrize(
    ("group", "typed"),
    [
        ("email-core", {"q.email-core": "130"}),
        ("endpoint-packages", {"q.endpoint-core": "10", "q.endpoint-pro": "2"}),
        ("cloud-risk", {"a.cloud-risk.1.name": "lab", "a.cloud-risk.1.units": "501"}),
        ("network-deep-discovery", {"q.network-deep-discovery": "0.2"}),
    ],
)
def test_an_allocation_asks_at_most_8(
    busy: Client, licensed: Customer, group: str, typed: dict[str, str]
) -> None:
    make.grant(licensed, 50_000, date(2026, 1, 1), date(2027, 12, 31))
    sent = drawer(busy, licensed.slug, group)

    with counted() as asked:
        response = busy.post(sent.action, sent.fields | typed)

    assert response.status_code == 303
    assert len(asked) <= 8, "\n".join(asked)


def test_giving_a_feature_up_also_looks_who_needs_it(busy: Client, licensed: Customer) -> None:
    sent = drawer(busy, licensed.slug, "email-core")

    with counted() as asked:
        response = send(busy, sent, q__email_core="0")

    assert response.status_code == 303
    assert len(asked) <= 10, "\n".join(asked)


def test_a_repeat_asks_less(busy: Client, licensed: Customer) -> None:
    sent = drawer(busy, licensed.slug, "email-core")
    send(busy, sent, q__email_core="130")

    with counted() as asked:
        response = send(busy, sent, q__email_core="130")

    assert response.status_code == 303
    assert len(asked) <= 7


def test_activity_asks_the_same_of_5_and_50_operations(busy: Client, licensed: Customer) -> None:
    url = f"/c/{licensed.slug}/activity/"
    counts = []
    for number in (5, 45):
        for place in range(number):
            make.allocate(licensed, "email-core", 100 + place)
            make.allocate(licensed, "endpoint-core", 10 + place, group="endpoint-packages")
        counts.append((of(busy, url), of(busy, url, **HTMX), of(busy, f"{url}?before=20")))

    # The names of invited members are looked up only on a page that has an invitation.
    assert all(more <= few for few, more in zip(*counts, strict=True))
    assert counts[0][0] <= 13
