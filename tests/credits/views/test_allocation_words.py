"""What the allocate page says of reservations and of features on pay-as-you-go."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from credits import clock
from credits.domain.allocations import Allocate
from credits.domain.billing_choice import SwitchBillingModel
from credits.domain.groups import read_group
from credits.domain.post import post
from credits.domain.preview import open_draft
from credits.models import Customer
from tests.credits.views.pages import drawer, words
from tests.factories import credits as make

TYPED = datetime(2026, 11, 25, 9, tzinfo=UTC)
LATER = datetime(2027, 1, 4, 9, tzinfo=UTC)
HELD = "95 GB uploaded held until 25 Nov 2027, 00:00 UTC."


@pytest.fixture
def reserved(licensed: Customer) -> Customer:
    """95 GB reserved, then 60 typed for the next period."""
    with clock.moved_to(TYPED):
        make.allocate(licensed, "xdr-for-cloud", 95)
    with clock.moved_to(LATER):
        make.allocate(licensed, "xdr-for-cloud", 60)
    return licensed


def page(client: Client, customer: Customer, path: str) -> str:
    return words(client.get(f"/c/{customer.slug}/allocate/{path}"))


def previewed(client: Client, customer: Customer, units: str) -> str:
    sent = drawer(client, customer.slug, "xdr-for-cloud")
    typed: dict[str, Any] = {"q.xdr-for-cloud": units}
    return words(client.post(sent.action, sent.filled(act="preview", **typed)))


def test_a_reservation_says_what_is_held_and_what_follows(
    admin: Client, reserved: Customer
) -> None:
    with clock.moved_to(LATER):
        text = page(admin, reserved, "xdr-for-cloud/")

    assert f"{HELD} Lowering returns nothing before." in text
    assert "The next one starts at 60 GB uploaded: 2,160 credits." in text
    assert "95 GB uploaded x 36 credits = 3,420 credits" in text.replace("\u00d7", "x")


def test_what_is_typed_changes_what_follows(admin: Client, reserved: Customer) -> None:
    with clock.moved_to(LATER):
        lower = previewed(admin, reserved, "40")
        none = previewed(admin, reserved, "0")
        higher = previewed(admin, reserved, "100")

    assert f"{HELD} Lowering returns nothing before. The next one starts at 40" in lower
    assert f"{HELD} Lowering returns nothing before. No period follows." in none
    assert "100 GB uploaded held until 25 Nov 2027" in higher
    assert "Lowering" not in higher
    assert "The next one starts at 100 GB uploaded: 3,600 credits." in higher


def test_the_words_are_those_of_the_books(reserved: Customer) -> None:
    """What the drawer says of the next period is what the ledger has booked ahead."""
    with clock.moved_to(LATER):
        (setting,) = read_group(open_draft(reserved).books, "xdr-for-cloud").features

    period = setting.reserved
    assert period is not None
    ahead = reserved.entries.filter(effective_at__gt=LATER)
    assert {entry.effective_at for entry in ahead if entry.feature_id} == {period.ends_at}
    change = sum(entry.credits for entry in ahead if entry.feature_id)
    assert setting.credits + change == period.next_credits(period.next_quantity) == 2_160


def test_before_anything_is_reserved_nothing_is_said(admin: Client, licensed: Customer) -> None:
    text = page(admin, licensed, "xdr-for-cloud/")

    assert "held until" not in text
    assert "Reserved for 12 months at a time" in text


@pytest.fixture
def as_you_go(licensed: Customer) -> Customer:
    with clock.moved_to(TYPED):
        make.allocate(licensed, "file-security-sdk", 400_000)
    with clock.moved_to(LATER):
        post(
            SwitchBillingModel(
                customer=licensed,
                asked=make.asked(),
                feature="file-security-sdk",
                contract_ends_at=datetime(2027, 11, 1, tzinfo=UTC),
            )
        )
    return licensed


def test_pay_as_you_go_is_told_in_the_list(admin: Client, as_you_go: Customer) -> None:
    with clock.moved_to(LATER):
        text = page(admin, as_you_go, "?q=File Security SDK")

    assert "Pay-as-you-go until 1 Nov 2027" in text
    assert "400,000 scans" in text
    assert "Open" in text
    assert "not in use" not in text


def test_the_drawer_of_pay_as_you_go_takes_no_units(admin: Client, as_you_go: Customer) -> None:
    with clock.moved_to(LATER):
        response = admin.get(f"/c/{as_you_go.slug}/allocate/file-security-sdk/")

    text = words(response)
    assert "File Security SDK is on pay-as-you-go since 4 Jan 2027 and holds no credits." in text
    assert "Its contract runs until 1 Nov 2027, 00:00 UTC" in text
    assert 'name="q.file-security-sdk"' not in response.content.decode()


def test_after_the_contract_it_takes_units_again(admin: Client, as_you_go: Customer) -> None:
    with clock.moved_to(datetime(2027, 11, 1, 9, tzinfo=UTC)):
        response = admin.get(f"/c/{as_you_go.slug}/allocate/file-security-sdk/")

    assert 'name="q.file-security-sdk"' in response.content.decode()
    assert "pay-as-you-go" not in words(response)


def test_a_package_on_pay_as_you_go_keeps_its_units_in_the_form(
    admin: Client, licensed: Customer
) -> None:
    quantities = {"endpoint-pro": Decimal(18), "endpoint-core": Decimal(40)}
    with clock.moved_to(TYPED):
        post(
            Allocate(
                customer=licensed,
                asked=make.asked(confirmed_shortfall=10**6),
                group="endpoint-packages",
                quantities=quantities,
            )
        )
    with clock.moved_to(LATER):
        post(
            SwitchBillingModel(
                customer=licensed,
                asked=make.asked(),
                feature="endpoint-pro",
                contract_ends_at=datetime(2027, 11, 1, tzinfo=UTC),
            )
        )
        sent = drawer(admin, licensed.slug, "endpoint-packages")
        text = page(admin, licensed, "endpoint-packages/")

    assert sent.fields["q.endpoint-pro"] == "18"
    assert "Pro package is on pay-as-you-go since 4 Jan 2027" in text
