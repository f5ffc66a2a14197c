from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from credits import clock
from credits.domain.allocations import Allocate, Release, Undo
from credits.domain.licenses import ExtendLicense, GrantLicenses, Lot, ReduceLicense, VoidLicense
from credits.domain.people import Invite
from credits.domain.post import post
from credits.domain.terms import term
from credits.models import AllocationGroup, Customer, Operation, Role, User
from tests.credits.views.pages import HTMX, form, forms, words
from tests.factories import credits as make

UNKNOWN = "0c9e7a52-6f1b-4f0e-9d57-3a8b1c2d4e5f"


def listing(client: Client, customer: Customer, query: str = "") -> str:
    response = client.get(f"/c/{customer.slug}/activity/{query}")
    assert response.status_code == 200
    return words(response)


def test_an_allocation_is_told_with_the_units_before_and_after(
    admin: Client, licensed: Customer, alice: User
) -> None:
    make.allocate(licensed, "endpoint-essentials", 300, group="endpoint-packages")
    make.allocate(
        licensed,
        "endpoint-essentials",
        310,
        group="endpoint-packages",
        actor=alice,
        reason="Ten new",
    )

    page = listing(admin, licensed)

    assert "Allocated Essentials package: 300 → 310 endpoints “Ten new” Alice Brandt" in page
    assert "24 Nov 2026, 10:20 UTC Allocated Essentials package" in page
    assert "- +650" in page


def test_a_smaller_number_is_told_as_lowered(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 1200)
    make.allocate(licensed, "email-core", 1)

    assert "Lowered Core package: 1,200 → 1 user " in listing(admin, licensed)


def test_stating_the_same_again_is_told_as_that(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 5)
    make.allocate(licensed, "email-core", 5)

    assert "Stated Core package again, unchanged" in listing(admin, licensed)


def test_switches_are_told_only_where_they_changed(
    admin: Client, licensed: Customer, allocate_bundle: Callable[[], None]
) -> None:
    allocate_bundle()
    for on in ({"ztsa-internet-access"}, {"ztsa-internet-access", "ztsa-ai-access"}):
        post(
            Allocate(
                customer=licensed,
                asked=make.asked(),
                group="ztsa-internet-ai",
                quantities={"units": Decimal(30)},
                on=frozenset(on),
            )
        )

    page = listing(admin, licensed)

    first = "Internet and AI Access: 0 → 20 users, Internet Access on, AI Secure Access on"
    assert f"Allocated {first}" in page
    assert "Internet and AI Access: 20 → 30 users, AI Secure Access off" in page
    assert "Allocated Internet and AI Access: AI Secure Access on" in page


def test_several_packages_and_accounts_are_told_each(admin: Client, licensed: Customer) -> None:
    for group, quantities in (
        ("endpoint-packages", {"endpoint-core": Decimal(10), "endpoint-pro": Decimal(2)}),
        ("cloud-risk", {"cloud-risk": {"lab": Decimal(501), "shop": Decimal(9000)}}),
        ("cloud-risk", {"cloud-risk": {"lab": Decimal(501)}}),
    ):
        post(
            Allocate(
                customer=licensed,
                asked=make.asked(confirmed_shortfall=10**9),
                group=group,
                quantities=quantities,
            )
        )

    page = listing(admin, licensed)

    assert "Endpoint packages: Core package 0 → 10 endpoints, Pro package 0 → 2 endpoints" in page
    assert "Allocated Cloud accounts: 0 → 9,501 resources in 2 accounts" in page
    assert "Lowered Cloud accounts: 9,501 → 501 resources in 1 account" in page


def test_licenses_are_told_with_their_terms(admin: Client, customer: Customer) -> None:
    first, last = term(date(2026, 4, 1), date(2027, 3, 31))
    lot = Lot(credits=15_000, starts_at=first, ends_at=last)
    answer = post(
        GrantLicenses(customer=customer, asked=make.asked(), lots=[lot], subject="sales SO-1042 B")
    )
    license = customer.licenses.get(public_id=answer.data["licenses"][0])
    day_after = term(date(2027, 4, 1), date(2027, 4, 1))[1]
    renewal = Lot(credits=9_000, starts_at=last, ends_at=day_after, renews=license)
    extended = term(date(2026, 4, 1), date(2027, 6, 30))[1]
    for command in (
        GrantLicenses(customer=customer, asked=make.asked(), lots=[renewal]),
        ExtendLicense(customer=customer, asked=make.asked(), license=license, ends_at=extended),
        ReduceLicense(customer=customer, asked=make.asked(), license=license, credits=12_000),
        VoidLicense(customer=customer, asked=make.asked(), license=license),
    ):
        post(command)

    page = listing(admin, customer)

    label, newer = license.label, customer.licenses.get(renews=license).label
    terms = "15,000 credits, 1 Apr 2026 to 31 Mar 2027"
    assert f"Granted {label}: {terms} (sales order SO-1042 B)" in page
    assert f"Granted {newer}: 9,000 credits, 1 Apr 2027 to 1 Apr 2027, renews {label}" in page
    assert f"Extended {label} to 30 Jun 2027" in page
    assert f"Reduced {label} to 12,000 credits" in page
    assert f"Voided {label}" in page
    assert "+15,000 from 1 Apr 2026" in page
    assert "+9,000 from 1 Apr 2027" in page


