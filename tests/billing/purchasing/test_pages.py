"""The pages of entering: the customer found or made, drafts, files and the second look, by POST."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing.models import DraftState, Purchase, PurchaseDraft, PurchaseFile
from credits.models import Customer, License, User
from tests.billing.ordering import buy, line
from tests.billing.purchasing.typing_orders import LARGE, PDF
from tests.billing.views.entering import HTMX, entry_url, send, text_of, typed

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NEW = "/sales/purchases/new/"
DRAFTS = "/sales/drafts/"


@pytest.fixture
def desk(client_of: ClientOf, rep: User) -> Client:
    """The rep's browser."""
    return client_of(rep)


@pytest.fixture
def boss(client_of: ClientOf, manager: User) -> Client:
    """The manager's browser."""
    return client_of(manager)


def hidden(page: Any, name: str, nth: int = 0) -> str:
    """What a page's hidden field holds."""
    found = re.findall(rf'name="{name}" value="([^"]*)"', page.content.decode())
    return unescape(found[nth])


def new_customer(client: Client, **fields: Any) -> Any:
    """Open the form of a new customer and send it, filled in well but for what is named."""
    key = fields.pop("key", None) or hidden(client.get(f"{NEW}?new=1"), "form_key")
    whom = {"name": "Nordwind", "admin_name": "Ada", "admin_email": "ada@nordwind.example"}
    return client.post(NEW, typed(key, **{**whom, **fields}))


# Whom it is for.


def test_the_one_customer_found_is_opened(desk: Client, customer: Customer) -> None:
    page = desk.get(NEW, {"q": "halden"})

    assert (page.status_code, page["Location"]) == (303, entry_url(customer))


def test_customers_of_others_are_not_found(desk: Client, other_customer: Customer) -> None:
    text = text_of(desk.get(NEW, {"q": "borealis"}))

    assert "None of your customers is called" in text
    assert "Borealis Freight" not in text


def test_a_name_that_is_new_is_carried_into_the_form(desk: Client, customer: Customer) -> None:
    page = desk.get(NEW, {"new": "1", "name": 'Nord & "Wind"'})

    assert 'value="Nord &amp; &quot;Wind&quot;"' in page.content.decode()


def test_typing_lists_customers_without_leaving(desk: Client, customer: Customer) -> None:
    page = desk.get(NEW, {"q": "halden"}, headers=HTMX)

    assert page.status_code == 200
    assert entry_url(customer) in page.content.decode()
    assert "<html" not in page.content.decode()


def test_a_new_customer_and_its_order_are_sent_twice_and_made_once(
    desk: Client, customer: Customer
) -> None:
    key = hidden(desk.get(f"{NEW}?new=1"), "form_key")

    first = new_customer(desk, key=key)
    again = new_customer(desk, key=key)

    assert first.status_code == again.status_code == 303
    assert first["Location"] == again["Location"]
    assert Customer.objects.filter(name="Nordwind").count() == 1
    assert Purchase.objects.count() == 1


def test_what_is_missing_stands_at_its_field_and_makes_nobody(
    desk: Client, customer: Customer
) -> None:
    page = new_customer(desk, name="", admin_email="ada", order_number="")

    text = text_of(page)
    assert page.status_code == 422
    assert "Enter the customer's name." in text
    assert "Enter the order number." in text
    assert Customer.objects.count() == 1


def test_a_second_customer_is_confirmed(desk: Client, customer: Customer) -> None:
    page = new_customer(desk, name="Halden Energy")
    assert page.status_code == 422
    assert entry_url(customer) in page.content.decode()

    sent = new_customer(desk, name="Halden Energy", alike=hidden(page, "alike"))

    assert sent.status_code == 303
    assert Customer.objects.filter(name="Halden Energy").count() == 2


def test_the_effect_of_a_first_order_begins_at_zero(desk: Client, customer: Customer) -> None:
    key = hidden(desk.get(f"{NEW}?new=1"), "form_key")
    headers = {**HTMX, "HX-Target": "effect"}

    page = desk.post(NEW, typed(key, name="Nordwind", preview="1"), headers=headers)

    assert re.search(r"Nordwind, live figures .*Today 0 15,000", text_of(page))


# Renewals.


