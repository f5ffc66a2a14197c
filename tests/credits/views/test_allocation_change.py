"""Changing the units of several features at once: a number for each, and one act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from credits.domain.allocations import Allocate
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.models import Customer, User
from tests.credits.views.pages import HTMX, Form, form, send, words
from tests.credits.views.test_allocation_act import after, balance, written
from tests.credits.views.test_allocation_counts import counted, features
from tests.factories import credits as make


@pytest.fixture
def holding(licensed: Customer) -> Customer:
    """120 mailboxes at 25, 40 sensors at 5, and packages: 10 Core at 45 and 2 Pro at 300."""
    make.allocate(licensed, "email-core", 120)
    make.allocate(licensed, "email-sensor", 40)
    quantities = {"endpoint-core": Decimal(10), "endpoint-pro": Decimal(2)}
    group = "endpoint-packages"
    post(Allocate(customer=licensed, asked=make.asked(), group=group, quantities=quantities))
    return licensed


QUERY = "?f=email-core&f=email-sensor&f=endpoint-core"


def opened(client: Client, customer: Customer, query: str = QUERY) -> Form:
    response = client.get(f"/c/{customer.slug}/allocate/change/{query}")
    assert response.status_code == 200
    return form(response, action="/allocate/change/")


def change(
    client: Client, sent: Form, act: str = "allocate", headers: Any = None, **units: str
) -> Any:
    fields = {name.replace("__", ".").replace("_", "-"): text for name, text in units.items()}
    return client.post(sent.action, sent.fields | fields | {"act": act}, headers=headers or {})


def test_it_opens_with_what_is_in_force(admin: Client, holding: Customer) -> None:
    sent = opened(admin, holding)

    assert sent.fields["u.email-core"] == "120"
    assert sent.fields["u.email-sensor"] == "40"
    assert (sent.fields["u.endpoint-core"], sent.fields["u.endpoint-pro"]) == ("10", "2")


def test_the_effect_is_shown_without_scripts(admin: Client, holding: Customer) -> None:
    before = written(holding)

    page = words(change(admin, opened(admin, holding), "preview", u__email_core="100"))

    assert "Core package 3,000 2,500 -500 Allocated 4,250 3,750 -500" in page
    assert "Balance today 10,750 11,250 +500" in page
    assert "Release 500 credits" in page
    assert written(holding) == before


def test_several_changes_are_one_act_with_one_undo(admin: Client, holding: Customer) -> None:
    before = written(holding)
    sent = opened(admin, holding)

    response = change(
        admin, sent, u__email_core="100", u__endpoint_pro="3", note="new branch office"
    )

    assert written(holding) == before + 1
    page = admin.get(response["Location"])
    assert "4,050 → 3,850 credits (-200)." in words(page)
    assert balance(holding) == 10_950
    after(admin, send(admin, form(page, action="/allocate/undo/")))
    assert balance(holding) == 10_750


def test_what_nobody_touched_is_not_stated_again(admin: Client, holding: Customer) -> None:
    sent = opened(admin, holding)
    make.allocate(holding, "email-sensor", 50)

    response = change(admin, sent, u__email_core="100")

    assert response.status_code == 303
    assert balance(holding) == 15_000 - 100 * 25 - 50 * 5 - 10 * 45 - 2 * 300


def test_sent_twice_it_is_one_act(admin: Client, holding: Customer) -> None:
    before = written(holding)
    sent = opened(admin, holding)

    first, second = (change(admin, sent, u__email_core="100") for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert written(holding) == before + 1


def test_typing_shows_the_effect_alone(admin: Client, holding: Customer) -> None:
    headers = HTMX | {"HX-Target": "effect"}

    response = change(
        admin, opened(admin, holding), "preview", headers=headers, u__email_core="130"
    )

    page = response.content.decode()
    assert "<html" not in page
    assert "Allocate 250 credits</button>" in page
    assert "Core package 3,000 3,250 +250" in words(response)


def test_below_zero_it_asks_first(admin: Client, holding: Customer) -> None:
    before = written(holding)

    refused = change(admin, opened(admin, holding), u__email_core="700")

    assert refused.status_code == 422
    assert "This takes the balance to -3,750 credits." in words(refused)
    assert "Allocate 14,500 credits, -3,750 short" in words(refused)
    assert written(holding) == before
    again = form(refused, action="/allocate/change/")
    assert again.fields["u.email-core"] == "700"
    done = admin.post(
        again.action, again.fields | {"act": "allocate", "confirmed_shortfall": "3750"}
    )
    after(admin, done)
    assert balance(holding) == -3_750


def test_a_change_meanwhile_is_shown_and_what_was_typed_is_kept(
    admin: Client, holding: Customer
) -> None:
    sent = opened(admin, holding)
    make.allocate(holding, "email-core", 90)
    make.allocate(holding, "email-sensor", 60)
    before = written(holding)

    stale = change(admin, sent, u__email_core="100", note="mine")

    page, again = words(stale), form(stale, action="/allocate/change/")
    assert stale.status_code == 422
    assert written(holding) == before
    assert "was changed meanwhile." in page
    assert "Lowered Core package: 120 → 90 users" in page
    assert "Core package 2,250 2,500 +250" in page
    assert again.fields["u.email-core"] == "100"
    assert again.fields["u.email-sensor"] == "60", "it follows what is in force"
    assert again.fields["note"] == "mine"
    assert change(admin, again).status_code == 303
    assert balance(holding) == 15_000 - 100 * 25 - 60 * 5 - 10 * 45 - 2 * 300


@pytest.mark.parametrize(
    ("percent", "core", "sensor"),
    [("10", "132", "44"), ("-5", "114", "38"), ("+1.4", "122", "41"), ("-100", "0", "0")],
)
def test_a_percentage_fills_the_numbers_in(
    admin: Client, holding: Customer, percent: str, core: str, sensor: str
) -> None:
    before = written(holding)

    response = change(admin, opened(admin, holding), "percent", percent=percent)

    filled = form(response, action="/allocate/change/").fields
    assert (filled["u.email-core"], filled["u.email-sensor"]) == (core, sensor)
    assert filled.get("percent", "") == ""
    assert written(holding) == before


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"u__email_core": "12.5"}, "Units must be a whole number from 0 to 1,000,000,000."),
        ({"u__email_core": ""}, "Units must be a whole number from 0 to 1,000,000,000."),
        ({"u__email_core": "-1"}, "You entered -1."),
        ({}, "Type another number first. Nothing would change."),
    ],
)
def test_what_cannot_be_stated_is_said_and_changes_nothing(
    admin: Client, holding: Customer, typed: dict[str, str], sentence: str
) -> None:
    before = written(holding)

    response = change(admin, opened(admin, holding), **typed)

    assert response.status_code == 422
    assert sentence in words(response)
    assert written(holding) == before


def test_what_the_books_refuse_is_said_at_its_number(
    admin: Client, holding: Customer, allocate_bundle: Callable[[], None]
) -> None:
    sent = opened(admin, holding, "?f=email-core&f=ztsa-sandbox")

    response = change(admin, sent, u__email_core="100", u__ztsa_sandbox="10")

    assert response.status_code == 422
    assert "Sandbox needs Internet Access, which holds no credits." in words(response)


def test_what_shares_a_number_has_one(
    admin: Client, holding: Customer, allocate_bundle: Callable[[], None]
) -> None:
    allocate_bundle()
    sent = opened(admin, holding, "?f=ztsa-internet-access&f=ztsa-ai-access")
    assert sent.fields["s.ztsa-internet-ai"] == "20"

    response = change(admin, sent, s__ztsa_internet_ai="30")

    assert "Internet and AI Access: 1,700 → 2,550 credits (+850)." in after(admin, response)


def test_what_takes_no_number_is_named_with_why(admin: Client, holding: Customer) -> None:
    post(
        SetUsageSource(
            customer=holding, asked=make.asked(), group="email-sensor", name="Mail gateway"
        )
    )
    query = QUERY + "&f=cloud-risk&f=ztsa-ai-access"

    page = words(admin.get(f"/c/{holding.slug}/allocate/change/{query}"))

    assert "Mail gateway reports the units. Email Sensor" in page
    assert "It is stated by account. Change it in its drawer. Cloud accounts" in page
    assert "Switch it on in its drawer. AI Secure Access" in page


@pytest.mark.parametrize(
    "drawn",
    [
        "",
        "{}",
        "[]",
        "[[]]",
        "[[1, 2, 3, 4]]",
        '[["u.email-core", "email-core", "x", null]]',
        '[["u.email-core", "email-core", "NaN", null]]',
        '[["note", "email-core", "1", null]]',
        '[["u.email-core", "no-such-group", "1", null]]',
        "[" * 3000,
    ],
)
@pytest.mark.parametrize("act", ["allocate", "preview", "percent"])
def test_a_form_that_does_not_say_what_it_was_drawn_with_is_refused(
    admin: Client, holding: Customer, drawn: str, act: str
) -> None:
    before = written(holding)
    sent = opened(admin, holding)

    response = admin.post(
        sent.action, sent.fields | {"drawn": drawn, "act": act, "u.email-core": "100"}
    )

    assert response.status_code == 422
    assert written(holding) == before


def test_only_those_who_may_allocate_change(
    holding: Customer, bob: User, carol: User, rep: User, client_of: Callable[[User], Client]
) -> None:
    before = written(holding)
    url = f"/c/{holding.slug}/allocate/change/{QUERY}"

    for person, status in ((bob, 403), (rep, 403), (carol, 404)):
        assert client_of(person).get(url).status_code == status
        assert client_of(person).post(url, {"act": "allocate"}).status_code == status
    assert written(holding) == before


def test_a_change_asks_one_question_more_for_each_group(admin: Client, licensed: Customer) -> None:
    make.grant(licensed, 90_000, date(2026, 1, 1), date(2027, 12, 31))
    counts = []
    for number in (5, 50):
        keys = features(number)
        sent = opened(admin, licensed, "?" + "&".join(f"f={key}" for key in keys))
        with counted() as asked:
            opened(admin, licensed, "?" + "&".join(f"f={key}" for key in keys))
        typed = {f"u.{key}": "2" for key in keys}
        with counted() as acted:
            response = admin.post(sent.action, sent.fields | typed | {"act": "allocate"})
        assert response.status_code == 303, words(response)
        counts.append((len(asked), len(acted)))

    (few, acted_few), (many, acted_many) = counts
    assert few <= 20
    assert many - few <= 45
    assert acted_few <= 18
    assert acted_many - acted_few <= 45


def test_one_page_takes_so_many_and_names_the_rest(admin: Client, licensed: Customer) -> None:
    features(70)

    response = admin.get(f"/c/{licensed.slug}/allocate/change/?all=1&q=Extra")

    assert "One page changes up to 60. Upload a file for more." in words(response)
    sent = form(response, action="/allocate/change/")
    assert sum(name.startswith("u.") for name in sent.fields) == 60
