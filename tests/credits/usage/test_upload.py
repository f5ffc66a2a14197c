"""Stating units by a file: a preview with every problem, one confirmation, one operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from credits.domain import verify
from credits.models import Customer, Operation, OverAllocation, User
from tests.credits.domain.acts import allocate, figure, held, nothing_written, release
from tests.credits.usage.reports import SANDBOX, set_source
from tests.credits.views.pages import Form, form, forms, words
from tests.factories import credits as make

BUNDLE = "ztsa-internet-ai"


@pytest.fixture
def admin(alice: User, licensed: Customer, client_of: Callable[[User], Client]) -> Client:
    """Alice, who may allocate, is logged in."""
    return client_of(alice)


def url(customer: Customer) -> str:
    return f"/c/{customer.slug}/allocate/upload/"


def upload(client: Client, customer: Customer, text: str | bytes, **fields: Any) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("units.csv", data, content_type="text/csv")
    return client.post(url(customer), {"act": "preview", "file": file, **fields})


def plan_of(response: Any) -> Form:
    """The form that confirms a preview."""
    return next(found for found in forms(response) if "plan" in found.fields)


def confirm(client: Client, customer: Customer, sent: Form, **typed: str) -> Any:
    return client.post(url(customer), {**sent.fields, "act": "confirm", **typed})


def do(client: Client, customer: Customer, text: str) -> Any:
    """Upload a file and confirm what it does."""
    response = upload(client, customer, text)
    assert response.status_code == 200, words(response)
    return confirm(client, customer, plan_of(response))


def template(client: Client, customer: Customer) -> str:
    return str(client.get(f"{url(customer)}units.csv").content.decode())


def test_the_page_is_linked_and_offers_the_template(admin: Client, licensed: Customer) -> None:
    listed = admin.get(f"/c/{licensed.slug}/allocate/").content.decode()
    page = admin.get(url(licensed))

    assert f'href="{url(licensed)}"' in listed
    assert form(page, action="/upload/").buttons == [("act", "preview", "Show what it changes")]
    assert f'href="{url(licensed)}units.csv"' in page.content.decode()


def test_a_file_states_many_features_in_one_operation(admin: Client, licensed: Customer) -> None:
    file = (
        "feature,account,units,on\nemail-core,,40,\nEmail Sensor,,100,\nendpoint-core,,10,\n"
        "cloud-risk,prod,501,\ncloud-risk,lab,3,\n"
    )
    preview = upload(admin, licensed, file)
    assert figure(licensed) == (10_000, 0)
    assert "Email Sensor 0 100 users 0 500" in words(preview)
    assert "Allocated 0 4,950 +4,950" in words(preview)

    done = confirm(admin, licensed, plan_of(preview), note="Quarterly count")

    assert done.status_code == 303
    assert done["Location"] == f"/c/{licensed.slug}/allocate/"
    assert {key: held(licensed, key) for key in ("email-core", "email-sensor")} == {
        "email-core": 1_000,
        "email-sensor": 500,
    }
    assert (held(licensed, "endpoint-core"), held(licensed, "cloud-risk")) == (450, 3_000)
    operation = Operation.objects.filter(customer=licensed).latest("position")
    assert operation.note.text == "Quarterly count"
    assert operation.reports.count() == 4
    assert verify.verify_books(licensed) == []
    said = words(admin.get(done["Location"]))
    assert "0 → 4,950 credits (+4,950)." in said


def test_an_upload_is_undone_as_a_whole(admin: Client, licensed: Customer) -> None:
    allocate(licensed, "email-core", 4)
    done = do(admin, licensed, "feature,units\nemail-core,40\nemail-sensor,100\n")
    page = admin.get(done["Location"])

    admin.post(form(page, action="/allocate/undo/").action)

    assert (held(licensed, "email-core"), held(licensed, "email-sensor")) == (100, 0)


def test_activity_names_the_groups(admin: Client, licensed: Customer) -> None:
    do(admin, licensed, "feature,units\nemail-core,40\nendpoint-core,10\n")

    said = words(admin.get(f"/c/{licensed.slug}/activity/"))

    assert "Allocated together: Core package 0 → 40 users; Core package 0 → 10 endpoints" in said


def test_what_is_exported_is_imported_again_without_a_change(
    admin: Client, licensed: Customer
) -> None:
    allocate(licensed, "email-core", 4)
    allocate(licensed, "endpoint-packages", {"endpoint-core": 3, "endpoint-pro": 1})
    allocate(licensed, BUNDLE, {"units": 20}, on={"ztsa-internet-access"})
    allocate(licensed, "cloud-risk", {"cloud-risk": {"=cmd|' /C calc'!A0": 5, "b, c": 600}})
    allocate(licensed, "network-virtual-sensor", Decimal("12.5"))
    allocate(licensed, SANDBOX, 9)
    release(licensed, SANDBOX)

    file = template(admin, licensed)
    with nothing_written(licensed):
        again = upload(admin, licensed, file)

    assert "endpoint-pro,Pro package,,1,endpoints,\r\n" in file
    assert "ztsa-ai-access,AI Secure Access,,20,users,no\r\n" in file
    assert "'=cmd" in file
    assert f"{SANDBOX},Sandbox submission,,0,endpoints,\r\n" in file
    assert again.status_code == 200
    assert "The file says what is in force already" in words(again)


def test_the_template_of_an_empty_customer_changes_nothing(
    admin: Client, licensed: Customer
) -> None:
    file = template(admin, licensed)

    assert len(file.splitlines()) > 20
    assert "says what is in force already" in words(upload(admin, licensed, file))


def test_one_changed_number_of_the_template_is_one_change(
    admin: Client, licensed: Customer
) -> None:
    allocate(licensed, "email-core", 4)
    file = template(admin, licensed).replace("email-core,Core package,,4", "email-core,,,40")

    do(admin, licensed, file)

    assert held(licensed, "email-core") == 1_000
    assert Operation.objects.latest("pk").reports.count() == 1


def test_what_a_file_does_not_name_stays(admin: Client, licensed: Customer) -> None:
    allocate(licensed, "email-core", 4)
    allocate(licensed, "endpoint-packages", {"endpoint-core": 3, "endpoint-pro": 1})

    do(admin, licensed, "feature,units\nendpoint-core,5\n")

    assert held(licensed, "email-core") == 100
    assert (held(licensed, "endpoint-core"), held(licensed, "endpoint-pro")) == (225, 300)


def test_an_account_that_is_left_out_is_gone(admin: Client, licensed: Customer) -> None:
    allocate(licensed, "cloud-risk", {"cloud-risk": {"prod": 501, "lab": 5}})

    do(admin, licensed, "feature,account,units\ncloud-risk,prod,501\n")

    assert held(licensed, "cloud-risk") == 2_000


def test_features_that_share_a_number_are_switched(admin: Client, licensed: Customer) -> None:
    both = "ztsa-internet-access,20,yes\nztsa-ai-access,20,yes\n"

    done = do(admin, licensed, f"feature,units,on\n{both}")

    assert done.status_code == 303
    assert held(licensed, "ztsa-internet-ai-bundle") == 20 * 85
    do(admin, licensed, "feature,units,on\nztsa-ai-access,20,no\n")
    assert (held(licensed, "ztsa-internet-access"), held(licensed, "ztsa-ai-access")) == (1_200, 0)
    do(admin, licensed, f"feature,units\n{BUNDLE},30\n")
    assert held(licensed, "ztsa-internet-access") == 1_800


def test_a_feature_and_the_one_it_needs_are_stated_together(
    admin: Client, licensed: Customer
) -> None:
    file = "feature,units,on\nztsa-sandbox,10,\nztsa-internet-access,10,yes\n"

    assert do(admin, licensed, file).status_code == 303
    assert held(licensed, "ztsa-sandbox") == 70
    back = "feature,units,on\nztsa-internet-access,0,no\nztsa-sandbox,0,\n"
    assert do(admin, licensed, back).status_code == 303
    assert figure(licensed) == (10_000, 0)


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ("nothing,,1,", 2, "There is no feature or group “nothing”"),
        (",,1,", 2, "names no feature"),
        ("Core package,,1,", 2, "is the name of several. Write endpoint-core or email-core"),
        ("email-core,,,", 2, "You entered nothing"),
        ("email-core,,NaN,", 2, "You entered NaN"),
        ("email-core,,1e9,", 2, "You entered 1e9"),
        ("email-core,,-1,", 2, "You entered -1"),
        ("email-core,,1.5,", 2, "a whole number"),
        ("email-core,,²,", 2, "You entered ²"),
        ("email-core,,１２３,", 2, "You entered"),  # noqa: RUF001
        ("email-core,,1_000,", 2, "You entered 1_000"),
        (f"email-core,,{'9' * 300},", 2, "You entered 9999"),
        ("email-core,,1000000001,", 2, "to 1,000,000,000"),
        ("email-core,prod,1,", 2, "is not counted by account"),
        ("email-core,,1,\nemail-sensor,,1,\nEMAIL-CORE,,2,", 4, "is stated twice"),
        ("email-core,,1,maybe", 2, "takes yes, no or nothing"),
        ("email-core,,1,no", 2, "is off only with 0 units"),
        ("cloud-risk,,5,", 2, "Name the account"),
        (f"cloud-risk,{'x' * 201},5,", 2, "An account needs a printable name"),
        ('cloud-risk,"a\nb",5,', 2, "An account needs a printable name"),
        ("cloud-risk,a,5,\ncloud-risk,a ,6,", 3, "is stated twice"),
        ("endpoint-packages,,5,", 2, "is counted by feature. Write endpoint-core"),
        ("endpoint-advanced-protection,,5,", 2, "takes no new allocations"),
        ("endpoint-pro-without-xdr,,5,", 2, "takes no new allocations"),
        ("ztsa-internet-ai-bundle,,5,yes", 2, "follows from its parts"),
        ("ztsa-internet-access,,5,yes\nztsa-ai-access,,6,yes", 3, "share one number"),
        ("ztsa-internet-access,,5,", 2, "Nothing of Internet and AI Access is on"),
        ("ztsa-internet-ai,,5,yes", 2, "on a line of its own"),
        ("email-core,,1,\nztsa-sandbox,,5,", 3, "needs Internet Access"),
    ],
)
def test_every_problem_is_named_by_its_line(
    admin: Client, licensed: Customer, lines: str, line: int, said: str
) -> None:
    with nothing_written(licensed):
        response = upload(admin, licensed, f"feature,account,units,on\n{lines}\n")

    assert response.status_code == 422
    shown = words(response)
    assert "There is one problem, so nothing was changed." in shown
    assert f"What is wrong {line} " in shown
    assert said in shown


def test_all_problems_are_shown_together(admin: Client, licensed: Customer) -> None:
    shown = words(
        upload(admin, licensed, "feature,units\nemail-core,x\nnothing,1\nztsa-sandbox,5\n")
    )

    assert "There are 2 problems" in shown
    assert "2 Units must be" in shown
    assert "3 There is no feature" in shown


def test_a_thousand_problems_are_not_all_listed(admin: Client, licensed: Customer) -> None:
    shown = words(upload(admin, licensed, "feature,units\n" + "nothing,1\n" * 1_000))

    assert "There are 1000 problems" in shown
    assert "and 900 more." in shown


def test_units_that_a_system_reports_are_no_lines_to_change(
    admin: Client, licensed: Customer
) -> None:
    set_source(licensed)

    response = upload(admin, licensed, f"feature,units\nemail-core,4\n{SANDBOX},5\n")

    assert "3 Units of Sandbox submission are reported by Endpoint inventory." in words(response)
    assert SANDBOX not in template(admin, licensed)


def test_a_system_that_was_set_after_the_preview_is_heeded(
    admin: Client, licensed: Customer
) -> None:
    preview = upload(admin, licensed, f"feature,units\nemail-core,4\n{SANDBOX},5\n")
    set_source(licensed)

    with nothing_written(licensed):
        response = confirm(admin, licensed, plan_of(preview))

    assert response.status_code == 422
    assert "are reported by Endpoint inventory" in words(response)


def test_below_zero_it_asks_once_for_the_net_shortfall(admin: Client, licensed: Customer) -> None:
    allocate(licensed, "email-core", 300)
    file = "feature,units\nemail-core,100\nemail-sensor,2000\n"
    preview = upload(admin, licensed, file)
    assert "This takes the balance to -2,500 credits." in words(preview)

    with nothing_written(licensed):
        asking = confirm(admin, licensed, plan_of(preview))
    assert asking.status_code == 422
    sent = plan_of(asking)
    assert sent.fields["form_key"] == plan_of(preview).fields["form_key"]
    done = confirm(admin, licensed, sent, confirmed_shortfall="2500")

    assert done.status_code == 303
    assert figure(licensed) == (10_000, 12_500)


def test_a_net_rise_within_the_balance_asks_nothing(admin: Client, licensed: Customer) -> None:
    allocate(licensed, "email-core", 400)

    done = do(admin, licensed, "feature,units\nemail-sensor,1500\nemail-core,100\n")

    assert done.status_code == 303
    assert figure(licensed) == (10_000, 10_000)


def test_a_customer_that_refuses_shortages_is_refused(admin: Client, licensed: Customer) -> None:
    licensed.over_allocation = OverAllocation.REFUSE
    licensed.save(update_fields=["over_allocation"])
    preview = upload(admin, licensed, "feature,units\nemail-core,500\n")

    with nothing_written(licensed):
        response = confirm(admin, licensed, plan_of(preview), confirmed_shortfall="999999")

    assert response.status_code == 422
    assert "refuse that. Nothing was changed." in words(response)


def test_a_double_click_is_one_operation(admin: Client, licensed: Customer) -> None:
    preview = plan_of(upload(admin, licensed, "feature,units\nemail-core,40\n"))

    first = confirm(admin, licensed, preview)
    count = Operation.objects.count()
    second = confirm(admin, licensed, preview)

    assert (first.status_code, second.status_code) == (303, 303)
    assert Operation.objects.count() == count


def test_what_changed_since_the_preview_is_shown_before_it_is_done(
    admin: Client, licensed: Customer
) -> None:
    preview = plan_of(upload(admin, licensed, "feature,units\nemail-core,40\n"))
    allocate(licensed, "email-core", 10)

    with nothing_written(licensed):
        response = confirm(admin, licensed, preview)
    assert response.status_code == 422
    assert "was changed meanwhile" in words(response)
    assert "Core package 10 40 users 250 1,000" in words(response)

    assert confirm(admin, licensed, plan_of(response)).status_code == 303
    assert held(licensed, "email-core") == 1_000


@pytest.mark.parametrize("plan", ["", "x", "²", "W10:x:y", "\ud800".encode("utf-8", "replace")])
def test_a_plan_that_was_not_made_here_is_refused(
    admin: Client, licensed: Customer, plan: Any
) -> None:
    preview = plan_of(upload(admin, licensed, "feature,units\nemail-core,40\n"))

    with nothing_written(licensed):
        response = confirm(admin, licensed, preview, plan=plan)

    assert response.status_code == 422
    assert "Upload the file again." in words(response)


def test_a_plan_is_of_one_person_and_customer(
    admin: Client,
    licensed: Customer,
    other_customer: Customer,
    carol: User,
    client_of: Callable[[User], Client],
) -> None:
    preview = plan_of(upload(admin, licensed, "feature,units\nemail-core,40\n"))

    with nothing_written(other_customer):
        response = confirm(client_of(carol), other_customer, preview)

    assert response.status_code == 422


def test_a_key_of_another_form_is_refused(admin: Client, licensed: Customer) -> None:
    preview = plan_of(upload(admin, licensed, "feature,units\nemail-core,40\n"))

    with nothing_written(licensed):
        response = confirm(admin, licensed, preview, form_key="x")

    assert response.status_code == 422
    assert "made for another page" in words(response)


def test_no_file_is_no_upload(admin: Client, licensed: Customer) -> None:
    response = admin.post(url(licensed), {"act": "preview"})

    assert response.status_code == 422
    assert "Choose a file first." in words(response)


def test_a_file_of_10_megabytes_is_refused_before_it_is_read(
    admin: Client, licensed: Customer
) -> None:
    response = upload(admin, licensed, b"x" * 10_000_000)

    assert response.status_code == 422
    assert "larger than 1000 kB" in words(response)


@pytest.mark.parametrize(
    "bad", [b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'feature,units\n"a","', b"," * 5_000]
)
def test_no_bytes_break_the_page(admin: Client, licensed: Customer, bad: bytes) -> None:
    with nothing_written(licensed):
        assert upload(admin, licensed, bad).status_code == 422


def test_a_large_file_of_accounts_is_read_and_done(admin: Client, licensed: Customer) -> None:
    make.grant(licensed, 5_000_000, date(2027, 1, 1), date(2027, 12, 31))
    file = "feature,account,units\n" + "".join(f"cloud-risk,account {n},1\n" for n in range(2_000))

    done = do(admin, licensed, file)

    assert done.status_code == 303
    assert held(licensed, "cloud-risk") == 2_000_000
