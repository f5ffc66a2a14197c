"""Azure Marketplace as a stand-in on this machine, and the portal set up to sell there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from billing.marketplaces.azure import keys, tokens, transport
from billing.marketplaces.azure.account import account
from billing.marketplaces.azure.provider import AzureProvider
from tests.billing.marketplaces.azure.standin import (
    CLIENT_ID,
    SECRET,
    TENANT,
    StandIn,
    open_stand_in,
)


@pytest.fixture
def marketplace(settings: Settings) -> Iterator[StandIn]:
    """The stand-in, as the only place that the portal's settings name."""
    with open_stand_in() as stand_in:
        settings.AZURE_MARKETPLACE_TENANT = TENANT
        settings.AZURE_MARKETPLACE_CLIENT_ID = CLIENT_ID
        settings.AZURE_MARKETPLACE_CLIENT_SECRET = SECRET
        settings.AZURE_MARKETPLACE_LOGIN = stand_in.origin
        settings.AZURE_MARKETPLACE_API = stand_in.origin
        tokens.forget_all()
        transport.forget_pauses()
        yield stand_in
        transport.pool().clear()


@pytest.fixture
def azure(marketplace: StandIn) -> AzureProvider:
    """The portal's side of it."""
    own = account()
    assert own is not None
    return AzureProvider(own)


@pytest.fixture
def keys_known(db: None, azure: AzureProvider) -> None:
    """The job has fetched the keys."""
    keys.refresh(azure.account)


@pytest.fixture
def no_requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Whom anybody tried to reach from here on: it must be nobody. The database is not asked so."""
    tried: list[Any] = []

    def refuse(*whom: Any, **_other: Any) -> None:
        tried.append(whom[1:])
        raise OSError("no request is made here")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(f"socket.socket.{name}", refuse)
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(f"socket.{name}", refuse)
    yield tried
    assert tried == []
