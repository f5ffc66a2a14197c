"""Estimates at the support desk: readable, found by name, and never changed there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.urls import reverse

from credits.models import Customer, User
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, Reserve
from estimator.domain.saving import Wanted, save_estimate
from estimator.domain.sharing import secret_of
from estimator.models import Estimate
from tests.estimator.page import ESSENTIALS, LogIn, words
from tests.estimator.sharing import revoked, shared
from tests.factories import credits as make


def test_support_reads_an_estimate_with_its_lines_and_versions(
    estimate: Estimate, support: User, client_of: LogIn
) -> None:
    url = reverse("admin:estimator_estimate_change", args=[estimate.pk])
    client = client_of(support)

    page = client.get(url)

    assert page.status_code == 200
    for said in (
        "E-1 Plan 2027",
        "19,000",
        "Essentials package Endpoint Security 100",
        "Core package Email and Collaboration Security 500",
        "25 Nov 2026, 09:30 UTC",
    ):
        assert said in words(page)
    assert client.post(url, {"name": "Changed"}).status_code == 403
    assert Estimate.objects.get().name == "Plan 2027"


def test_support_finds_an_estimate_by_name_and_on_the_customers_page(
    estimate: Estimate, support: User, client_of: LogIn
) -> None:
    client = client_of(support)
    found = client.get(reverse("admin:estimator_estimate_changelist"), {"q": "plan"})
    customer = client.get(reverse("admin:credits_customer_change", args=[estimate.customer.pk]))
    nothing = client.get(reverse("admin:estimator_estimate_changelist"), {"q": "no such"})

    assert "Plan 2027" in words(found)
    assert "E-1 Plan 2027" in words(customer)
    assert "Plan 2027" not in words(nothing)


def test_support_reads_how_lines_change_and_what_is_kept_free(
    customer: Customer, alice: User, support: User, client_of: LogIn
) -> None:
    plan = Plan(growth=Decimal(10), starts_on=date(2027, 4, 1), ramp=6)
    draft = Draft(
        quantities={ESSENTIALS: Decimal(100), "cloud-risk": {"production": Decimal(2200)}},
        plans={ESSENTIALS: plan},
        reserve=Reserve(percent=Decimal("12.5")),
    )
    asked = make.asked(actor=alice)
    saved = save_estimate(customer=customer, wanted=Wanted(name="Plan", draft=draft), asked=asked)
    url = reverse("admin:estimator_estimate_change", args=[saved.estimate.pk])

    page = words(client_of(support).get(url)).replace("\N{NO-BREAK SPACE}", " ")

    assert "100 endpoints +10 % a year, from Apr 2027, over 6 months" in page
    assert "production: 2,200 resources the same" in page
    assert "12.5 % of the lines" in page


def test_support_sees_who_shared_an_estimate_until_when_and_who_closed_it(
    estimate: Estimate, alice: User, bob: User, support: User, client_of: LogIn
) -> None:
    closed, standing = shared(estimate, alice), shared(estimate, alice)
    revoked(closed, alice)
    client = client_of(support)

    page = client.get(reverse("admin:estimator_estimate_change", args=[estimate.pk]))
    customer = client.get(reverse("admin:credits_customer_change", args=[estimate.customer.pk]))

    for found in (words(page), words(customer)):
        assert f"{standing.public_id.hex[:8]} 25 Nov 2026, 09:30 UTC alice@example.org" in found
        assert "25 Dec 2026, end of day UTC Open" in found
        assert "Revoked 25 Nov 2026, 09:30 UTC , alice@example.org" in found
    assert secret_of(standing) not in page.content.decode()


def test_support_finds_the_estimate_of_a_shared_address(
    estimate: Estimate, support: User, client_of: LogIn
) -> None:
    link = shared(estimate)
    client, url = client_of(support), reverse("admin:estimator_estimate_changelist")

    assert "Plan 2027" in words(client.get(url, {"q": secret_of(link)[:32]}))
    assert "Plan 2027" not in words(client.get(url, {"q": "0" * 32}))
