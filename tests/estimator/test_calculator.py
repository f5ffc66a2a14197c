"""Computing: every figure by plain POST, and the parts of the page that htmx asks for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from credits.domain.allocations import Allocate
from credits.domain.post import post
from credits.models import Customer, User
from estimator.models import Estimate
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    body,
    edit_url,
    new_url,
    nothing_saved,
    send,
    text_in,
    value_of,
    words,
)
from tests.estimator.priced import PARTS
from tests.factories import credits as make


def test_a_plain_post_shows_every_figure(customer: Customer, alice: User, client_of: LogIn) -> None:
    make.grant(customer, 20_000, date(2026, 1, 1), date(2027, 11, 24))
    make.allocate(customer, "email-core", 250)
    lines = {"email-core": "500", "cloud-risk": ["2,200"]}

    page = send(client_of(alice), new_url(customer), lines, years="3")

    assert page.status_code == 200
    assert text_in(page, "level") == "17,500"
    assert text_in(page, "credits-0") == "12,500"
    assert "+6,250" in text_in(page, "change-0")
    assert text_in(page, "counted-1") == "2,200 → 5 blocks \N{MULTIPLICATION SIGN} 1,000"
    said = words(page)
    assert "Level × years 52,500 credit-years" in said
    assert "Remaining balance 2,500" in said
    assert "On top of all that is allocated: \N{MINUS SIGN}3,750 short" in said
    assert "Buy 17,500 credits starting 25 Nov 2027" in said
    assert nothing_saved()


def test_typing_is_answered_by_figures_alone(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    answer = send(client_of(alice), new_url(customer), {ESSENTIALS: "100"}, target="summary")

    assert answer.status_code == 200
    assert "<html" not in body(answer)
    assert 'name="units.' not in body(answer)
    assert 'id="credits-0" hx-swap-oob="true"' in body(answer)
    assert "Level to hold 6,500" in answer["HX-Trigger"]
    assert "HX-Request" in answer["Vary"]


def test_a_button_is_answered_by_the_form(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    url = new_url(customer)
    answer = send(client_of(alice), url, {}, "add:email-core", target="calculator")

    assert "<html" not in body(answer)
    assert value_of(answer, "units.email-core") == ""


def test_a_search_is_answered_by_what_it_means(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    url = new_url(customer)
    answer = send(client_of(alice), url, {}, "", target="matches", find="ZERO users bundle")

    assert "1 feature matches" in words(answer)
    assert 'value="add:ztsa-internet-ai-bundle"' in body(answer)
    assert "<form" not in body(answer)


def test_the_catalogue_is_offered_without_what_is_closed(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    page = body(client_of(alice).get(new_url(customer)))

    assert 'value="add:endpoint-essentials"' in page
    assert 'value="add:endpoint-pro-without-xdr"' not in page


@pytest.mark.parametrize("target", ["", "calculator"])
def test_lines_are_added_removed_and_reset(
    customer: Customer, alice: User, client_of: LogIn, target: str
) -> None:
    client, url = client_of(alice), new_url(customer)

    added = send(client, url, {ESSENTIALS: "7"}, "add:email-core", target=target)
    assert value_of(added, f"units.{ESSENTIALS}") == "7"
    assert 'name="units.email-core"' in body(added)
    again = send(client, url, {ESSENTIALS: "7"}, f"add:{ESSENTIALS}", target=target)
    assert body(again).count(f'name="units.{ESSENTIALS}"') == 1
    removed = send(
        client, url, {ESSENTIALS: "7", "email-core": ""}, f"remove:{ESSENTIALS}", target=target
    )
    assert f'name="units.{ESSENTIALS}"' not in body(removed)
    reset = send(client, url, {ESSENTIALS: "7"}, "reset", target=target)
    assert 'name="units.' not in body(reset)


def test_what_is_held_comes_with_its_units(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    make.grant(customer, 60_000, date(2026, 1, 1), date(2027, 12, 31))
    make.allocate(customer, ESSENTIALS, 310, group="endpoint-packages")
    make.allocate(customer, "email-core", 250)
    post(
        Allocate(
            customer=customer,
            asked=make.asked(),
            group="ztsa-internet-ai",
            quantities={"units": Decimal(120)},
            on=frozenset(PARTS),
        )
    )
    client, url = client_of(alice), new_url(customer)

    one = send(client, url, {}, "add:email-core")
    everything = send(client, url, {"email-core": "300"}, "held")

    assert value_of(one, "units.email-core") == "250"
    assert value_of(everything, "units.email-core") == "300"
    assert value_of(everything, f"units.{ESSENTIALS}") == "310"
    assert value_of(everything, "units.ztsa-internet-ai-bundle") == "120"
    assert text_in(everything, "level") == f"{310 * 65 + 300 * 25 + 10_200:,}"
    assert "+1,250" in text_in(everything, "change")
    assert "Start from what is held now" in words(client.get(url))
    assert "held now" not in text_in(everything, "calculator").split("Beyond")[0]


def test_accounts_are_added_and_dropped(customer: Customer, alice: User, client_of: LogIn) -> None:
    client, url = client_of(alice), new_url(customer)

    more = send(client, url, {"cloud-risk": ["501"]}, "account:cloud-risk")
    fewer = send(client, url, {"cloud-risk": ["501", "9000"]}, "drop:cloud-risk:0")

    assert body(more).count('name="units.cloud-risk"') == 2
    assert value_of(fewer, "units.cloud-risk") == "9000"
    assert text_in(fewer, "credits-0") == "8,000"


def test_a_bundle_is_named_with_what_it_saves(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    lines = {"ztsa-internet-access": "120", "ztsa-ai-access": "120"}

    page = words(send(client_of(alice), new_url(customer), lines))

    assert "Internet + AI bundle" in page
    assert "counted as the bundle: 10,200 instead of 13,200, saves 3,000" in page
    assert "counted in Internet + AI bundle" in page


def test_packages_say_how_they_are_counted(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    lines = {ESSENTIALS: "310", "endpoint-pro": "10"}

    apart, overlapping = send(client, url, lines), send(client, url, lines, overlap="on")

    assert "320 endpoints in all" in words(apart)
    assert text_in(apart, "level") == "23,150"
    assert "310 endpoints in all" in words(overlapping)
    assert text_in(overlapping, "level") == "22,500"


def test_what_a_feature_needs_is_named(customer: Customer, alice: User, client_of: LogIn) -> None:
    client, url = client_of(alice), new_url(customer)

    alone = send(client, url, {"ztsa-sandbox": "10"})
    together = send(client, url, {"ztsa-sandbox": "10", "ztsa-internet-access": "10"})

    assert "needs Internet Access" in text_in(alone, "counted-0")
    assert "needs" not in text_in(together, "counted-0")


@pytest.mark.parametrize("how", ["form", "address"])
def test_the_basis_is_switched_by_form_and_address(
    estimate: Estimate, alice: User, client_of: LogIn, how: str
) -> None:
    make.grant(estimate.customer, 30_000, date(2026, 1, 1), date(2027, 12, 31))
    make.allocate(estimate.customer, ESSENTIALS, 100, group="endpoint-packages")
    client, url = client_of(alice), edit_url(estimate)

    instead = words(client.get(url))
    if how == "address":
        on_top = words(client.get(f"{url}?basis=on-top"))
    else:
        lines = {ESSENTIALS: "100", "email-core": "500"}
        on_top = words(send(client, url, lines, basis="on-top"))

    assert "Beyond what these features hold now" in instead
    assert "Remaining balance 11,000" in instead
    assert "On top of all that is allocated" in on_top
    assert "Remaining balance 4,500" in on_top
    assert client.get(f"{url}?basis=%00nonsense").status_code in (200, 400)
    assert words(client.get(f"{url}?basis=nonsense")) == instead


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ("email-core", ["email-core"]),
        (",".join(PARTS), list(PARTS)),
        ("email-core,no-such,email-core", ["email-core"]),
        ("no-such", []),
        ("<script>", []),
    ],
)
def test_an_address_that_names_features_opens_with_their_lines(
    customer: Customer, alice: User, client_of: LogIn, asked: str, keys: list[str]
) -> None:
    make.allocate(customer, "email-core", 250)

    page = client_of(alice).get(new_url(customer), {"feature": asked})

    lines = page.context["sheet"].lines.inputs
    assert [line.key for line in lines] == keys
    assert [line.texts for line in lines if line.key == "email-core"] in ([], [["250"]])
    assert nothing_saved()
