"""The page of pay-as-you-go, and the way from a choice through the review to the act."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import PaygContract
from credits import clock
from credits.domain.catalogue import load_catalogue
from credits.domain.post import post
from credits.domain.sources import SetUsageSource
from credits.models import Customer, FeatureChoice, Operation, OverAllocation, User
from tests.billing.payg.contracts import (
    AGAIN,
    BUCKETS,
    ENDS,
    LATER_END,
    RATE,
    SCANS,
    XDR,
    confirmed,
    contract,
    fields_of,
    held,
    page_url,
    review_url,
    switch,
    text_of,
)
from tests.cast import CATALOGUE
from tests.factories import credits as make

FEW, MANY = 5, 50
HTMX = {"HX-Request": "true", "HX-Target": "effect"}


@pytest.fixture
def admin(client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


# The page


def test_the_page_tells_the_contract_and_each_feature(admin: Client, agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})

    page = text_of(admin.get(page_url(agreed.customer)))

    assert "211 days left 1 Apr 2026 to 30 Nov 2026, end of day UTC" in page
    assert "AGR-1 AWS Marketplace" in page
    assert (
        "File Security Storage by bucket Cloud Security Pay-as-you-go until 30 Nov 2026 nothing "
        "Units kept: 3 buckets Since 4 May 2026 may change from 3 Jun 2026, 00:00 UTC"
    ) in page
    assert "Charges are shown as the marketplace reports them. None is reported here yet." in page


def test_what_holds_credits_leads_to_its_rows(admin: Client, holding: Customer) -> None:
    response = admin.get(page_url(holding))

    assert 'aria-label="Explain 28,908 credits held by File Security Storage by bucket"' in (
        response.content.decode()
    )
    assert "may change now" not in text_of(response)
    assert "needs a contract" in text_of(response)


def test_without_a_contract_the_page_says_how_to_get_one(admin: Client, holding: Customer) -> None:
    page = text_of(admin.get(page_url(holding)))

    assert "No contract in force" in page
    assert "Ask your sales representative for one, or subscribe on the marketplace" in page


def test_a_contract_that_ended_and_the_next_one_are_named(
    admin: Client, agreed: PaygContract
) -> None:
    later = ENDS + 30 * clock.DAY
    contract(agreed.customer, agreement="AGR-2", starts_at=later, ends_at=LATER_END)

    with clock.moved_to(ENDS):
        page = text_of(admin.get(page_url(agreed.customer)))

    assert "The last one, AGR-1 (AWS Marketplace), ended on 30 Nov 2026" in page
    assert "Next: AGR-2 (AWS Marketplace), 31 Dec 2026 to 30 Nov 2027" in page


def test_what_came_back_when_the_contract_ended_is_on_credits_since_then(
    admin: Client, agreed: PaygContract
) -> None:
    switch(agreed.customer, to_payg={BUCKETS})

    with clock.moved_to(ENDS + clock.DAY):
        page = text_of(admin.get(page_url(agreed.customer)))

    assert "Cloud Security Credits 28,908 Units kept: 3 buckets Since 1 Dec 2026" in page


def test_a_viewer_reads_and_does_not_manage(
    client_of: Callable[[User], Client], bob: User, agreed: PaygContract
) -> None:
    viewer = client_of(bob)

    assert "Manage billing model" not in text_of(viewer.get(page_url(agreed.customer)))
    assert viewer.get(page_url(agreed.customer, "payg-choose")).status_code == 403


# The choice


def test_a_feature_that_rests_is_closed_with_the_day_beside_it(
    admin: Client, agreed: PaygContract
) -> None:
    switch(agreed.customer, to_payg={BUCKETS})

    page = admin.get(page_url(agreed.customer, "payg-choose")).content.decode()

    assert f'name="m.{BUCKETS}" value="credits" disabled' in page
    assert f'name="m.{BUCKETS}" value="payg" checked disabled' in page
    assert f'id="why-{BUCKETS}">may change from 3 Jun 2026, 00:00 UTC' in page
    assert f'name="m.{SCANS}" value="payg">' in page


def test_a_running_reservation_is_closed_with_its_reason(
    admin: Client, agreed: PaygContract
) -> None:
    make.allocate(agreed.customer, XDR, 10)

    page = admin.get(page_url(agreed.customer, "payg-choose")).content.decode()

    assert f'id="why-{XDR}">holds a reservation; may change when its period has ended' in page


def test_what_was_chosen_goes_on_to_the_review_and_nothing_else(
    admin: Client, agreed: PaygContract
) -> None:
    url = page_url(agreed.customer, "payg-choose")
    chosen = {"review": "1", f"m.{BUCKETS}": "payg", f"m.{SCANS}": "credits"}

    response = admin.get(url, chosen)

    assert (response.status_code, response["Location"]) == (
        303,
        review_url(agreed.customer, f"payg={BUCKETS}"),
    )


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({}, "Nothing was chosen that changes anything"),
        ({f"m.{BUCKETS}": "credits"}, "Nothing was chosen that changes anything"),
        (
            {f"m.{BUCKETS}": "cash"},
            "Choose credits or pay-as-you-go for File Security Storage by bucket. "
            "The form said cash.",
        ),
    ],
)
def test_a_choice_that_makes_no_sense_is_answered_with_a_sentence(
    admin: Client, agreed: PaygContract, chosen: dict[str, str], sentence: str
) -> None:
    response = admin.get(page_url(agreed.customer, "payg-choose"), {"review": "1", **chosen})

    assert response.status_code == 422
    assert sentence in text_of(response)


@pytest.mark.parametrize(
    "query", ["", "payg=", "payg=no-such", "credits=email-core", "payg=%F0%9F%92%A9"]
)
def test_a_review_of_what_there_is_not_leads_back_to_the_choice(
    admin: Client, agreed: PaygContract, query: str
) -> None:
    url = review_url(agreed.customer, query)

    for response in (admin.get(url), admin.post(url, {"act": "confirm"})):
        assert response.status_code == 422
        assert "Nothing was changed." in text_of(response)


# The review


def test_the_review_shows_now_and_the_contracts_end(admin: Client, agreed: PaygContract) -> None:
    review = text_of(admin.get(review_url(agreed.customer, f"payg={BUCKETS}")))

    assert "It holds nothing from now on (28,908 now). When the contract ends it holds 28,908" in (
        review
    )
    assert "Balance today 11,092 40,000 +28,908" in review
    assert "From the contract's end, 1 Dec 2026" in review
    assert "Balance then 11,092 11,092 0" in review
    assert "Switch File Security Storage by bucket to pay-as-you-go, release 28,908" in review
    assert not FeatureChoice.objects.exists()


def test_confirming_switches_and_says_when_it_may_change_again(
    admin: Client, agreed: PaygContract, alice: User
) -> None:
    customer = agreed.customer
    response = confirmed(admin, review_url(customer, f"payg={BUCKETS}"), note="Peaks only")

    assert (response.status_code, response["Location"]) == (303, page_url(customer))
    operation = Operation.objects.get(kind="switch-billing")
    assert (operation.actor, operation.note.text) == (alice, "Peaks only")
    assert held(customer) == 0
    said = text_of(admin.get(page_url(customer)))
    assert "billing model changed. It may change again from 3 Jun 2026, 00:00 UTC." in said


def test_a_double_click_switches_once(admin: Client, agreed: PaygContract) -> None:
    url = review_url(agreed.customer, f"payg={BUCKETS}")
    fields = {**fields_of(admin, url), "act": "confirm"}

    first, second = admin.post(url, fields), admin.post(url, fields)

    assert (first.status_code, second.status_code) == (303, 303)
    assert Operation.objects.filter(kind="switch-billing").count() == 1


def test_a_double_click_on_the_way_back_switches_once(admin: Client, agreed: PaygContract) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    url = review_url(agreed.customer, f"credits={BUCKETS}")
    with clock.moved_to(AGAIN):
        fields = {**fields_of(admin, url), "act": "confirm", f"q.{BUCKETS}": "2"}

        first, second = admin.post(url, fields), admin.post(url, fields)

        assert (first.status_code, second.status_code) == (303, 303)
        assert held(agreed.customer) == 2 * RATE
    assert Operation.objects.filter(kind="switch-billing").count() == 2


def test_a_form_that_is_not_this_pages_own_switches_nothing(
    admin: Client, agreed: PaygContract
) -> None:
    url = review_url(agreed.customer, f"payg={BUCKETS}")

    for key in ("", "forged:key"):
        response = confirmed(admin, url, form_key=key)
        assert response.status_code == 422
        assert "This form was made for another page or person." in text_of(response)
    assert held(agreed.customer) == 3 * RATE


def test_a_key_that_was_used_for_another_choice_is_a_conflict(
    admin: Client, agreed: PaygContract
) -> None:
    url = review_url(agreed.customer, f"payg={BUCKETS}")
    fields = {**fields_of(admin, url), "act": "confirm"}
    admin.post(url, fields)

    response = admin.post(review_url(agreed.customer, f"payg={SCANS}"), fields)

    assert response.status_code == 409
    assert "was used before for something else" in text_of(response)


def test_within_thirty_days_the_review_is_refused_with_the_day(
    admin: Client, agreed: PaygContract
) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    url = review_url(agreed.customer, f"credits={BUCKETS}")

    response = admin.get(url)

    assert response.status_code == 422
    assert ("File Security Storage by bucket may change from 3 Jun 2026, 00:00 UTC.") in text_of(
        response
    )
    assert admin.post(url, {"act": "confirm"}).status_code == 422
    assert held(agreed.customer) == 0


def test_without_a_contract_the_review_is_refused(admin: Client, holding: Customer) -> None:
    response = admin.get(review_url(holding, f"payg={BUCKETS}"))

    assert response.status_code == 422
    assert "needs a contract" in text_of(response)


def test_going_back_prices_the_units_that_are_typed(admin: Client, agreed: PaygContract) -> None:
    customer = agreed.customer
    switch(customer, to_payg={BUCKETS})
    url = review_url(customer, f"credits={BUCKETS}")
    with clock.moved_to(AGAIN):
        assert fields_of(admin, url)[f"q.{BUCKETS}"] == "3"
        tried = admin.post(
            url, {"act": "preview", f"q.{BUCKETS}": "4"}, headers=HTMX
        ).content.decode()
        assert "to credits, allocate 38,544" in tried
        confirmed(admin, url, **{f"q.{BUCKETS}": "1"})

        assert held(customer) == RATE


@pytest.mark.parametrize("typed", ["1.5", "-1", "1e9", "many", "1000000001", "\u0663"])
def test_units_that_are_none_are_refused_at_their_field(
    admin: Client, agreed: PaygContract, typed: str
) -> None:
    switch(agreed.customer, to_payg={BUCKETS})
    url = review_url(agreed.customer, f"credits={BUCKETS}")
    with clock.moved_to(AGAIN):
        response = confirmed(admin, url, **{f"q.{BUCKETS}": typed})

        assert response.status_code == 422
        assert f"You entered {typed}." in text_of(response)
        assert f'value="{typed}"' in response.content.decode()
        assert held(agreed.customer) == 0


def test_units_that_a_system_reports_are_not_typed(admin: Client, agreed: PaygContract) -> None:
    customer = agreed.customer
    switch(customer, to_payg={BUCKETS})
    ask = make.asked(reason="Connected")
    post(SetUsageSource(customer=customer, asked=ask, group=BUCKETS, name="Cloud inventory"))
    url = review_url(customer, f"credits={BUCKETS}")
    with clock.moved_to(AGAIN):
        page = admin.get(url)
        assert "3 buckets, reported by Cloud inventory." in text_of(page)
        assert f"q.{BUCKETS}" not in fields_of(admin, url)
        confirmed(admin, url)

        assert held(customer) == 3 * RATE


def test_going_back_below_zero_is_confirmed_with_the_number(
    admin: Client, agreed: PaygContract
) -> None:
    customer = agreed.customer
    switch(customer, to_payg={BUCKETS})
    url = review_url(customer, f"credits={BUCKETS}")
    with clock.moved_to(AGAIN):
        make.allocate(customer, "email-core", 1_000)
        assert "Take the balance 13,908 credits below zero" in text_of(admin.get(url))

        refused = confirmed(admin, url)
        assert refused.status_code == 422
        assert held(customer) == 0

        done = confirmed(admin, url, confirmed_shortfall="13908")
        assert done.status_code == 303
        assert held(customer) == 3 * RATE


def test_a_customer_that_refuses_shortfalls_is_not_asked(
    admin: Client, agreed: PaygContract
) -> None:
    customer = agreed.customer
    switch(customer, to_payg={BUCKETS})
    make.allocate(customer, "email-core", 1_000)
    Customer.objects.filter(pk=customer.pk).update(over_allocation=OverAllocation.REFUSE)
    url = review_url(customer, f"credits={BUCKETS}")
    with clock.moved_to(AGAIN):
        response = confirmed(admin, url, confirmed_shortfall="13908")

        assert response.status_code == 422
        assert "refuse that. Nothing was changed." in text_of(response)
        assert 'name="confirmed_shortfall"' not in response.content.decode()
        assert held(customer) == 0


def test_accounts_go_back_each_with_its_own_number(admin: Client, agreed: PaygContract) -> None:
    customer = agreed.customer
    make.allocate(customer, "cloud-risk", 700)
    switch(customer, to_payg={"cloud-risk"})
    url = review_url(customer, "credits=cloud-risk")
    with clock.moved_to(AGAIN):
        fields = fields_of(admin, url)
        assert fields["a.cloud-risk.1.units"] == "700"
        confirmed(admin, url, **{"a.cloud-risk.2.name": "staging", "a.cloud-risk.2.units": "100"})

        assert held(customer, "cloud-risk") == 2_000 + 1_000


# How much is read


@pytest.mark.parametrize(("name", "most"), [("payg", 11), ("payg-choose", 11)])
def test_as_many_queries_with_fifty_features_as_with_five(
    admin: Client, agreed: PaygContract, name: str, most: int
) -> None:
    url = page_url(agreed.customer, name)
    counts = []
    for features in (FEW, MANY):
        offer(features)
        with CaptureQueriesContext(connection) as queries:
            response = admin.get(url)
        assert f"Own feature {features}" in text_of(response)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= most


def offer(features: int) -> None:
    """Load the catalogue with so many more features that can be paid either way."""
    text = CATALOGUE.read_text(encoding="utf-8").rstrip("\n")
    model = next(line for line in text.splitlines() if f",{BUCKETS}," in line)
    own = [
        model.replace(BUCKETS, f"own-{n}").replace(
            "File Security Storage by bucket", f"Own feature {n}"
        )
        for n in range(1, features + 1)
    ]
    load_catalogue("\n".join([text, *own]) + "\n")


def test_the_navigation_leads_here(admin: Client, agreed: PaygContract) -> None:
    page = admin.get(page_url(agreed.customer)).content.decode()

    assert f'href="{page_url(agreed.customer)}" aria-current="page"' in page
