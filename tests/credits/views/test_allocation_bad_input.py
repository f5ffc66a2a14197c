"""Whatever is typed: a sentence at its field, everything kept, nothing written."""

from __future__ import annotations

import pytest
from django.test import Client

from credits.models import Customer, Operation, User
from tests.credits.views.pages import HTMX, drawer, form, words
from tests.factories import credits as make

NOT_COUNTS = [
    ("-1", "-1"),
    ("12.5", "12.5"),
    ("NaN", "NaN"),
    ("Infinity", "Infinity"),
    ("-Infinity", "-Infinity"),
    ("1e3", "1e3"),
    ("1e20", "1e20"),
    ("100000000000000000000", "10000000000000000000…"),
    ("1,000,000,001", "1,000,000,001"),
    ("\uff11\uff12\uff10", "\uff11\uff12\uff10"),
    ("\u0661\u0662\u0660", "\u0661\u0662\u0660"),
    ("1 200", "1 200"),
    ("1.200,5", "1.200,5"),
    ("0x10", "0x10"),
    ("+5", "+5"),
    ("1_000", "1_000"),
    ("ten", "ten"),
    ("<b>5</b>", "<b>5</b>"),
    ("'; DROP TABLE", "'; DROP TABLE"),
]

FIELDS = [
    ("email-core", "q.email-core", "Users", {}),
    ("endpoint-packages", "q.endpoint-pro", "Pro package", {"q.endpoint-core": "10"}),
    ("ztsa-internet-ai", "units", "Users", {"on.ztsa-ai-access": "on"}),
    ("sandbox-daily-reserve", "q.sandbox-daily-reserve", "Reserved submissions per day", {}),
    ("file-security-sdk", "q.file-security-sdk", "Scans", {}),
    (
        "cloud-risk",
        "a.cloud-risk.1.units",
        "Resources in account 1",
        {"a.cloud-risk.1.name": "production"},
    ),
]

MEASURED = ("network-virtual-sensor", "q.network-virtual-sensor", "Mbps")

UNKNOWN = "0c9e7a52-6f1b-4f0e-9d57-3a8b1c2d4e5f"


def refused(
    client: Client, customer: Customer, group: str, typed: dict[str, str], *, htmx: bool = False
) -> str:
    """What a page says of a form that must not be accepted; all of it is still there."""
    sent = drawer(client, customer.slug, group)
    before = Operation.objects.count()
    headers = HTMX if htmx else {}

    response = client.post(
        sent.action, sent.fields | typed | {"note": "why not", "act": "allocate"}, headers=headers
    )

    assert response.status_code == 422
    assert Operation.objects.count() == before
    kept = form(response, action=f"/allocate/{group}/").fields
    assert kept["note"] == "why not"
    assert {name: kept.get(name) for name in typed} == typed
    return words(response)


@pytest.mark.parametrize(("typed", "shown"), NOT_COUNTS)
def test_a_count_that_is_none_is_refused_at_its_field(
    admin: Client, licensed: Customer, typed: str, shown: str
) -> None:
    page = refused(admin, licensed, "email-core", {"q.email-core": typed})

    sentence = f"Units must be a whole number from 0 to 1,000,000,000. You entered {shown}."
    assert f"Users: {sentence}" in page
    assert page.count(sentence) == 2, "once above the form and once at the field"


@pytest.mark.parametrize(("group", "name", "label", "others"), FIELDS)
@pytest.mark.parametrize("typed", ["-1", "2.5", "\uff15"])
def test_every_field_of_every_model_refuses_at_itself(
    admin: Client,
    licensed: Customer,
    group: str,
    name: str,
    label: str,
    others: dict[str, str],
    typed: str,
) -> None:
    page = refused(admin, licensed, group, others | {name: typed})

    assert f"{label}: Units must be a whole number" in page
    assert f"You entered {typed}." in page


@pytest.mark.parametrize("typed", ["-0.1", "NaN", "1e3", "1000000000.1", "\uff15", "0.1.2"])
def test_a_measure_may_have_decimals_and_nothing_else(
    admin: Client, licensed: Customer, typed: str
) -> None:
    group, name, label = MEASURED

    page = refused(admin, licensed, group, {name: typed})

    assert f"{label}: Units must be a number from 0 to 1,000,000,000." in page


def test_the_only_number_must_be_there(admin: Client, licensed: Customer) -> None:
    for htmx in (False, True):
        page = refused(admin, licensed, "email-core", {"q.email-core": ""}, htmx=htmx)
        assert "You entered nothing." in page


