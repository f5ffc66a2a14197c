"""A purged customer in the portal: nobody's any more, named as purged, and written to no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.lifecycle import advance
from credits import clock
from credits.models import Balance, Customer, Operation, User
from tests.admin.pages import text_of
from tests.billing.lifecycle.story import SOON, run
from tests.billing.story import found_story, instant
from tests.billing.views.entering import send

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
LATER = "2026-06-10T09:00"


@pytest.fixture
def purged(catalogue: None) -> Iterator[Customer]:
    """A purged customer, looked at nine days after."""
    story = found_story()
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31", "GONE")
    run("2026-05-01T00:00")
    run("2026-05-31T00:00")
    run("2026-06-01T00:00", late=SOON)
    with clock.moved_to(instant(LATER)):
        yield Customer.objects.get(pk=story.customer.pk)


def test_the_former_admin_cannot_get_in(purged: Customer, client: Client) -> None:
    former = Operation.objects.filter(customer=purged, actor__isnull=False).first()
    assert former is not None
    assert former.actor is not None
    client.force_login(former.actor)

    response = client.get(reverse("billing:annual-credits", args=[purged.slug]))

    assert response.status_code in (302, 404)


def test_sales_see_it_named_as_purged_and_a_purchase_is_refused_with_a_sentence(
    purged: Customer, client_of: ClientOf, manager: User
) -> None:
    desk = client_of(manager)

    assert f"Purged customer {purged.label}" in text_of(
        desk.get(reverse("billing:sales-customers"))
    )
    assert desk.get(reverse("billing:annual-credits", args=[purged.slug])).status_code == 200
    refused = send(desk, purged, order_number="SO-9")

    assert refused.status_code == 422
    assert "was erased for good" in text_of(refused)
    assert not purged.purchases.filter(order_number="SO-9").exists()


def test_support_sees_its_life_and_its_end(
    purged: Customer, client_of: ClientOf, support: User
) -> None:
    desk = client_of(support)

    page = text_of(desk.get(reverse("admin:credits_customer_change", args=[purged.pk])))
    assert "Access: purged 2026-06-01 00:01 UTC" in page
    assert "Marked for purge" in page
    marked = desk.get(reverse("admin:billing_customerlife_changelist"), {"stage__exact": "marked"})
    assert purged.name not in text_of(marked)


def test_a_run_leaves_it_alone(purged: Customer) -> None:
    before = list(Balance.objects.filter(customer=purged).values())

    counts = advance(instant("2027-01-01T00:00"))

    assert {name: n for name, n in counts.items() if n} == {}
    assert list(Balance.objects.filter(customer=purged).values()) == before
