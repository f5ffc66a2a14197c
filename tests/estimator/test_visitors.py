"""The calculator without an account: open only where it is switched on, counted, and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from credits import clock
from credits.models import Customer, User
from estimator.domain.visiting import TooManyVisits, count_visit, forget_visits, place_of
from estimator.models import VisitorCount
from tests.access.probing import stored
from tests.estimator.page import (
    ESSENTIALS,
    NOW,
    LogIn,
    Reader,
    body,
    nothing_saved,
    send,
    text_in,
    value_of,
    words,
)

URL = "/estimate/"
FILES = ("xlsx", "csv", "pdf")


@pytest.fixture
def _open(settings: Any) -> None:
    settings.ANONYMOUS_ESTIMATES = True


@pytest.fixture
def visitor() -> Client:
    """Somebody without a session whose forms carry no token."""
    return Client(enforce_csrf_checks=True)


def file_url(kind: str) -> str:
    return reverse("estimator:visitor-estimate-file", kwargs={"kind": kind})


def kept() -> dict[str, tuple[int, int]]:
    """Rows and digest of every table, but for the one that counts visits; sessions as well."""
    found = stored() | {"django_session": (Session.objects.count(), 0)}
    del found[VisitorCount._meta.db_table]
    return found


def test_it_does_not_exist_until_it_is_switched_on(customer: Customer, visitor: Client) -> None:
    for url in (URL, *map(file_url, FILES)):
        assert visitor.get(url).status_code == 404
        assert visitor.post(url).status_code == 404
    assert "without an account" not in body(visitor.get("/login/"))
    assert not VisitorCount.objects.exists()


@pytest.mark.usefixtures("_open")
def test_a_visitor_sees_all_features_and_computes(customer: Customer, visitor: Client) -> None:
    page = visitor.get(URL)
    computed = send(visitor, URL, {ESSENTIALS: "300", "email-core": "40"})

    assert reverse("estimator:visitor-estimate") in body(visitor.get("/login/"))
    assert words(page).count(" per ") > 25
    assert text_in(computed, "level") == f"{300 * 65 + 40 * 25:,}"
    assert "Buy 20,500 credits starting" in words(computed)
    assert "balance" not in text_in(computed, "summary").split("Buy")[0].lower()
    assert "Sign out" not in words(computed)
    assert customer.name not in words(page) + words(computed)


REQUESTS = [
    ("price", ""),
    ("price", "summary"),
    ("find", "matches"),
    ("browse", ""),
    ("add:email-core", "calculator"),
    ("propose", "proposed"),
    ("proposed", ""),
    ("months", "months"),
    ("months", ""),
    ("reset", "calculator"),
    ("held", ""),
]


@pytest.mark.usefixtures("_open")
def test_no_request_leaves_a_cookie_a_row_or_a_copy(customer: Customer, visitor: Client) -> None:
    before = kept()

    for act, target in REQUESTS:
        page: Any = send(
            visitor, URL, {ESSENTIALS: "300"}, act, target=target, **{"q.mailboxes": "7"}
        )

        assert page.status_code == 200, (act, target)
        assert not page.cookies
        assert "no-store" in page["Cache-Control"]
    assert not visitor.cookies
    assert kept() == before
    assert VisitorCount.objects.get().in_hour == len(REQUESTS)


@pytest.mark.usefixtures("_open")
def test_an_estimate_cannot_be_saved_by_a_visitor(customer: Customer, visitor: Client) -> None:
    page = send(visitor, URL, {ESSENTIALS: "300"}, "save", name="Mine")

    assert page.status_code == 200
    assert value_of(page, f"units.{ESSENTIALS}") == "300"
    assert nothing_saved()


@pytest.mark.usefixtures("_open")
def test_whoever_is_logged_in_is_a_visitor_there_as_well(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = client_of(alice).get(URL)

    assert customer.name not in words(page)
    assert alice.name not in words(page)


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize("kind", FILES)
def test_what_is_typed_can_be_taken_along(customer: Customer, visitor: Client, kind: str) -> None:
    before = kept()

    answer = send(visitor, file_url(kind), {ESSENTIALS: "300"}, "", name="Plan 2027")

    assert answer.status_code == 200
    assert f'estimate-plan-2027.{kind}"' in answer["Content-Disposition"]
    assert len(answer.content) > 100
    assert "no-store" in answer["Cache-Control"]
    assert kept() == before
    assert visitor.get(file_url(kind)).status_code == 405
    assert visitor.post(file_url("exe")).status_code == 404


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize("lines", [{ESSENTIALS: "12.5"}, {ESSENTIALS: ""}, {}])
def test_a_file_of_what_cannot_be_meant_is_the_page_again(
    customer: Customer, visitor: Client, lines: dict[str, str]
) -> None:
    page = send(visitor, file_url("csv"), lines, "")

    assert page.status_code == 422
    assert f'action="{URL}"' in body(page)
    assert file_url("csv") not in body(page).replace(f'formaction="{file_url("csv")}"', "")


@pytest.mark.usefixtures("_open")
def test_a_file_of_units_is_read_without_an_account(customer: Customer, visitor: Client) -> None:
    units = BytesIO(b"Feature,Units\nendpoint-essentials,120\n")
    units.name = "units.csv"
    before = kept()

    page: Any = visitor.post(URL, {"act": "import", "years": "1", "units_file": units})

    assert value_of(page, f"units.{ESSENTIALS}") == "120"
    assert kept() == before


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize("limit", ["VISITOR_REQUESTS_A_MINUTE", "VISITOR_REQUESTS_AN_HOUR"])
def test_more_than_a_person_types_waits_and_keeps_what_was_typed(
    customer: Customer, visitor: Client, settings: Any, limit: str
) -> None:
    setattr(settings, limit, 2)
    for _time in range(2):
        assert send(visitor, URL, {ESSENTIALS: "300"}).status_code == 200

    plain: Any = send(visitor, URL, {ESSENTIALS: "300", "cloud-risk": ["1", "2"]}, name="A <b>")
    typed = send(visitor, URL, {ESSENTIALS: "300"}, target="summary")

    assert plain.status_code == typed.status_code == 429
    wait = 60 if limit.endswith("MINUTE") else 1_800
    assert plain["Retry-After"] == typed["Retry-After"] == str(wait)
    assert "go on in" in words(plain)
    assert "go on in" in body(typed)
    assert typed["Content-Type"].startswith("text/plain")
    fields = [(one["name"], one["value"]) for one in Reader(plain.content.decode()).inputs]
    assert ("units.endpoint-essentials", "300") in fields
    assert [value for name, value in fields if name == "units.cloud-risk"] == ["1", "2"]
    assert ("name", "A <b>") in fields
    assert not plain.cookies


@pytest.mark.django_db
def test_addresses_are_counted_apart_and_by_the_household(settings: Any) -> None:
    settings.VISITOR_REQUESTS_A_MINUTE = 1
    for address in ("203.0.113.7", "203.0.113.8", "2001:db8::1", "2001:db8:0:1::1", None):
        count_visit(address)

    for address in ("203.0.113.7", "2001:db8::ffff", None):
        with pytest.raises(TooManyVisits):
            count_visit(address)


@pytest.mark.django_db
def test_a_minute_and_an_hour_begin_anew(settings: Any) -> None:
    settings.VISITOR_REQUESTS_A_MINUTE, settings.VISITOR_REQUESTS_AN_HOUR = 1, 3
    count_visit("203.0.113.7")
    for minutes in (1, 2):
        with clock.moved_to(NOW + timedelta(minutes=minutes)):
            count_visit("203.0.113.7")
    with (
        clock.moved_to(NOW + timedelta(minutes=3, seconds=30)),
        pytest.raises(TooManyVisits) as error,
    ):
        count_visit("203.0.113.7")

    assert error.value.seconds == 26 * 60 + 30
    with clock.moved_to(NOW + timedelta(minutes=30)):
        count_visit("203.0.113.7")


@pytest.mark.django_db
def test_what_is_counted_names_nobody_and_is_forgotten() -> None:
    count_visit("203.0.113.7")
    count = VisitorCount.objects.get()

    columns = [str(getattr(count, field.attname)) for field in VisitorCount._meta.fields]
    assert not [text for text in columns if "203.0.113" in text]
    assert count.place == place_of("203.0.113.7", count.hour)
    assert count.place != place_of("203.0.113.7", count.hour + timedelta(hours=1))
    assert forget_visits(count.hour) == {"counts": 0}
    assert forget_visits(count.hour + timedelta(hours=1)) == {"counts": 1}


@pytest.fixture
def _committed(transactional_db: None) -> Iterator[None]:
    yield
    VisitorCount.objects.all().delete()


@pytest.mark.usefixtures("_committed")
def test_requests_at_once_are_all_counted() -> None:
    def ask(_number: int) -> None:
        with clock.moved_to(NOW):
            count_visit("203.0.113.7")
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, range(24)))

    assert VisitorCount.objects.get().in_minute == 24
