"""The pages of a file of orders: checked, confirmed, its progress, and others' files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from billing.domain.importing.running import progress, run_imports
from billing.models import ImportState, Purchase, PurchaseImport
from credits.models import Customer, User
from tests.billing.importing.files import file_of
from tests.billing.ordering import line, today

pytestmark = pytest.mark.django_db
LIST = "/sales/imports/"
ClientOf = Callable[[User], Client]


def upload(client: Client, data: bytes, name: str = "orders.csv") -> Any:
    return client.post(LIST, {"file": SimpleUploadedFile(name, data, "text/csv")})


def good(customer: Customer, number: str = "SO-1") -> bytes:
    return file_of(f"{customer.label},{number},1000,{today()},{line().last_day}")


def test_a_file_is_checked_confirmed_and_entered(
    client_of: ClientOf, rep: User, customer: Customer, django_capture_on_commit_callbacks: Any
) -> None:
    client = client_of(rep)

    response = upload(client, good(customer))
    found = PurchaseImport.objects.get()
    url = reverse("billing:import-detail", kwargs={"public_id": found.public_id})
    preview = client.get(url).content.decode()
    with django_capture_on_commit_callbacks() as callbacks:
        confirmed = client.post(url, {"act": "confirm"})
    waiting = client.get(url).content.decode()
    run_imports()
    end = client.get(url).content.decode()

    assert (response.status_code, response["Location"]) == (303, url)
    assert "Enter one purchase of 1,000 credits" in preview
    assert customer.name in preview
    assert confirmed.status_code == 303
    assert len(callbacks) == 1
    assert "0 of 1 purchases." in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "One purchase of 1,000 credits was entered." in end
    assert 'hx-trigger="every 2s"' not in end
    assert Purchase.objects.get().entered_by == rep


def test_a_second_click_enters_nothing_more(
    client_of: ClientOf, rep: User, customer: Customer
) -> None:
    client = client_of(rep)
    upload(client, good(customer))
    url = f"{LIST}{PurchaseImport.objects.get().public_id}/"

    assert [client.post(url, {"act": "confirm"}).status_code for _ in range(2)] == [303, 303]
    run_imports()
    assert client.post(url, {"act": "confirm"}).status_code == 303
    run_imports()

    assert Purchase.objects.count() == 1


def test_problems_stand_on_the_page_by_line(
    client_of: ClientOf, rep: User, customer: Customer
) -> None:
    response = upload(client_of(rep), file_of(f"{customer.label},SO-1,x,{today()},", ",,,,"))

    text = response.content.decode()
    assert response.status_code == 422
    assert "problems, so nothing was changed" in text
    assert "Write the credits as a whole number without separators, not “x”." in text
    assert "Enter one purchase" not in text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xff\xfe", "This is no UTF-8 text. Save the file as CSV UTF-8."),
        (b"x" * 1_000_001, "The file is larger than 1000 kB."),
        (b"a,b\n1,2\n", "There is no column “a”."),
    ],
    ids=["empty", "not-text", "too-large", "other-columns"],
)
def test_a_file_that_is_none_of_ours_is_refused(
    client_of: ClientOf, rep: User, data: bytes, sentence: str
) -> None:
    response = upload(client_of(rep), data)

    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_without_a_file_the_form_says_so(client_of: ClientOf, rep: User) -> None:
    response = client_of(rep).post(LIST, {})

    assert response.status_code == 422
    assert "Choose a file first." in response.content.decode()


def test_another_persons_file_is_not_there(
    client_of: ClientOf, rep: User, manager: User, customer: Customer
) -> None:
    upload(client_of(rep), good(customer))
    url = f"{LIST}{PurchaseImport.objects.get().public_id}/"

    answers = [client_of(manager).get(url), client_of(manager).post(url, {"act": "confirm"})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert PurchaseImport.objects.get().state == ImportState.CHECKED


def test_a_discarded_file_says_so(client_of: ClientOf, rep: User, customer: Customer) -> None:
    client = client_of(rep)
    upload(client, good(customer))
    url = f"{LIST}{PurchaseImport.objects.get().public_id}/"

    client.post(url, {"act": "discard"})

    assert "Nothing of this file was entered." in client.get(url).content.decode()


def test_the_template_can_be_read_back(client_of: ClientOf, rep: User, customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).update(number=1001)
    client = client_of(rep)

    data = client.get(f"{LIST}purchases.csv").content

    text = upload(client, data).content.decode()
    assert "There is no column" not in text
    assert "There is one problem, so nothing was changed." in text
    assert f"{customer.name} has no license “L-204” to renew." in text


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_before_all_of_it_is_there(
    client_of: ClientOf, rep: User, customer: Customer
) -> None:
    client = client_of(rep)
    upload(client, good(customer))
    found = PurchaseImport.objects.get()
    url = f"{LIST}{found.public_id}/"
    client.post(url, {"act": "confirm"})

    with progress(found.public_id) as note:
        note(1)

        part = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "1 of 1 purchases." in part
    assert "<html" not in part
