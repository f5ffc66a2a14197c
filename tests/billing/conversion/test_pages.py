"""The pages of seat licenses: entered, imported, added by a code, and told to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain.conversion.activating import activate_code
from billing.domain.conversion.codes import new_code
from billing.domain.conversion.issuing import IssueCodes, issue_codes
from billing.domain.conversion.terms import enter_entitlement
from billing.models import ActivationCode, EntitlementTerm
from credits import clock
from credits.models import Customer, License, SecurityEvent, User
from tests.billing.conversion.conftest import asking, seats

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
Log = Callable[[User], Client]


def url(name: str, customer: Customer) -> str:
    return reverse(f"billing:{name}", kwargs={"slug": customer.slug})


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, name
    return unescape(found[1])


def issue(customer: Customer | None, **told: Any) -> ActivationCode:
    given = {"product": "xdr-endpoint-sensor", "units": 400, "months": 12, **told}
    return issue_codes(IssueCodes(asked=asking(), customer=customer, **given))[0]


def plain(response: Any, *typed: str) -> str:
    """A page without what differs by request, and without what was typed."""
    text = response.content.decode()
    for secret in typed:
        text = text.replace(secret, "TYPED")
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", text)


def test_an_admin_sees_what_a_code_gives_and_then_adds_it_once(
    customer: Customer, alice: User, client_of: Log
) -> None:
    code, client, page = issue(customer), client_of(alice), url("code-enter", customer)

    shown = client.post(page, {"code": code.code.lower().replace("-", " ")})
    text = unescape(shown.content.decode())
    assert "400 endpoints and servers × 20 = 8,000 credits" in text
    assert not License.objects.exists()
    told = {"act": "confirm", "seen": hidden(shown, "seen"), "form_key": hidden(shown, "form_key")}
    assert code.code not in told["seen"]

    first, second = client.post(page, told), client.post(page, told)

    license = License.objects.get()
    assert first.status_code == second.status_code == 303
    assert first["Location"] == second["Location"]
    assert str(license.public_id) in first["Location"]
    assert not SecurityEvent.objects.filter(kind="code_refused").exists()
    again = client.post(page, {"code": code.code})
    assert again.status_code == 422
    assert f"by Alice Brandt: it became {license.label}." in again.content.decode()


def test_unknown_used_elsewhere_and_anothers_code_are_one_page(
    customer: Customer, other_customer: Customer, alice: User, carol: User, client_of: Log
) -> None:
    used = issue(None)
    activate_code(other_customer, used.public_id, asking(actor=carol))
    tried = [new_code(), used.code, issue(other_customer).code]
    client = client_of(alice)

    answers = [client.post(url("code-enter", customer), {"code": code}) for code in tried]

    assert {answer.status_code for answer in answers} == {422}
    assert len({plain(answer, code) for answer, code in zip(answers, tried, strict=True)}) == 1
    assert "cannot be used here" in answers[0].content.decode()
    assert SecurityEvent.objects.filter(kind="code_refused", user=alice).count() == 3


def test_what_a_page_says_costs_as_many_queries_whatever_the_code(
    customer: Customer,
    other_customer: Customer,
    alice: User,
    client_of: Log,
) -> None:
    client, page = client_of(alice), url("code-enter", customer)
    codes = [new_code(), issue(other_customer).code, new_code()]
    counts = []
    for code in codes:
        with CaptureQueriesContext(connection) as found:
            client.post(page, {"code": code})
        counts.append(len(found))

    assert len(set(counts)) == 1, counts


def test_a_typing_error_is_told_and_is_no_try(
    customer: Customer, alice: User, client_of: Log
) -> None:
    code = new_code()
    wrong = ("2" if code[0] != "2" else "3") + code[1:]

    answer = client_of(alice).post(url("code-enter", customer), {"code": wrong})

    assert answer.status_code == 422
    assert "typing error" in answer.content.decode()
    assert not SecurityEvent.objects.filter(kind="code_refused").exists()


def test_too_many_tries_are_not_looked_at(
    customer: Customer, alice: User, client_of: Log, settings: Any
) -> None:
    settings.CODE_TRIES_PER_PERSON = 2
    client, page = client_of(alice), url("code-enter", customer)
    for _turn in range(2):
        client.post(page, {"code": new_code()})

    answer = client.post(page, {"code": issue(customer).code})

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900
    assert "8,000" not in answer.content.decode()


def test_a_confirmation_needs_the_preview_of_the_same_person(
    customer: Customer, other_customer: Customer, alice: User, carol: User, client_of: Log
) -> None:
    code = issue(None)
    shown = client_of(alice).post(url("code-enter", customer), {"code": code.code})
    told = {"act": "confirm", "seen": hidden(shown, "seen"), "form_key": hidden(shown, "form_key")}

    stolen = client_of(carol).post(url("code-enter", other_customer), told)
    invented = client_of(alice).post(url("code-enter", customer), {**told, "seen": "x"})

    assert stolen.status_code == invented.status_code == 422
    assert "cannot be used any more" in stolen.content.decode()
    assert not License.objects.exists()


def test_the_list_masks_codes_for_viewers_and_has_the_arithmetic(
    customer: Customer, alice: User, bob: User, client_of: Log
) -> None:
    today = clock.day_of(clock.now())
    term = seats(first=str(today), last=str(today + timedelta(days=99)))
    made = enter_entitlement(customer, term, asking())
    waiting = issue(customer)

    admin, viewer = (
        unescape(client_of(who).get(url("seat-list", customer)).content.decode())
        for who in (alice, bob)
    )

    for page in (admin, viewer):
        assert "EN-1001" in page
        assert f"{made.license.label}: 400 × 20" in page
        assert "Not activated" in page
        assert waiting.code[-5:] in page
    assert waiting.code in admin
    assert waiting.code not in viewer
    file = client_of(bob).get(url("seat-list", customer), {"_export": "csv"})
    text = file.getvalue().decode()
    assert "EN-1001" in text
    assert waiting.code not in text


def test_an_empty_list_says_what_would_stand_there(
    customer: Customer, bob: User, client_of: Log
) -> None:
    page = client_of(bob).get(url("seat-list", customer)).content.decode()

    assert "No seat license yet" in page


@pytest.mark.parametrize("sort", ["product", "-state", "units", "last_day", "-last_day", "nothing"])
def test_the_list_is_sorted_and_narrowed(
    customer: Customer, bob: User, client_of: Log, sort: str
) -> None:
    enter_entitlement(customer, seats(first="2026-01-01"), asking())
    issue(customer)

    page = client_of(bob).get(url("seat-list", customer), {"sort": sort, "q": "EN-1001"})

    assert page.status_code == 200
    assert "EN-1001" in page.content.decode()


def test_a_license_shows_how_it_was_converted(
    customer: Customer, bob: User, client_of: Log
) -> None:
    made = enter_entitlement(customer, seats(first="2026-01-01"), asking())
    kwargs = {"slug": customer.slug, "public_id": made.license.public_id}

    page = client_of(bob).get(reverse("billing:license-detail", kwargs=kwargs)).content.decode()

    assert "400 endpoints and servers × 20 = 8,000 at the rate from 1 Jan 2020" in page


def test_sales_enters_a_seat_license_after_seeing_it(
    customer: Customer, rep: User, client_of: Log
) -> None:
    client, page = client_of(rep), url("seat-new", customer)
    today = clock.day_of(clock.now())
    typed = {
        "product": "xdr-endpoint-sensor",
        "units": "400",
        "kind": "full",
        "first_day": str(today),
        "last_day": str(today + timedelta(days=364)),
    }
    effect = client.get(page, typed, headers={"HX-Request": "true", "HX-Target": "effect"})
    assert "400 endpoints and servers × 20 = 8,000 credits" in effect.content.decode()
    told = {**typed, "form_key": hidden(client.get(page), "form_key")}

    first, second = client.post(page, told), client.post(page, told)

    made = EntitlementTerm.objects.get()
    assert (first.status_code, first["Location"]) == (303, second["Location"])
    assert made.purchase.entered_by == rep
    renewal = client.get(page, {"renews": str(made.entitlement.public_id)}).content.decode()
    assert f'value="{today + timedelta(days=365)}"' in renewal


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"units": "0"}, "Units must be a whole number"),
        ({"units": "4 hundred"}, "Units must be a whole number"),
        ({"product": "nothing"}, "Choose the product."),
        ({"last_day": "2020-01-01"}, "must not be before"),
        ({"first_day": "2019-01-01"}, "no conversion rate on 2019-01-01"),
        ({"first_day": "2020-01-01"}, "Confirm that it is meant."),
        ({"code": "no"}, "An activation code has letters"),
    ],
)
def test_what_sales_typed_wrongly_is_told_at_its_field(
    customer: Customer, rep: User, client_of: Log, wrong: dict[str, str], words: str
) -> None:
    client, page = client_of(rep), url("seat-new", customer)
    today = clock.day_of(clock.now())
    typed = {
        "product": "xdr-endpoint-sensor",
        "units": "400",
        "kind": "full",
        "first_day": str(today),
        "last_day": str(today + timedelta(days=364)),
        "form_key": hidden(client.get(page), "form_key"),
    }

    answer = client.post(page, {**typed, **wrong})

    assert answer.status_code == 422
    assert words in unescape(answer.content.decode())
    assert not License.objects.exists()


def test_another_customers_seat_license_is_not_there_to_renew(
    customer: Customer, other_customer: Customer, rep: User, client_of: Log
) -> None:
    foreign = enter_entitlement(other_customer, seats(), asking()).entitlement

    answer = client_of(rep).get(url("seat-new", customer), {"renews": str(foreign.public_id)})

    assert answer.status_code == 404


HEADER = "customer;product;units;type;first day;last day;activation code;renews"


def upload(client: Client, *lines: str) -> Any:
    text = "\ufeff" + "\r\n".join([HEADER, *lines])
    file = SimpleUploadedFile("seats.csv", text.encode())
    return client.post(reverse("billing:seat-import"), {"file": file, "act": "preview"})


def confirm(client: Client, shown: Any, **told: str) -> Any:
    given = {"act": "confirm", "plan": hidden(shown, "plan"), **told}
    return client.post(reverse("billing:seat-import"), given)


def test_a_file_is_previewed_entered_once_and_known_again(
    customer: Customer, rep: User, client_of: Log
) -> None:
    client = client_of(rep)
    today = clock.day_of(clock.now())
    last = today + timedelta(days=364)
    lines = [
        f"{customer.label};xdr-endpoint-sensor;400;;{today};{last};;",
        f"{customer.slug};xdr-email-sensor;300;trial;{today};{last};AB-1234-XYZ77;",
    ]

    shown = upload(client, *lines)
    assert "2 seat licenses, 9,500 credits." in shown.content.decode()
    assert not License.objects.exists()
    assert not ActivationCode.objects.exists()
    assert confirm(client, shown).status_code == 303
    assert sorted(License.objects.values_list("credits", flat=True)) == [1_500, 8_000]

    again = upload(client, *lines)
    assert again.content.decode().count("entered before") == 2
    assert confirm(client, shown).status_code == 303
    assert License.objects.count() == 2


def test_every_problem_of_a_file_is_told_and_nothing_is_entered(
    customer: Customer, other_customer: Customer, rep: User, client_of: Log
) -> None:
    own, day = customer.label, "2026-11-01;2027-10-31"
    answer = upload(
        client_of(rep),
        f"{own};xdr-endpoint-sensor;400;;{day};;",
        f"{other_customer.label};xdr-endpoint-sensor;400;;{day};;",
        f"{own};xdr-endpoint-sensor;4,5;;{day};;",
        f"{own};xdr-endpoint-sensor;4;half;{day};;",
        f"{own};xdr-endpoint-sensor;4;;01/11/2026;2027-10-31;;",
        f"{own};xdr-endpoint-sensor;4;;{day};;EN-9",
    )

    text = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert [int(n) for n in re.findall(r'<td class="n">(\d+)</td>', text)] == [3, 4, 5, 6, 7]
    assert "You look after no customer" in text
    assert not License.objects.exists()


def test_what_only_the_books_refuse_is_told_by_its_line_as_well(
    customer: Customer, rep: User, client_of: Log
) -> None:
    own, day = customer.label, "2026-11-01;2027-10-31"
    code = "AB-1234-XYZ77"
    answer = upload(
        client_of(rep),
        f"{own};xdr-endpoint-sensor;4;;{day};{code};",
        f"{own};xdr-endpoint-sensor;5;;{day};{code};",
        f"{own};nothing;5;;{day};;",
    )

    text = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "known already" in text
    assert "There is no such product" in text
    assert not License.objects.exists()


def test_terms_that_are_over_are_entered_only_once_confirmed(
    customer: Customer, rep: User, client_of: Log
) -> None:
    client = client_of(rep)
    shown = upload(client, f"{customer.label};xdr-email-sensor;300;;2024-07-01;2025-06-30;;")

    refused = confirm(client, shown)
    assert refused.status_code == 422
    assert not License.objects.exists()
    assert confirm(client, shown, unusual="on").status_code == 303
    assert License.objects.get().credits == 900


def test_a_rep_who_lost_the_customer_enters_nothing(
    customer: Customer, rep: User, client_of: Log
) -> None:
    client = client_of(rep)
    shown = upload(client, f"{customer.label};xdr-email-sensor;3;;2026-11-01;2027-10-31;;")
    rep.assignments.all().delete()

    answer = confirm(client, shown)

    assert answer.status_code == 422
    assert not License.objects.exists()


@pytest.mark.parametrize(
    "data", [b"", b"customer\n", b"\xff\xfe", b"what,else\n1,2\n", b"x" * 1_000_001]
)
def test_a_file_that_is_none_is_refused(rep: User, client_of: Log, data: bytes) -> None:
    file = SimpleUploadedFile("seats.csv", data)

    answer = client_of(rep).post(reverse("billing:seat-import"), {"file": file})

    assert answer.status_code == 422
