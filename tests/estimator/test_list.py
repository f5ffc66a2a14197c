"""The list of saved estimates."""

from __future__ import annotations

from credits import clock
from credits.models import Customer, User
from estimator.models import Estimate
from tests.estimator.handing import confirm, hand, plan
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    body,
    list_url,
    new_url,
    save,
    words,
)
from tests.estimator.sharing import revoked, shared
from tests.factories import credits as make


def test_an_empty_list_says_what_to_do(customer: Customer, alice: User, client_of: LogIn) -> None:
    page = client_of(alice).get(list_url(customer))

    assert "No estimate yet" in words(page)
    assert f'href="{new_url(customer)}"' in body(page)


def test_the_list_is_sorted_by_any_column(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    save(client, new_url(estimate.customer), {ESSENTIALS: "1"}, name="Zoo", years="2")
    rising_puts_zoo_last = {"name": True, "number": True, "years": True, "level": False}

    for column in ("name", "number", "years", "version", "level", "updated_at", "updated_by"):
        for falling in ("", "-"):
            url = f"{list_url(estimate.customer)}?sort={falling}{column}"
            page = client.get(url)
            part = client.get(url, headers={"HX-Request": "true", "HX-Target": "table"})

            assert page.status_code == part.status_code == 200
            assert "<html" not in body(part)
            assert "Sorted by" in part["HX-Trigger"]
            if column in rising_puts_zoo_last:
                zoo_last = body(page).index("Zoo") > body(page).index(">Plan 2027<")
                assert zoo_last == (rising_puts_zoo_last[column] != bool(falling))


def test_the_list_is_searched_by_name_and_number(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    save(client, new_url(estimate.customer), {ESSENTIALS: "1"}, name="Zoo")

    found = {
        text: [name for name in ("Plan 2027", "Zoo") if f">{name}</a>" in body(page)]
        for text in ("zo", "plan", "E-2", "2", "nothing")
        if (page := client.get(list_url(estimate.customer), {"q": text}))
    }

    assert found == {
        "zo": ["Zoo"],
        "plan": ["Plan 2027"],
        "E-2": ["Zoo"],
        "2": ["Plan 2027", "Zoo"],
        "nothing": [],
    }
    empty = client.get(list_url(estimate.customer), {"q": "<nothing>"})
    assert "No estimate holds “<nothing>”" in words(empty)
    assert "<nothing>" not in empty.content.decode()


def test_the_list_says_how_each_stands(
    estimate: Estimate, alice: User, rep: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    make.assign_rep(estimate.customer, rep)
    link = shared(estimate, alice)
    is_shared = words(client.get(list_url(estimate.customer)))
    found = hand(plan(estimate.customer, alice), alice)
    waits = words(client.get(list_url(estimate.customer)))
    confirm(found, rep)
    bought = words(client.get(list_url(estimate.customer)))

    revoked(link)
    revoked_since = words(client.get(list_url(estimate.customer)))

    assert "Plan 2027 E-1 19,000 1 1 Shared" in is_shared
    assert "Shared" not in revoked_since
    assert "Plan 2027 E-2 700 1 1 Waits for sales" in waits
    assert "Plan 2027 E-2 700 1 1 Purchased" in bought


def test_the_list_is_paged(customer: Customer, alice: User, client_of: LogIn) -> None:
    now = clock.now()
    Estimate.objects.bulk_create(
        Estimate(
            customer=customer,
            number=n,
            name=f"Plan {n:03}",
            created_by=alice,
            updated_by=alice,
            created_at=now,
            updated_at=now,
        )
        for n in range(1, 61)
    )

    pages = [client_of(alice).get(f"{list_url(customer)}?page={n}") for n in (1, 2, 99)]

    found = [{f"Plan {n:03}" for n in range(1, 61) if f"Plan {n:03}" in body(p)} for p in pages]
    assert [len(names) for names in found] == [50, 10, 10]
    assert found[0].isdisjoint(found[1])


def test_the_first_view_is_light(customer: Customer, alice: User, client_of: LogIn) -> None:
    page = client_of(alice).get(new_url(customer))

    assert len(page.content) < 60_000
    assert "style=" not in body(page)
    assert "onclick=" not in body(page)
