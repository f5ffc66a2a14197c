"""Support finds customers, licenses, purchases, operations and ledger rows in two searches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits import clock
from credits.domain.boundaries import boundary_at
from credits.domain.commands import Answer
from credits.domain.figures import standing
from credits.domain.overview import with_figures
from credits.domain.people import CreateCustomer
from credits.domain.post import post_office
from credits.models import Customer, LedgerEntry, License, Operation, User
from tests.access.world import FEATURE, World
from tests.admin.pages import links_of, text_of
from tests.factories import credits as make

INDEX = reverse("admin:index")
LEDGER = reverse("admin:credits_ledgerentry_changelist")
OPERATIONS = reverse("admin:credits_operation_changelist")


@pytest.fixture
def desk(world: World) -> Client:
    return world.client("support")


def found_by(desk: Client, *words: str) -> list[str]:
    return links_of(desk.get(INDEX, {"q": " ".join(words)}))


def page_of(record: Any) -> str:
    return reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk]
    )


@pytest.mark.parametrize(
    "words",
    [
        "Halden",
        "halden energy",
        "{0.customer.label}",
        "{0.customer.slug}",
        "{0.customer.public_id}",
    ],
)
def test_a_customer_is_found_by_what_people_call_it(world: World, desk: Client, words: str) -> None:
    found = found_by(desk, words.format(world.own))

    assert page_of(world.own.customer) in found
    assert page_of(world.other.customer) not in found


def test_a_customer_is_found_by_its_mail_domain_and_by_a_members_address(
    world: World, desk: Client
) -> None:
    Customer.objects.filter(pk=world.own.customer.pk).update(domain="halden.example")

    for words in ("halden.example", "new@halden.example", "alice@example.org"):
        assert page_of(world.own.customer) in found_by(desk, words)


def test_orders_licenses_people_and_operations_are_found_in_one_search(
    world: World, desk: Client
) -> None:
    own, alice = world.own, world.people["admin"]

    assert page_of(own.purchase) in found_by(desk, "halden-so-1")
    assert page_of(own.license) in found_by(desk, own.license.label)
    assert page_of(alice) in found_by(desk, "alice@example.org")
    assert page_of(own.operation) in found_by(desk, str(own.operation.public_id))


def test_all_words_of_a_search_must_be_found(world: World, desk: Client) -> None:
    found = found_by(desk, "Halden", world.own.license.label)

    assert page_of(world.own.license) in found
    assert page_of(world.other.license) not in found
    assert "Nothing is called" in text_of(desk.get(INDEX, {"q": "Halden nobody-has-this"}))


def test_the_second_search_reaches_the_ledger_rows_of_a_customer(
    world: World, desk: Client
) -> None:
    own = world.own.customer
    story = desk.get(page_of(own))
    (ledger,) = [url for url in links_of(story) if url == f"{LEDGER}?customer__id__exact={own.pk}"]

    listed = text_of(desk.get(ledger))

    assert "+2,170" in listed
    assert "+52,000" in listed
    assert "Borealis" not in listed
    assert "+2,170" in text_of(desk.get(LEDGER, {"q": own.name}))


@pytest.mark.parametrize("words", [FEATURE, "L-201", "{0.operation.public_id}"])
def test_ledger_rows_are_found_by_feature_license_and_operation(
    world: World, desk: Client, words: str
) -> None:
    rows = text_of(desk.get(LEDGER, {"q": f"{words.format(world.own)} {world.own.customer.label}"}))

    assert "Halden Energy" in rows
    assert "Borealis" not in rows


@pytest.mark.parametrize("words", ["allocate", "alice@example.org", "test", "halden", "{0.key}"])
def test_operations_are_found_by_kind_person_source_customer_and_key(
    world: World, desk: Client, words: str
) -> None:
    rows = desk.get(OPERATIONS, {"q": words.format(world.own.operation)})

    assert page_of(world.own.operation) in links_of(rows)


def test_the_ledger_is_paged_by_key_without_a_count_at_any_depth(
    world: World, desk: Client, allocate: Callable[..., Answer]
) -> None:
    own = world.own.customer
    for units in range(60):
        allocate(own, FEATURE, 400 + units)
    url, seen, queries = f"{LEDGER}?customer__id__exact={own.pk}", [], []
    while url:
        with CaptureQueriesContext(
            connection,
        ) as made:
            page = desk.get(url)
        seen += [entry.seq for entry in page.context["cl"].result_list]
        queries.append(len(made))
        assert not [q for q in made if "COUNT(" in q["sql"] and "ledgerentry" in q["sql"]]
        older = page.context["cl"].older_url
        url = LEDGER + older if older else ""

    total = LedgerEntry.objects.filter(customer=own).count()
    assert seen == list(range(total, 0, -1))
    assert len(queries) > 1
    assert len(set(queries)) == 1


def test_the_whole_ledger_is_paged_the_same_way(world: World, desk: Client) -> None:
    newest = LedgerEntry.objects.order_by("-pk").first()
    assert newest is not None

    page = desk.get(LEDGER, {"before": newest.pk})

    keys = [entry.pk for entry in page.context["cl"].result_list]
    assert keys == sorted(keys, reverse=True)
    assert max(keys) < newest.pk


LISTS = [
    reverse(f"admin:{name}_changelist")
    for name in (
        "credits_customer",
        "credits_membership",
        "credits_assignment",
        "credits_user",
        "credits_license",
        "credits_operation",
        "credits_ledgerentry",
        "credits_usagereport",
        "credits_featurechoice",
        "billing_purchase",
        "estimator_estimate",
    )
]


@pytest.mark.parametrize("url", LISTS)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    world: World, desk: Client, url: str, alice: User, rep: User
) -> None:
    few = queries_of(desk, url)
    for number in range(8):
        answer = post_office(CreateCustomer(asked=make.asked(), name=f"Customer {number}"))
        customer = Customer.objects.get(public_id=answer.data["customer"])
        make.make_member(customer, alice, "viewer")
        make.assign_rep(customer, rep)
        make.grant(customer, 5_000, date(2026, 1, 1), date(2036, 1, 1))
        make.allocate(customer, FEATURE, 10, actor=alice, reason="Why")

    assert queries_of(desk, url) == few


def queries_of(desk: Client, url: str) -> int:
    desk.get(url)
    with CaptureQueriesContext(connection) as made:
        assert desk.get(url).status_code == 200
    return len(made)


@pytest.mark.parametrize("url", LISTS)
def test_every_filter_and_every_sortable_column_of_a_list_works(
    world: World, desk: Client, url: str
) -> None:
    page = desk.get(url)
    columns = [f"?o={sign}{place}" for place in range(10) for sign in ("", "-")]
    narrowed = [link for link in links_of(page) if link.startswith(f"{url}?")]

    for link in [*narrowed, *(url + column for column in columns)]:
        assert desk.get(link).status_code == 200, link


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("credits_user", "password__startswith=p"),
        ("credits_user", "is_superuser__exact=1"),
        ("credits_user", "memberships__customer__name=x"),
        ("credits_membership", "user__password__startswith=p"),
        ("credits_operation", "actor__password__regex=."),
        ("credits_operation", "key__startswith=a"),
        ("credits_ledgerentry", "customer__name__contains=a"),
        ("billing_purchase", "entered_by__password__gt=a"),
    ],
)
def test_a_list_is_narrowed_only_by_what_it_offers(desk: Client, name: str, query: str) -> None:
    assert desk.get(f"{reverse(f'admin:{name}_changelist')}?{query}").status_code == 400


def test_figures_of_the_list_are_the_figures_of_the_books(
    world: World, at: Callable[..., Any], grant: Callable[..., License]
) -> None:
    own, today = world.own.customer, clock.day_of(clock.now())
    grant(own, 700, today + timedelta(days=10), today + timedelta(days=20))

    for days in (0, 11, 21, 400):
        now = clock.now() + timedelta(days=days)
        with at(now):
            live = standing(own, now=now, boundary=boundary_at(now)).live.figure
            row: Any = with_figures(Customer.objects.all(), now).get(pk=own.pk)

        assert (row.valid, row.allocated, row.balance) == (
            live.valid,
            live.allocated,
            live.balance,
        )


def test_customers_are_narrowed_to_those_that_are_short(
    world: World, desk: Client, allocate: Callable[..., Answer]
) -> None:
    allocate(world.own.customer, FEATURE, 20_000)
    url = reverse("admin:credits_customer_changelist")

    short = [row.pk for row in desk.get(url, {"state": "short"}).context["cl"].result_list]
    covered = [row.pk for row in desk.get(url, {"state": "covered"}).context["cl"].result_list]

    assert short == [world.own.customer.pk]
    assert covered == [world.other.customer.pk]


@pytest.mark.parametrize(("days", "state"), [(-40, "future"), (0, "valid"), (201, "ended")])
def test_licenses_are_narrowed_by_what_they_are_today(
    world: World, desk: Client, at: Callable[..., Any], days: int, state: str
) -> None:
    url = reverse("admin:credits_license_changelist")
    with at(clock.now() + timedelta(days=days)):
        page = desk.get(url, {"state": state, "q": "halden"})
        row = text_of(page)

    assert world.own.license in page.context["cl"].result_list
    assert f" {state} " in row


def test_operations_are_narrowed_by_kind_and_source(world: World, desk: Client) -> None:
    page = desk.get(OPERATIONS, {"kind": "release"})

    assert {row.kind for row in page.context["cl"].result_list} == {"release"}
    assert not desk.get(OPERATIONS, {"source": "portal"}).context["cl"].result_list
    assert Operation.objects.filter(kind="release").count() == 2
