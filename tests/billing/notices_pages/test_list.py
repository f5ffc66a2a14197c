"""The page of notifications, the bell, and marking by button."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.domain.notices.inbox import unread_count
from billing.models import InboxMark, LifeEvent, NoticeKind
from credits import clock
from credits.models import Customer, User
from tests.billing.notices_pages.telling import ended, tell, tell_levels, title
from tests.billing.ordering import today
from tests.billing.reading import text_of
from tests.factories import credits as make

NO_NOTICE = UUID(int=7)
ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
BELL = re.compile(r'<a class="bell"[^>]*aria-label="([^"]*)"')


@pytest.fixture
def place(customer: Customer) -> str:
    return f"/c/{customer.slug}/notifications/"


@pytest.fixture
def alices(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice)


def bell(answer: Any) -> str:
    """What the bell is called."""
    found = BELL.search(answer.content.decode())
    assert found is not None
    return found[1]


def through(answer: Any) -> list[str]:
    """What the buttons of a page mark as read through."""
    buttons = re.findall(r'<button[^>]*name="through" value="([^"]+)"', answer.content.decode())
    return [str(UUID(button)) for button in buttons]


def test_notices_are_listed_newest_first_with_what_is_unread(
    customer: Customer, alices: Client, place: str
) -> None:
    tell_levels(customer, (20, 10))

    answer = alices.get(place)

    words = text_of(answer)
    assert words.index(title(10)) < words.index(title(20))
    assert answer.content.count(b'class="unread"') == 2
    assert words.count("Unread Halden Energy") == 2
    assert f'href="/c/{customer.slug}/forecast/"' in answer.content.decode()


@pytest.mark.parametrize("where", ["", "allocate/", "activity/", "settings/"])
def test_the_bell_is_on_every_page_with_its_count(
    customer: Customer, alices: Client, where: str
) -> None:
    url = f"/c/{customer.slug}/{where or 'annual-credits/'}"
    assert bell(alices.get(url)) == "Notifications"

    tell_levels(customer, (30, 20, 10))

    assert bell(alices.get(url)) == "Notifications, 3 unread"


def test_more_than_99_are_not_counted(customer: Customer, alices: Client, place: str) -> None:
    tell_levels(customer, range(1, 111))

    assert bell(alices.get(place)) == "Notifications, 99+ unread"


def test_the_count_takes_no_query(customer: Customer, alices: Client) -> None:
    url = f"/c/{customer.slug}/activity/"
    counts = []
    for _ in range(2):
        alices.get(url)
        with CaptureQueriesContext(connection) as captured:
            alices.get(url)
        counts.append(len(captured))
        tell_levels(customer, range(1, 40))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("htmx", [False, True])
def test_all_is_marked_as_read(
    customer: Customer, alice: User, alices: Client, place: str, htmx: bool
) -> None:
    tell_levels(customer, (20, 10))
    newest = through(alices.get(place))[0]

    answer = alices.post(f"{place}read/", {"through": newest}, headers=HTMX if htmx else {})

    assert unread_count(customer, alice) == 0
    if htmx:
        assert 'hx-swap-oob="true"' in answer.content.decode()
    else:
        assert (answer.status_code, answer["Location"]) == (303, place)
        answer = alices.get(place)
        assert "Marked as read." in text_of(answer)
    assert bell(answer) == "Notifications"
    assert through(answer) == []
    assert b'class="unread"' not in answer.content


def test_what_comes_after_the_page_was_opened_stays_unread(
    customer: Customer, alices: Client, place: str
) -> None:
    tell(customer, level=20)
    newest = through(alices.get(place))[0]
    tell(customer, level=10)

    answer = alices.post(f"{place}read/", {"through": newest}, headers=HTMX)

    assert bell(answer) == "Notifications, 1 unread"


def test_a_row_marks_itself_and_all_older_ones(
    customer: Customer, alices: Client, place: str
) -> None:
    _old, middle, _newest = tell_levels(customer, (30, 20, 10))
    assert str(middle.public_id) in through(alices.get(place))

    answer = alices.post(f"{place}read/", {"through": str(middle.public_id)}, headers=HTMX)

    assert answer.content.count(b'class="unread"') == 1
    assert bell(answer) == "Notifications, 1 unread"
    focused = answer.content.decode().partition("data-focus>")[2]
    assert focused.startswith(f"Halden Energy {title(20)}")


def test_marking_keeps_the_filter(customer: Customer, alices: Client, place: str) -> None:
    tell_levels(customer, (20, 10))
    newest = through(alices.get(place))[0]

    answer = alices.post(f"{place}read/?group=balance&unread=yes", {"through": newest})

    assert answer["Location"] == f"{place}?group=balance&unread=yes"
    assert "No notification matches" in text_of(alices.get(answer["Location"]))
    answer = alices.post(f"{place}read/?unread=yes", {"through": newest}, headers=HTMX)
    assert answer.content.decode().partition("data-focus>")[2].startswith("All read")


@pytest.mark.parametrize("sent", ["", "7", "not-an-id", str(NO_NOTICE), "'; --"])
def test_what_names_no_notice_of_the_customer_marks_nothing(
    customer: Customer, other_customer: Customer, alices: Client, place: str, sent: str
) -> None:
    tell(customer)
    foreign = str(tell(other_customer).public_id)

    for wanted in (sent, foreign):
        answer = alices.post(f"{place}read/", {"through": wanted})
        assert answer.status_code == 422
        assert "nothing was marked as read" in text_of(answer)

    assert not InboxMark.objects.exists()


def test_staff_see_the_list_without_marks_and_mark_nothing(
    customer: Customer, rep: User, client_of: ClientOf, place: str
) -> None:
    notice = tell(customer)
    client = client_of(rep)

    answer = client.get(place)
    assert title(10) in text_of(answer)
    assert (bell(answer), through(answer)) == ("Notifications", [])
    assert b'class="unread"' not in answer.content
    assert b'name="unread"' not in answer.content

    sent = client.post(f"{place}read/", {"through": str(notice.public_id)})
    assert sent.status_code == 403


def test_a_customers_notices_are_its_own(
    customer: Customer, other_customer: Customer, alices: Client, place: str
) -> None:
    tell(other_customer, level=33)

    assert "Nothing has been told yet" in text_of(alices.get(place))
    assert alices.get(f"/c/{other_customer.slug}/notifications/").status_code == 404


def test_an_empty_inbox_says_what_will_come(alices: Client, place: str) -> None:
    words = text_of(alices.get(place))

    assert "90, 30 and 7 days before" in words
    assert f"{place.replace('/notifications/', '/settings/notifications/')}" in (
        alices.get(place).content.decode()
    )


def test_the_list_is_narrowed_to_a_group(customer: Customer, alices: Client, place: str) -> None:
    tell(customer)
    license = make.grant(customer, 1_000, today(), today())
    ended(license)

    licenses = text_of(alices.get(place, {"group": "licenses"}))
    balances = text_of(alices.get(place, {"group": "balance"}))

    assert license.label in licenses
    assert title(10) not in licenses
    assert title(10) in balances
    assert "No notification matches" in text_of(alices.get(place, {"group": "usage"}))


@pytest.mark.parametrize(
    "query", ["group=whim", "unread=whim", "before=7", "after=-1", f"before={NO_NOTICE}"]
)
def test_a_link_that_means_nothing_opens_the_page(
    customer: Customer, alices: Client, place: str, query: str
) -> None:
    tell(customer)

    assert alices.get(f"{place}?{query}").status_code == 200


def test_a_deep_page_is_one_as_cheap_as_the_first(
    customer: Customer, alices: Client, place: str
) -> None:
    told = tell_levels(customer, range(1, 121))
    counts = []
    for url in (place, f"{place}?before={told[60].public_id}"):
        with CaptureQueriesContext(connection) as captured:
            answer = alices.get(url)
        counts.append(len(captured))

    assert "Newer" in text_of(answer)
    assert title(60) in text_of(answer)
    assert title(61) not in text_of(answer)
    assert counts[0] == counts[1]


def test_the_whole_list_is_a_file(customer: Customer, alices: Client, place: str) -> None:
    tell_levels(customer, range(1, 61))

    answer: Any = alices.get(place, {"_export": "csv"})

    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert "When,About,What,Said" in lines[0].lstrip("\ufeff")
    assert len(lines) == 61
    assert title(60) in lines[1]


def test_who_may_not_ask_for_credits_is_not_led_to_the_form(
    customer: Customer, alices: Client, bob: User, client_of: ClientOf, place: str
) -> None:
    ends = clock.now().isoformat()
    facts: dict[str, Any] = {
        "cause": "license",
        "valid_until": ends,
        "ends_at": ends,
        "purge_from": ends,
    }
    tell(customer, NoticeKind.LOCKED, **facts)
    form = f'href="/c/{customer.slug}/requests/new/'

    assert form in alices.get(place).content.decode()
    assert form not in client_of(bob).get(place).content.decode()


def test_the_page_of_a_license_tells_what_came_by_itself(
    customer: Customer, alices: Client
) -> None:
    license = make.grant(customer, 1_000, today(), today())
    url = f"/c/{customer.slug}/licenses/{license.public_id}/"
    assert "What came by itself" not in text_of(alices.get(url))

    LifeEvent.objects.create(
        customer=customer,
        license=license,
        kind="started",
        at=license.starts_at,
        recorded_at=license.starts_at,
    )
    ended(license)

    words = text_of(alices.get(url))
    assert "UTC It started recorded" in words
    assert f"{license.label} ended on" in words


def test_a_page_of_fifty_is_light(customer: Customer, alices: Client, place: str) -> None:
    tell_levels(customer, range(1, 80))

    answer = alices.get(place)

    assert len(answer.content) < 60_000
