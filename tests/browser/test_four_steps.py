"""Estimate, purchase, allocate, monitor: the four steps, by the people who do them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "maria.keller@halden.example"
REP = "rina.holm@vendor.example"
CUSTOMER = "/c/halden-energy"


def estimate(page: Page, units: str) -> None:
    """Add daily reserve to a new estimate, see what it needs, and save it."""
    page.goto(f"{CUSTOMER}/estimates/new/")
    add = page.get_by_role("button", name="Add Daily reserve", exact=True)
    if not add.is_visible():
        page.locator("summary", has_text="features to choose from").click()
    add.click()
    page.get_by_role("textbox", name=re.compile("Daily reserve")).fill(units)


def test_the_four_steps_in_a_browser(visit: Visit) -> None:
    maria = visit(ADMIN)
    estimate(maria, "80")
    expect(maria.locator("#summary")).to_contain_text("4,000")
    maria.locator("[name=name]").fill("Sandbox for next year")
    maria.get_by_role("button", name="Save estimate").click()
    expect(maria.locator("h1")).to_contain_text("Sandbox for next year")

    rina = visit(REP)
    rina.get_by_role("link", name="Halden Energy").first.wait_for()
    rina.goto(f"{CUSTOMER}/purchases/new/")
    rina.get_by_label("Order number").fill("SO-900001")
    rina.get_by_label("Credits", exact=True).first.fill("20,000")
    rina.get_by_role("button", name="Confirm purchase of 20,000 credits").click()
    rina.wait_for_url(re.compile(r"/purchases/[0-9a-f-]{36}/"))
    expect(rina.locator("main")).to_contain_text("SO-900001")

    maria.goto(f"{CUSTOMER}/allocate/")
    maria.get_by_role("link", name="Change Daily reserve").or_(
        maria.locator("a[href$='/allocate/sandbox-daily-reserve/']").last
    ).first.click()
    maria.locator("[name='q.sandbox-daily-reserve']").fill("80")
    maria.get_by_role("button", name="Allocate 1,500 credits").click()
    expect(maria.locator("main")).to_contain_text("Undo")

    maria.goto(f"{CUSTOMER}/annual-credits/")
    pending = maria.locator(".pending")
    expect(pending).to_contain_text("Daily reserve +30")
    expect(pending).to_contain_text("7,976")
    expect(maria.locator(".head .main")).to_contain_text("10,136")
    maria.locator(".head .main a.fig").first.click()
    expect(maria.get_by_role("dialog")).to_contain_text("10,136")


def test_the_four_steps_without_javascript(visit: Visit) -> None:
    maria = visit(ADMIN, scripts=False)
    estimate(maria, "80")
    maria.get_by_role("button", name="Recalculate").last.click()
    expect(maria.locator("#summary")).to_contain_text("4,000")
    maria.locator("[name=name]").fill("Sandbox for next year")
    maria.get_by_role("button", name="Save estimate").click()
    expect(maria.locator("h1")).to_contain_text("Sandbox for next year")

    rina = visit(REP, scripts=False)
    rina.goto(f"{CUSTOMER}/purchases/new/")
    rina.get_by_label("Order number").fill("SO-900002")
    rina.get_by_label("Credits", exact=True).first.fill("20000")
    rina.get_by_role("button", name=re.compile("Confirm purchase")).click()
    rina.wait_for_url(re.compile(r"/purchases/[0-9a-f-]{36}/"))
    expect(rina.locator("main")).to_contain_text("SO-900002")

    maria.goto(f"{CUSTOMER}/allocate/sandbox-daily-reserve/")
    maria.locator("[name='q.sandbox-daily-reserve']").fill("80")
    maria.get_by_role("button", name="Show effect").click()
    expect(maria.locator("#drawer")).to_contain_text("+1,500")
    maria.get_by_role("button", name="Allocate 1,500 credits").click()
    expect(maria.locator("main")).to_contain_text("Undo")

    maria.goto(f"{CUSTOMER}/annual-credits/")
    expect(maria.locator(".pending")).to_contain_text("7,976")


def test_an_allocation_is_made_and_undone_by_keyboard_alone(visit: Visit) -> None:
    maria = visit(ADMIN)
    maria.goto(f"{CUSTOMER}/allocate/")
    maria.locator("a[href$='/allocate/email-sensor/']").last.focus()
    maria.keyboard.press("Enter")
    units = maria.locator("[name='q.email-sensor']")
    expect(units).to_be_focused()
    maria.keyboard.press("Control+a")
    maria.keyboard.type("60")
    expect(maria.get_by_role("button", name="Allocate 90 credits")).to_be_visible()
    maria.keyboard.press("Enter")
    undo = maria.get_by_role("button", name="Undo").first
    expect(undo).to_be_visible()
    undo.focus()
    maria.keyboard.press("Enter")
    expect(maria.locator("main")).to_contain_text("9,476")
