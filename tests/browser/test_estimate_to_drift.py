"""From questions to a purchase, and to what became of it: a customer that knows no product name."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from credits import clock
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.domain.usage import ReportUsage
from credits.models import Customer, User
from tests.factories import credits as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PACKAGES, ESSENTIALS = "endpoint-packages", "endpoint-essentials"


def logged_in(browser: Browser, live_server: LiveServer, user: User, path: str) -> Page:
    """A person who is logged in, on a page."""
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto(f"/login/?next={path}")
    page.locator("[name=username]").fill(user.email)
    page.locator("[name=password]").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    return page


def estimate(page: Page) -> None:
    """Two answers make a line each; one of them grows, and all of it is saved."""
    page.locator("summary", has_text="I don't know my units").press("Enter")
    page.get_by_label("Desktops and laptops").fill("100")
    page.get_by_label("People with a mailbox").fill("20")
    page.get_by_role("button", name="Add these to the estimate").press("Enter")
    expect(page.locator(f"[name='units.{ESSENTIALS}']")).to_have_value("100")
    page.locator("details.plan summary").first.press("Enter")
    page.get_by_label(re.compile("growth, percent a year")).first.fill("12")
    expect(page.locator("#plan-0")).to_contain_text("+12")
    page.get_by_role("textbox", name="Name", exact=True).fill("Our first year")
    page.get_by_role("button", name="Save estimate").press("Enter")
    expect(page.locator("h1")).to_have_text("Our first year")


def report(customer: Customer, endpoints: int) -> None:
    """A system counts them."""
    source = SetUsageSource(
        customer=customer, asked=make.asked(), group=PACKAGES, name="Endpoint inventory"
    )
    post(source)
    quantities = {ESSENTIALS: Decimal(endpoints)}
    post(
        ReportUsage(
            customer=customer,
            asked=make.asked(),
            group=PACKAGES,
            quantities=quantities,
            at=clock.now(),
        )
    )


def test_answers_become_a_purchase_and_137_endpoints_are_told_of(
    browser: Browser, live_server: LiveServer, customer: Customer, alice: User, rep: User
) -> None:
    page = logged_in(browser, live_server, alice, f"/c/{customer.slug}/estimates/new/")
    estimate(page)
    page.get_by_role("link", name="Hand over to sales").press("Enter")
    page.get_by_role("button", name=re.compile("Hand over [0-9,]+ credits")).press("Enter")
    expect(page.get_by_text("Waits for sales")).to_be_visible()

    desk = logged_in(browser, live_server, rep, "/sales/estimates/")
    row = f"Confirm the purchase for estimate E-1 of {customer.name}"
    desk.get_by_role("link", name=row).press("Enter")
    expect(desk.get_by_label("Order number")).to_have_value(f"{customer.label}-E-1")
    desk.get_by_role("button", name=re.compile("Confirm purchase of [0-9,]+ credits")).press(
        "Enter"
    )
    expect(desk.locator("h1")).to_have_text(f"Order {customer.label}-E-1")
    expect(desk.get_by_role("link", name="E-1, version 1")).to_be_visible()

    report(customer, 137)
    page.reload()
    page.get_by_role("link", name=f"order {customer.label}-E-1").press("Enter")
    page.get_by_role("link", name="What is there now").press("Enter")
    expect(page.locator("h1")).to_have_text("Estimate to reality")
    expect(page.locator("main")).to_contain_text(
        "100 endpoints estimated, 137 endpoints now: 2,405 credits more."
    )
    page.get_by_role("button", name="Open the estimate with the units of now").press("Enter")
    expect(page.locator(f"[name='units.{ESSENTIALS}']")).to_have_value("137")
    expect(page.locator("#plan-0")).to_contain_text("+12")

    for each in (page, desk):
        each.wait_for_load_state("networkidle")
        each.context.close()
