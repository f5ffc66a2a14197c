"""The page on which a buyer links what was bought, over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.marketplaces.applying import apply_messages
from billing.domain.marketplaces.linking import claim, claimed, follow
from billing.domain.marketplaces.providers import Item, Truth
from billing.models import LinkClaim, MarketplaceAgreement, MarketplaceMessage
from credits import clock
from credits.models import Customer, Membership, Operation, OutgoingMail, Role, User
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, linked, send
from tests.billing.marketplaces.core.reading import contracts, orders, valid
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(customer: Customer) -> User:
    return make.make_member(customer, make.make_user(name="Alice Brandt"), Role.ADMIN)


def address(truth: Truth) -> str:
    return reverse("billing:marketplace-link", kwargs={"secret": claim(truth)})


def text_of(response: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", response.content.decode())
    return " ".join(unescape(plain).split())


def key_of(response: Any) -> str:
    found = re.search(r'name="form_key" value="([^"]*)"', response.content.decode())
    assert found
    return unescape(found[1])


def choose(client: Client, url: str, customer: Customer, **fields: Any) -> Any:
    key = fields.pop("key", "") or key_of(client.get(url))
    data = {"step": "choose", "form_key": key, "customer": customer.public_id, **fields}
    return client.post(url, data)


NEW = {
    "step": "new",
    "name": "Cirrus Labs",
    "admin_name": "Cleo",
    "admin_email": "cleo@cirrus.example",
}


def test_an_admin_links_it_and_it_is_applied_at_once(
    customer: Customer, admin: User, client: Client
) -> None:
    url = address(agreement())
    client.force_login(admin)
    page = client.get(url)
    assert "10,000 credits" in text_of(page)
    assert "From 10 Nov 2026 Until 10 Nov 2027 , end of day UTC" in text_of(page)

    answer = choose(client, url, customer)

    assert (answer.status_code, answer["Location"]) == (303, url)
    after = text_of(client.get(url))
    assert "Your purchase is linked" in after
    assert "It belongs to Borealis now." in after
    assert valid(customer) == 10_000
    act = Operation.objects.get(kind="link-agreement")
    assert (act.actor, act.customer, act.source) == (admin, customer, "portal")


def test_sent_twice_it_is_linked_once(customer: Customer, admin: User, client: Client) -> None:
    url = address(agreement())
    client.force_login(admin)
    key = key_of(client.get(url))

    for _time in range(2):
        choose(client, url, customer, key=key)

    assert Operation.objects.filter(kind="link-agreement").count() == 1
    assert len(orders(customer)) == 1


def test_who_is_not_logged_in_is_led_there_and_back(customer: Customer, client: Client) -> None:
    url = address(agreement())

    page = client.get(url).content.decode()

    assert f'href="{reverse("credits:login")}?next={url}"' in page


def test_a_new_customer_is_made_with_its_admin_invited(customer: Customer, client: Client) -> None:
    url = address(agreement())
    key = key_of(client.get(url))

    for _time in range(2):
        assert client.post(url, {**NEW, "form_key": key}).status_code in (200, 303)

    made = Customer.objects.get(name="Cirrus Labs")
    member = Membership.objects.get(customer=made)
    assert (member.user.email, member.role) == ("cleo@cirrus.example", Role.ADMIN)
    mail = OutgoingMail.objects.get(to="cleo@cirrus.example")
    assert mail.kind == "invitation"
    assert valid(made) == 10_000
    assert LinkClaim.objects.get().used_by is None
    assert "Cirrus Labs" not in text_of(client.get(url)), "who is not logged in is told no name"


def test_a_name_that_is_there_already_tells_nothing(customer: Customer, client: Client) -> None:
    url = address(agreement())

    answer = client.post(url, {**NEW, "name": "Borealis", "form_key": key_of(client.get(url))})

    assert answer.status_code == 303
    assert Customer.objects.filter(name="Borealis").count() == 2


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("name", "Enter the name of the company."),
        ("admin_name", "Enter your name."),
        ("admin_email", "Enter a mail address like name@example.org."),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    customer: Customer, client: Client, field: str, sentence: str
) -> None:
    url = address(agreement())
    before = Customer.objects.count()

    answer = client.post(url, {**NEW, field: "", "form_key": key_of(client.get(url))})

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Customer.objects.count() == before
    assert MarketplaceAgreement.objects.get().customer is None


def test_a_bad_mail_address_makes_no_customer(customer: Customer, client: Client) -> None:
    url = address(agreement())
    data = {**NEW, "admin_email": "cleo", "form_key": key_of(client.get(url))}

    answer = client.post(url, data)

    assert answer.status_code == 422
    assert "Enter a mail address like name@example.org." in text_of(answer)
    assert not Customer.objects.filter(name="Cirrus Labs").exists()


REASONS: dict[str, tuple[dict[str, Any], str]] = {
    "ended": ({"state": "ended"}, "This agreement has ended at the marketplace"),
    "settling": ({"state": "pending"}, "The marketplace has not made this agreement active yet"),
    "not-synced": ({"items": []}, "it is not synced. Try again in a few minutes."),
    "unknown-offer": (
        {"items": [Item(fake.OTHER, 1)]},
        "none of the offers that this portal knows",
    ),
    "other-product": ({"product": "other"}, "none of the offers that this portal knows"),
    "no-end": ({"ends_at": None}, "names no last day for this agreement"),
}


@pytest.mark.parametrize("name", REASONS)
def test_why_it_cannot_be_linked_is_said_in_words(
    customer: Customer, admin: User, client: Client, name: str
) -> None:
    fields, sentence = REASONS[name]
    good = agreement()
    url = address(good)
    client.force_login(admin)
    key = key_of(client.get(url))
    url = address(agreement(f"arn:aws:license-manager::1:license:l-{name}", **fields))

    page = client.get(url)

    assert sentence in text_of(page)
    assert ("Look again" in text_of(page)) is (name in ("settling", "not-synced"))
    assert "Link it" not in text_of(page).replace("Link your purchase", "")
    # Sent all the same, it is refused, and nothing is written.
    data = {"step": "choose", "form_key": key, "customer": customer.public_id}
    assert client.post(url, data).status_code == 422
    assert not Operation.objects.filter(kind="link-agreement").exists()


def test_what_was_not_ready_is_looked_at_again(
    customer: Customer, admin: User, client: Client
) -> None:
    truth = agreement(items=[])
    url = address(truth)
    client.force_login(admin)
    fake.aws().change(truth.reference, items=[Item(fake.PLAN, 4)])

    page = client.post(url, {"step": "again"})

    assert "4,000 credits" in text_of(page)
    assert "Link it to Borealis" in text_of(page)


def test_silent_when_looked_at_again_it_says_the_same(
    customer: Customer, admin: User, client: Client
) -> None:
    url = address(agreement(items=[]))
    fake.aws().is_silent = True

    assert "not synced" in text_of(client.post(url, {"step": "again"}))


def test_linked_to_another_customer_is_said_without_its_name(
    customer: Customer, admin: User, client: Client
) -> None:
    other = make.make_customer(name="Secretive", slug="secretive-market")
    truth = agreement()
    url = address(truth)
    client.force_login(admin)
    key = key_of(client.get(url))
    linked(truth, other)

    answer = choose(client, url, customer, key=key)

    assert answer.status_code == 422
    assert "linked to another customer of this portal" in text_of(answer)
    assert "Secretive" not in text_of(answer)


def test_linked_to_this_customer_already_is_said(
    customer: Customer, admin: User, client: Client
) -> None:
    truth = agreement()
    url = address(truth)
    client.force_login(admin)
    key = key_of(client.get(url))
    linked(truth, customer)

    answer = choose(client, url, customer, key=key)

    assert "linked to this customer already" in text_of(answer)


def test_one_contract_for_credits_at_a_time_on_aws(
    customer: Customer, admin: User, client: Client
) -> None:
    follow(linked(agreement(), customer))
    url = address(agreement("arn:aws:license-manager::1:license:l-2"))
    client.force_login(admin)

    answer = choose(client, url, customer)

    assert answer.status_code == 422
    assert "Amend that one to get more credits." in text_of(answer)

    # Another way to pay is another contract, and so is one after the first has ended.
    payg = agreement("arn:aws:license-manager::1:license:l-3", items=[Item(fake.PAYG, 1)])
    assert choose(client, address(payg), customer).status_code == 303
    assert contracts(customer)
    first = fake.aws().change("arn:aws:license-manager::1:license:l-1", state="ended")
    follow(MarketplaceAgreement.objects.get(reference=first.reference))
    assert choose(client, url, customer).status_code == 303


def test_several_agreements_stand_beside_each_other_on_azure(
    customer: Customer, admin: User, client: Client
) -> None:
    client.force_login(admin)
    for number in (1, 2):
        truth = agreement(f"0f8fad5b-d9cb-469f-a165-70867728950{number}", marketplace="azure")

        assert choose(client, address(truth), customer).status_code == 303

    assert valid(customer) == 20_000


def test_a_viewer_and_a_stranger_have_nothing_to_link_to(
    customer: Customer, client: Client
) -> None:
    url = address(agreement())
    for role in (Role.VIEWER, None):
        person = make.make_user()
        if role:
            make.make_member(customer, person, role)
        client.force_login(person)
        page = client.get(url)
        assert "Borealis" not in text_of(page)

        answer = client.post(
            url, {"step": "choose", "form_key": key_of(page), "customer": customer.public_id}
        )

        assert answer.status_code == 422
        assert "Choose one of your customers." in text_of(answer) or "new customer" in text_of(
            answer
        )
    assert not Operation.objects.filter(kind="link-agreement").exists()


def test_a_claim_is_good_for_a_day_and_for_one_linking(
    customer: Customer, admin: User, client: Client
) -> None:
    truth = agreement()
    url = address(truth)
    secret = url.rstrip("/").rpartition("/")[2]
    assert not LinkClaim.objects.filter(digest__contains=secret).exists()
    with clock.moved_to(NOW + timedelta(hours=24)):
        answer = client.get(url)
        assert answer.status_code == 410
        assert "good for 24 hours" in text_of(answer)

    unknown = client.get(reverse("billing:marketplace-link", kwargs={"secret": "x" * 43}))

    assert unknown.status_code == 410
    assert "leads to no purchase" in text_of(unknown)
    client.force_login(admin)
    choose(client, url, customer)
    again = client.post(url, {**NEW, "form_key": "x"})
    assert "Your purchase is linked" in text_of(again)
    assert claimed(secret).used_by == admin
    assert not Customer.objects.filter(name="Cirrus Labs").exists()


def test_without_an_answer_of_the_marketplace_we_are_on_it(
    customer: Customer, admin: User, client: Client
) -> None:
    url = address(agreement())
    client.force_login(admin)
    key = key_of(client.get(url))
    fake.aws().is_silent = True

    choose(client, url, customer, key=key)

    assert "We are on it" in text_of(client.get(url))
    assert not orders(customer)


def test_messages_that_were_parked_are_due_again(
    customer: Customer, admin: User, client: Client
) -> None:
    truth = agreement()
    send(truth)
    apply_messages(clock.now())
    url = address(truth)
    client.force_login(admin)

    choose(client, url, customer)
    apply_messages(clock.now())

    assert MarketplaceMessage.objects.get().state == "applied"
    assert len(orders(customer)) == 1
