"""The search box: walked through by keyboard, and a plain form without scripts or on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "maria.keller@halden.example"
CUSTOMER = "/c/halden-energy"


def test_a_license_is_found_and_opened_by_keyboard_alone(visit: Visit) -> None:
    maria = visit(ADMIN)
    box = maria.get_by_role("combobox", name="Search")
    maria.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")

    maria.keyboard.type("20")
    options = maria.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_contain_text("L-20")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(maria.locator("#live")).to_contain_text("results: Licenses")
    maria.keyboard.press("ArrowDown")
    maria.keyboard.press("ArrowDown")
    maria.keyboard.press("ArrowUp")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "hit-1-1")

    maria.keyboard.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("20")
    maria.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    maria.keyboard.press("ArrowDown")
    maria.keyboard.press("Enter")
    maria.wait_for_url(re.compile(r"/licenses/[0-9a-f-]{36}/"))

    for letter, page in (("m", "/members/"), ("o", "/solutions/"), ("l", "/licenses/")):
        maria.keyboard.press("g")
        maria.keyboard.press(letter)
        maria.wait_for_url(f"**{CUSTOMER}{page}")


def test_the_list_closes_where_the_reader_goes_on(visit: Visit) -> None:
    maria = visit(ADMIN)
    maria.get_by_role("combobox", name="Search").fill("core")
    expect(maria.get_by_role("option").first).to_be_visible()

    maria.keyboard.press("Tab")

    expect(maria.locator("#search-hits")).to_be_hidden()


@pytest.mark.parametrize(("scripts", "width"), [(False, 1280), (True, 320), (False, 320)])
def test_a_form_finds_as_well(visit: Visit, scripts: bool, width: int) -> None:
    maria = visit(ADMIN, scripts=scripts, width=width)
    if width < 768:
        maria.get_by_role("banner").get_by_role("link", name="Search").click()
    maria.get_by_role("searchbox", name="Search").or_(
        maria.get_by_role("combobox", name="Search")
    ).fill("email core")
    maria.keyboard.press("Enter")

    maria.locator("#results").get_by_role("link", name="Core package").click()
    expect(maria.get_by_role("dialog")).to_contain_text("What 100 users cost")


def test_a_feature_goes_from_the_catalogue_into_an_estimate(visit: Visit) -> None:
    maria = visit(ADMIN)
    maria.goto(f"{CUSTOMER}/solutions/?q=email-core")
    maria.get_by_role("link", name="Core package", exact=True).click()
    drawer = maria.get_by_role("dialog")
    expect(drawer).to_contain_text("100 users")
    drawer.get_by_role("link", name="Add to an estimate").click()

    maria.wait_for_url(re.compile(r"/estimates/new/\?feature=email-core"))
    expect(maria.get_by_role("textbox", name=re.compile("Core package"))).to_be_focused()