def test_releases_undos_and_members_are_told(admin: Client, licensed: Customer) -> None:
    act = make.allocate(licensed, "email-core", 5).operation
    feature = AllocationGroup.objects.get(key="email-core").features.get()
    for command in (
        Undo(customer=licensed, asked=make.asked(), operation=act.public_id),
        Release(customer=licensed, asked=make.asked(), group="email-core", features=[feature]),
        Invite(
            customer=licensed,
            asked=make.asked(),
            email="dora@example.org",
            name="Dora Lind",
            role=Role.VIEWER,
        ),
    ):
        post(command)

    page = listing(admin, licensed)

    assert "Undid: Allocated Core package: 0 → 5 users System" in page
    assert "Allocated Core package: 0 → 5 users undone" in page
    assert "Released Core package" in page
    assert "Made Dora Lind a member: viewer" in page


def test_after_an_undo_the_next_act_starts_from_what_stood(
    admin: Client, licensed: Customer
) -> None:
    make.allocate(licensed, "email-core", 5)
    act = make.allocate(licensed, "email-core", 8).operation
    post(Undo(customer=licensed, asked=make.asked(), operation=act.public_id))
    make.allocate(licensed, "email-core", 20)

    page = listing(admin, licensed)

    assert "Allocated Core package: 5 → 20 users" in page
    assert "Undid: Allocated Core package: 5 → 8 users" in page


def test_who_asked_for_whom_and_through_what(
    admin: Client, licensed: Customer, alice: User, bob: User
) -> None:
    make.allocate(licensed, "email-core", 5, actor=alice, on_behalf_of=bob, source="admin")
    make.allocate(licensed, "email-core", 6, source="night-shift")

    page = listing(admin, licensed)

    assert "Alice Brandt, by Support, for Bob Nygaard Support desk" in page
    assert "System Night shift" in page


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("?kind=grant", "Granted L-201", "Core package"),
        ("?kind=allocate", "Core package", "Granted L-201"),
        ("?q=core+package", "Core package", "Granted L-201"),
        ("?q=branch", "Branch offices", "Granted L-201"),
        ("?q=brandt", "Branch offices", "Granted L-201"),
        ("?person=system", "Granted L-201", "Branch offices"),
        ("?q=nothing-like-it", "No operation matches", "Granted L-201"),
    ],
)
def test_the_filter_is_in_the_address(
    admin: Client, licensed: Customer, alice: User, query: str, there: str, gone: str
) -> None:
    make.allocate(licensed, "email-core", 5, actor=alice, reason="Branch offices")

    page = listing(admin, licensed, query)

    assert there in page
    assert gone not in page.partition("Person: any")[2]


def test_it_can_be_filtered_by_a_person(admin: Client, licensed: Customer, alice: User) -> None:
    make.allocate(licensed, "email-core", 5, actor=alice)
    make.allocate(licensed, "email-sensor", 5)

    page = listing(admin, licensed, f"?person={alice.public_id}")

    assert "Core package: 0 → 5" in page
    assert "Email Sensor: 0 → 5" not in page


@pytest.mark.parametrize(
    "query",
    [
        "?kind=x",
        "?person=x",
        f"?person={UNKNOWN}",
        "?before=x",
        "?after=-1",
        f"?before={10**14}",
    ],
)
def test_what_means_nothing_in_the_address_is_left_out(
    admin: Client, licensed: Customer, query: str
) -> None:
    assert "Granted L-201" in listing(admin, licensed, query)