def test_a_renewal_is_two_clicks(desk: Client, customer: Customer) -> None:
    license = buy(customer, "SO-7", line(15_000)).lines.get().license
    page = desk.get(f"{entry_url(customer)}?renews={license.public_id}")
    fields = {
        name: hidden(page, name) if name in ("form_key", "lines") else field(page, name)
        for name in (
            "form_key",
            "lines",
            "order_number",
            "line-0-credits",
            "line-0-first_day",
            "line-0-last_day",
        )
    }
    assert fields["order_number"] == "SO-7-R1"

    sent = desk.post(
        entry_url(customer),
        {
            **fields,
            "channel": "sales",
            "line-0-term": "12",
            "currency": "EUR",
            "line-0-renews": str(license.public_id),
        },
    )

    assert sent.status_code == 303
    renewed = License.objects.get(renews=license)
    assert (renewed.credits, renewed.starts_at) == (15_000, license.ends_at)


def field(page: Any, name: str) -> str:
    """What an input of a page holds."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page.content.decode())
    assert found is not None
    value = re.search(r'value="([^"]*)"', found[0])
    return unescape(value[1]) if value else ""


def test_all_that_end_together_are_renewed_together(desk: Client, customer: Customer) -> None:
    licenses = [one.license for one in buy(customer, "SO-7", line(10), line(20)).lines.all()]
    url = f"{entry_url(customer)}?renews={licenses[0].public_id}"
    assert "Renew L-202 as well" in text_of(desk.get(url))

    page = desk.get(f"{url}&all=1")

    assert hidden(page, "lines") == "2"
    assert "Confirm purchase of 30 credits" in text_of(page)


def test_ending_together_shows_its_arithmetic(desk: Client, customer: Customer) -> None:
    license = buy(customer, "SO-7", line(10)).lines.get().license
    url = entry_url(customer)

    page = desk.post(
        url,
        typed("k", preview="1", price="12,000", line_0_term=f"with-{license.public_id}"),
    )

    text = text_of(page)
    assert "365 days of 365: 100.00 % of a year." in text
    assert "Credits are a level" in text
    assert "If 12,000.00 EUR is the price of a year, these days come to 12,000.00 EUR." in text


# Drafts.


def test_a_half_filled_form_is_saved_and_opened_again(desk: Client, customer: Customer) -> None:
    sent = send(desk, customer, save="1", order_number="", line_0_credits="12x", note="by phone")
    assert (sent.status_code, sent["Location"]) == (303, DRAFTS)
    draft = PurchaseDraft.objects.get()

    assert "Halden Energy" in text_of(desk.get(DRAFTS))
    page = desk.get(f"{entry_url(customer)}?draft={draft.public_id}").content.decode()

    assert 'value="12x"' in page
    assert 'value="by phone"' in page
    assert f'name="draft" value="{draft.public_id}"' in page


def test_a_draft_is_recorded_and_then_leads_to_its_purchase(
    desk: Client, customer: Customer
) -> None:
    send(desk, customer, save="1")
    draft = PurchaseDraft.objects.get()

    sent = send(desk, customer, draft=draft.public_id, version=draft.version)

    purchase = Purchase.objects.get()
    assert str(purchase.public_id) in sent["Location"]
    opened = desk.get(f"{entry_url(customer)}?draft={draft.public_id}")
    assert desk.get(opened["Location"])["Location"] == sent["Location"]
    assert "No drafts." in text_of(desk.get(DRAFTS))


def test_a_draft_that_was_saved_meanwhile_is_not_written_over(
    desk: Client, boss: Client, customer: Customer
) -> None:
    send(desk, customer, save="1")
    draft = PurchaseDraft.objects.get()
    send(boss, customer, save="1", draft=draft.public_id, version="1", note="of Milo")

    page = send(desk, customer, save="1", draft=draft.public_id, version="1", note="of Rina")

    assert page.status_code == 409
    assert "Milo Sand saved this draft meanwhile" in text_of(page)
    assert 'value="of Rina"' in page.content.decode()


def test_another_customers_draft_is_not_there(
    desk: Client, boss: Client, customer: Customer, other_customer: Customer
) -> None:
    send(boss, other_customer, save="1")
    draft = PurchaseDraft.objects.get()

    assert desk.get(f"{entry_url(customer)}?draft={draft.public_id}").status_code == 404
    url = f"/c/{customer.slug}/purchases/drafts/{draft.public_id}/"
    assert desk.get(url).status_code == 404
    assert desk.post(f"{url}discard/").status_code == 404


# The second look.


def test_a_large_order_is_sent_looked_at_and_confirmed(
    desk: Client, boss: Client, customer: Customer, rep: User, manager: User
) -> None:
    preview = send(desk, customer, preview="1", line_0_credits=LARGE)
    assert "Send 1,000,001 credits for a second look" in text_of(preview)
    sent = send(desk, customer, line_0_credits=LARGE, price="5", note="agreed")
    assert not Purchase.objects.exists()
    url = sent["Location"]

    own = text_of(desk.get(url))
    assert "another person confirms it" in own
    assert "Confirm purchase" not in own
    page = boss.get(url)
    assert "agreed" in text_of(page)
    assert "5.00 EUR" in text_of(page)
    data = {"form_key": hidden(page, "form_key"), "version": hidden(page, "version")}
    confirmed = boss.post(f"{url}confirm/", data)

    purchase = Purchase.objects.get()
    assert str(purchase.public_id) in confirmed["Location"]
    assert (purchase.entered_by, purchase.confirmed_by) == (rep, manager)
    assert boss.post(f"{url}confirm/", data)["Location"] == confirmed["Location"]


def test_a_large_order_is_sent_back_changed_and_sent_again(
    desk: Client, boss: Client, customer: Customer
) -> None:
    url = send(desk, customer, line_0_credits=LARGE)["Location"]
    page = boss.get(url)
    version, key = hidden(page, "version"), hidden(page, "form_key", 1)
    assert boss.post(f"{url}refuse/", {"form_key": key, "version": version}).status_code == 422
    boss.post(f"{url}refuse/", {"form_key": key, "version": version, "reason": "Too much"})

    assert "Too much" in text_of(desk.get(url))
    draft = PurchaseDraft.objects.get()
    again = send(
        desk, customer, line_0_credits=LARGE + 1, draft=draft.public_id, version=draft.version
    )

    draft.refresh_from_db()
    assert again["Location"] == url
    assert (draft.state, draft.credits) == (DraftState.WAITING, LARGE + 1)
    stale = {"form_key": hidden(boss.get(url), "form_key"), "version": version}
    assert boss.post(f"{url}confirm/", stale).status_code == 409
    assert not Purchase.objects.exists()


def test_the_submitter_cannot_confirm_by_hand(desk: Client, customer: Customer) -> None:
    url = send(desk, customer, line_0_credits=LARGE)["Location"]
    page = desk.get(url)

    answer = desk.post(f"{url}confirm/", {"form_key": hidden(page, "form_key"), "version": "1"})

    assert answer.status_code in (409, 422)
    assert not Purchase.objects.exists()


# Files.


def test_a_file_survives_a_form_that_is_refused(desk: Client, customer: Customer) -> None:
    chosen = SimpleUploadedFile("order.pdf", PDF)
    key = hidden(desk.get(entry_url(customer)), "form_key")
    refused = desk.post(entry_url(customer), {**typed(key, order_number=""), "files": chosen})
    assert refused.status_code == 422
    assert "order.pdf" in text_of(refused)

    desk.post(entry_url(customer), typed(key))

    assert PurchaseFile.objects.get().purchase == Purchase.objects.get()


def test_a_file_that_is_not_taken_keeps_what_was_typed(desk: Client, customer: Customer) -> None:
    chosen = SimpleUploadedFile("order.exe", b"MZ")
    key = hidden(desk.get(entry_url(customer)), "form_key")

    page = desk.post(entry_url(customer), {**typed(key, note="by phone"), "files": chosen})

    assert page.status_code == 422
    assert "order.exe is not kept" in text_of(page)
    assert 'value="by phone"' in page.content.decode()
    assert not Purchase.objects.exists()


def test_a_file_is_taken_back(desk: Client, customer: Customer) -> None:
    key = hidden(desk.get(entry_url(customer)), "form_key")
    chosen = SimpleUploadedFile("order.pdf", PDF)
    headers = {**HTMX, "HX-Target": "files"}
    page = desk.post(
        entry_url(customer), {**typed(key), "stage": "1", "files": chosen}, headers=headers
    )
    assert page.content.decode().lstrip().startswith("<div")

    desk.post(
        entry_url(customer),
        typed(key, drop=PurchaseFile.objects.get().public_id),
        headers=headers,
    )

    assert not PurchaseFile.objects.exists()
