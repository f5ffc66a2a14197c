"""Settings of a customer: what happens below zero, and who is written to."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from credits.domain.customer_settings import SetRecipients
from credits.domain.members import RemoveMember, SetRole, recipients_of
from credits.domain.post import post
from credits.exceptions import InvalidCommand
from credits.models import Customer, Membership, OverAllocation, Role, User
from tests.credits.members.acts import operations
from tests.credits.views.pages import HTMX, words
from tests.factories import credits as make


@pytest.fixture
def colleague(customer: Customer) -> User:
    """Another admin."""
    user = make.make_user(email="ana@example.org", name="Ana Ruiz")
    return make.make_member(customer, user, Role.ADMIN)


def send(client: Client, base: str, act: str, *, htmx: bool = False, **typed: Any) -> Any:
    """Open the settings and send one of their forms."""
    key = client.get(f"{base}settings/").context[f"{act}_key"]
    fields = {"form_key": key, "act": act, **typed}
    return client.post(f"{base}settings/", fields, headers=HTMX if htmx else {})


@pytest.mark.parametrize("htmx", [False, True])
def test_the_policy_is_set_and_told(
    admin: Client, base: str, customer: Customer, htmx: bool
) -> None:
    response = send(admin, base, "policy", policy="refuse", htmx=htmx)

    assert response.status_code == (200 if htmx else 303)
    customer.refresh_from_db()
    assert customer.over_allocation == OverAllocation.REFUSE
    said = "Allocating beyond the balance is refused from now on."
    assert said in words(admin.get(f"{base}settings/"))
    activity = words(admin.get(f"{base}activity/"))
    assert "Allocating beyond the balance: refused from then on Alice Brandt" in activity


def test_chosen_admins_get_notices_until_nobody_is_chosen(
    admin: Client, base: str, customer: Customer, alice: User, bob: User, colleague: User
) -> None:
    assert recipients_of(customer) == [alice, colleague]

    send(admin, base, "recipients", chosen=[str(colleague.public_id)])
    assert recipients_of(customer) == [colleague]
    assert "Chose 1 admin to get notices" in words(admin.get(f"{base}activity/"))

    send(admin, base, "recipients")
    assert recipients_of(customer) == [alice, colleague]
    assert "Notices go to all admins" in words(admin.get(f"{base}activity/"))


def test_who_leaves_or_looks_only_is_chosen_no_longer(
    customer: Customer, alice: User, colleague: User
) -> None:
    chosen = frozenset({str(colleague.public_id)})
    member = str(colleague.public_id)
    post(SetRecipients(customer=customer, asked=make.asked(), chosen=chosen))
    post(SetRole(customer=customer, asked=make.asked(), member=member, role=Role.VIEWER))
    assert recipients_of(customer) == [alice]

    post(SetRole(customer=customer, asked=make.asked(), member=member, role=Role.ADMIN))
    assert recipients_of(customer) == [alice, colleague]
    post(SetRecipients(customer=customer, asked=make.asked(), chosen=chosen))
    post(RemoveMember(customer=customer, asked=make.asked(), member=member))
    assert recipients_of(customer) == [alice]


def test_a_chosen_admin_who_is_locked_leaves_nobody_unheard(
    customer: Customer, alice: User, colleague: User
) -> None:
    chosen = frozenset({str(colleague.public_id)})
    post(SetRecipients(customer=customer, asked=make.asked(), chosen=chosen))

    User.objects.filter(pk=colleague.pk).update(is_active=False)

    assert recipients_of(customer) == [alice]


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_only_the_own_admins_can_be_chosen(
    admin: Client, base: str, customer: Customer, who: str, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)

    response = send(admin, base, "recipients", chosen=[str(person.public_id)])

    assert response.status_code == 422
    assert "Only admins of this customer can be chosen." in words(response)
    assert "carol" not in response.content.decode().lower()
    chosen = frozenset({str(person.public_id)})
    with pytest.raises(InvalidCommand):
        post(SetRecipients(customer=customer, asked=make.asked(), chosen=chosen))
    assert not Membership.objects.filter(gets_notices=True).exists()


@pytest.mark.parametrize(
    ("act", "typed", "sentence"),
    [
        ("policy", {}, "Choose one of the settings."),
        ("policy", {"policy": "never"}, "Choose one of the settings."),
        ("policy", {"policy": "confirm"}, "This is the setting already"),
        ("policy", {"policy": "refuse", "form_key": "x"}, "This form was made for another page"),
        ("recipients", {"chosen": ["x"]}, "Only admins of this customer can be chosen."),
        ("recipients", {}, "This is the setting already"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input_is_told_at_its_place_and_changes_nothing(
    admin: Client,
    base: str,
    customer: Customer,
    act: str,
    typed: dict[str, Any],
    sentence: str,
    htmx: bool,
) -> None:
    before = operations(customer)

    response = send(admin, base, act, htmx=htmx, **typed)

    assert response.status_code == 422
    assert sentence in words(response)
    assert ("<html" in response.content.decode()) is not htmx
    assert operations(customer) == before


def test_a_form_without_a_name_changes_nothing(admin: Client, base: str) -> None:
    assert admin.post(f"{base}settings/", {"policy": "refuse"}).status_code == 422


def test_a_viewer_reads_the_settings_and_cannot_send_them(viewer: Client, base: str) -> None:
    page = viewer.get(f"{base}settings/")

    assert "Admins change it." in words(page)
    assert "Save" not in words(page)
    sent = viewer.post(f"{base}settings/", {"act": "policy", "policy": "refuse"})
    assert sent.status_code == 403


def test_the_name_is_only_read(admin: Client, base: str, customer: Customer) -> None:
    page = admin.get(f"{base}settings/")

    assert "Name Halden Energy Number" in words(page)
    assert b'name="name"' not in page.content
