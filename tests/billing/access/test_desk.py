"""Where each customer's access stands, as the sales desk lists it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.dateformat import format as date_text

from credits import clock
from credits.domain.access_state import access_state
from credits.models import Customer, LicenseKind, User
from tests.billing.access.test_pages import text_of
from tests.factories import credits as make

ClientOf = Callable[[User], Client]


def listed(client: Client) -> str:
    return text_of(client.get(reverse("billing:sales-customers")).content.decode())


@pytest.mark.parametrize(
    ("days_ago", "kind", "said"),
    [
        (-9, LicenseKind.BOUGHT, None),
        (-9, LicenseKind.TRIAL, "Trial"),
        (9, LicenseKind.BOUGHT, "Grace pages close"),
        (9, LicenseKind.TRIAL, "Locked access ended"),
        (39, LicenseKind.BOUGHT, "Locked access ended"),
    ],
)
def test_a_row_says_where_access_stands_with_the_day_of_every_other_page(
    client_of: ClientOf, customer: Customer, rep: User, days_ago: int, kind: str, said: str | None
) -> None:
    today = clock.day_of(clock.now())
    make.grant(customer, 300, today - 90 * clock.DAY, today - days_ago * clock.DAY, kind)

    found = listed(client_of(rep))

    if said is None:
        assert not any(word in found for word in ("Trial", "Grace", "Locked"))
        return
    assert said in found
    if days_ago > 0:
        ends_at = access_state(customer, clock.now()).ends_at
        assert ends_at is not None
        assert date_text(ends_at - clock.DAY, "j M Y") in found


def test_a_customer_without_a_license_is_said_to_have_none(
    client_of: ClientOf, customer: Customer, rep: User
) -> None:
    assert "No license" in listed(client_of(rep))
