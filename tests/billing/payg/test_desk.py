"""Support enters contracts and extends them, with a reason, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import PaygContract
from credits.models import Customer, Operation, User
from tests.admin.pages import key_of
from tests.admin.pages import text_of as words_of
from tests.billing.payg.contracts import BUCKETS, ENDS, LATER_END, RATE, held_at, switch

ADD = reverse("admin:billing_paygcontract_add")


@pytest.fixture
def desk(support: User) -> Client:
    client = Client()
    client.force_login(support)
    return client


def sent(client: Client, customer: Customer, /, **fields: str) -> Any:
    data = {
        "form_key": key_of(client, ADD),
        "reason": "Subscribed on Monday",
        "customer": customer.slug,
        "channel": "aws",
        "agreement": "AGR-7",
        "starts": "2026-05-01",
        "ends": "2027-04-30",
    }
    return client.post(ADD, {**data, **fields})


def test_a_contract_is_entered_with_who_and_why(
    desk: Client, customer: Customer, support: User
) -> None:
    response = sent(desk, customer)

    made = PaygContract.objects.get()
    assert response["Location"] == reverse("admin:billing_paygcontract_change", args=[made.pk])
    assert (made.operation.source, made.operation.actor) == ("admin", support)
    assert made.operation.note.text == "Subscribed on Monday"
    page = words_of(desk.get(response["Location"]))
    assert "AGR-7" in page
    assert "30 Apr 2027" in page


def test_a_double_click_enters_one_contract(desk: Client, customer: Customer) -> None:
    key = key_of(desk, ADD)

    first, second = (sent(desk, customer, form_key=key) for _ in range(2))

    assert first["Location"] == second["Location"]
    assert PaygContract.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"starts": "01.05.2026"}, "like 2027-03-31"),
        ({"ends": "2026-02-30"}, "like 2027-03-31"),
        ({"ends": "2026-04-01"}, "The last day must not be before the first day."),
        ({"agreement": ""}, "This field is required."),
        ({"channel": "fax"}, "fax is not one of the available choices"),
        ({"customer": "nobody"}, "There is no customer nobody."),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    desk: Client, customer: Customer, fields: dict[str, str], sentence: str
) -> None:
    response = sent(desk, customer, **fields)

    assert response.status_code == 422
    assert sentence in words_of(response)
    assert not PaygContract.objects.exists()


def test_an_extension_shows_what_it_does_and_does_it(desk: Client, agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    url = reverse("admin:billing_paygcontract_extend", args=[agreed.pk])
    fields = {"form_key": key_of(desk, url), "reason": "Renewed", "ends": "2027-11-30"}

    shown = words_of(desk.post(url, fields))
    assert "1 Dec 2026 11,092 40,000 +28,908" in shown
    assert desk.post(url, {**fields, "step": "do"}).status_code == 303

    agreed.refresh_from_db()
    assert agreed.ends_at == LATER_END
    assert held_at(agreed.customer, ENDS) == 0
    assert held_at(agreed.customer, LATER_END) == 3 * RATE


def test_an_extension_is_not_undone_but_extended_again(desk: Client, agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    url = reverse("admin:billing_paygcontract_extend", args=[agreed.pk])
    fields = {"form_key": key_of(desk, url), "reason": "Renewed", "ends": "2027-11-30"}
    desk.post(url, {**fields, "step": "do"})
    operation = Operation.objects.get(kind="extend-contract")

    response = desk.get(reverse("admin:credits_operation_undo", args=[operation.pk]))

    assert (response.status_code, response["Location"]) == (302, url)


def test_a_customers_page_lists_its_contracts(desk: Client, agreed: PaygContract) -> None:
    page = words_of(desk.get(reverse("admin:credits_customer_change", args=[agreed.customer.pk])))

    assert "Pay-as-you-go contracts" in page
    assert "AGR-1 AWS Marketplace 1 Apr 2026 30 Nov 2026" in page
