"""Sending the drawer: allocate, release, confirm, refuse, repeat, and two tabs at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, LedgerEntry, Operation, OverAllocation, User
from tests.credits.views.pages import HTMX, drawer, form, send, words
from tests.factories import credits as make


def balance(customer: Customer) -> int:
    """The balance in the books, from the ledger's rows."""
    rows = LedgerEntry.objects.filter(customer=customer)
    now = Operation.objects.filter(customer=customer).latest("position").recorded_at
    sums = dict.fromkeys(("valid", "allocated"), 0)
    for row in rows.filter(effective_at__lte=now):
        sums[row.side] += row.credits
    return sums["valid"] - sums["allocated"]


def after(client: Client, response: Any) -> str:
    """The page one is sent to."""
    assert response.status_code == 303
    return words(client.get(response["Location"]))


def written(customer: Customer) -> int:
    return Operation.objects.filter(customer=customer).count()


def test_allocating_says_what_it_made_of_the_credits(admin: Client, licensed: Customer) -> None:
    response = send(admin, drawer(admin, licensed.slug, "email-core"), q__email_core="120")

    page = after(admin, response)
    assert "Core package: 0 → 3,000 credits (+3,000)." in page
    assert "Annual credits shows it from 13:00 UTC." in page
    assert "Balance, live 12,000 " in page


def test_lowering_says_what_came_back(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 120)

    response = send(admin, drawer(admin, licensed.slug, "email-core"), q__email_core="20")

    assert "Core package: 3,000 → 500 credits (-2,500)." in after(admin, response)
    assert balance(licensed) == 14_500


def test_zero_is_zero_credits(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 120)

    response = send(admin, drawer(admin, licensed.slug, "email-core"), q__email_core="0")

    assert "Core package: 3,000 → 0 credits (-3,000)." in after(admin, response)