def test_every_wrong_field_is_named(admin: Client, licensed: Customer) -> None:
    typed = {"q.endpoint-core": "x", "q.endpoint-essentials": "5", "q.endpoint-pro": "-2"}

    page = refused(admin, licensed, "endpoint-packages", typed)

    assert "Core package: Units must be" in page
    assert "Pro package: Units must be" in page
    assert "Essentials package: Units must be" not in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"a.cloud-risk.1.name": "lab", "a.cloud-risk.1.units": ""}, "how many units lab has"),
        (
            {
                "a.cloud-risk.1.name": "lab",
                "a.cloud-risk.1.units": "5",
                "a.cloud-risk.2.name": "lab",
                "a.cloud-risk.2.units": "6",
            },
            "Account 2: lab is listed twice.",
        ),
        ({"a.cloud-risk.1.name": "a\tb", "a.cloud-risk.1.units": "5"}, "must be printable"),
        ({"a.cloud-risk.1.name": "n" * 121, "a.cloud-risk.1.units": "5"}, "at most 120 characters"),
    ],
)
def test_accounts_are_checked_at_their_row(
    admin: Client, licensed: Customer, typed: dict[str, str], sentence: str
) -> None:
    assert sentence in refused(admin, licensed, "cloud-risk", typed)


def test_accounts_without_a_name_are_given_one(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "cloud-risk")
    typed = {"a.cloud-risk.1.units": "501", "a.cloud-risk.2.units": "1"}

    admin.post(sent.action, sent.fields | typed | {"a.cloud-risk.2.name": "account 1"})

    again = drawer(admin, licensed.slug, "cloud-risk").fields
    assert {again["a.cloud-risk.1.name"], again["a.cloud-risk.2.name"]} == {
        "account 1",
        "account 1'",
    }


def test_a_note_that_is_too_long_is_refused(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core").filled(q__email_core="5", note="n" * 501)

    response = admin.post(f"/c/{licensed.slug}/allocate/email-core/", sent)

    assert response.status_code == 422
    assert "Note: Ensure this value has at most 500 characters" in words(response)


@pytest.mark.parametrize(
    ("group", "typed", "sentence"),
    [
        ("email-core", {"q.email-pro": "5"}, "There is no feature 'email-pro' in this group."),
        ("email-core", {"q.": "5"}, "There is no feature '' in this group."),
        ("email-core", {"q.x' OR 1=1": "5"}, "in this group."),
        (
            "ztsa-internet-ai",
            {"units": "5", "on.email-core": "on"},
            "There is no such feature in this group.",
        ),
        ("cloud-risk", {"a.email-core.1.units": "5"}, "There is no feature 'email-core'"),
        ("email-core", {}, "Users: Units must be a whole number from 0 to 1,000,000,000."),
        ("endpoint-packages", {}, "The form states no units, so nothing was changed."),
    ],
)
def test_features_of_other_groups_are_refused(
    admin: Client, licensed: Customer, group: str, typed: dict[str, str], sentence: str
) -> None:
    hidden = ("form_key", "seen")
    sent = drawer(admin, licensed.slug, group)
    before = Operation.objects.count()

    response = admin.post(sent.action, {name: sent.fields[name] for name in hidden} | typed)

    assert response.status_code == 422
    assert sentence in words(response)
    assert Operation.objects.count() == before


def test_nul_and_broken_text_is_no_request(admin: Client, licensed: Customer) -> None:
    sent = drawer(admin, licensed.slug, "email-core").filled(q__email_core="5", note="a\0b")

    assert admin.post(f"/c/{licensed.slug}/allocate/email-core/", sent).status_code == 400


@pytest.mark.parametrize("key", ["", "x", "a:b", "k" * 5000])
def test_a_form_without_its_own_key_is_refused(admin: Client, licensed: Customer, key: str) -> None:
    sent = drawer(admin, licensed.slug, "email-core").filled(q__email_core="5")
    before = Operation.objects.count()

    response = admin.post(f"/c/{licensed.slug}/allocate/email-core/", sent | {"form_key": key})

    again = form(response, action="/allocate/email-core/")
    assert response.status_code == 422
    assert "This form was made for another page or person." in words(response)
    assert Operation.objects.count() == before
    assert admin.post(again.action, again.fields).status_code == 303


@pytest.mark.parametrize("operation", ["", "x", "1", UNKNOWN, "0" * 32, "' OR 1=1"])
def test_what_is_not_there_cannot_be_undone(
    admin: Client, licensed: Customer, operation: str
) -> None:
    before = Operation.objects.count()

    response = admin.post(
        f"/c/{licensed.slug}/allocate/undo/?operation={operation}", {"confirmed_shortfall": "9"}
    )

    assert response.status_code == 404
    assert Operation.objects.count() == before


def test_another_customers_act_cannot_be_undone(
    admin: Client, licensed: Customer, other_customer: Customer, carol: User
) -> None:
    theirs = make.allocate(other_customer, "email-core", 5).operation
    before = Operation.objects.count()

    response = admin.post(f"/c/{licensed.slug}/allocate/undo/?operation={theirs.public_id}")

    assert response.status_code == 404
    assert Operation.objects.count() == before


def test_a_purchase_cannot_be_undone_here(admin: Client, licensed: Customer) -> None:
    grant = Operation.objects.filter(customer=licensed, kind="grant").latest("position")

    response = admin.post(f"/c/{licensed.slug}/allocate/undo/?operation={grant.public_id}")

    assert response.status_code == 404
