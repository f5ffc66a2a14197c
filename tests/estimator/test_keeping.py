"""Saving from the page: once a form, never over what somebody else saved; copies."""

from __future__ import annotations

from credits.models import Customer, LedgerEntry, Operation, User
from estimator.models import Estimate, EstimateVersion
from tests.estimator.page import (
    ESSENTIALS,
    LogIn,
    body,
    edit_url,
    new_url,
    nothing_saved,
    save,
    send,
    value_of,
    words,
)


def test_saving_leads_to_the_estimate_and_leaves_the_books_alone(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    before = (Operation.objects.count(), LedgerEntry.objects.count())
    client = client_of(alice)

    response = save(client, new_url(customer), {"cloud-risk": ["501", "9,000"]}, years="2")

    estimate = Estimate.objects.select_related("customer").get()
    assert (response.status_code, response["Location"]) == (303, edit_url(estimate))
    page = client.get(response["Location"])
    assert "Saved as E-1, version 1." in words(page)
    assert "Estimate E-1, version 1, saved 25 Nov 2026, 09:30 UTC by Alice Brandt." in words(page)
    assert body(page).count('name="units.cloud-risk"') == 2
    assert (Operation.objects.count(), LedgerEntry.objects.count()) == before


def test_saving_by_htmx_goes_on_to_the_estimate(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    response = save(client_of(alice), new_url(customer), {ESSENTIALS: "1"}, target="calculator")

    assert response.status_code == 200
    assert edit_url(Estimate.objects.select_related("customer").get()) in response["HX-Location"]


def test_a_form_sent_twice_saves_once(customer: Customer, alice: User, client_of: LogIn) -> None:
    client, url = client_of(alice), new_url(customer)
    sent = {"name": "Plan", "form_key": value_of(client.get(url), "form_key")}

    first = send(client, url, {ESSENTIALS: "100"}, "save", **sent)
    second = send(client, url, {ESSENTIALS: "100"}, "save", **sent)

    assert first["Location"] == second["Location"]
    assert (Estimate.objects.count(), EstimateVersion.objects.count()) == (1, 1)


def test_a_form_sent_again_with_something_else_is_kept_and_saved_on_request(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    sent = {"name": "Plan", "form_key": value_of(client.get(url), "form_key")}
    send(client, url, {ESSENTIALS: "100"}, "save", **sent)

    conflict = send(client, url, {ESSENTIALS: "200"}, "save", **sent)

    assert conflict.status_code == 409
    assert "This form was sent before with something else" in words(conflict)
    assert value_of(conflict, f"units.{ESSENTIALS}") == "200"
    assert Estimate.objects.count() == 1
    sent["form_key"] = value_of(conflict, "form_key")
    assert send(client, url, {ESSENTIALS: "200"}, "save", **sent).status_code == 303
    assert Estimate.objects.count() == 2


def test_a_form_of_another_person_is_refused(
    customer: Customer, alice: User, rep: User, client_of: LogIn
) -> None:
    url = new_url(customer)
    stolen = value_of(client_of(rep).get(url), "form_key")

    response = send(client_of(alice), url, {ESSENTIALS: "1"}, "save", name="P", form_key=stolen)

    assert response.status_code == 422
    assert "This form was made for another page or person" in words(response)
    assert nothing_saved()


def test_a_version_saved_meanwhile_is_kept_until_asked_again(
    estimate: Estimate, alice: User, rep: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), edit_url(estimate)
    drawn = client.get(url)
    save(client_of(rep), url, {ESSENTIALS: "150"})
    sent = {"name": "Mine", "form_key": value_of(drawn, "form_key")}

    late = send(client, url, {ESSENTIALS: "120"}, "save", version="1", **sent)

    assert late.status_code == 422
    assert "Rina Holm saved version 2 meanwhile" in words(late)
    assert value_of(late, f"units.{ESSENTIALS}") == "120"
    assert Estimate.objects.get().level == 150 * 65
    again = send(
        client, url, {ESSENTIALS: "120"}, "save", version=value_of(late, "version"), **sent
    )
    assert again.status_code == 303
    assert (Estimate.objects.get().level, Estimate.objects.get().version) == (120 * 65, 3)


def test_a_copy_is_made_once(estimate: Estimate, alice: User, client_of: LogIn) -> None:
    client, url = client_of(alice), edit_url(estimate, "estimate-duplicate")
    page = body(client.get(edit_url(estimate)))
    form = page[page.index(url) :]
    key = form.split('name="form_key" value="', 1)[1].split('"', 1)[0]

    first = client.post(url, {"form_key": key})
    second = client.post(url, {"form_key": key})

    copy = Estimate.objects.select_related("customer").get(number=2)
    assert first["Location"] == second["Location"] == edit_url(copy)
    assert (copy.name, copy.level) == ("Plan 2027 (copy)", estimate.level)
    assert Estimate.objects.count() == 2


def test_a_copy_needs_a_key_of_its_page(estimate: Estimate, alice: User, client_of: LogIn) -> None:
    response = client_of(alice).post(edit_url(estimate, "estimate-duplicate"))

    assert response["Location"] == edit_url(estimate)
    assert Estimate.objects.count() == 1
