"""Monitor, explain, forecast, and see an allocation arrive: by mouse, by keys, without scripts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing.domain.publication import publish_hours
from credits import clock
from tests.browser.conftest import Visit
from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "maria.keller@halden.example"
CUSTOMER = "/c/halden-energy"
HOUR = timedelta(hours=1)

ways = pytest.mark.parametrize(
    ("scripts", "keys"),
    [(True, False), (True, True), (False, False), (False, True)],
    ids=["mouse", "keyboard", "mouse-without-scripts", "keyboard-without-scripts"],
)


def navigation(page: Page, name: str) -> Any:
    return page.locator("nav").get_by_role("link", name=name, exact=True).first


def explanation(page: Page) -> Any:
    """The rows of a figure: a drawer, or without scripts a page."""
    return page.locator("[role=dialog], main").last


@ways
def test_the_balance_is_read_explained_and_followed_into_april(
    visit: Visit, scripts: bool, keys: bool, record_property: Any
) -> None:
    maria = visit(ADMIN, scripts=scripts)
    hands = Hands(maria, keys=keys)

    expect(maria.locator(".head .main")).to_contain_text("10,136")

    hands.press(maria.locator(".head .main a.fig").first)
    expect(explanation(maria)).to_contain_text("Balance = 52,000 valid − 41,864 allocated")
    if scripts:
        maria.keyboard.press("Escape")
        expect(maria.locator("[role=dialog]")).to_have_count(0)
        expect(maria.locator(".head .main a.fig").first).to_be_focused()

    hands.press(navigation(maria, "Forecast"))
    april = maria.get_by_role("row").filter(has_text="3 Apr 2027")
    expect(april).to_contain_text("L-201 ends")
    expect(april).to_contain_text("−6,024")
    hands.press(april.locator("a.fig").last)
    expect(explanation(maria)).to_contain_text("Balance = 37,000 valid − 43,024 allocated")

    assert hands.presses <= 4
    record_property("seconds", f"{hands.seconds:.1f}")


@ways
def test_an_allocation_is_pending_and_shown_after_the_next_publication(
    visit: Visit, settings: Any, tmp_path: Path, scripts: bool, keys: bool
) -> None:
    maria = visit(ADMIN, scripts=scripts)
    hands = Hands(maria, keys=keys)
    maria.goto(f"{CUSTOMER}/allocate/")

    hands.press(maria.get_by_role("link", name="Change Email Sensor"))
    hands.write(maria.locator("[name='q.email-sensor']"), "60")
    if not scripts:
        hands.press(maria.get_by_role("button", name="Show effect"))
        expect(explanation(maria)).to_contain_text("+90")
    hands.press(maria.get_by_role("button", name="Allocate 90 credits"))
    expect(maria.locator("main")).to_contain_text("Undo")

    hands.press(navigation(maria, "Annual credits"))
    expect(maria.locator(".head .main")).to_contain_text("10,136")
    expect(maria.locator(".pending")).to_contain_text("9,386")

    settings.CLOCK_FILE = str(tmp_path / "clock_offset")
    clock.store_offset(3 * HOUR)
    publish_hours(clock.now())
    maria.reload()

    expect(maria.locator(".head .main")).to_contain_text("9,386")
    expect(maria.locator(".pending")).to_have_count(0)
