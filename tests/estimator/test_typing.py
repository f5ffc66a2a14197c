"""Typing in a real browser: figures follow at once, and no field loses what is typed in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from credits.models import Customer, User
from estimator.models import Estimate
from tests.estimator.page import ESSENTIALS, new_url
from tests.estimator.priced import PARTS
from tests.factories.credits import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def page_of_alice(
    browser: Browser, live_server: LiveServer, customer: Customer, alice: User
) -> Iterator[Page]:
    complaints: list[str] = []
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "422" not in message.text
            else None
        ),
    )
    page.goto("/login/")
    page.locator("[name=username]").fill(alice.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    page.goto(new_url(customer))
    yield page
    context.close()
    assert complaints == []


def test_figures_follow_typing_and_the_field_keeps_its_place(page_of_alice: Page) -> None:
    page = page_of_alice
    page.get_by_role("searchbox").fill("essentials endpoint")
    page.locator(f"button[value='add:{ESSENTIALS}']").click()
    field = page.locator(f'[name="units.{ESSENTIALS}"]')

    expect(field).to_be_focused()
    page.keyboard.type("100")
    expect(page.locator("#summary .big")).to_have_text("6,500")
    expect(page.locator("#credits-0")).to_have_text("6,500")
    page.keyboard.type("x")
    expect(page.locator("#error-0")).to_contain_text("You entered 100x.")
    page.keyboard.press("Backspace")
    expect(page.locator("#error-0")).to_be_empty()
    page.get_by_role("button", name="One more").or_(page.locator("[data-step='1']")).first.click()
    expect(page.locator("#credits-0")).to_have_text("6,565")
    expect(field).to_have_value("101")


def test_parts_of_a_bundle_meet_while_typing_and_are_saved(page_of_alice: Page) -> None:
    page = page_of_alice
    for name, key in (("Internet Access", PARTS[0]), ("AI Secure Access", PARTS[1])):
        page.get_by_role("searchbox").fill("zero trust")
        page.get_by_role("button", name=f"Add {name}", exact=True).click()
        expect(page.locator(f'[name="units.{key}"]')).to_be_focused()
        page.keyboard.type("120", delay=50)
        expect(page.locator("#summary .big")).not_to_have_text("0")
    expect(page.locator("#level")).to_have_text("10,200")
    expect(page.locator("#extras")).to_contain_text("10,200 instead of 13,200, saves 3,000")
    page.locator("#id_years").select_option("3")
    expect(page.locator("#summary")).to_contain_text("30,600 credit-years")
    page.get_by_label("Name", exact=True).fill("Plan 2027")
    page.get_by_role("button", name="Save estimate").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Plan 2027")
    assert Estimate.objects.get().level == 10_200
