"""The page on which admins choose what is told, and everybody reads what is told when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from billing.domain.notices.choosing import settings_of
from billing.models import NoticeSettings
from credits.models import Customer, Operation, User
from tests.billing.reading import text_of

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def place(customer: Customer) -> str:
    return f"/c/{customer.slug}/settings/notifications/"


@pytest.fixture
def alices(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice)


def typed(client: Client, place: str, **fields: str) -> dict[str, str]:
    """The form as it comes, but for what is named."""
    key = client.get(place).context["key"]
    filled = {"low_levels": "10", "days_ahead": "30", "weekly": "on", "form_key": key}
    return {name: value for name, value in {**filled, **fields}.items() if value != "-"}


def chosen(customer: Customer) -> tuple[list[int], int, bool]:
    found = settings_of(customer)
    return list(found.low_levels), found.days_ahead, found.weekly


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_told_is_chosen(customer: Customer, alices: Client, place: str, htmx: bool) -> None:
    assert chosen(customer) == ([10], 30, True)
    form = typed(alices, place, low_levels="5, 25%;10", days_ahead="60", weekly="-")

    answer = alices.post(place, form, headers=HTMX if htmx else {})

    assert answer.status_code == (200 if htmx else 303)
    assert chosen(customer) == ([25, 10, 5], 60, False)
    words = text_of(alices.get(place))
    assert "What is told has been changed." in words
    assert "When less than 25 %, 10 %, 5 % of the valid credits is left" in words
    assert "within 60 days" in words
    assert "Not told: the digest is off" in words


def test_nothing_need_be_told(customer: Customer, alices: Client, place: str) -> None:
    alices.post(place, typed(alices, place, low_levels="", days_ahead="0"))

    assert chosen(customer) == ([], 0, True)
    words = text_of(alices.get(place))
    assert "Not told: no level is set" in words
    assert "Not told: the days ahead are 0" in words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("low_levels", "ten"),
        ("low_levels", "12.5"),
        ("low_levels", "-5"),
        ("low_levels", "0"),
        ("low_levels", "100"),
        ("low_levels", "10, 10"),
        ("low_levels", "1 2 3 4 5 6"),
        ("low_levels", "٣٠"),
        ("low_levels", "9" * 400),
        ("days_ahead", ""),
        ("days_ahead", "soon"),
        ("days_ahead", "-1"),
        ("days_ahead", "366"),
        ("days_ahead", "9" * 30),
    ],
)
def test_a_bad_choice_is_said_at_its_field_and_changes_nothing(
    customer: Customer, alices: Client, place: str, field: str, value: str
) -> None:
    form = typed(alices, place, weekly="-", **{field: value})

    answer = alices.post(place, form)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert chosen(customer) == ([10], 30, True)
    assert answer.context["key"] == form["form_key"]


def test_what_is_set_already_is_said(customer: Customer, alices: Client, place: str) -> None:
    answer = alices.post(place, typed(alices, place))

    assert answer.status_code == 422
    assert "nothing was changed" in text_of(answer)
    assert not NoticeSettings.objects.exists()


def test_a_double_click_chooses_once(customer: Customer, alices: Client, place: str) -> None:
    form = typed(alices, place, days_ahead="45")

    answers = [alices.post(place, form).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert Operation.objects.filter(customer=customer, kind="set-notices").count() == 1


def test_a_sent_form_that_is_changed_and_sent_again_is_refused(
    customer: Customer, alices: Client, place: str
) -> None:
    form = typed(alices, place, days_ahead="45")
    alices.post(place, form)

    answer = alices.post(place, form | {"days_ahead": "50"})

    assert answer.status_code == 409
    assert chosen(customer) == ([10], 45, True)


def test_a_form_without_its_key_changes_nothing(
    customer: Customer, alices: Client, place: str
) -> None:
    answer = alices.post(place, typed(alices, place, days_ahead="45", form_key="made-up"))

    assert answer.status_code == 422
    assert chosen(customer) == ([10], 30, True)


def test_others_read_the_settings_and_change_nothing(
    customer: Customer, alice: User, bob: User, rep: User, client_of: ClientOf, place: str
) -> None:
    for person in (bob, rep):
        client = client_of(person)
        answer = client.get(place)
        words = text_of(answer)
        assert "Admins change it." in words
        assert "Save what is told" not in words
        assert "alice@example.org" in words
        assert client.post(place, typed(client, place, days_ahead="45")).status_code == 403

    assert chosen(customer) == ([10], 30, True)


def test_the_page_is_a_tab_of_the_settings_and_search_finds_it(
    customer: Customer, alices: Client, place: str
) -> None:
    settings: Any = alices.get(f"/c/{customer.slug}/settings/")
    found = text_of(alices.get(f"/c/{customer.slug}/search/", {"q": "notification"}))

    assert f'href="{place}"' in settings.content.decode()
    assert "Notification settings" in found
    assert "Notifications" in found.replace("Notification settings", "")


def test_without_an_admin_who_can_log_in_nobody_gets_mail(
    customer: Customer, bob: User, client_of: ClientOf, place: str
) -> None:
    assert "Nobody: no admin can log in." in text_of(client_of(bob).get(place))
