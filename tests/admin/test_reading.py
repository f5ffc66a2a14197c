"""Records read as stories, link to each other, and cannot be changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from billing.domain.purchases import record_purchase
from billing.domain.requests import AnswerRequest, answer_request
from credits import clock
from credits.models import FeatureRate, LedgerEntry, Membership, User
from tests.access.probing import stored
from tests.access.world import World, order
from tests.admin.pages import links_of, text_of
from tests.factories import credits as make

INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", re.I)
ENOUGH = 150
RIGHTS = {"is_superuser", "is_staff", "groups", "user_permissions", "password", "is_active"}


@pytest.fixture
def desk(world: World) -> Client:
    return world.client("support")


def page_of(record: Any) -> str:
    return reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk]
    )


def crawled(client: Client, start: str) -> dict[str, Any]:
    """Pages of the admin reached from one, a list only as it stands, each path once."""
    pages: dict[str, Any] = {}
    waiting = [start]
    while waiting and len(pages) < ENOUGH:
        url = waiting.pop(0)
        if url in pages:
            continue
        pages[url] = client.get(url)
        fresh = [one for one in links_of(pages[url]) if one.startswith("/admin/")]
        waiting += [one for one in fresh if "?" not in one or "__id__exact" in one]
    return pages


def test_a_customers_page_tells_its_story(world: World, desk: Client) -> None:
    told = text_of(desk.get(page_of(world.own.customer)))

    for words in (
        "Balance now",
        "Valid 52,000 1 license",
        "Allocated 2,170 1 feature",
        "Balance 49,830",
        "Alice Brandt alice@example.org Admin",
        "Rina Holm rep@vendor.example",
        "L-201 Bought 52,000",
        "halden-SO-1 Sales representative 52,000 Confirmed",
        "halden roll-out",
        "halden on the phone",
    ):
        assert words in told
    assert "orealis" not in told


def test_a_customers_purchases_stand_newest_first(world: World, desk: Client) -> None:
    later = order("later", clock.day_of(clock.now()))
    record_purchase(world.own.customer, later, make.asked())

    told = text_of(desk.get(page_of(world.own.customer)))

    assert told.index("later-SO-1 Sales") < told.index("halden-SO-1 Sales")


def test_records_link_to_each_other_and_to_the_portal(world: World, desk: Client) -> None:
    own, alice = world.own, world.people["admin"]
    assert alice is not None
    entry = LedgerEntry.objects.get(operation=own.operation)
    portal = reverse("billing:annual-credits", kwargs={"slug": own.customer.slug})
    linked: dict[Any, list[Any]] = {
        own.customer: [own.license, own.purchase, own.operation, alice],
        own.license: [own.customer, own.purchase],
        own.purchase: [own.customer, own.license],
        own.operation: [own.customer, entry, alice],
        entry: [own.customer, own.operation],
        alice: [own.customer, own.operation],
    }

    for record, others in linked.items():
        links = links_of(desk.get(page_of(record)))
        assert {page_of(other) for other in others} <= set(links), record
        assert portal in links or record == alice


def test_every_link_of_the_desk_leads_somewhere(world: World, desk: Client) -> None:
    pages = crawled(desk, reverse("admin:index"))

    assert {url: page.status_code for url, page in pages.items() if page.status_code != 200} == {}
    assert len(pages) > 60


def test_no_page_of_the_desk_needs_what_the_content_policy_forbids(
    world: World, desk: Client
) -> None:
    pages = crawled(desk, reverse("admin:index"))
    pages |= {url: desk.get(url) for url in ("/admin/password_change/", "/admin/no/")}

    found = {url: INLINE.findall(page.content.decode()) for url, page in pages.items()}

    assert {url: inline for url, inline in found.items() if inline} == {}


@pytest.mark.parametrize("who", ["support", "root"])
def test_no_record_can_be_added_changed_or_deleted(world: World, who: str) -> None:
    client = world.client(who)
    before = stored()

    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        assert row is not None, model
        assert page.actions is None
        assert not page.list_editable
        change = reverse(f"{name}_change", args=[row.pk])
        assert client.post(change, {"name": "other", "_save": "1"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": row.pk}
        client.post(reverse(f"{name}_changelist"), chosen)
        for gone in ("delete", "history"):
            with pytest.raises(NoReverseMatch):
                reverse(f"{name}_{gone}", args=[row.pk])
            assert client.post(f"{change.removesuffix('change/')}{gone}/").status_code == 404

    assert stored() == before


@pytest.mark.parametrize("who", ["support", "root"])
def test_no_form_of_the_desk_takes_rights(world: World, who: str) -> None:
    client = world.client(who)
    urls = [reverse(f"admin:credits_{name}_add") for name in ("user", "membership", "customer")]
    urls += [page_of(user) for user in User.objects.all()]

    for url in urls:
        fields = set(re.findall(r'name="([^"]+)"', client.get(url).content.decode()))
        assert not fields & RIGHTS, url


def test_passwords_and_sessions_are_on_no_page(world: World, desk: Client) -> None:
    for user in User.objects.all():
        assert user.password not in desk.get(page_of(user)).content.decode()


@pytest.mark.parametrize("wrong", ["0", "999999", "x", "²", "9" * 5_000, "-1", "1.5", "_5F"])
def test_a_record_that_does_not_exist_is_absent(desk: Client, wrong: str) -> None:
    url = reverse("admin:credits_customer_changelist") + f"{wrong}/change/"

    assert desk.get(url).status_code == 404


def test_a_list_says_by_what_it_is_narrowed(world: World, desk: Client) -> None:
    url = reverse("admin:credits_license_changelist")

    narrowed = text_of(desk.get(url, {"customer__id__exact": world.own.customer.pk}))

    assert "Customer: Halden Energy Show all" in narrowed


def test_the_desk_is_told_from_the_portal(world: World, desk: Client) -> None:
    page = desk.get(reverse("admin:index")).content.decode()

    assert "<title>Find a record · Support desk</title>" in page
    assert "css/admin.css" in page
    assert "css/portal.css" not in page
    assert "Recent actions" not in page


def test_whoever_is_not_logged_in_comes_by_the_portals_log_in(world: World, client: Client) -> None:
    url = page_of(world.own.customer)
    login = reverse("credits:login")

    assert client.get(url)["Location"] == f"{login}?next={url}"
    assert client.get("/admin/login/", {"next": url})["Location"] == f"{login}?next={url}"
    assert client.get("/admin/login/")["Location"] == f"{login}?next=/admin/"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302
    sent = client.get(url, headers={"HX-Request": "true"})
    assert (sent.status_code, sent["HX-Redirect"]) == (204, f"{login}?next={url}")


def test_log_out_ends_at_the_portals_log_in(world: World, desk: Client) -> None:
    assert desk.post(reverse("admin:logout"))["Location"] == reverse("credits:login")
    assert desk.get(reverse("admin:index"))["Location"].startswith(reverse("credits:login"))


def test_a_superuser_reads_everything_and_is_offered_no_portal_page(world: World) -> None:
    root = world.client("root")
    links = links_of(root.get(page_of(world.own.customer)))

    assert not [link for link in links if link.startswith("/c/")]


def test_catalogue_managers_and_operators_read_the_catalogue_alone(world: World) -> None:
    rate = FeatureRate.objects.order_by("pk").first()
    member = Membership.objects.order_by("pk").first()

    for who in ("operator", "catalogue"):
        client = world.client(who)
        assert "Feature rates" in text_of(client.get(reverse("admin:index")))
        assert "Customers" not in text_of(client.get(reverse("admin:index")))
        assert client.get(page_of(rate)).status_code == 200
        assert client.get(page_of(member)).status_code == 403
        assert "Halden" not in text_of(client.get(reverse("admin:index"), {"q": "halden"})).split(
            "narrow it"
        )[1].replace("Halden L-2.", "")


def test_a_request_for_credits_reads_as_a_story_with_links(world: World, desk: Client) -> None:
    found, rep = world.own.request, world.people["rep"]
    ask = make.asked(actor=rep, reason="A quote follows.")
    answer_request(AnswerRequest(customer=found.customer, asked=ask, public_id=found.public_id))
    found.refresh_from_db()

    page = desk.get(page_of(found))

    told, links = text_of(page), links_of(page)
    asked, answered = "Asked for 5,400 credits", "Answered by sales. A quote follows. Rina Holm"
    assert told.index(asked) < told.index(answered)
    assert "halden grows" in told
    own = [found.customer, found.asked_by, found.operation, found.answer]
    assert {page_of(record) for record in own} <= set(links)
    kwargs = {"slug": found.customer.slug, "public_id": found.public_id}
    assert reverse("billing:request-detail", kwargs=kwargs) in links
    assert page_of(found) in links_of(desk.get(page_of(found.customer)))


def test_a_purchase_names_the_request_it_was_entered_for(world: World, desk: Client) -> None:
    later = replace(order("later", clock.day_of(clock.now())), settles=world.own.request.public_id)
    purchase = record_purchase(world.own.customer, later, make.asked())

    assert page_of(world.own.request) in links_of(desk.get(page_of(purchase)))
    assert "without a request" in text_of(desk.get(page_of(world.own.purchase)))
    assert page_of(purchase) in links_of(desk.get(page_of(world.own.request)))
