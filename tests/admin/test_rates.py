"""Catalogue managers enter rates: first whom it touches, then the entry; nobody else may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credits import clock, tasks
from credits.domain.rate_run import apply_rates
from credits.models import Balance, Customer, Feature, FeatureRate, Operation
from credits.roles import StaffRole
from tests.admin.pages import key_of, text_of
from tests.factories import credits as make

ADD = reverse("admin:credits_featurerate_add")
NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was put into the queue."""
    found: list[Any] = []
    monkeypatch.setattr(tasks.run_slot, "apply_async", lambda *_, **__: found.append(1))
    return found


def client_with(role: StaffRole) -> Client:
    client = Client()
    client.force_login(make.make_staff(make.make_user(), role))
    return client


@pytest.fixture
def desk(catalogue: None) -> Client:
    return client_with(StaffRole.CATALOGUE_MANAGER)


@pytest.fixture
def holder(customer: Customer) -> Customer:
    make.grant(customer, 260, date(2027, 1, 1), date(2027, 12, 31))
    make.allocate(customer, "email-core", 10)
    return customer


def fields(**given: str) -> dict[str, str]:
    return {
        "feature": "email-core",
        "valid_from": "2027-03-01",
        "model": "per_user",
        "credits": "30",
        "block": "1",
        "source": "price list 2027",
        **given,
    }


def rates() -> int:
    return FeatureRate.objects.count()


def test_the_form_is_filled_in_with_the_rate_that_stands(desk: Client) -> None:
    page = desk.get(ADD, {"feature": "network-virtual-sensor"}).content.decode()

    assert 'value="12500"' in page
    assert 'value="500"' in page
    assert '<option value="network-virtual-sensor" selected>' in page
    assert '<option value="throughput_block" selected>' in page


def test_the_dry_run_names_whom_it_touches_and_enters_nothing(
    desk: Client, holder: Customer
) -> None:
    before = rates()

    response = desk.post(ADD, {"form_key": key_of(desk, ADD), **fields()})

    told = text_of(response)
    assert response.status_code == 200
    assert "1 customer, +50 credits, 1 would be short, first on 1 March 2027." in told
    assert f"{holder.label} {holder.name} 250 300 +50 10 \N{MINUS SIGN}40 short" in told
    assert rates() == before


def test_confirmed_it_is_entered_once_and_booking_starts_after_the_commit(
    desk: Client, holder: Customer, started: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    before, sent = rates(), {"form_key": key_of(desk, ADD), "step": "enter", **fields()}

    with django_capture_on_commit_callbacks(execute=True):
        first = desk.post(ADD, sent)
        assert started == []
        second = desk.post(ADD, sent)

    rate = FeatureRate.objects.latest("pk")
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert first["Location"] == reverse("admin:credits_featurerate_change", args=[rate.pk])
    assert rates() == before + 1
    assert started
    operation = Operation.objects.get(kind="enter-rate")
    assert (operation.source, operation.actor_id) == ("admin", int(desk.session["_auth_user_id"]))
    page = text_of(desk.get(first["Location"]))
    assert "The rate of Core package (email-core) from 2027-03-01 is entered." in page


def test_what_was_typed_can_be_changed_after_the_dry_run(desk: Client) -> None:
    page = desk.post(ADD, {"form_key": key_of(desk, ADD), **fields()}).content.decode()
    assert 'type="hidden" name="credits" value="30"' in page

    response = desk.post(ADD, {"form_key": key_of(desk, ADD), "step": "change", **fields()})

    assert response.status_code == 200
    assert 'name="credits" value="30"' in response.content.decode()
    assert "Show whom it touches" in text_of(response)


def test_the_hidden_form_of_the_dry_run_enters_just_what_was_shown(desk: Client) -> None:

    given = fields(assumed="on", note="Assumed.", valid_to="2027-03-31")
    page = desk.post(ADD, {"form_key": key_of(desk, ADD), **given}).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)"(?: value="([^"]*)")?', page))

    assert desk.post(ADD, {**hidden, "step": "enter"}).status_code == 303

    rate = FeatureRate.objects.latest("pk")
    assert (rate.assumed, rate.remark) == (True, "Assumed.")
    assert rate.closes_at == datetime(2027, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize("step", ["", "enter"])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"valid_from": ""}, "Enter a date from 2000-01-01"),
        ({"valid_from": "1 March 2027"}, "Enter a date from 2000-01-01"),
        ({"valid_from": "2027-01-12"}, "correction: say why"),
        ({"credits": "thirty"}, "Enter a number such as 45 or 0.5"),
        ({"credits": "-3"}, "Enter a number such as 45 or 0.5"),
        ({"credits": "0"}, "Enter a number above zero."),
        ({"block": "500"}, "Enter 1."),
        ({"cap": "8000"}, "Leave this empty."),
        ({"parts": "email-pro"}, "Leave this empty."),
        ({"valid_to": "2027-02-28"}, "2027-03-01 or later, or nothing"),
        ({"source": ""}, "This field is required."),
        ({"assumed": "on"}, "This field is required."),
        ({"model": "usage_reservation"}, "Add a new feature instead."),
        ({"model": "anything"}, "Select a valid choice."),
        ({"feature": "nothing"}, "Select a valid choice."),
        ({"feature": ""}, "This field is required."),
        ({"form_key": "forged"}, "made for another page or person"),
        ({"note": "x" * 401}, "at most 400 characters"),
    ],
)
def test_a_bad_field_gets_its_sentence_and_enters_nothing(
    desk: Client, wrong: dict[str, str], words: str, step: str
) -> None:
    before = rates()

    sent = {"form_key": key_of(desk, ADD), "step": step, **fields(), **wrong}
    response = desk.post(ADD, sent)

    assert response.status_code == 422
    assert words in text_of(response)
    assert rates() == before


def test_the_same_form_with_another_rate_is_refused(desk: Client) -> None:
    sent = {"form_key": key_of(desk, ADD), "step": "enter", **fields()}
    desk.post(ADD, sent)

    assert desk.post(ADD, sent | {"credits": "31"}).status_code == 409


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.OPERATOR])
def test_other_roles_neither_see_the_form_nor_enter(role: StaffRole) -> None:
    client, before = client_with(role), rates()

    assert client.get(ADD).status_code == 403
    assert client.post(ADD, {"step": "enter", **fields()}).status_code == 403
    assert rates() == before
    feature = Feature.objects.get(key="email-core")
    page = client.get(reverse("admin:credits_feature_change", args=[feature.pk]))
    assert "Enter a rate" not in text_of(page)


def test_a_feature_shows_its_rates_with_their_days_and_whose_books_lack_them(
    desk: Client, holder: Customer
) -> None:
    for given in (fields(), fields(credits="28")):
        assert desk.post(ADD, {"form_key": key_of(desk, ADD), "step": "enter", **given})
    feature = Feature.objects.get(key="email-core")
    page = reverse("admin:credits_feature_change", args=[feature.pk])
    behind = Balance.objects.count()

    told = text_of(desk.get(page))

    assert f"1 Mar 2027 \N{EN DASH} to come 28, per user {behind}" in told
    assert f"1 Mar 2027 \N{EN DASH} corrected 30, per user {behind}" in told
    assert "1 Jan 2024 28 Feb 2027 in force 25, per user 0" in told
    assert "Enter a rate" in told
    apply_rates()
    assert "1 Mar 2027 \N{EN DASH} to come 28, per user 0" in text_of(desk.get(page))
