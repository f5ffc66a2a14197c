"""Marking notifications as read by the keyboard: the bell follows, and the place is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from credits.models import Customer, User
from tests.billing.notices_pages.telling import tell_levels, title
from tests.factories import credits as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_row_is_marked_by_the_keyboard_and_the_bell_follows(
    browser: Browser, live_server: LiveServer, customer: Customer, alice: User
) -> None:
    tell_levels(customer, (30, 20, 10))
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.goto(f"/login/?next=/c/{customer.slug}/notifications/")
    page.locator("[name=username]").fill(alice.email)
    page.locator("[name=password]").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    bell = page.locator("#bell")
    expect(bell).to_have_accessible_name("Notifications, 3 unread")

    page.get_by_role("button", name=title(20)).press("Enter")

    expect(bell).to_have_accessible_name("Notifications, 1 unread")
    expect(page.locator("tr.unread")).to_have_count(1)
    expect(page.locator(":focus")).to_contain_text(title(20))
    expect(page.locator("#live")).to_have_text("Marked as read. 1 unread.")

    page.get_by_role("button", name="Mark all as read").click()

    expect(bell).to_have_accessible_name("Notifications")
    expect(page.locator("tr.unread")).to_have_count(0)
    context.close()
