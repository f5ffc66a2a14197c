"""Estimate to reality as people see it: what it says, means, and leads to."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Purchase
from billing.web.links import Explain
from credits import clock
from credits.domain.allocations import Release
from credits.domain.figures import standing
from credits.domain.post import bring_up_to_rates, post
from credits.models import Customer, Feature, User
from estimator.domain.estimates import Draft
from estimator.domain.pipeline import latest_of
from estimator.domain.saving import Wanted, save_estimate
from estimator.models import Estimate
from tests.billing.ordering import buy, line
from tests.estimator.handing import FEATURE, confirm, hand, plan, withdraw
from tests.estimator.page import ESSENTIALS, NOW, LogIn, body, edit_url, text_in, value_of, words
from tests.estimator.test_advice import raise_rate
from tests.factories import credits as make

PACKAGES = "endpoint-packages"
FEW, MANY = 1, 6


def reality_url(estimate: Estimate) -> str:
    return edit_url(estimate, "estimate-reality")


def purchase(estimate: Estimate, rep: User) -> Purchase:
    """The estimate is handed over and bought."""
    return confirm(hand(estimate), rep)


def allocate(customer: Customer, **units: int) -> None:
    make.allocate(customer, ESSENTIALS, units["endpoints"], group=PACKAGES)


@pytest.fixture
def estimate(customer: Customer, alice: User) -> Estimate:
    """100 endpoints and 500 users, 19,000 credits, saved by Alice."""
    draft = Draft({ESSENTIALS: Decimal(100), "email-core": Decimal(500)})
    wanted = Wanted(name="Plan 2027", draft=draft)
    return save_estimate(customer=customer, wanted=wanted, asked=make.asked(actor=alice)).estimate


@pytest.fixture
def bought(estimate: Estimate, rep: User) -> Estimate:
    """19,000 credits for 100 endpoints and 500 users, bought today."""
    purchase(estimate, rep)
    return estimate


def test_it_says_what_137_endpoints_mean_where_100_were_estimated(
    bought: Estimate, customer: Customer, alice: User, client_of: LogIn
) -> None:
    allocate(customer, endpoints=137)
    make.allocate(customer, "email-core", 500, group="email-core")

    page = client_of(alice).get(reality_url(bought))

    said = words(page)
    for told in (
        "Estimate E-1, Plan 2027, version 1 , which became order C-",
        "Live figures,",
        "2,405 credits more than estimated",
        "Essentials package: 100 endpoints estimated, 137 endpoints now: 2,405 credits more.",
        "Estimated for Nov 2026 19,000 Other units +2,405 Other rates – Not estimated at all –",
        "Held now 21,405",
        "19,000 credits were bought for these lines, and they hold 21,405: 2,405 short",
        "Balance now, live -2,405".replace("-", "−"),
        "2,405 credits are missing now.",
    ):
        assert told in said, told
    asks = re.search(r'href="(/c/[^"]*/requests/new/[^"]*)"', page.content.decode())
    assert asks is not None
    assert "credits=2405" in unescape(asks[1])
    assert "purchases/new" not in body(page)


def test_the_parts_stand_apart_and_lead_to_their_rows(
    bought: Estimate, customer: Customer, alice: User, client_of: LogIn
) -> None:
    allocate(customer, endpoints=90)
    make.allocate(customer, FEATURE, 20)
    post(
        Release(
            customer=customer,
            asked=make.asked(),
            group=FEATURE,
            features=[Feature.objects.get(key=FEATURE)],
        )
    )
    make.allocate(customer, "sandbox-daily-reserve", 1)
    raise_rate(ESSENTIALS, Decimal(70), NOW + timedelta(days=1))
    bring_up_to_rates(customer)
    with clock.moved_to(NOW + timedelta(days=3)):
        page = client_of(alice).get(reality_url(bought))
        position = standing(customer, now=clock.now()).live

    said = words(page)
    row = Explain.of(customer, position)("allocated", feature=ESSENTIALS)
    sandbox = position.figure.allocated - 90 * 70
    assert f"Other units −13,150 Other rates +450 Not estimated at all +{sandbox:,}" in said
    assert "Core package is not switched on yet: 12,500 credits fewer." in said
    assert "Not in the estimate" in said
    assert row in body(page)
    total = text_in(page, "reality").split("Together")[1]
    assert f"{position.figure.allocated:,}" in total


def test_a_rep_gets_the_purchase_that_is_missing_and_a_viewer_only_looks(
    bought: Estimate, customer: Customer, bob: User, rep: User, client_of: LogIn
) -> None:
    allocate(customer, endpoints=300)

    for_rep = client_of(rep).get(reality_url(bought))
    filled = reverse("billing:purchase-new", kwargs={"slug": customer.slug})
    assert f"{filled}?credits=500&first_day=2026-11-25" in body(for_rep)
    assert "Enter a purchase of 500 credits" in words(for_rep)
    assert reality_url(bought) in body(client_of(rep).get(reverse("estimator:sales-estimates")))

    for_viewer = client_of(bob).get(reality_url(bought))
    assert "purchases/new" not in body(for_viewer).split("means-title")[2]
    assert "<form" not in body(for_viewer).split("means-title")[2].split("</section>")[0]


def sent_from(page: Any) -> dict[str, list[str]]:
    """What the form that opens the calculator sends."""
    form = body(page).split("means-title")[2].split("<form")[1].split("</form>")[0]
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form):
        sent.setdefault(name, []).append(value)
    return sent


def test_the_calculator_opens_with_the_units_of_now_and_saves_them(
    bought: Estimate, customer: Customer, alice: User, client_of: LogIn
) -> None:
    allocate(customer, endpoints=137)
    client = client_of(alice)
    sent = sent_from(client.get(reality_url(bought)))

    page = client.post(edit_url(bought), sent)
    assert value_of(page, f"units.{ESSENTIALS}") == "137"
    assert value_of(page, "units.email-core") == "500"
    assert value_of(page, "name") == "Plan 2027"
    assert Estimate.objects.get().version == 1

    saving = {**sent, "act": "save", "form_key": value_of(page, "form_key")}
    saved = client.post(edit_url(bought), saving)
    assert saved.status_code in (302, 303)
    bought.refresh_from_db()
    assert (bought.version, bought.level) == (2, 137 * 65 + 500 * 25)
    again = words(client.get(reality_url(bought)))
    assert "version 1 , which became order" in again
    assert "100 endpoints estimated, 137 endpoints now" in again


def test_before_a_purchase_it_says_what_it_would_compare(
    estimate: Estimate, alice: User, rep: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), reality_url(estimate)
    fresh = client.get(url)
    assert "Not purchased yet" in words(fresh)
    assert edit_url(estimate) in body(fresh)

    order = purchase(estimate, rep)
    assert "Not purchased yet" not in words(client.get(url))
    withdraw(order)
    cancelled = words(client.get(url))
    assert "Not purchased yet" in cancelled
    assert "Estimate E-1 waits for sales." in cancelled


def test_estimate_order_and_what_became_of_it_lead_to_each_other(
    bought: Estimate, alice: User, rep: User, client_of: LogIn
) -> None:
    found = latest_of(bought)
    assert found is not None
    assert found.purchase is not None
    slug = bought.customer.slug
    order = reverse(
        "billing:purchase-detail", kwargs={"slug": slug, "public_id": found.purchase.public_id}
    )
    version = reverse(
        "estimator:estimate-version",
        kwargs={"slug": slug, "public_id": bought.public_id, "number": found.version},
    )
    client, reality, own = client_of(alice), reality_url(bought), edit_url(bought)

    everything = {own, version, order, reality}
    for page in everything:
        links = everything - {page}
        led = set(re.findall(r'href="([^"?#]*)', client.get(page).content.decode()))
        assert links <= led, (page, links - led)
    desk = body(client_of(rep).get(reverse("estimator:sales-estimates")))
    assert all(f'href="{link}"' in desk for link in (own, order, reality))


def test_what_was_there_already_was_not_bought(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    buy(customer, "SO-0", line(300))
    estimate = plan(customer, alice)
    purchase(estimate, rep)

    said = words(client_of(alice).get(reality_url(estimate)))

    assert "400 credits were bought of the 700 to hold, the rest was there." in said
    assert "700 credits fewer than estimated" in said
    assert "is not switched on yet: 700 credits fewer." in said


def test_queries_do_not_grow_with_what_is_held(
    bought: Estimate, customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), reality_url(bought)
    client.get(url)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(url).status_code == 200
        return len(found)

    allocate(customer, endpoints=FEW)
    few = queries()
    for key in ("email-sensor", "xdr-for-cloud", "sandbox-daily-reserve", FEATURE)[:MANY]:
        make.allocate(customer, key, 10)
    assert queries() == few
