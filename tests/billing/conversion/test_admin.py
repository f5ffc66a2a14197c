"""Seat licenses and codes at the support desk."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.conversion.codes import new_code
from billing.domain.conversion.terms import enter_entitlement
from billing.models import ActivationCode, Entitlement, EntitlementTerm
from credits import clock
from credits.models import Customer, License, Operation, User
from tests.admin.pages import key_of, text_of
from tests.billing.conversion.conftest import asking, seats

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.fixture
def desk(support: User) -> Client:
    client = Client()
    client.force_login(support)
    return client


def sent(client: Client, url: str, **fields: str) -> Any:
    return client.post(url, {"form_key": key_of(client, url), "reason": "By phone", **fields})


def corrected(client: Client, url: str, **fields: str) -> Any:
    """Open a correction, see what it does, and do it."""
    told = {"form_key": key_of(client, url), "reason": "By phone", **fields}
    shown = client.post(url, told)
    assert shown.status_code == 200, text_of(shown)
    return client.post(url, {**told, "step": "do"})


def codes_fields(**fields: str) -> dict[str, str]:
    return {
        "product": "xdr-endpoint-sensor", "units": "400", "kind": "full", "months": "12", **fields
    }  # fmt: skip


def test_support_enters_a_seat_license_with_a_reason(customer: Customer, desk: Client) -> None:
    url = reverse("admin:billing_entitlement_add")
    fields = {
        "customer": customer.label,
        "product": "xdr-email-sensor",
        "units": "300",
        "kind": "full",
        "starts": "2024-07-01",
        "ends": "2026-06-30",
    }
    asked_first = sent(desk, url, **fields)
    assert asked_first.status_code == 422
    assert "Confirm that it is meant." in text_of(asked_first)

    assert sent(desk, url, **fields, unusual="on").status_code == 303

    made = Entitlement.objects.get()
    operation = Operation.objects.get(kind="grant")
    assert made.terms.get().license.credits == 900
    assert (operation.note.text, operation.source) == ("By phone", "admin")
    renewal = {**fields, "starts": "2026-07-01", "ends": "2027-06-30", "renews": made.label}
    assert sent(desk, url, **renewal, unusual="on").status_code == 303
    assert [term.license.credits for term in made.terms.all()] == [900, 1_500]
    page = text_of(desk.get(reverse("admin:billing_entitlement_change", args=[made.pk])))
    assert "900" in page
    assert "1,500" in page


def test_support_raises_and_lowers_the_units(customer: Customer, desk: Client) -> None:
    today = clock.day_of(clock.now())
    first, last = str(today - timedelta(days=9)), str(today + timedelta(days=90))
    made = enter_entitlement(customer, seats(first=first, last=last), asking()).entitlement

    up = reverse("admin:billing_entitlement_raise", args=[made.pk])
    assert corrected(desk, up, units="450", starts=str(today)).status_code == 303
    assert [term.units for term in made.terms.order_by("starts_at")] == [400, 50]
    down = reverse("admin:billing_entitlement_lower", args=[made.pk])
    assert corrected(desk, down, units="300").status_code == 303

    held = License.objects.filter(voided_at__isnull=True)
    assert [license.credits for license in held] == [6_000]


def test_support_issues_finds_and_withdraws_a_code(customer: Customer, desk: Client) -> None:
    url = reverse("admin:billing_activationcode_add")
    made = sent(desk, url, **codes_fields(customer=customer.label))
    code = ActivationCode.objects.get()
    assert made["Location"] == reverse("admin:billing_activationcode_change", args=[code.pk])
    listed = reverse("admin:billing_activationcode_changelist")
    for words in (code.code, code.code.lower().replace("-", ""), customer.name.split()[0]):
        assert code.code in text_of(desk.get(listed, {"q": words}))

    withdrawal = reverse("admin:billing_activationcode_withdraw", args=[code.pk])
    assert sent(desk, withdrawal, reason="").status_code == 422
    assert sent(desk, withdrawal).status_code == 303
    again = sent(desk, withdrawal)

    code.refresh_from_db()
    assert code.withdrawn_at is not None
    assert again.status_code == 422
    assert Operation.objects.get(kind="withdraw-code").note.text == "By phone"
    assert code.code not in Operation.objects.get(kind="withdraw-code").subject


def test_codes_are_imported_and_what_is_wrong_is_told_at_its_field(desk: Client) -> None:
    url = reverse("admin:billing_activationcode_add")
    pasted = f"{new_code()}\nAB-1234-XYZ77\n"

    wrong = sent(desk, url, **codes_fields(codes="no\n"))
    assert wrong.status_code == 422
    assert "Code 1:" in text_of(wrong)
    assert sent(desk, url, **codes_fields(months="", ends="2020-01-01")).status_code == 422
    assert sent(desk, url, **codes_fields(codes=pasted)).status_code == 303

    assert ActivationCode.objects.count() == 2


def test_customers_and_licenses_lead_to_their_seat_licenses(
    customer: Customer, desk: Client
) -> None:
    term = enter_entitlement(customer, seats(), asking(), code=new_code())
    pages = [
        desk.get(reverse("admin:credits_customer_change", args=[customer.pk])),
        desk.get(reverse("admin:credits_license_change", args=[term.license.pk])),
        desk.get(reverse("admin:billing_conversionrate_changelist"), {"q": "endpoint"}),
    ]

    texts = [unescape(page.content.decode()) for page in pages]
    assert term.entitlement.label in texts[0]
    assert term.code.code in texts[0]
    assert "400 endpoints and servers × 20 = 8,000" in texts[1]
    assert "XDR Endpoint Sensor" in texts[2]
    assert not re.search(r'name="_save"', "".join(texts))
    assert EntitlementTerm.objects.count() == 1
