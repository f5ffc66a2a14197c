"""The pages of saved versions: each as it was saved, and what today's rates make of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits import clock
from credits.models import Customer, User
from estimator.models import Estimate, EstimateLine, EstimateVersion
from tests.credits.rates.entering import enter
from tests.estimator.comparisons import version_url, versions_url
from tests.estimator.page import (
    ESSENTIALS,
    NOW,
    LogIn,
    body,
    edit_url,
    nothing_saved,
    save,
    text_in,
    value_of,
    words,
)

DAY = timedelta(days=1)
LATER = NOW + 30 * DAY


def again(client: Client, estimate: Estimate, lines: dict[str, str], **fields: str) -> Estimate:
    """Save another version."""
    save(client, edit_url(estimate), lines, **fields)
    return Estimate.objects.select_related("customer").get(pk=estimate.pk)


def streamed(answer: Any) -> Iterable[bytes]:
    """The pieces of a file."""
    found: Iterable[bytes] = answer.streaming_content
    return found


def raise_email() -> None:
    """Users of Email Core need 30 instead of 25, within the next days."""
    with clock.moved_to(NOW + DAY):
        enter((NOW + 10 * DAY).date(), credits=D(30))


def test_versions_say_what_each_save_changed(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    again(client, estimate, {ESSENTIALS: "140", "email-core": "500"}, name="Plan B", years="3")

    said = words(client.get(versions_url(estimate)))

    assert "Version 2 newest Plan B 21,600 +2,600 Called Plan B instead of Plan 2027" in said
    assert "40 more endpoints with Essentials package" in said
    assert "A term of 3 years instead of 1 year" in said
    assert "Version 1 Plan 2027 19,000 – First save" in said
    assert said.index("Version 2") < said.index("Version 1 ")


def test_a_save_of_the_same_says_so(estimate: Estimate, alice: User, client_of: LogIn) -> None:
    client = client_of(alice)
    again(client, estimate, {ESSENTIALS: "100", "email-core": "500"})

    assert "Saved as it was, at the rates of its day" in words(client.get(versions_url(estimate)))


def test_versions_are_sorted_and_exported(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    again(client, estimate, {ESSENTIALS: "140", "email-core": "500"})

    for column in ("number", "level", "saved_at", "saved_by"):
        for falling in ("", "-"):
            assert client.get(f"{versions_url(estimate)}?sort={falling}{column}").status_code == 200
    file = b"".join(streamed(client.get(f"{versions_url(estimate)}?_export=csv")))
    assert b"2,21600,2600,40 more endpoints with Essentials package" in file


@pytest.mark.parametrize("count", [5, 50])
def test_the_list_of_versions_takes_as_many_queries_for_any_number(
    estimate: Estimate, alice: User, client_of: LogIn, count: int
) -> None:
    first = EstimateVersion.objects.get()
    EstimateVersion.objects.bulk_create(
        EstimateVersion(
            estimate=estimate,
            number=number,
            key=f"many/{number}",
            content={**first.content, "years": number % 9 + 1},
            level=first.level,
            saved_by=alice,
            saved_at=NOW,
            known_at=first.known_at,
        )
        for number in range(2, count + 1)
    )
    client = client_of(alice)

    with CaptureQueriesContext(connection) as asked:
        page = client.get(versions_url(estimate))

    assert words(page).count("A term of") == count - 1
    assert len(asked) == 8, "\n".join(query["sql"] for query in asked)


def test_a_version_shows_the_figures_as_saved(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    raise_email()

    with clock.moved_to(LATER):
        page = client.get(version_url(estimate, 1))

    said = words(page)
    assert "Plan 2027, version 1" in said
    assert "25 Nov 2026, 09:30 UTC by Alice" in said
    assert "500 × 25" in said
    assert "19,000 then, 21,500 now (+2,500 credits)" in said
    assert 'href="?rates=today#repricing"' in body(page)
    assert "in force from" not in said


def test_todays_rates_are_shown_line_by_line_and_nothing_is_written(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    raise_email()
    before = list(Estimate.objects.values()), list(EstimateLine.objects.values())

    with clock.moved_to(LATER):
        said = text_in(client.get(version_url(estimate, 1, "?rates=today")), "repricing")

    assert "Core package then 12,500 15,000 +2,500 25 per user → 30 per user" in said
    assert "in force from 5 Dec 2026" in said
    assert "Essentials package then 6,500 6,500 – The same rate." in said
    assert "Level to hold then 19,000 21,500 +2,500" in said
    assert (list(Estimate.objects.values()), list(EstimateLine.objects.values())) == before
    assert EstimateVersion.objects.count() == 1


def test_what_is_closed_since_is_named_and_not_counted(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    with clock.moved_to(NOW + DAY):
        enter(date(2026, 12, 5), credits=D(25), valid_to=date(2026, 12, 9))

    with clock.moved_to(LATER):
        said = text_in(client.get(version_url(estimate, 1, "?rates=today")), "repricing")

    assert "19,000 then, 6,500 now (−12,500 credits)" in said
    assert "Takes no new allocations since 10 Dec 2026 , so it is not counted." in said


def test_the_same_rates_are_said_to_be_the_same(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)

    plain, asked_for = (client.get(version_url(estimate, 1, q)) for q in ("", "?rates=today"))

    assert "Rates have changed" not in words(plain)
    assert "it comes to the same" in words(asked_for)


def test_the_calculator_says_the_difference_and_leads_to_the_rates(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    raise_email()

    with clock.moved_to(LATER):
        page = client.get(edit_url(estimate))

    assert "Rates have changed since: 19,000 then, 21,500 now (+2,500)." in words(page)
    assert f'href="{version_url(estimate, 1)}?rates=today#repricing"' in body(page)


def test_an_older_version_opens_in_the_calculator_and_is_saved_as_the_newest(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    again(client, estimate, {ESSENTIALS: "140"}, name="Plan B")
    url = f"{edit_url(estimate)}?version=1"
    assert f'href="{url}"' in body(client.get(version_url(estimate, 1)))

    page = client.get(url)
    sent = {name: value_of(page, name) for name in ("form_key", "version", "name")}
    lines = {key: value_of(page, f"units.{key}") for key in (ESSENTIALS, "email-core")}
    answer = client.post(
        edit_url(estimate),
        {"act": "save", "years": "1", **sent, **{f"units.{k}": v for k, v in lines.items()}},
    )

    assert "Version 1 is open: saving it makes it the newest." in words(page)
    assert (sent["name"], sent["version"], lines[ESSENTIALS]) == ("Plan 2027", "2", "100")
    assert answer.status_code == 303
    saved = Estimate.objects.get(pk=estimate.pk)
    assert (saved.version, saved.level, saved.name) == (3, 19_000, "Plan 2027")


@pytest.mark.parametrize("text", ["0", "9", "x", "-1", "1" * 30, "²"])
def test_a_version_that_is_not_there_opens_the_newest(
    estimate: Estimate, alice: User, client_of: LogIn, text: str
) -> None:
    page = client_of(alice).get(f"{edit_url(estimate)}?version={text}")

    assert page.status_code == 200
    assert "is open:" not in words(page)


def test_versions_are_of_the_customer_and_there(
    estimate: Estimate, other_customer: Customer, alice: User, carol: User, client_of: LogIn
) -> None:
    estimate.customer = other_customer
    strange = [versions_url(estimate), version_url(estimate, 1)]
    estimate.customer = Customer.objects.get(estimates=estimate)

    assert [client_of(carol).get(url).status_code for url in strange] == [404, 404]
    assert client_of(alice).get(version_url(estimate, 2)).status_code == 404
    assert client_of(alice).get(version_url(estimate, 0)).status_code == 404
    assert not nothing_saved()


def test_a_version_takes_as_many_queries_for_any_number_of_lines(
    estimate: Estimate, alice: User, client_of: LogIn
) -> None:
    client = client_of(alice)
    more = {ESSENTIALS: "1", "email-core": "1", "cloud-risk": "500", "endpoint-pro": "3"}
    again(client, estimate, more)

    for number in (1, 2):
        with CaptureQueriesContext(connection) as asked:
            client.get(version_url(estimate, number, "?rates=today"))

        assert len(asked) == 8, "\n".join(query["sql"] for query in asked)