def test_pages_go_on_by_position(admin: Client, licensed: Customer) -> None:
    for units in range(1, 121):
        make.allocate(licensed, "email-core", units)

    seen: list[str] = []
    url = f"/c/{licensed.slug}/activity/?kind=allocate"
    while url:
        response = admin.get(url, headers=HTMX)
        rows = response.content.decode()
        seen += [line for line in words(response).split("Undo") if "Core package" in line]
        _before, _rel, link = rows.partition('rel="next"')
        head = rows[: len(_before)].rpartition('href="')[2] if link else ""
        url = head.partition('"')[0].replace("&amp;", "&")

    assert len(seen) == 120
    assert "119 → 120 users" in seen[0]
    assert "0 → 1 user" in seen[-1]


def test_one_can_go_back_to_newer_ones(admin: Client, licensed: Customer) -> None:
    for units in range(1, 61):
        make.allocate(licensed, "email-core", units)
    newest = Operation.objects.filter(customer=licensed).latest("position").position

    older = listing(admin, licensed, f"?before={newest - 49}")
    newer = listing(admin, licensed, f"?after={newest - 50}")

    assert "9 → 10 users" in older
    assert "10 → 11 users" not in older
    assert "10 → 11 users" in newer
    assert "59 → 60 users" in newer
    assert "Newest" in older
    assert "Newest" not in newer


def test_undo_is_offered_where_it_is_allowed(
    admin: Client, licensed: Customer, bob: User, client_of: Callable[[User], Client]
) -> None:
    act = make.allocate(licensed, "email-core", 5).operation
    other = make.allocate(licensed, "email-sensor", 5).operation
    post(Undo(customer=licensed, asked=make.asked(), operation=other.public_id))
    url = f"/c/{licensed.slug}/activity/"

    offered = [f for f in forms(admin.get(url)) if "/allocate/undo/" in f.action]

    assert len(offered) == 1
    assert str(act.public_id) in offered[0].action
    assert not [f for f in forms(client_of(bob).get(url)) if "/undo/" in f.action]


def test_undo_comes_back_to_the_page(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 5)
    url = f"/c/{licensed.slug}/activity/"

    sent = form(admin.get(url), action="/allocate/undo/")
    response = admin.post(sent.action, sent.fields)

    assert response.status_code == 303
    assert response["Location"] == url
    assert "Undid: Allocated Core package: 0 → 5 users. " in words(admin.get(url))


def test_an_operation_has_a_page_with_its_rows(
    admin: Client, licensed: Customer, alice: User
) -> None:
    act = make.allocate(licensed, "email-core", 120, actor=alice, reason="Branch").operation

    page = words(admin.get(f"/c/{licensed.slug}/activity/{act.public_id}/"))

    assert "Who Alice Brandt" in page
    assert "Note Branch" in page
    assert "Core package 120 users" in page
    assert "Core package Allocated +3,000 24 Nov 2026, 10:20 UTC" in page
    assert str(act.public_id) in page


def test_an_operation_that_booked_nothing_says_so(admin: Client, licensed: Customer) -> None:
    act = make.allocate(licensed, "collaboration-sensor", 120).operation

    page = words(admin.get(f"/c/{licensed.slug}/activity/{act.public_id}/"))

    assert "It changed no credits, so nothing was booked." in page


def test_an_undo_and_what_it_undid_lead_to_each_other(admin: Client, licensed: Customer) -> None:
    act = make.allocate(licensed, "email-core", 5).operation
    undo = post(Undo(customer=licensed, asked=make.asked(), operation=act.public_id)).operation
    path = f"/c/{licensed.slug}/activity/"

    undone = admin.get(f"{path}{act.public_id}/").content.decode()
    undoing = admin.get(f"{path}{undo.public_id}/").content.decode()

    assert f'href="{path}{undo.public_id}/"' in undone
    assert f'href="{path}{act.public_id}/"' in undoing


def test_operations_of_others_are_not_found(
    admin: Client, licensed: Customer, other_customer: Customer
) -> None:
    theirs = make.allocate(other_customer, "email-core", 5).operation

    for operation in (theirs.public_id, uuid4()):
        response = admin.get(f"/c/{licensed.slug}/activity/{operation}/")
        assert response.status_code == 404


def test_an_empty_history_says_what_will_be_here(
    alice: User, client_of: Callable[[User], Client]
) -> None:
    with clock.moved_to(datetime(2026, 1, 1, tzinfo=UTC)):
        fresh = make.make_customer()
    fresh.memberships.create(user=alice, role=Role.ADMIN)

    assert "Nothing has happened yet" in listing(client_of(alice), fresh)
