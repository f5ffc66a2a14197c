"""The queue of events: everything in it is kept or stays, and nothing blocks the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pytest_django import Settings

from billing.domain.marketplaces.applying import apply_messages
from billing.domain.marketplaces.providers import Unavailable
from billing.marketplaces.aws.calls import kept_client
from billing.marketplaces.aws.configuration import configuration
from billing.marketplaces.aws.provider import AwsMarketplace
from billing.models import MarketplaceAgreement, MarketplaceMessage, MessageState
from credits import clock
from tests.billing.marketplaces.aws.conftest import NOW, license_arn
from tests.billing.marketplaces.aws.sent import agreement_event, changed, event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(at: Any) -> Any:
    with at(NOW):
        yield


@pytest.fixture
def queue(sold: Settings) -> Iterator[Any]:
    """A queue of moto's, which is nobody's here; it waits for nothing."""
    with mock_aws():
        kept_client.cache_clear()
        made = boto3.resource("sqs", region_name="us-east-1").create_queue(QueueName="events")
        sold.AWS_MARKETPLACE_QUEUE_URL = made.url
        yield made
        kept_client.cache_clear()


def collect() -> int:
    return AwsMarketplace(replace(configuration(), attempts=1, wait=0)).collect()


def put(queue: Any, *bodies: Any) -> None:
    for body in bodies:
        queue.send_message(MessageBody=body if isinstance(body, str) else json.dumps(body))


def waiting(queue: Any) -> int:
    """Messages in the queue, those that were received and not taken out included."""
    queue.load()
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(queue.attributes[name]) for name in names)


def test_without_a_queue_there_is_nothing_to_collect(sold: Settings) -> None:
    assert collect() == 0


def test_events_are_stored_and_taken_out(queue: Any) -> None:
    put(queue, *(event(number, of=number) for number in range(1, 13)))

    assert collect() == 12
    assert waiting(queue) == 0
    found = MarketplaceMessage.objects.values_list("reference", flat=True)
    assert set(found) == {license_arn(number) for number in range(1, 13)}
    assert collect() == 0


def test_an_event_that_is_delivered_again_is_kept_once(queue: Any) -> None:
    put(queue, event(), event(), event())

    assert collect() == 3
    assert MarketplaceMessage.objects.get().deliveries == 3


def test_an_event_of_an_agreement_is_taken_out(queue: Any) -> None:
    put(queue, agreement_event())

    assert collect() == 1
    assert not MarketplaceMessage.objects.exists()


def test_what_cannot_be_read_waits_for_a_person_and_blocks_nothing(
    queue: Any, sold: Settings
) -> None:
    put(queue, "{", event(1), changed("detail/product/code", "other", 2), "hello", event(3))

    assert collect() == 5
    assert waiting(queue) == 0
    kept = MarketplaceMessage.objects.order_by("pk")
    assert [row.action == "unreadable" for row in kept] == [True, False, True, True, False]
    assert kept[0].body == "{"

    sold.AWS_MARKETPLACE_QUEUE_URL = ""
    kept.exclude(action="unreadable").delete()
    assert apply_messages(clock.now())["parked"] == 3
    parked = MarketplaceMessage.objects.filter(state=MessageState.PARKED)
    assert all("could not be read" in row.problem for row in parked)
    assert not MarketplaceAgreement.objects.exists()


def test_an_event_of_a_product_that_is_sold_by_now_is_read_again(
    queue: Any, sold: Settings
) -> None:
    put(queue, changed("detail/product/code", "other"))
    collect()
    sold.AWS_MARKETPLACE_QUEUE_URL = ""
    sold.AWS_MARKETPLACE_PRODUCTS = ["other"]

    apply_messages(clock.now())

    was, by_now = MarketplaceMessage.objects.order_by("pk")
    assert (was.state, "stored as" in was.problem) == (MessageState.PARKED, True)
    assert (by_now.message_id, by_now.product) == (event()["id"], "other")


def test_an_old_event_is_not_too_late_for_the_queue(queue: Any, at: Any) -> None:
    put(queue, event())

    with at(NOW + 10 * clock.DAY):
        assert collect() == 1
    assert MarketplaceMessage.objects.get().action == event()["detail-type"]


def test_what_contradicts_an_earlier_event_stays_for_the_dead_letter_queue(queue: Any) -> None:
    put(queue, event(1), changed("detail/license/arn", license_arn(2)), event(3))

    assert collect() == 2
    assert waiting(queue) == 1
    assert MarketplaceMessage.objects.count() == 2


def test_nothing_is_taken_out_before_it_is_kept(
    queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(queue, event())
    monkeypatch.setattr(MarketplaceMessage.objects, "get_or_create", broken)

    with pytest.raises(RuntimeError):
        collect()
    assert waiting(queue) == 1


def broken(**_values: Any) -> Any:
    raise RuntimeError("the database is gone")


def test_a_queue_that_is_not_there_is_unavailable(queue: Any, sold: Settings) -> None:
    sold.AWS_MARKETPLACE_QUEUE_URL = queue.url + "-else"

    with pytest.raises(Unavailable):
        collect()


def test_the_job_fetches_what_waits(queue: Any) -> None:
    put(queue, event())

    assert apply_messages(clock.now())["collected"] == 1
    assert waiting(queue) == 0
