"""Releasing several features at once: the review, and the act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from credits.domain.allocations import Allocate
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.models import Customer, Operation, User
from tests.credits.views.pages import HTMX, form, send, words
from tests.credits.views.test_allocation_act import after, balance, written
from tests.credits.views.test_allocation_counts import counted, features
from tests.factories import credits as make


@pytest.fixture
def holding(licensed: Customer) -> Customer:
    """120 mailboxes with 3,000 credits, 40 sensors with 200, 10 endpoints with 450."""
    make.allocate(licensed, "email-core", 120)
    make.allocate(licensed, "email-sensor", 40)
    make.allocate(licensed, "endpoint-core", 10, group="endpoint-packages")
    return licensed


def review(client: Client, customer: Customer, query: str) -> str:
    response = client.get(f"/c/{customer.slug}/allocate/release/?{query}")
    assert response.status_code == 200
    return words(response)


def test_the_review_shows_every_feature_and_the_sums(admin: Client, holding: Customer) -> None:
    page = review(admin, holding, "f=email-core&f=email-sensor")

    assert "Core package Email and Collaboration Security 3,000 0 -3,000" in page
    assert "Email Sensor Email and Collaboration Security 200 0 -200" in page
    assert "Allocated 3,650 450 -3,200" in page
    assert "Balance today 11,350 14,550 +3,200" in page
    assert "Release 3,200 credits from 2 features" in page


def test_the_first_short_date_is_shown_before_and_after(admin: Client, holding: Customer) -> None:
    make.allocate(holding, "email-core", 420)

    page = review(admin, holding, "f=email-core")

    assert "No longer short 1 Apr 2027, L-202 ends -1,150 short 9,350 +10,500" in page


def test_confirmed_it_is_one_act_with_one_undo(admin: Client, holding: Customer) -> None:
    before = written(holding)
    url = f"/c/{holding.slug}/allocate/release/?f=email-core&f=email-sensor&f=endpoint-core"
    sent = form(admin.get(url), action="/allocate/release/")

    response = send(admin, sent, note="closing the branch")

    assert written(holding) == before + 1
    assert balance(holding) == 15_000
    page = admin.get(response["Location"])
    assert "Released 3,650 credits from 3 features." in words(page)
    newest = Operation.objects.filter(customer=holding).latest("position")
    assert newest.note.text == "closing the branch"
    after(admin, send(admin, form(page, action="/allocate/undo/")))
    assert balance(holding) == 11_350


def test_all_that_match_the_filter_are_released(admin: Client, holding: Customer) -> None:
    url = f"/c/{holding.slug}/allocate/release/?all=1&q=email&use=yes"
    page = admin.get(url)
    assert "Release 3,200 credits from 2 features" in words(page)

    response = send(admin, form(page, action="/allocate/release/"))

    assert response["Location"] == f"/c/{holding.slug}/allocate/?q=email&use=yes"
    assert balance(holding) == 14_550


def test_sent_twice_it_is_one_act(admin: Client, holding: Customer) -> None:
    before = written(holding)
    url = f"/c/{holding.slug}/allocate/release/?all=1&use=yes"
    sent = form(admin.get(url), action="/allocate/release/")

    first, second = send(admin, sent), send(admin, sent)

    assert written(holding) == before + 1
    assert first["Location"] == second["Location"]


def test_what_cannot_be_released_is_named_before(
    admin: Client, holding: Customer, allocate_bundle: Callable[[], None]
) -> None:
    allocate_bundle()
    make.allocate(holding, "ztsa-sandbox", 20)
    make.allocate(holding, "xdr-for-cloud", 5)

    query = "f=email-core&f=xdr-for-cloud&f=ztsa-internet-ai-bundle&f=ztsa-private-access"
    page = review(admin, holding, query)

    assert "Sandbox holds credits and needs Internet Access. Internet + AI bundle" in page
    assert "stays until 24 Nov 2027, 00:00 UTC, when its period ends. XDR for Cloud" in page
    assert "It holds no credits. Private Access" in page
    assert "Release 3,000 credits from 1 feature" in page


def test_what_a_system_reports_is_released_and_said_so(admin: Client, holding: Customer) -> None:
    post(
        SetUsageSource(
            customer=holding, asked=make.asked(), group="email-core", name="Mail gateway"
        )
    )

    page = review(admin, holding, "f=email-core&f=email-sensor")

    assert "Release 3,200 credits from 2 features" in page
    assert "Reports on Core package go on being kept" in page


@pytest.mark.parametrize("query", ["", "f=no-such-feature", "f=ztsa-private-access", "all=1&q=zz"])
def test_with_nothing_to_release_it_leads_back(
    admin: Client, holding: Customer, query: str
) -> None:
    page = review(admin, holding, query)

    assert "There is nothing to release" in page
    assert "Release 0" not in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_change_meanwhile_is_shown_and_nothing_written(
    admin: Client, holding: Customer, headers: dict[str, str]
) -> None:
    url = f"/c/{holding.slug}/allocate/release/?f=email-core&f=email-sensor"
    sent = form(admin.get(url), action="/allocate/release/")
    make.allocate(holding, "email-core", 100)
    before = written(holding)

    stale = admin.post(sent.action, sent.filled(note="mine"), headers=headers)

    assert stale.status_code == 422
    assert written(holding) == before
    page = words(stale)
    assert "Core package was changed meanwhile." in page
    assert "Lowered Core package: 120 → 100 users" in page
    assert "Core package Email and Collaboration Security 2,500 0 -2,500" in page
    again = form(stale, action="/allocate/release/")
    assert again.fields["note"] == "mine"
    after(admin, send(admin, again))
    assert balance(holding) == 14_550


def test_what_became_needed_meanwhile_is_left_out_then(
    admin: Client, licensed: Customer, allocate_bundle: Callable[[], None]
) -> None:
    allocate_bundle()
    make.allocate(licensed, "email-core", 10)
    url = f"/c/{licensed.slug}/allocate/release/?f=email-core&f=ztsa-internet-ai-bundle"
    sent = form(admin.get(url), action="/allocate/release/")
    make.allocate(licensed, "ztsa-sandbox", 5)

    refused = send(admin, sent)

    assert refused.status_code == 422
    assert "Sandbox holds credits and needs Internet Access." in words(refused)
    assert "Release 250 credits from 1 feature" in words(refused)


@pytest.mark.parametrize("keys", ["", "no-such", "email-core no-such", "' --"])
def test_a_form_that_names_nothing_that_is_there_is_refused(
    admin: Client, holding: Customer, keys: str
) -> None:
    before = written(holding)
    url = f"/c/{holding.slug}/allocate/release/?f=email-core"
    sent = form(admin.get(url), action="/allocate/release/")

    response = admin.post(sent.action, sent.fields | {"features": keys})

    assert response.status_code == 422
    assert written(holding) == before


def test_only_those_who_may_allocate_release(
    holding: Customer, bob: User, carol: User, rep: User, client_of: Callable[[User], Client]
) -> None:
    before = written(holding)
    url = f"/c/{holding.slug}/allocate/release/?f=email-core"

    for person, status in ((bob, 403), (rep, 403), (carol, 404)):
        assert client_of(person).get(url).status_code == status
        assert client_of(person).post(url, {"features": "email-core"}).status_code == status
    assert written(holding) == before


def test_a_review_asks_one_question_more_for_each_group(admin: Client, licensed: Customer) -> None:
    make.grant(licensed, 90_000, date(2026, 1, 1), date(2027, 12, 31))
    counts = []
    for number in (5, 50):
        keys = features(number)
        for key in keys:
            make.allocate(licensed, key, 1)
        url = f"/c/{licensed.slug}/allocate/release/?" + "&".join(f"f={key}" for key in keys)
        admin.get(url)
        with counted() as asked:
            sent = form(admin.get(url), action="/allocate/release/")
        with counted() as acted:
            assert send(admin, sent).status_code == 303
        counts.append((len(asked), len(acted)))

    (few, acted_few), (many, acted_many) = counts
    assert few <= 25
    assert many - few <= 45
    assert acted_few <= 16
    assert acted_many - acted_few <= 45


def test_of_very_many_features_the_largest_are_named_and_all_are_summed(
    admin: Client, licensed: Customer
) -> None:
    keys = features(110)
    quantities = {key: Decimal(1) for key in keys}
    for key, units in quantities.items():
        post(Allocate(customer=licensed, asked=make.asked(), group=key, quantities={key: units}))

    response = admin.get(f"/c/{licensed.slug}/allocate/release/?all=1&use=yes")

    page = words(response)
    assert "10 more features" in page
    assert "from 110 features" in page
    sent = form(response, action="/allocate/release/")
    assert len(sent.fields["features"].split()) == 110
