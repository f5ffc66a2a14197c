"""An admin adds a license by its activation code; the same code again says that it was used."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from billing.models import ActivationCode
from tests.browser.conftest import Visit
from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "maria.keller@halden.example"


def test_a_code_is_shown_added_and_then_known(visit: Visit) -> None:
    code = ActivationCode.objects.get(customer__slug="halden-energy").code
    page = visit(ADMIN)
    page.goto("/c/halden-energy/licenses/")
    hands = Hands(page, keys=True)

    hands.press(page.get_by_role("link", name="Add by activation code"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a license")
    page.get_by_label("Activation code").fill(code.lower().replace("-", ""))
    page.keyboard.press("Enter")
    expect(page.get_by_text("120 devices × 5 = 600 credits")).to_be_visible()
    hands.press(page.get_by_role("button", name="Add 600 credits"))

    expect(page.get_by_text("is converted: 600 credits")).to_be_visible()
    expect(page.get_by_text("120 devices × 5 = 600 at the rate from")).to_be_visible()
    hands.press(page.get_by_role("link", name="Seat licenses"))
    row = page.get_by_role("row").filter(has_text="Mobile Sensor")
    expect(row).to_contain_text("Activated")
    expect(row).to_contain_text(code)

    hands.press(page.get_by_role("link", name="Add by activation code"))
    page.get_by_label("Activation code").fill(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("by Maria Keller: it became L-")
    page.wait_for_load_state("networkidle")
