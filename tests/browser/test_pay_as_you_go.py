"""A feature is put on pay-as-you-go, holds nothing then, and rests for 30 days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.dateformat import format as date_text
from playwright.sync_api import expect

from billing.domain.contracts import EnterContract, enter_contract
from billing.models import ContractChannel
from credits import clock
from credits.models import Customer
from tests.browser.conftest import Visit
from tests.browser.hands import Hands
from tests.factories import credits as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "maria.keller@halden.example"
CUSTOMER = "halden-energy"
PAGE = f"/c/{CUSTOMER}/pay-as-you-go/"
FEATURE = "Cloud accounts"


def contract() -> None:
    """Give the customer a contract for half a year."""
    today = clock.start_of(clock.day_of(clock.now()))
    enter_contract(
        EnterContract(
            customer=Customer.objects.get(slug=CUSTOMER),
            asked=make.asked(),
            channel=ContractChannel.AWS,
            agreement="AGR-900001",
            starts_at=today,
            ends_at=today + timedelta(days=180),
        )
    )


@pytest.mark.parametrize(
    ("scripts", "keys"),
    [(True, False), (True, True), (False, False)],
    ids=["mouse", "keys", "plain"],
)
def test_a_feature_is_switched_and_rests(visit: Visit, scripts: bool, keys: bool) -> None:
    contract()
    maria = visit(ADMIN, scripts=scripts)
    hands = Hands(maria, keys=keys)
    maria.goto(PAGE)
    hands.press(maria.get_by_role("link", name="Manage billing model"))
    row = maria.get_by_role("row").filter(has_text=FEATURE)
    hands.pick(row.get_by_label("Pay-as-you-go"), "ArrowRight")
    hands.press(maria.get_by_role("button", name="Review the changes"))

    expect(maria.locator("#effect")).to_contain_text("It holds nothing from now on")
    hands.press(maria.get_by_role("button", name=f"Switch {FEATURE} to pay-as-you-go"))
    maria.wait_for_url(f"**{PAGE}")

    held = maria.get_by_role("row").filter(has_text=FEATURE)
    expect(held).to_contain_text("Pay-as-you-go until")
    expect(held.locator(".amount")).to_have_text("nothing")
    again = clock.day_of(clock.now()) + timedelta(days=30)
    rests = f"may change from {date_text(again, 'j M Y')}, 00:00 UTC"
    expect(held).to_contain_text(rests)

    hands.press(maria.get_by_role("link", name="Manage billing model"))
    row = maria.get_by_role("row").filter(has_text=FEATURE)
    expect(row.get_by_label("Credits", exact=True)).to_be_disabled()
    expect(row).to_contain_text(rests)
