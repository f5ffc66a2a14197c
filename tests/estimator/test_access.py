"""Who may open which page of the estimator, and do what there."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from credits.models import Customer, User
from estimator.models import Estimate
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    body,
    edit_url,
    list_url,
    new_url,
    nothing_saved,
    save,
    send,
    text_in,
    words,
)


def test_anonymous_is_sent_to_the_login(client: Client, customer: Customer) -> None:
    response = client.get(new_url(customer))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("credits:login"))


def test_a_stranger_finds_no_page(estimate: Estimate, carol: User, client_of: LogIn) -> None:
    client = client_of(carol)

    for url in (list_url(estimate.customer), new_url(estimate.customer), edit_url(estimate)):
        assert client.get(url).status_code == 404
        assert client.post(url).status_code in (404, 405)
    assert client.post(edit_url(estimate, "estimate-duplicate")).status_code == 404


def test_an_estimate_is_not_found_under_another_customer(
    estimate: Estimate, other_customer: Customer, carol: User, client_of: LogIn
) -> None:
    url = reverse(
        "estimator:estimate-edit",
        kwargs={"slug": other_customer.slug, "public_id": estimate.public_id},
    )

    assert client_of(carol).get(url).status_code == 404
    assert send(client_of(carol), url, {ESSENTIALS: "1"}).status_code == 404


def test_a_viewer_computes_and_cannot_save(estimate: Estimate, bob: User, client_of: LogIn) -> None:
    client = client_of(bob)
    page = client.get(edit_url(estimate))

    assert page.status_code == 200
    assert 'value="save"' not in body(page)
    assert text_in(send(client, edit_url(estimate), {ESSENTIALS: "200"}), "level") == "13,000"
    assert save(client, edit_url(estimate), {ESSENTIALS: "200"}).status_code == 403
    assert client.post(edit_url(estimate, "estimate-duplicate")).status_code == 403
    assert Estimate.objects.get().level == 19_000


def test_support_computes_and_cannot_save(
    customer: Customer, support: User, client_of: LogIn
) -> None:
    client = client_of(support)

    assert text_in(send(client, new_url(customer), {ESSENTIALS: "100"}), "level") == "6,500"
    assert save(client, new_url(customer), {ESSENTIALS: "100"}).status_code == 403
    assert nothing_saved()


def test_sales_saves_and_enters_the_advice_as_a_purchase(
    customer: Customer, rep: User, client_of: LogIn
) -> None:
    client = client_of(rep)
    saved = save(client, new_url(customer), {ESSENTIALS: "100"})

    page = client.get(saved["Location"])

    purchase = reverse("billing:purchase-new", kwargs={"slug": customer.slug})
    assert f'href="{purchase}?credits=6500&first_day=2026-11-25"' in body(page)
    assert "Enter as purchase" in words(page)
    assert Estimate.objects.get().updated_by == rep


def test_a_customer_is_not_offered_to_enter_a_purchase(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    assert "Enter as purchase" not in words(client_of(alice).get(edit_url(estimate)))


def test_what_one_member_saved_another_sees(
    estimate: Estimate, bob: User, client_of: LogIn
) -> None:
    page = words(client_of(bob).get(list_url(estimate.customer)))

    for said in ("Plan 2027", "E-1", "19,000", "Alice Brandt"):
        assert said in page
