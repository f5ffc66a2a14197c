"""A buyer comes from a marketplace, logs in, and links the purchase; another makes a customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from billing.domain.marketplaces.linking import claim
from credits import clock
from credits.models import Customer, OutgoingMail, Role
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.reading import valid
from tests.browser.conftest import note_message, note_response
from tests.factories import credits as make

pytestmark = pytest.mark.browser


@pytest.fixture
def bought(live_server: LiveServer, settings: Any) -> str:
    """The address to which the marketplace's page led."""
    settings.MARKETPLACES = {name: f"{fake.__name__}.{name}" for name in fake.MARKETS}
    fake.start_afresh()
    fake.offers()
    return address("l-1")


def address(name: str, **fields: Any) -> str:
    now = clock.now()
    truth = fake.agreement(
        f"arn:aws:license-manager::111122223333:license:{name}",
        **{"starts_at": now, "ends_at": now + timedelta(days=364), **fields},
    )
    return reverse("billing:marketplace-link", kwargs={"secret": claim(truth)})


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    complaints: list[str] = []
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: note_message(complaints, message))
    page.on("response", lambda response: note_response(complaints, response))
    yield page
    context.close()
    assert complaints == []


def test_a_purchase_is_linked_by_an_admin_and_by_who_is_new(bought: str, page: Page) -> None:
    customer = make.make_customer(name="Borealis Freight", slug="borealis-freight")
    alice = make.make_user(email="alice@borealis.example", name="Alice Brandt")
    make.make_member(customer, alice, Role.ADMIN)
    page.goto(bought)
    page.get_by_role("link", name="Log in and link it").click()
    page.locator("[name=username]").fill(alice.email)
    page.locator("[name=password]").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{bought}")

    expect(page.get_by_label("Borealis Freight")).to_be_checked()
    expect(page.locator("dl.told")).to_contain_text("10,000 credits")
    page.get_by_role("button", name="Link it").click()

    expect(page.get_by_role("heading", name="Your purchase is linked")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Everything is in place.")
    assert valid(customer) == 10_000
    page.get_by_role("link", name="See the licenses").click()
    expect(page.get_by_role("heading", name="Licenses", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")

    page.context.clear_cookies()
    page.goto(address("l-0", items=[]))
    expect(page.get_by_role("alert")).to_contain_text("not synced")
    page.goto(address("l-2"))
    page.get_by_label("Name of the company").fill("Cirrus Labs")
    page.get_by_label("Your name").fill("Cleo Park")
    page.get_by_label("Your mail address").fill("cleo")
    page.get_by_role("button", name="Make the customer and link it").click()
    expect(page.locator(".error")).to_contain_text("Enter a mail address")
    page.get_by_label("Your mail address").fill("cleo@cirrus.example")
    page.get_by_role("button", name="Make the customer and link it").click()

    expect(page.get_by_role("heading", name="Your purchase is linked")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert OutgoingMail.objects.get(to="cleo@cirrus.example").kind == "invitation"
    assert valid(Customer.objects.get(name="Cirrus Labs")) == 10_000
