"""Tokens, keys, faults of the network, and the only places that are asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import urllib3
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from billing.domain.marketplaces.providers import Unavailable
from billing.marketplaces.azure import keys, transport
from billing.marketplaces.azure.account import account
from billing.marketplaces.azure.provider import AzureProvider
from billing.models import MarketplaceKeys
from credits import clock
from tests.billing.marketplaces.azure.calling import call, claims, tell
from tests.billing.marketplaces.azure.signing import jwk, sign
from tests.billing.marketplaces.azure.standin import (
    Fault,
    StandIn,
    cut,
    dripping,
    dropped,
    fine,
    status,
    text,
)

MINUTE = timedelta(minutes=1)


def after(wait: timedelta) -> Any:
    return clock.moved_to(clock.now() + wait)


# The access token


def test_a_token_is_asked_for_once(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy()

    for _look in range(3):
        azure.truth(one.id, "", "")

    assert marketplace.tokens_given == 1


def test_a_token_is_replaced_shortly_before_it_ends(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")

    with after(54 * MINUTE):
        azure.truth(one.id, "", "")
    assert marketplace.tokens_given == 1
    with after(55 * MINUTE):
        azure.truth(one.id, "", "")
    assert marketplace.tokens_given == 2


def test_a_refused_token_is_replaced_once(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    marketplace.good_tokens.clear()

    azure.truth(one.id, "", "")

    assert marketplace.tokens_given == 2


def test_a_second_refusal_is_final(marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    marketplace.faults = [status(401), fine, status(401)]

    with pytest.raises(Unavailable, match="does not let us in"):
        azure.truth(one.id, "", "")


def test_a_secret_that_has_expired_is_said_in_the_log_and_shown_nowhere(
    marketplace: StandIn, azure: AzureProvider, caplog: pytest.LogCaptureFixture
) -> None:
    marketplace.secret = "another one"

    with pytest.raises(Unavailable, match="is the secret still valid"):
        azure.truth(marketplace.buy().id, "", "")
    assert "azure_token_refused status=401" in caplog.text
    assert azure.account.secret not in caplog.text
    assert azure.account.secret not in repr(azure.account)


def test_a_lifetime_in_quotes_is_a_lifetime(marketplace: StandIn, azure: AzureProvider) -> None:
    marketplace.expires_in = "3599"
    one = marketplace.buy()

    azure.truth(one.id, "", "")
    azure.truth(one.id, "", "")

    assert marketplace.tokens_given == 1


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'{"access_token": "a", "expires_in": null}',
        b'{"access_token": "a\\r\\nX: y", "expires_in": 3599}',
        b'{"access_token": 7, "expires_in": 3599}',
        b"<html>",
    ],
    ids=["nothing", "no-lifetime", "two-lines", "number", "page"],
)
def test_a_token_that_is_none_is_not_used(
    content: bytes, marketplace: StandIn, azure: AzureProvider
) -> None:
    marketplace.faults = [text(content)]

    with pytest.raises(Unavailable):
        azure.truth(marketplace.buy().id, "", "")
    assert marketplace.tokens_given == 0


# The keys of the webhook


@pytest.mark.django_db
def test_keys_are_fetched_ahead_once_an_hour(marketplace: StandIn, azure: AzureProvider) -> None:
    azure.collect()
    azure.collect()
    with after(59 * MINUTE):
        azure.collect()
    assert len(marketplace.asked) == 1

    with after(60 * MINUTE):
        azure.collect()
    assert len(marketplace.asked) == 2


@pytest.mark.django_db
def test_a_new_key_opens_once_it_is_published_and_an_old_one_until_it_is_withdrawn(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    azure.collect()
    one = marketplace.buy()
    marketplace.signing = ["first", "second"]

    def by(key: str) -> int:
        token = sign(claims(), key=key, headers={"kid": key})
        return int(call(marketplace.suspend(one).told(), f"Bearer {token}").status_code)

    assert by("second") == 401
    with after(60 * MINUTE):
        azure.collect()
        assert (by("first"), by("second")) == (200, 200)
        marketplace.signing = ["second"]
    with after(120 * MINUTE):
        azure.collect()
        assert (by("first"), by("second")) == (401, 200)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [dropped, status(500), text(b"{}")], ids=["gone", "500", "none"])
def test_keys_that_cannot_be_fetched_leave_the_old_ones(
    fault: Fault, marketplace: StandIn, azure: AzureProvider
) -> None:
    azure.collect()
    marketplace.faults = [fault]

    with after(60 * MINUTE):
        with pytest.raises(Unavailable):
            azure.collect()
        assert tell(marketplace.suspend(marketplace.buy())).status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        jwk("first", kty="EC"),
        jwk("first", use="enc"),
        jwk("short"),
        jwk("first", kid="../first"),
        jwk("first", kid=None),
        jwk("first", n="!"),
        jwk("first", e=None),
        "first",
    ],
    ids=["curve", "encrypts", "short", "path", "no-id", "no-modulus", "no-exponent", "text"],
)
def test_a_key_that_is_not_fit_is_not_kept(key: object) -> None:
    assert not keys.is_fit(key)
    assert keys.is_fit(jwk("first"))


@pytest.mark.django_db
def test_of_a_key_only_the_public_numbers_are_kept(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    azure.collect()

    (kept,) = MarketplaceKeys.objects.get().keys
    assert kept.keys() == {"kty", "kid", "n", "e"}


# Faults


@pytest.mark.parametrize(
    "fault",
    [
        dropped,
        cut,
        status(500),
        status(502),
        status(503),
        status(302, Location="http://127.0.0.1:9/"),
        status(307, Location="http://127.0.0.1:9/"),
        status(403),
    ],
    ids=["dropped", "cut", "500", "502", "503", "found", "moved", "forbidden"],
)
def test_a_fault_is_for_later(fault: Fault, marketplace: StandIn, azure: AzureProvider) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    marketplace.faults = [fault]

    with pytest.raises(Unavailable):
        azure.truth(one.id, "", "")
    assert azure.truth(one.id, "", "").reference == one.id


@pytest.mark.parametrize(
    ("named", "seconds"),
    [("30", 30), ("0", 1), ("99999", 300), ("soon", 30), (None, 30), ("-5", 30), ("٣", 30)],
    ids=["30", "0", "too-long", "words", "none", "below-zero", "other-digits"],
)
def test_a_pause_is_kept_within_bounds(
    named: str | None, seconds: int, marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    asked = len(marketplace.asked)
    with clock.moved_to(clock.now()):
        transport.pause(marketplace.origin, named, is_asked=True)
        with after(timedelta(seconds=seconds - 0.5)), pytest.raises(Unavailable, match="paused"):
            azure.truth(one.id, "", "")
        assert len(marketplace.asked) == asked
        with after(timedelta(seconds=seconds)):
            azure.truth(one.id, "", "")


def test_who_asks_too_much_is_not_asked_again_at_once(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    marketplace.faults = [status(429, Retry_After="120")]

    with pytest.raises(Unavailable, match="429"):
        azure.truth(one.id, "", "")
    asked = len(marketplace.asked)
    with pytest.raises(Unavailable, match="paused"):
        azure.truth(one.id, "", "")
    assert len(marketplace.asked) == asked


def test_a_clock_that_was_set_back_keeps_no_pause(
    marketplace: StandIn, azure: AzureProvider
) -> None:
    one = marketplace.buy()
    transport.pause(marketplace.origin, "60", is_asked=True)

    with after(-timedelta(hours=1)):
        assert azure.truth(one.id, "", "").reference == one.id


def test_an_answer_without_end_is_cut_off(
    marketplace: StandIn, azure: AzureProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    monkeypatch.setattr(transport, "MOST_BYTES", 100)

    with pytest.raises(Unavailable, match="too_long"):
        azure.truth(one.id, "", "")


def test_an_answer_that_drips_is_cut_off(
    marketplace: StandIn, azure: AzureProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = marketplace.buy()
    azure.truth(one.id, "", "")
    monkeypatch.setattr(transport, "WHOLE_SECONDS", -1)
    marketplace.faults = [dripping]

    with pytest.raises(Unavailable, match="too_slow"):
        azure.truth(one.id, "", "")


def test_a_network_that_is_gone_is_for_later(
    marketplace: StandIn, azure: AzureProvider, no_requests: list[Any]
) -> None:
    with pytest.raises(Unavailable):
        azure.truth(marketplace.buy().id, "", "")
    assert no_requests
    no_requests.clear()


def test_certificates_are_checked_and_every_wait_has_a_limit() -> None:
    made = transport.pool().connection_pool_kw

    assert made["cert_reqs"] == "CERT_REQUIRED"
    assert made["retries"].total is False
    timeout = made["timeout"]
    assert isinstance(timeout, urllib3.Timeout)
    assert (timeout.connect_timeout, timeout.total) == (3, 8)


# The places


@pytest.mark.parametrize(
    "place",
    [
        "http://login.microsoftonline.com",
        "https://login.microsoftonline.com.example.org",
        "https://login.microsoftonline.com:444",
        "https://user@login.microsoftonline.com",
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.com?x",
        "https://example.org",
        "http://localhost:8000",
        "https://127.0.0.1:8000",
        "http://127.0.0.1",
        "http://127.0.0.1:8000/path",
        "http://127.0.0.1.example.org:8000",
        "http://10.0.0.1:8000",
        "file:///etc/passwd",
        "",
    ],
)
def test_any_other_place_is_refused(place: str, marketplace: StandIn, settings: Settings) -> None:
    settings.AZURE_MARKETPLACE_LOGIN = place

    with pytest.raises(ImproperlyConfigured, match="no place of Azure"):
        account()


def test_the_official_places_are_named_by_the_settings(settings: Settings) -> None:
    settings.AZURE_MARKETPLACE_TENANT = "11111111-aaaa-4aaa-8aaa-000000000001"

    own = account()

    assert own is not None
    assert own.keys_address == (
        "https://login.microsoftonline.com/11111111-aaaa-4aaa-8aaa-000000000001/discovery/v2.0/keys"
    )
    assert (
        own.subscriptions_address == "https://marketplaceapi.microsoft.com/api/saas/subscriptions"
    )
