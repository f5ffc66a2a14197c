"""A customer hands an estimate over, a rep confirms it once, and both see what came of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from credits.models import Customer, User
from tests.estimator.handing import plan
from tests.factories import credits as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def logged_in(browser: Browser, live_server: LiveServer, user: User, path: str) -> Page:
    """A person who is logged in, on a page."""
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto(f"/login/?next={path}")
    page.locator("[name=username]").fill(user.email)
    page.locator("[name=password]").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


def test_an_estimate_becomes_a_purchase_by_one_confirmation(
    browser: Browser, live_server: LiveServer, customer: Customer, alice: User, rep: User
) -> None:
    estimate = plan(customer, alice)
    address = f"/c/{customer.slug}/estimates/{estimate.public_id}/"
    page = logged_in(browser, live_server, alice, address)
    page.get_by_role("link", name="Hand over to sales").press("Enter")
    page.get_by_role("button", name="Hand over 700 credits").press("Enter")
    expect(page.get_by_text("Waits for sales")).to_be_visible()

    desk = logged_in(browser, live_server, rep, "/sales/estimates/")
    row = f"Confirm the purchase for estimate E-1 of {customer.name}"
    desk.get_by_role("link", name=row).press("Enter")
    expect(desk.get_by_label("Order number")).to_have_value(f"{customer.label}-E-1")
    desk.get_by_role("button", name="Confirm purchase of 700 credits").press("Enter")
    expect(desk.locator("h1")).to_have_text(f"Order {customer.label}-E-1")
    expect(desk.get_by_role("link", name="E-1, version 1")).to_be_visible()

    page.reload()
    page.get_by_role("link", name=f"order {customer.label}-E-1").press("Enter")
    expect(page.locator("h1")).to_have_text(f"Order {customer.label}-E-1")
    page.get_by_role("link", name="E-1, version 1").press("Enter")
    expect(page.locator("h1")).to_have_text("Plan 2027")

    for each in (page, desk):
        each.wait_for_load_state("networkidle")
        each.context.close()
