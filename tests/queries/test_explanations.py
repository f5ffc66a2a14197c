"""What an explanation costs: by what it shows, not by how long the ledger is."""

from __future__ import annotations

import pytest
from django.test import Client

from credits import clock
from credits.models import Customer, Level, License, Side
from tests.billing.reading import logged_in
from tests.billing.story import instant
from tests.queries.books import NOW, Books
from tests.queries.cost import Cost, cost

pytestmark = pytest.mark.django_db

SUMS = 100
"""Buffers for the sums of everything, and for licenses with their rows."""

NEWEST_ROWS = 1_600
"""Buffers for the newest 50 rows of a feature that a system reports: each with the report, choice
and operation it comes from."""

RARELY_CHANGED = 4_500
"""Buffers for a feature that last changed a year and 100,000 rows ago: the one case in which the
ledger is gone through, since an index by feature would make every act dearer."""


@pytest.fixture
def maria(books: Books) -> Client:
    return logged_in(books.admin)


def asked(client: Client, customer: Customer, question: str) -> Cost:
    with clock.moved_to(instant(NOW)):
        return cost(client, f"/c/{customer.slug}/explain/?{question}")


def feature_keys(customer: Customer) -> list[str]:
    """The features in use; the first one reports every hour, the last never changed."""
    levels = Level.objects.filter(customer=customer, side=Side.ALLOCATED).order_by("pk")
    return list(levels.values_list("feature__key", flat=True))


@pytest.mark.parametrize("side", ["balance", "valid", "allocated"])
def test_the_sums_of_a_long_ledger_are_not_added_up_again(
    books: Books, maria: Client, side: str
) -> None:
    found = asked(maria, books.large, f"side={side}")

    assert found.buffers <= SUMS, str(found)


def test_a_licenses_rows_are_found_among_those_of_features(books: Books, maria: Client) -> None:
    license = License.objects.filter(customer=books.large).order_by("number")[1]
    found = asked(maria, books.large, f"side=valid&license={license.public_id}")

    assert found.buffers <= SUMS, str(found)


def test_only_the_newest_rows_of_a_feature_are_read(books: Books, maria: Client) -> None:
    key = feature_keys(books.large)[0]
    found = asked(maria, books.large, f"side=allocated&feature={key}")

    assert found.buffers <= NEWEST_ROWS, str(found)


def test_a_feature_that_never_changes_is_looked_for_through_the_ledger(
    books: Books, maria: Client
) -> None:
    key = feature_keys(books.large)[-1]
    found = asked(maria, books.large, f"side=allocated&feature={key}")

    assert found.buffers <= RARELY_CHANGED, str(found)
