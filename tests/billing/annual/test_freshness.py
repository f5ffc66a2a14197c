from __future__ import annotations

from django.test import RequestFactory

from billing.web.context import freshness
from credits import clock
from credits.models import Customer
from tests.billing.story import instant


def test_the_frame_says_through_when_and_when_next() -> None:
    request = RequestFactory().get("/")
    request.customer = Customer(name="Halden Energy")  # type: ignore[attr-defined]

    with clock.moved_to(instant("2026-11-24T11:59:59")):
        found = freshness(request)["freshness"]

        assert found.through == instant("2026-11-24T09:00")
        assert found.next_update == instant("2026-11-24T12:00")
    assert found.late is False


def test_outside_a_customer_nothing_is_said() -> None:
    assert freshness(RequestFactory().get("/")) == {}