def test_htmx_is_told_to_fetch_the_list(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core")

    response = send(admin, sent, htmx=True, q__email_core="120")

    assert response.status_code == 200
    assert f'"path": "/c/{licensed.slug}/allocate/"' in response["HX-Location"]
    assert balance(licensed) == 12_000


def test_the_message_offers_an_undo_that_works(admin: Client, licensed: Customer) -> None:
    response = send(admin, drawer(admin, licensed.slug, "email-core"), q__email_core="120")
    page = admin.get(response["Location"])

    undone = send(admin, form(page, action="/allocate/undo/"))

    assert "Undid: Allocated Core package: 0 → 120 users." in after(admin, undone)
    assert balance(licensed) == 15_000


def test_releasing_returns_all_credits_at_once(admin: Client, licensed: Customer) -> None:
    make.allocate(licensed, "email-core", 120)

    response = send(admin, drawer(admin, licensed.slug, "email-core"), act="release")

    assert "Core package: released." in after(admin, response)
    assert balance(licensed) == 15_000


def test_releasing_a_bundle_switches_its_parts_off(
    admin: Client, licensed: Customer, allocate_bundle: Callable[[], None]
) -> None:
    allocate_bundle()

    response = send(admin, drawer(admin, licensed.slug, "ztsa-internet-ai"), act="release")

    after(admin, response)
    assert balance(licensed) == 15_000
    assert not [f for f in drawer(admin, licensed.slug, "ztsa-internet-ai").fields if "on." in f]


def test_there_may_be_nothing_to_release(admin: Client, licensed: Customer) -> None:
    before = written(licensed)

    response = send(admin, drawer(admin, licensed.slug, "email-core"), act="release")

    assert response.status_code == 422
    assert "There is nothing here to release." in words(response)
    assert written(licensed) == before


def test_a_note_is_kept_with_the_act(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core")

    send(admin, sent, q__email_core="120", note="  For the branch offices  ")

    newest = Operation.objects.filter(customer=licensed).latest("position")
    assert newest.note.text == "For the branch offices"
    assert newest.actor is not None
    assert newest.actor.email == "alice@example.org"


def test_the_shared_number_and_the_switches_are_one_act(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "ztsa-internet-ai")
    switches = {"on.ztsa-internet-access": "on", "on.ztsa-ai-access": "on"}

    response = admin.post(sent.action, sent.fields | switches | {"units": "20"})

    assert "Internet and AI Access: 0 → 1,700 credits (+1,700)." in after(admin, response)


def test_below_zero_it_asks_first_and_keeps_what_was_typed(
    admin: Client, licensed: Customer
) -> None:
    before = written(licensed)
    sent = drawer(admin, licensed.slug, "email-core")

    refused = send(admin, sent, q__email_core="700", note="Spring")

    again = form(refused, action="/allocate/email-core/")
    assert refused.status_code == 422
    assert "This takes the balance to -2,500 credits." in words(refused)
    assert "Allocate 17,500 credits, -2,500 short" in words(refused)
    assert 'name="confirmed_shortfall" value="2500"' in refused.content.decode()
    assert (again.fields["q.email-core"], again.fields["note"]) == ("700", "Spring")
    assert again.fields["form_key"] == sent.fields["form_key"]
    assert written(licensed) == before

    confirmed = admin.post(again.action, again.fields | {"confirmed_shortfall": "2500"})

    assert "Balance, live -2,500 short" in after(admin, confirmed)


def test_a_larger_shortfall_than_was_confirmed_asks_again(
    admin: Client, licensed: Customer
) -> None:
    sent = drawer(admin, licensed.slug, "email-core")
    make.allocate(licensed, "email-sensor", 100)

    response = send(admin, sent, q__email_core="700", confirmed_shortfall="2500")

    assert response.status_code == 422
    assert "This takes the balance to -3,000 credits." in words(response)
    assert 'value="3000"' in response.content.decode()
    assert 'value="3000" checked' not in response.content.decode()


@pytest.mark.parametrize("confirmed", ["-1", "2_500", "1e9", "NaN", "٢٥٠٠", "9" * 40])
def test_a_confirmation_that_is_no_number_confirms_nothing(
    admin: Client, licensed: Customer, confirmed: str
) -> None:
    before = written(licensed)
    sent = drawer(admin, licensed.slug, "email-core").filled(q__email_core="700")

    response = admin.post(
        f"/c/{licensed.slug}/allocate/email-core/", sent | {"confirmed_shortfall": confirmed}
    )

    assert response.status_code == 422
    assert written(licensed) == before


def test_a_customer_may_refuse_to_go_below_zero(admin: Client, licensed: Customer) -> None:
    licensed.over_allocation = OverAllocation.REFUSE
    licensed.save(update_fields=["over_allocation"])
    before = written(licensed)
    sent = drawer(admin, licensed.slug, "email-core")

    response = send(admin, sent, q__email_core="700", confirmed_shortfall="99999")

    assert response.status_code == 422
    assert "the settings of Halden Energy refuse that" in words(response)
    assert "confirmed_shortfall" not in response.content.decode()
    assert written(licensed) == before


def test_to_exactly_zero_needs_no_confirmation(admin: Client, licensed: Customer) -> None:
    response = send(admin, drawer(admin, licensed.slug, "email-core"), q__email_core="600")

    assert "Balance, live 0 " in after(admin, response)


def test_sent_twice_it_is_one_act(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core")
    before = written(licensed)

    first = send(admin, sent, q__email_core="120")
    second = send(admin, sent, q__email_core="120")

    assert written(licensed) == before + 1
    assert first["Location"] == second["Location"]
    assert "Core package: 0 → 3,000 credits (+3,000)." in after(admin, second)


def test_a_used_form_with_other_numbers_is_a_conflict(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core")
    send(admin, sent, q__email_core="120")

    response = send(admin, sent, q__email_core="130")

    fresh = form(response, action="/allocate/email-core/")
    assert response.status_code == 409
    assert "This request was used before for something else" in words(response)
    assert balance(licensed) == 12_000
    assert fresh.fields["q.email-core"] == "130"
    send(admin, fresh)
    assert balance(licensed) == 15_000 - 130 * 25


def test_of_two_tabs_the_second_is_shown_what_the_first_did(
    admin: Client, licensed: Customer
) -> None:
    first, second = (drawer(admin, licensed.slug, "email-core") for _ in range(2))
    send(admin, first, q__email_core="120")

    stale = send(admin, second, q__email_core="90", note="mine")

    again = form(stale, action="/allocate/email-core/")
    page = words(stale)
    assert stale.status_code == 422
    assert "Core package was changed meanwhile." in page
    assert "Alice Brandt: Allocated Core package: 0 → 120 users" in page
    assert "Core package 3,000 2,250 -750" in page
    assert (again.fields["q.email-core"], again.fields["note"]) == ("90", "mine")
    assert balance(licensed) == 12_000
    send(admin, again)
    assert balance(licensed) == 15_000 - 90 * 25


def test_a_change_of_another_group_makes_no_form_stale(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core")
    make.allocate(licensed, "email-sensor", 10)

    assert send(admin, sent, q__email_core="120").status_code == 303


def test_a_form_that_does_not_say_when_it_was_drawn_is_stale(
    admin: Client, licensed: Customer
) -> None:
    make.allocate(licensed, "email-core", 10)
    sent = drawer(admin, licensed.slug, "email-core")

    for seen in ("", "-5", "x", "1" * 30):
        assert send(admin, sent, q__email_core="120", seen=seen).status_code == 422
    assert balance(licensed) == 14_750


def test_a_missing_requirement_is_said_at_the_field(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "ztsa-sandbox")

    response = send(admin, sent, q__ztsa_sandbox="10")

    assert response.status_code == 422
    assert "Users: Sandbox needs Internet Access, which holds no credits." in words(response)


def test_what_others_need_cannot_be_released(
    admin: Client, licensed: Customer, allocate_bundle: Callable[[], None]
) -> None:
    allocate_bundle()
    make.allocate(licensed, "ztsa-sandbox", 20)

    response = send(admin, drawer(admin, licensed.slug, "ztsa-internet-ai"), act="release")

    assert response.status_code == 422
    assert "Sandbox holds credits and needs Internet Access." in words(response)


def test_a_form_of_another_person_is_refused(
    admin: Client, licensed: Customer, client_of: Callable[[User], Client]
) -> None:
    sent = drawer(admin, licensed.slug, "email-core")
    before = written(licensed)
    dora = make.make_member(licensed, make.make_user(email="dora@example.org"), "admin")
    before += 1

    response = send(client_of(dora), sent, q__email_core="120")

    assert response.status_code == 422
    assert "This form was made for another page or person." in words(response)
    assert written(licensed) == before


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_nobody_else_may_allocate(
    licensed: Customer,
    bob: User,
    carol: User,
    rep: User,
    manager: User,
    support: User,
    client_of: Callable[[User], Client],
    headers: dict[str, str],
) -> None:
    before = written(licensed)
    people = ((bob, 403), (rep, 403), (manager, 403), (support, 403), (carol, 404))

    for person, status in people:
        for act in ("allocate", "release", "preview", "more"):
            response = client_of(person).post(
                f"/c/{licensed.slug}/allocate/email-core/",
                {"q.email-core": "5", "act": act},
                headers=headers,
            )
            assert response.status_code == status
    assert written(licensed) == before


def test_a_free_feature_counts_units_and_holds_nothing(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "collaboration-sensor")

    response = send(admin, sent, q__collaboration_sensor="400")

    page = after(admin, response)
    assert "Collaboration Sensor: saved, 0 credits as before." in page
    assert "Collaboration Sensor Free 400 users 0 0 " in page


def test_a_retired_feature_can_be_lowered_and_not_raised(
    alice: User, client_of: Callable[[User], Client]
) -> None:
    with clock.moved_to(datetime(2025, 10, 1, tzinfo=UTC)):
        older = make.make_customer()
        make.make_member(older, alice, "admin")
        make.grant(older, 5_000, date(2025, 1, 1), date(2027, 12, 31))
        make.allocate(older, "endpoint-advanced-protection", 10)
    client, group = client_of(alice), "endpoint-advanced-protection"

    raised = send(client, drawer(client, older.slug, group), q__endpoint_advanced_protection="11")
    lowered = send(client, drawer(client, older.slug, group), q__endpoint_advanced_protection="9")

    assert raised.status_code == 422
    assert "Deployments: Advanced Endpoint Security takes no new allocations since" in words(raised)
    assert lowered.status_code == 303
    assert balance(older) == 5_000 - 9 * 45
