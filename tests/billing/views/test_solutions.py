"""All available solutions: dated rates, what is in use, filters, one feature, its weight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain.billing_model import SwitchBillingModels
from billing.domain.contracts import EnterContract, enter_contract
from billing.models import ContractChannel
from credits import clock
from credits.domain.catalogue import load_catalogue
from credits.domain.commands import Answer
from credits.domain.post import post
from credits.models import Customer, Feature, User
from tests.credits.rates.entering import enter
from tests.factories import credits as make

HEAVIEST = 60_000
FEATURES = 398
HEADER = (
    "solution,solution_name,group,group_name,feature,feature_name,unit,unit_plural,model,credits,"
    "block,cap,parts,requires,payg,retention_days,valid_from,valid_to,assumed,source,note"
)


@pytest.fixture
def alices(client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


def listed(client: Client, customer: Customer, **query: str) -> list[str]:
    """The keys of the features on the page."""
    page = client.get(list_of(customer), query).context["page"]
    return [row.record.one.feature.key for row in page.table.rows]


def list_of(customer: Customer) -> str:
    return reverse("billing:solution-list", args=[customer.slug])


def one(client: Client, customer: Customer, key: str) -> Any:
    """What the drawer of a feature shows."""
    response = client.get(reverse("billing:solution-feature", args=[customer.slug, key]))
    assert response.status_code == 200
    return response.context["shown"]


def text_of(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def contract(customer: Customer) -> None:
    starts_at = clock.start_of(clock.day_of(clock.now()))
    enter_contract(
        EnterContract(
            customer=customer,
            asked=make.asked(),
            channel=ContractChannel.AWS,
            agreement="AGR-1",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(days=200),
        )
    )


def many_features(count: int) -> None:
    """A catalogue of so many features more."""
    rows = [
        f"regional,Regional Services,r-{n},Region {n},r-{n},"
        f"{f'Managed detection and response in region {n}'},endpoint,endpoints,"
        "per_unit,12,1,,,,no,,2024-01-01,,no,test,"
        for n in range(count)
    ]
    load_catalogue("\n".join([HEADER, *rows]))


def test_a_rate_that_is_known_ahead_stands_beside_the_one_in_force(
    alices: Client, customer: Customer
) -> None:
    starts = clock.start_of(clock.day_of(clock.now())) + timedelta(days=40)
    enter(clock.day_of(starts), credits=Decimal(27))

    html = text_of(alices, f"{list_of(customer)}?q=email-core")

    assert f"27 from {starts:%-d %b %Y}" in html
    shown = one(alices, customer, "email-core")
    assert [dated.state for dated in shown.rates][:2] == ["coming", "current"]
    assert shown.rates[1].until == starts
    assert [dated.credits for dated in shown.examples] == [2_500, 2_700]


def test_a_feature_is_in_use_paid_as_one_goes_or_neither(
    alices: Client,
    customer: Customer,
    allocate: Callable[..., Answer],
) -> None:
    allocate(customer, "email-core", 250)
    allocate(customer, "file-security-sdk", 10)
    contract(customer)
    post(
        SwitchBillingModels(
            customer=customer, asked=make.asked(), to_payg=frozenset({"file-security-sdk"})
        )
    )

    assert listed(alices, customer, use="yes") == ["email-core"]
    assert listed(alices, customer, use="payg") == ["file-security-sdk"]
    unused = listed(alices, customer, use="no")
    assert "email-sensor" in unused
    assert not {"email-core", "file-security-sdk"} & set(unused)


def test_what_is_held_leads_to_its_rows(
    alices: Client,
    customer: Customer,
    allocate: Callable[..., Answer],
) -> None:
    allocate(customer, "email-core", 250)

    page = alices.get(list_of(customer), {"use": "yes"}).context["page"]

    row = page.table.rows[0].record
    explained = alices.get(row.explain_url).context["page"]
    assert row.credits == 6_250 == explained.explanation.total


def test_closed_features_are_listed_when_they_are_asked_for(
    alices: Client, customer: Customer
) -> None:
    closed = "endpoint-advanced-protection"

    assert closed not in listed(alices, customer)
    assert closed in listed(alices, customer, use="closed")
    assert "closed for new allocations since" in text_of(alices, f"{list_of(customer)}?use=closed")
    row = one(alices, customer, closed).row
    assert (row.estimate_url, row.allocate_url) == ("", "")


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"solution": "sandbox-analysis"}, {"sandbox-daily-reserve"}),
        ({"model": "bundle"}, {"ztsa-internet-ai-bundle"}),
        ({"q": "static ip"}, {"ztsa-static-ip"}),
        ({"q": "zero trust", "model": "throughput_block"}, {"ztsa-static-ip"}),
        ({"q": "no such thing"}, set()),
    ],
)
def test_the_catalogue_is_narrowed(
    alices: Client, customer: Customer, query: dict[str, str], keys: set[str]
) -> None:
    assert set(listed(alices, customer, **query)) == keys


@pytest.mark.parametrize("query", [{"model": "x"}, {"solution": "x"}, {"use": "x"}, {"page": "x"}])
def test_what_makes_no_sense_is_left_out(
    alices: Client, customer: Customer, query: dict[str, str]
) -> None:
    assert listed(alices, customer, **query) == listed(alices, customer)


def test_each_filter_can_be_taken_away(alices: Client, customer: Customer) -> None:
    page = alices.get(list_of(customer), {"model": "bundle", "q": "ai"}).context["page"]

    assert [words for words, _url in page.chips] == ["“ai”", "Bundle"]
    assert page.chips[0][1] == f"{list_of(customer)}?model=bundle"


@pytest.mark.parametrize(
    "column", ["name", "solution", "model", "rate", "use", "credits", "feature_key"]
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_it_is_sorted_by_each_column(
    alices: Client, customer: Customer, column: str, sign: str
) -> None:
    everything = listed(alices, customer)

    assert sorted(listed(alices, customer, sort=sign + column)) == sorted(everything)


def test_what_goes_with_a_feature_is_said(alices: Client, customer: Customer) -> None:
    notes = {
        row.record.one.feature.key: row.record.notes
        for row in alices.get(list_of(customer)).context["page"].table.rows
    }

    assert notes["ztsa-sandbox"] == ["needs Internet Access"]
    assert notes["ztsa-internet-access"] == ["part of Internet + AI bundle"]
    assert notes["ztsa-internet-ai-bundle"] == ["in place of Internet Access and AI Secure Access"]
    assert notes["endpoint-core"] == ["counted together"]


def test_every_feature_has_its_page(alices: Client, customer: Customer) -> None:
    for key in Feature.objects.values_list("key", flat=True):
        shown = one(alices, customer, key)

        assert shown.rates
        assert "%(" not in " ".join([shown.unit, *shown.rules, *shown.row.notes])


@pytest.mark.parametrize(
    ("key", "credits"),
    [
        ("endpoint-essentials", 6_500),
        ("network-virtual-sensor", 12_500),
        ("file-security-sdk", 5_000),
        ("cloud-risk", 1_000),
        ("ztsa-internet-ai-bundle", 8_500),
        ("collaboration-sensor", 0),
        ("xdr-for-cloud", 3_600),
        ("sandbox-daily-reserve", 5_000),
    ],
)
def test_a_hundred_units_cost_what_their_model_says(
    alices: Client, customer: Customer, key: str, credits: int
) -> None:
    assert one(alices, customer, key).examples[0].credits == credits


def test_a_bundle_is_estimated_by_its_parts(alices: Client, customer: Customer) -> None:
    row = one(alices, customer, "ztsa-internet-ai-bundle").row

    lines = alices.get(row.estimate_url).context["sheet"].lines.inputs
    assert [line.key for line in lines] == ["ztsa-internet-access", "ztsa-ai-access"]
    assert row.allocate_url == ""


def test_a_viewer_looks_and_cannot_allocate(
    client_of: Callable[[User], Client], customer: Customer, bob: User
) -> None:
    row = one(client_of(bob), customer, "email-core").row

    assert row.allocate_url == ""
    assert row.estimate_url


def test_sales_see_what_the_customer_uses(
    client_of: Callable[[User], Client],
    customer: Customer,
    rep: User,
    allocate: Callable[..., Answer],
) -> None:
    allocate(customer, "email-core", 250)

    assert listed(client_of(rep), customer, use="yes") == ["email-core"]


def test_a_feature_that_is_not_there_is_not_found(alices: Client, customer: Customer) -> None:
    address = reverse("billing:solution-feature", args=[customer.slug, "no-such"])

    assert alices.get(address).status_code == 404


def test_a_large_catalogue_is_light_and_takes_as_many_queries(
    alices: Client, customer: Customer
) -> None:
    def read() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = alices.get(list_of(customer))
        return len(queries), len(response.content)

    few, _weight = read()
    many_features(FEATURES)
    many, weight = read()

    assert many == few
    assert weight < HEAVIEST


def test_the_list_is_taken_away_as_a_file(alices: Client, customer: Customer) -> None:
    response = alices.get(list_of(customer), {"_export": "csv", "model": "bundle"})

    text = b"".join(response).decode("utf-8-sig")
    assert len(text.strip().splitlines()) >= 2
    assert "Internet + AI bundle" in text
    assert "Core package" not in text
