"""The address to which the seller's event bus posts: what it takes, and all that it refuses."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from billing.models import MarketplaceAgreement, MarketplaceMessage, MessageState
from tests.access.probing import stored
from tests.billing.marketplaces.aws.conftest import BUYER, KEY, NOW, PRODUCT, license_arn
from tests.billing.marketplaces.aws.sent import (
    BUS,
    DEPROVISIONED,
    agreement_event,
    changed,
    event,
    send,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sold")]
LICENSE = license_arn(1)


@pytest.fixture(autouse=True)
def now(at: Any) -> Any:
    with at(NOW):
        yield


@pytest.fixture
def no_way_out(db: None, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nobody can be asked anything; whoever was to be asked. The database is connected before."""
    asked: list[Any] = []

    def refuse(_socket: Any, where: Any) -> None:
        asked.append(where)
        raise OSError("no way out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return asked


def test_an_event_is_kept_as_it_came() -> None:
    raw = json.dumps(event(), indent=1)

    response = send(raw)

    assert (response.status_code, response.content) == (200, b"stored\n")
    row = MarketplaceMessage.objects.get()
    assert (row.marketplace, row.message_id) == ("aws", event()["id"])
    assert (row.reference, row.account, row.product) == (LICENSE, BUYER, PRODUCT)
    assert (row.action, row.said_at) == ("License Updated - Manufacturer", NOW)
    assert (row.body, row.state, row.received_at) == (raw, MessageState.STORED, NOW)


def test_an_event_that_comes_again_is_kept_once() -> None:
    for _time in range(3):
        assert send(event()).status_code == 200

    assert MarketplaceMessage.objects.get().deliveries == 3


def test_other_content_under_the_same_id_is_a_conflict() -> None:
    send(event())
    before = stored()

    assert send(changed("detail/license/arn", license_arn(2))).status_code == 409
    assert stored() == before


@pytest.mark.parametrize(
    "kind", [DEPROVISIONED, "License Renamed - Manufacturer", "Purchase Agreement Split - Proposer"]
)
def test_whatever_happened_to_a_license_is_kept(kind: str) -> None:
    assert send(event(kind=kind)).status_code == 200
    assert MarketplaceMessage.objects.get().action == kind


def test_what_nobody_has_heard_of_is_no_obstacle() -> None:
    new = event() | {"replay-name": "again"}
    new["detail"] |= {"license": {"arn": LICENSE, "color": {"deep": [1.5, None]}}, "more": []}

    assert send(new).status_code == 200


def test_an_event_of_an_agreement_speaks_of_all_that_is_known_of_its_buyer() -> None:
    assert send(agreement_event(1)).status_code == 200
    assert not MarketplaceMessage.objects.exists()
    for number, account in ((1, BUYER), (2, BUYER), (3, "444455556666")):
        MarketplaceAgreement.objects.create(
            marketplace="aws", reference=license_arn(number), account=account, found_at=NOW
        )

    assert send(agreement_event(2)).status_code == 200
    assert send(agreement_event(2)).status_code == 200

    found = MarketplaceMessage.objects.order_by("pk").values_list("reference", "deliveries")
    assert list(found) == [(license_arn(1), 2), (license_arn(2), 2)]


def test_both_keys_are_taken_while_they_are_changed(sold: Settings) -> None:
    new = "the key that comes next, as long as the other"
    sold.AWS_MARKETPLACE_EVENT_SECRETS = [new, KEY]

    assert send(event(), key=new).status_code == 200
    assert send(event(), key=KEY).status_code == 200
    sold.AWS_MARKETPLACE_EVENT_SECRETS = [new, ""]
    assert send(event(), key=KEY).status_code == 401


@pytest.mark.parametrize("missing", ["products", "keys"])
def test_where_nothing_is_sold_there_is_no_such_address(sold: Settings, missing: str) -> None:
    if missing == "products":
        sold.AWS_MARKETPLACE_PRODUCTS = []
    else:
        sold.AWS_MARKETPLACE_EVENT_SECRETS = ["", ""]

    assert send(event(), key="").status_code == 404


KEYS = {
    "none": None,
    "an empty one": "",
    "a wrong one": "a key of another event bus, as long as ours",
    "ours, but for its end": KEY[:-1],
    "ours, and more": KEY + "x",
    "ours in capitals": KEY.upper(),
    "ours twice": f"{KEY},{KEY}",
    "in front of it a word": f"Bearer {KEY}",
    "no ASCII": "schlüssel",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_without_the_key_nothing_is_read_and_nothing_told(
    no_way_out: list[Any], key: str | None
) -> None:
    before = stored()

    answers = {
        (response.status_code, response.content)
        for response in (
            send(event(), key=key),
            send("{no JSON", key=key),
            send(b"", key=key, kind="text/plain"),
        )
    }

    assert answers == {(401, b"refused\n")}
    assert stored() == before
    assert no_way_out == []


def test_the_key_in_another_place_is_none(no_way_out: list[Any]) -> None:
    url, raw, before = reverse("billing:aws-events"), json.dumps(event()), stored()
    client = Client(headers={"Authorization": KEY, "X-Api-Key": KEY})
    client.cookies["X-Marketplace-Key"] = KEY

    response = client.post(f"{url}?X-Marketplace-Key=x", raw, content_type="application/json")

    assert response.status_code == 401
    assert stored() == before
    assert no_way_out == []


def text_of(**changes: Any) -> str:
    return json.dumps(event() | changes)


FORGED: dict[str, Any] = {
    "no JSON": "{",
    "nothing": "",
    "a list": [event()],
    "a text": '"event"',
    "null": "null",
    "two objects": json.dumps(event()) * 2,
    "a comment": json.dumps(event()) + "// ",
    "a key twice": text_of()[:-1] + f', "account": "{BUS}"}}',
    "a key twice, deep": text_of().replace('"arn"', f'"arn": "{license_arn(9)}", "arn"'),
    "NaN": text_of(extra=float("nan")),
    "Infinity": text_of(extra=float("inf")),
    "no UTF-8": text_of().encode() + b"\xff",
    "UTF-16": text_of().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + text_of().encode(),
    "a lone surrogate": text_of(extra="\ud800"),
    "NUL": text_of(extra="\0"),
    "too deep": text_of().replace('"resources"', '"r": ' + "[" * 25 + "]" * 25 + ', "resources"'),
    "very deep": "[" * 100_000,
    "too large": text_of(extra="x" * 262_144),
    "another source": changed("source", "aws.ec2"),
    "a source of one's own": changed("source", "aws.agreement-marketplace.example"),
    "no source": changed("source", None),
    "another version": changed("version", "1"),
    "another region": changed("region", "eu-west-1"),
    "no account": changed("account", None),
    "an account with letters": changed("account", "99990000111x"),
    "an account as a number": changed("account", 999900001111),
    "an account in other digits": changed("account", "١٢٣٤٥٦٧٨٩٠١٢"),
    "no id": changed("id", None),
    "an id with a line break": changed("id", event()["id"] + "\n"),
    "a long id": changed("id", "a" * 65),
    "no kind": changed("detail-type", None),
    "a kind with markup": changed("detail-type", "License <b>Updated</b>"),
    "a long kind": changed("detail-type", "License " + "x" * 100),
    "no time": changed("time", None),
    "a day that does not exist": changed("time", "2026-02-30T09:30:00Z"),
    "a time without a zone": changed("time", "2026-11-24T09:30:00"),
    "too old": event(at=NOW - timedelta(days=4)),
    "ahead of time": event(at=NOW + timedelta(minutes=6)),
    "no detail": changed("detail", None),
    "detail as a text": changed("detail", json.dumps(event()["detail"])),
    "another catalog": changed("detail/catalog", "AWSOther"),
    "no buyer": changed("detail/acceptor", None),
    "a short buyer": changed("detail/acceptor/accountId", "11112222333"),
    "a buyer with a line break": changed("detail/acceptor/accountId", BUYER + "\n"),
    "a license of nothing": changed("detail/license", {}),
    "a license as a text": changed("detail/license", LICENSE),
    "an empty license": changed("detail/license/arn", ""),
    "a license of a user": changed("detail/license/arn", "arn:aws:iam::294406891311:user/x"),
    "more than a license": changed("detail/license/arn", f"{LICENSE}\n{license_arn(2)}"),
    "an address around a license": changed("detail/license/arn", f"https://x.example/{LICENSE}"),
    "a license as a list": changed("detail/license/arn", [LICENSE]),
    "another product": changed("detail/product/code", "of-somebody-else"),
    "no product": changed("detail/product", None),
    "our product in capitals": changed("detail/product/code", PRODUCT.upper()),
    "neither license nor agreement": changed("detail", {"acceptor": {"accountId": BUYER}}),
}


def test_there_are_as_many_forgeries_as_promised() -> None:
    assert len(FORGED) >= 40


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED.keys())
def test_a_forgery_with_the_key_writes_nothing_and_asks_nobody(
    no_way_out: list[Any], body: Any
) -> None:
    before = stored()

    response = send(body)

    assert response.status_code == 400
    assert stored() == before
    assert no_way_out == []


KINDS = ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1")


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_of_content_is_refused(no_way_out: list[Any], kind: str) -> None:
    before = stored()

    assert send(text_of(), kind=kind).status_code == 400
    assert stored() == before
    assert no_way_out == []


def test_another_account_than_the_named_ones_is_refused(sold: Settings) -> None:
    sold.AWS_MARKETPLACE_ACCOUNTS = ["123456789012"]

    assert send(event()).status_code == 400
    assert send(changed("account", "123456789012")).status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch"])
def test_only_posting_is_known(method: str) -> None:
    ask = getattr(Client(headers={"X-Marketplace-Key": KEY}), method)

    assert ask(reverse("billing:aws-events")).status_code == 405


def test_a_refusal_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    send(event(), key="wrong")
    send(changed("source", "a\nforged=1"))

    lines = [record.getMessage() for record in caplog.records if "aws_event" in record.message]
    assert lines == [
        "aws_event_refused reason=key address=127.0.0.1",
        "aws_event_refused reason=source",
    ]
    assert KEY not in caplog.text
