"""Release several features at once, and move credits: by mouse, by keys, without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.hands import Hands
from tests.browser.test_monitoring import navigation, ways

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "maria.keller@halden.example"
CUSTOMER = "/c/halden-energy"


@ways
def test_several_features_are_released_at_once_and_that_is_undone(
    visit: Visit, scripts: bool, keys: bool
) -> None:
    maria = visit(ADMIN, scripts=scripts)
    hands = Hands(maria, keys=keys)
    maria.goto(f"{CUSTOMER}/allocate/")

    hands.choose(maria.get_by_role("checkbox", name="Choose Daily reserve"))
    hands.choose(maria.get_by_role("checkbox", name="Choose Email Sensor"))
    if scripts:
        expect(maria.locator("[data-chosen]")).to_contain_text("2 features chosen, 2,710 credits")
    hands.press(maria.locator("#choose").get_by_role("button", name="Release"))

    effect = maria.locator("section.review")
    expect(effect).to_contain_text("12,186")
    hands.press(maria.get_by_role("button", name="Release 2,710 credits from 2 features"))
    expect(maria.locator("main")).to_contain_text("12,186")

    hands.press(maria.get_by_role("button", name="Undo").first)
    expect(maria.locator("main")).to_contain_text("9,476")
    assert hands.presses == 5


@ways
def test_500_credits_are_moved_in_at_most_five_presses_from_the_log_in(
    visit: Visit, scripts: bool, keys: bool, record_property: Any
) -> None:
    maria = visit(ADMIN, scripts=scripts)
    hands = Hands(maria, keys=keys)

    hands.press(navigation(maria, "Allocate"))
    hands.press(maria.get_by_role("link", name="Move credits from Daily reserve"))
    amount = maria.locator("[name=amount]")
    hands.write(amount, "500")
    hands.select(maria.locator("[name=target]"), "email-core")
    if not scripts:
        hands.press(maria.get_by_role("button", name="Show effect"))
    hands.press(maria.get_by_role("button", name="Move 500 credits"))

    expect(maria.locator("main")).to_contain_text("Undo")
    assert hands.presses <= 5
    record_property("seconds", f"{hands.seconds:.1f}")
