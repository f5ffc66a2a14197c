"""Two workers with one agreement at the same moment, on connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from billing.domain.marketplaces.inbox import store
from billing.domain.marketplaces.linking import follow
from billing.domain.marketplaces.providers import Item
from billing.models import MarketplaceAgreement, MarketplaceMessage
from credits import clock
from credits.models import Customer
from tests.billing.marketplaces.core import fake
from tests.billing.marketplaces.core.conftest import NOW
from tests.billing.marketplaces.core.fake import agreement, linked, message
from tests.billing.marketplaces.core.reading import orders, standing

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4


def at_once(act: Callable[[], Any]) -> None:
    """Run one act on several connections, all begun at the same moment. None may fail."""
    begin = Barrier(WORKERS)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            begin.wait()
            with clock.moved_to(NOW):
                act()
        except BaseException as error:  # noqa: BLE001 - told by the test itself.
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_four_workers_with_one_agreement_and_one_message(customer: Customer) -> None:
    truth = agreement(items=[Item(fake.PLAN, 7)])
    found = linked(truth, customer)

    at_once(lambda: follow(MarketplaceAgreement.objects.get(pk=found.pk)))
    at_once(lambda: store(message(truth)))

    assert [order[:2] for order in orders(customer)] == [("1", 7_000)]
    found.refresh_from_db()
    assert (found.fetched, standing(found)["problem"]) == (WORKERS, "")
    assert MarketplaceMessage.objects.get().deliveries == WORKERS
