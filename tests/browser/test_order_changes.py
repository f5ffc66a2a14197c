"""A typing error is found and amended, and an order goes to the customer it was meant for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from billing.models import Purchase
from credits.domain.verify import verify_books
from tests.browser.conftest import Visit
from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MANAGER = "milo.sand@vendor.example"
NUMBER = "SO-121842"


def test_a_typing_error_is_amended_and_the_order_moved_to_the_right_customer(visit: Visit) -> None:
    order = Purchase.objects.select_related("customer").get(order_number=NUMBER)
    milo = visit(MANAGER)
    hands = Hands(milo, keys=True)
    main = milo.locator("main")
    milo.goto(f"/c/{order.customer.slug}/purchases/{order.public_id}/")

    hands.press(milo.get_by_role("link", name="Amend"))
    hands.write(milo.get_by_label("Credits of"), "800")
    hands.write(milo.get_by_label("Reason"), "A zero too many.")
    hands.press(milo.get_by_role("button", name="Show what it does"))
    expect(milo.locator(".effects")).to_contain_text("As it is")
    hands.press(milo.get_by_role("button", name="Amend the order"))
    expect(main).to_contain_text("credits: 8,000 → 800")
    expect(main).to_contain_text("A zero too many.")

    hands.press(milo.get_by_role("link", name="Other customer"))
    hands.write(milo.get_by_role("searchbox", name="Customer"), "Halden")
    hands.press(milo.get_by_role("button", name="Search"))
    hands.press(main.get_by_role("link", name="Halden Energy"))
    expect(milo.locator(".effects section")).to_have_count(2)
    hands.write(milo.get_by_label("Reason"), "Chosen wrongly in the list.")
    hands.press(milo.get_by_role("button", name="Move it to Halden Energy"))
    expect(main).to_contain_text("Moved here: it was entered for another customer")
    milo.wait_for_load_state("networkidle")

    moved = Purchase.objects.select_related("customer").get(moved_from=order)
    assert moved.customer.slug == "halden-energy"
    assert verify_books(order.customer) + verify_books(moved.customer) == []
