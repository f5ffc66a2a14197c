"""Moving credits from one feature to another: the effect first, then the act."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.models import AllocationGroup, Customer, User
from tests.credits.views.pages import HTMX, Form, form, send, words
from tests.credits.views.test_allocation_act import after, balance, written
from tests.factories import credits as make


@pytest.fixture
def holding(licensed: Customer) -> Customer:
    """40 mailboxes at 25 hold 1,000 credits, 10 endpoints at 45 hold 450."""
    make.allocate(licensed, "email-core", 40)
    make.allocate(licensed, "endpoint-core", 10, group="endpoint-packages")
    return licensed


def opened(client: Client, customer: Customer, query: str = "?f=email-core") -> Form:
    response = client.get(f"/c/{customer.slug}/allocate/move/{query}")
    assert response.status_code == 200
    return form(response, action="/allocate/move/")


def typed(amount: str, by: str = "credits", **more: str) -> dict[str, str]:
    target = {"source": "email-core", "target": "endpoint-core"} | more
    return {"amount": amount, "by": by, "act": "move", **target}


def move(client: Client, sent: Form, fields: dict[str, str], **headers: str) -> Any:
    return client.post(sent.action, sent.fields | fields, headers=headers)


def shown(client: Client, customer: Customer, fields: dict[str, str]) -> Form:
    """The form once its effect was shown for these fields."""
    response = move(client, opened(client, customer), fields)
    assert response.status_code == 200, words(response)
    return form(response, action="/allocate/move/")


def test_the_effect_comes_before_the_act(admin: Client, holding: Customer) -> None:
    before = written(holding)

    response = move(admin, opened(admin, holding), typed("110"))

    page = words(response)
    assert response.status_code == 200
    assert written(holding) == before
    taken = "Taking 5 users from Core package (Email and Collaboration Security) frees 125 credits."
    assert taken in page
    assert "Giving 2 endpoints to Core package (Endpoint Security) needs 90 credits." in page
    assert "35 credits return to the balance." in page
    assert "Core package Email and Collaboration Security 1,000 875 -125" in page
    assert "Core package Endpoint Security 450 540 +90" in page
    assert "Balance today 13,550 13,585 +35" in page
    assert "Move 125 credits to Core package (Endpoint Security)" in page


def test_confirmed_it_is_one_act_that_can_be_undone(admin: Client, holding: Customer) -> None:
    before = written(holding)
    sent = shown(admin, holding, typed("110"))

    response = move(admin, sent, typed("110", note="as planned"))

    assert written(holding) == before + 1
    page = admin.get(response["Location"])
    moved = "Moved 125 credits from Core package (Email and Collaboration Security) to Core package"
    assert f"{moved} (Endpoint Security): 2 endpoints" in words(page)
    assert balance(holding) == 13_585
    after(admin, send(admin, form(page, action="/allocate/undo/")))
    assert balance(holding) == 13_550


def test_units_can_be_said_in_place_of_credits(admin: Client, holding: Customer) -> None:
    sent = shown(admin, holding, typed("9", by="units"))

    after(admin, move(admin, sent, typed("9", by="units")))

    assert balance(holding) == 15_000 - 31 * 25 - 15 * 45


def test_what_was_typed_after_the_effect_was_shown_is_shown_first(
    admin: Client, holding: Customer
) -> None:
    before = written(holding)
    sent = shown(admin, holding, typed("110"))

    response = move(admin, sent, typed("200"))

    assert response.status_code == 200
    assert written(holding) == before
    assert "Move 200 credits to Core package" in words(response)


def test_sent_twice_it_is_one_act(admin: Client, holding: Customer) -> None:
    before = written(holding)
    sent = shown(admin, holding, typed("1000"))

    first, second = (move(admin, sent, typed("1000")) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert written(holding) == before + 1


def test_typing_shows_the_effect_alone(admin: Client, holding: Customer) -> None:
    fields = typed("110") | {"act": "preview"}

    response = move(admin, opened(admin, holding), fields, **HTMX, **{"HX-Target": "effect"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    button = "Move 125 credits to Core package (Endpoint Security)</button>"
    assert f'hx-swap-oob="true">{button}' in page
    assert "Taking 5 users from Core package" in response["HX-Trigger"]


def test_what_is_still_to_be_typed_is_no_fault_while_typing(
    admin: Client, holding: Customer
) -> None:
    fields = typed("", target="") | {"act": "preview"}

    response = move(admin, opened(admin, holding), fields, **HTMX, **{"HX-Target": "effect"})

    assert "note short" not in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (typed(""), "How much: Enter a whole number from 1 to 1,000,000,000."),
        (typed("0"), "How much: Enter a whole number from 1 to 1,000,000,000. You entered 0."),
        (typed("12.5"), "You entered 12.5."),
        (typed("-5"), "You entered -5."),
        (typed("\u0665"), "You entered \u0665."),
        (typed("1001"), "How much: Move from 1 to 1,000 credits of Core package."),
        (typed("41", by="units"), "How much: Move a whole number of units, at most the 40 of"),
        (typed("20"), "25 credits do not pay for one unit more of Core package, which needs 45."),
        (typed("100", source=""), "From: Choose the feature to move credits from."),
        (typed("100", target=""), "To: Choose the feature to move credits to."),
        (typed("100", target="email-core"), "To: Choose a feature that is priced apart."),
        (
            typed("100", target="ztsa-ai-access"),
            "To: AI Secure Access shares its units with other features.",
        ),
        (typed("100", source="email-sensor"), "From: Moving frees no credits of Email Sensor."),
        (typed("100", source="no-such"), "There is no such feature."),
        (typed("100", source="A B"), "From: There is no such feature."),
        (typed("100", by="euro"), "Select a valid choice."),
    ],
)
def test_a_refusal_is_said_at_its_field_and_changes_nothing(
    admin: Client, holding: Customer, fields: dict[str, str], sentence: str
) -> None:
    before = written(holding)

    response = move(admin, opened(admin, holding), fields)

    assert response.status_code == 422
    assert sentence in words(response)
    assert written(holding) == before


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_of_two_people_the_second_sees_what_the_first_did(
    admin: Client, holding: Customer, headers: dict[str, str]
) -> None:
    sent = shown(admin, holding, typed("110"))
    make.allocate(holding, "endpoint-core", 20, group="endpoint-packages")
    before = written(holding)

    stale = move(admin, sent, typed("110", note="mine"), **headers)

    page = words(stale)
    assert stale.status_code == 422
    assert written(holding) == before
    assert "was changed meanwhile." in page
    assert "10 → 20 endpoints" in page
    assert "Core package Endpoint Security 900 990 +90" in page
    again = form(stale, action="/allocate/move/")
    assert again.fields["note"] == "mine"
    assert again.fields["amount"] == "110"
    assert move(admin, again, typed("110")).status_code == 303


def test_what_a_system_reports_is_not_offered(admin: Client, holding: Customer) -> None:
    post(
        SetUsageSource(
            customer=holding, asked=make.asked(), group="email-core", name="Mail gateway"
        )
    )

    page = admin.get(f"/c/{holding.slug}/allocate/move/").content.decode()

    assert 'value="email-core"' not in page
    assert 'value="endpoint-core"' in page


def test_the_row_and_the_drawer_lead_to_it(admin: Client, holding: Customer) -> None:
    listed = admin.get(f"/c/{holding.slug}/allocate/").content.decode()
    drawer = admin.get(f"/c/{holding.slug}/allocate/email-core/", headers=HTMX).content.decode()

    address = f'href="/c/{holding.slug}/allocate/move/?f=email-core"'
    assert address in listed
    assert address in drawer


def test_it_opens_with_the_one_feature_chosen(admin: Client, holding: Customer) -> None:
    one = admin.get(f"/c/{holding.slug}/allocate/move/?f=email-core").content.decode()
    two = admin.get(f"/c/{holding.slug}/allocate/move/?f=email-core&f=endpoint-core")

    chosen = r'<option value="email-core"[^>]* selected[^>]*>Core package, holds 1,000</option>'
    assert re.search(chosen, one)
    assert not re.search(chosen, two.content.decode())


def test_only_those_who_may_allocate_move(
    holding: Customer, bob: User, carol: User, rep: User, client_of: Callable[[User], Client]
) -> None:
    before = written(holding)
    url = f"/c/{holding.slug}/allocate/move/"

    for person, status in ((bob, 403), (rep, 403), (carol, 404)):
        assert client_of(person).get(url).status_code == status
        assert client_of(person).post(url, typed("100")).status_code == status
    assert written(holding) == before
    assert "allocate/move" not in client_of(bob).get(f"/c/{holding.slug}/allocate/").text


def test_each_feature_offered_says_what_it_is_priced_together_with(
    admin: Client, holding: Customer
) -> None:
    page = admin.get(f"/c/{holding.slug}/allocate/move/").content.decode()

    groups = dict(AllocationGroup.objects.values_list("key", "pk"))
    packages, mail = groups["endpoint-packages"], groups["email-core"]
    assert f'<option value="endpoint-pro" data-group="{packages}">Pro package</option>' in page
    assert f'<option value="email-core" data-group="{mail}">' in page
    assert 'data-apart="id_target"' in page
