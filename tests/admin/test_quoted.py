"""Whatever a customer quotes on the phone leads to the record and to the customer, in two steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from billing.models import (
    ActivationCode,
    Entitlement,
    MarketplaceAgreement,
    MarketplaceMessage,
    PaygContract,
    SeatKind,
)
from credits import clock
from credits.models import Operation
from tests.access.world import FEATURE, Place, World
from tests.admin.pages import links_of
from tests.factories import credits as make

INDEX = reverse("admin:index")
ORDER_LINK = "aws-agmt-7"
CODE = "HALDEN-7KQ2-M9XP"

Quoted = Callable[[Place], tuple[str, Model]]


@pytest.fixture
def desk(world: World) -> Client:
    """Support, with one of each thing that only some customers have."""
    own, now = world.own, clock.now()
    seat = Entitlement.objects.create(
        customer=own.customer, number=4711, product="xdr-endpoint-sensor", created_at=now
    )
    ActivationCode.objects.create(
        code=CODE,
        product=seat.product,
        kind=SeatKind.FULL,
        units=400,
        months=12,
        customer=own.customer,
        issued_at=now,
        issuing=own.operation,
    )
    agreement = MarketplaceAgreement.objects.create(
        marketplace="aws",
        reference=ORDER_LINK,
        account="123456789012",
        customer=own.customer,
        state="pending",
        found_at=now,
    )
    MarketplaceMessage.objects.create(
        marketplace="aws",
        message_id="evt-4711",
        sha256="0" * 64,
        body="{}",
        action="created",
        reference=ORDER_LINK,
        received_at=now,
        due_at=now,
        agreement=agreement,
    )
    make.allocate(own.customer, FEATURE, 320, request_id="req-5d1e0b7c")
    return world.client("support")


QUOTED: dict[str, Quoted] = {
    "customer number": lambda own: (own.customer.label, own.customer),
    "customer name": lambda own: (own.customer.name.upper(), own.customer),
    "order number": lambda own: ("halden-SO-1", own.purchase),
    "license and customer": lambda own: (f"{own.license.label} Halden", own.license),
    "credits of a license": lambda own: ("52,000 halden", own.license),
    "credits of an order": lambda own: ("52000 halden", own.purchase),
    "mail address": lambda own: ("alice@example.org", own.customer),
    "seat license": lambda own: ("EN-4711", Entitlement.objects.get(number=4711)),
    "activation code": lambda own: (CODE.lower(), ActivationCode.objects.get(code=CODE)),
    "agreement": lambda own: (ORDER_LINK, MarketplaceAgreement.objects.get(reference=ORDER_LINK)),
    "buyer's account": lambda own: (
        "123456789012",
        MarketplaceAgreement.objects.get(reference=ORDER_LINK),
    ),
    "message": lambda own: ("evt-4711", MarketplaceMessage.objects.get(message_id="evt-4711")),
    "contract": lambda own: ("halden-agreement", PaygContract.objects.get(customer=own.customer)),
    "request for credits": lambda own: (f"{own.request.label} halden", own.request),
    "operation": lambda own: (str(own.operation.public_id), own.operation),
    "request id": lambda own: ("req-5d1e0b7c", Operation.objects.get(request_id="req-5d1e0b7c")),
}


def test_what_a_customer_quotes_leads_to_the_record_and_to_the_customer(
    world: World, desk: Client
) -> None:
    customer, lost = page_of(world.own.customer), []
    for what, quoted in QUOTED.items():
        words, record = quoted(world.own)
        found = links_of(desk.get(INDEX, {"q": words}))
        story = links_of(desk.get(page_of(record)))
        if page_of(record) not in found:
            lost.append(f"{what}: not found")
        if customer not in {page_of(record), *story}:
            lost.append(f"{what}: no way to the customer")

    assert lost == []


def page_of(record: Any) -> str:
    return reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk]
    )


def test_the_answers_of_the_portal_are_linked_from_the_customer_and_its_licenses(
    world: World, desk: Client
) -> None:
    links = links_of(desk.get(page_of(world.own.customer)))
    slug = {"slug": world.own.customer.slug}

    for name in ("billing:explain", "billing:time-machine", "credits:activity"):
        assert reverse(name, kwargs=slug) in links
        assert desk.get(reverse(name, kwargs=slug)).status_code == 200
    rows = f"{reverse('billing:explain', kwargs=slug)}?license={world.own.license.public_id}"
    assert rows in links_of(desk.get(page_of(world.own.license)))
    assert desk.get(rows).status_code == 200


def test_odd_words_find_no_fault(desk: Client) -> None:
    odd = ("100%", "%", "_", "52,000,000,000,000,000", "'", "L-", "R-x", "\u0661", ",", "9" * 15)

    assert {desk.get(INDEX, {"q": words}).status_code for words in odd} == {200}


def test_every_record_with_a_customers_reference_is_searched_from_the_index() -> None:
    searched = {
        model._meta.label_lower
        for model, page in admin.site._registry.items()
        if getattr(page, "place_in_search", 0)
    }

    assert searched >= {
        "credits.customer",
        "credits.license",
        "credits.operation",
        "credits.user",
        "billing.purchase",
        "billing.entitlement",
        "billing.activationcode",
        "billing.marketplaceagreement",
        "billing.marketplacemessage",
        "billing.paygcontract",
        "billing.creditrequest",
    }
