"""Estimates at the support desk: readable, found by name, and never changed there."""

from __future__ import annotations

from django.urls import reverse

from credits.models import User
from estimator.models import Estimate
from tests.estimator.page import LogIn, words


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
