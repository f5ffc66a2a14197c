"""What an admin may choose, with a sentence for what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from billing.domain.notices.choosing import SetNotices, settings_of
from billing.models import NoticeSettings
from credits.domain.activity_words import words_of
from credits.domain.commands import Answer
from credits.domain.members import NoLongerAllowed
from credits.domain.post import post
from credits.exceptions import InvalidCommand
from credits.models import Customer, Operation, User
from tests.factories import credits as make


def choose(customer: Customer, actor: User | None, key: str = "", **fields: Any) -> Answer:
    wanted = {"low_levels": [20, 5], "days_ahead": 60, "weekly": False, **fields}
    return post(SetNotices(customer=customer, asked=make.asked(key, actor=actor), **wanted))


def words(operation: Operation) -> str:
    return words_of(
        operation, terms=(), reports=(), choices=(), entries=(), person="", reversed_words=""
    )


def test_without_a_choice_the_defaults_hold(customer: Customer) -> None:
    found = settings_of(customer)

    assert (found.low_levels, found.days_ahead, found.weekly) == ([10], 30, True)
    assert not NoticeSettings.objects.exists()


def test_an_admin_chooses(customer: Customer, alice: User) -> None:
    answer = choose(customer, alice)

    found = settings_of(customer)
    assert (found.low_levels, found.days_ahead, found.weekly) == ([20, 5], 60, False)
    assert answer.operation.actor == alice
    assert words(answer.operation) == (
        "Chose what is told: a balance below 20, 5 %, a shortage 60 days ahead"
    )


def test_a_choice_of_nothing_says_what_stays(customer: Customer, alice: User) -> None:
    answer = choose(customer, alice, low_levels=[], days_ahead=0)

    assert settings_of(customer).low_levels == []
    assert words(answer.operation) == (
        "Chose what is told: only what ends, and a balance below zero"
    )


def test_a_repeat_changes_nothing_again(customer: Customer, alice: User) -> None:
    first = choose(customer, alice, "once")
    choose(customer, alice, low_levels=[30])

    assert choose(customer, alice, "once").operation == first.operation
    assert settings_of(customer).low_levels == [30]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        (
            {"low_levels": [1, 2, 3, 4, 5, 6]},
            "low_levels",
            "There can be up to 5 levels. You entered 6.",
        ),
        ({"low_levels": [0]}, "low_levels", "A level is a whole percentage from 1 to 90."),
        ({"low_levels": [91]}, "low_levels", "A level is a whole percentage from 1 to 90."),
        ({"low_levels": [10, 10]}, "low_levels", "Enter each level once."),
        ({"days_ahead": -1}, "days_ahead", "Enter a whole number of days from 0 to 365."),
        ({"days_ahead": 366}, "days_ahead", "Enter a whole number of days from 0 to 365."),
    ],
)
def test_what_cannot_be_chosen_gets_a_sentence_at_its_field(
    customer: Customer, alice: User, fields: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        choose(customer, alice, **fields)

    assert (refusal.value.field, refusal.value.message) == (field, sentence)
    assert not NoticeSettings.objects.exists()


@pytest.mark.parametrize("levels", [[1, 90], [90, 60, 30, 10, 1]])
def test_the_ends_of_the_range_can_be_chosen(
    customer: Customer, alice: User, levels: list[int]
) -> None:
    choose(customer, alice, low_levels=levels, days_ahead=365)

    assert settings_of(customer).low_levels == sorted(levels, reverse=True)


def test_what_is_in_force_already_is_no_change(customer: Customer, alice: User) -> None:
    with pytest.raises(InvalidCommand, match="This is the setting already"):
        choose(customer, alice, low_levels=[10], days_ahead=30, weekly=True)


def test_only_who_may_change_settings_chooses(customer: Customer, bob: User, rep: User) -> None:
    for person in (bob, rep):
        with pytest.raises(NoLongerAllowed):
            choose(customer, person)
