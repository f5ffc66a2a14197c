"""Support finds a customer by an order, looks as its admin, allocates nothing, and ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from billing.domain.purchases import record_purchase
from credits.models import Customer, LedgerEntry, User, Viewing
from tests.access.world import FEATURE, order
from tests.billing.ordering import today
from tests.factories import credits as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_support_looks_as_the_admin_of_an_order_and_changes_nothing(
    browser: Browser,
    live_server: LiveServer,
    customer: Customer,
    alice: User,
    support: User,
    allocate: Callable[..., object],
) -> None:
    record_purchase(customer, order("halden", today() - timedelta(days=1)), make.asked())
    allocate(customer, FEATURE, 310)
    User.objects.filter(pk=support.pk).update(password=alice.password)
    entries = LedgerEntry.objects.count()
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.goto("/login/?next=/admin/")
    page.locator("[name=username]").fill(support.email)
    page.locator("[name=password]").fill(make.PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.get_by_label("A customer, an order").fill("halden-SO-1")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name="halden-SO-1").click()
    page.get_by_role("link", name=customer.name, exact=True).first.click()
    page.get_by_role("link", name="View as a member").click()
    page.get_by_label("As whom").select_option(label=f"Alice Brandt, admin ({alice.email})")
    page.get_by_label("Reason").fill("Ticket 4711")
    page.get_by_role("button", name="Look at the pages").click()

    banner = page.get_by_role("region", name="Looking as a member")
    expect(banner).to_contain_text("Sam Ito looks at Halden Energy as Alice Brandt.")
    expect(banner).to_contain_text("Reading only, 30 minutes left.")
    page.goto(f"/c/{customer.slug}/allocate/{FEATURE}/")
    page.locator("input[name*=quantity], input[inputmode]").first.fill("400")
    with page.expect_response(lambda one: one.request.method == "POST") as refused:
        page.get_by_role("button", name="Allocate").last.click()
    assert refused.value.status == 403
    expect(page.get_by_text("reading only: nothing was changed.")).to_be_visible()
    page.goto(f"/c/{customer.slug}/allocate/")
    assert LedgerEntry.objects.count() == entries

    page.get_by_role("button", name="End viewing").first.click()

    expect(page.get_by_text("You no longer look as Alice Brandt.")).to_be_visible()
    page.goto(f"/c/{customer.slug}/allocate/")
    expect(page.get_by_text("You are working for Halden Energy")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert Viewing.objects.get().ended_at is not None
    context.close()
