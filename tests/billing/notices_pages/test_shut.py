"""The same pages once access has ended, and every page while the books are parked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import CreditRequest, NoticeSettings
from credits import clock
from credits.domain.parking import Park
from credits.domain.post import post
from credits.models import Customer, Operation, User
from tests.billing.notices_pages.telling import tell
from tests.billing.ordering import today
from tests.billing.reading import text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]
PAGES = ("notifications/", "settings/notifications/")
FEATURE = "endpoint-sandbox-submission"
REFUSED = "These books are parked until support has looked at them, so nothing was changed."


@pytest.fixture
def locked(customer: Customer) -> Iterator[Customer]:
    """A customer whose access has ended."""
    make.grant(customer, 1_000, today(), today())
    tell(customer)
    with clock.moved_to(clock.now() + timedelta(days=45)):
        yield customer


@pytest.fixture
def parked(customer: Customer, alice: User) -> Customer:
    """A customer whose books are parked."""
    make.grant(customer, 52_000, today(), today() + timedelta(days=200))
    post(Park(customer=customer, asked=make.asked(reason="A level is wrong.")))
    return customer


@pytest.mark.parametrize("path", PAGES)
def test_members_of_a_locked_customer_meet_the_page_that_says_so(
    locked: Customer, alice: User, client_of: ClientOf, path: str
) -> None:
    answer = client_of(alice).get(f"/c/{locked.slug}/{path}")

    assert answer.status_code == 403
    assert b'id="locked"' in answer.content
    assert b'class="bell"' not in answer.content


@pytest.mark.parametrize("path", PAGES)
def test_staff_still_see_them(locked: Customer, rep: User, client_of: ClientOf, path: str) -> None:
    assert client_of(rep).get(f"/c/{locked.slug}/{path}").status_code == 200


@pytest.mark.parametrize(
    "path", ["annual-credits/", "allocate/", "activity/", "settings/", "notifications/"]
)
def test_every_page_of_parked_books_says_so(
    parked: Customer, alice: User, client_of: ClientOf, path: str
) -> None:
    words = text_of(client_of(alice).get(f"/c/{parked.slug}/{path}"))

    assert "Parked since" in words
    assert "The figures stay readable, and what connected systems report is kept." in words


def test_books_that_are_not_parked_say_nothing(
    customer: Customer, alice: User, client_of: ClientOf
) -> None:
    assert "Parked since" not in text_of(client_of(alice).get(f"/c/{customer.slug}/allocate/"))


def sends(client: Client, url: str, **fields: str) -> Any:
    """Open a form and send it with something typed."""
    page = client.get(url).content.decode()
    key = page.partition('name="form_key" value="')[2].partition('"')[0]
    assert key
    return client.post(url, {"form_key": key, **fields})


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"allocate/{FEATURE}/", {f"q.{FEATURE}": "5"}),
        ("settings/", {"act": "policy", "policy": "refuse"}),
        ("settings/notifications/", {"low_levels": "20", "days_ahead": "30", "weekly": "on"}),
        (
            "requests/new/",
            {"credits": "500", "on": "2099-01-01", "cause": "other", "words": "We grow."},
        ),
    ],
)
def test_a_form_that_parked_books_refuse_says_why_and_keeps_what_was_typed(
    parked: Customer, alice: User, client_of: ClientOf, path: str, fields: dict[str, str]
) -> None:
    before = Operation.objects.count()
    if "on" in fields:
        fields = fields | {"on": (today() + timedelta(days=30)).isoformat()}

    answer = sends(client_of(alice), f"/c/{parked.slug}/{path}", **fields)

    assert answer.status_code == 422
    assert REFUSED in text_of(answer)
    assert Operation.objects.count() == before
    assert not CreditRequest.objects.exists()
    assert not NoticeSettings.objects.exists()


def test_what_is_read_can_be_marked_while_parked(
    parked: Customer, alice: User, client_of: ClientOf
) -> None:
    notice = tell(parked)

    answer = client_of(alice).post(
        f"/c/{parked.slug}/notifications/read/", {"through": str(notice.public_id)}
    )

    assert answer.status_code == 303
