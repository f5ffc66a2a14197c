"""AWS Marketplace as the tests have it: a stand-in, its settings, and a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from billing.marketplaces.aws.calls import kept_client
from billing.marketplaces.aws.configuration import configuration
from billing.marketplaces.aws.provider import AwsMarketplace
from tests.billing.marketplaces.aws.standin_aws import (
    ACCESS_KEY,
    SECRET,
    Held,
    Server,
    Standin,
    empty,
    running,
)

PRODUCT, BUYER, KEY = "credits-product-1", "111122223333", "a key of the event bus, 32 or longer"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def license_arn(number: int) -> str:
    return f"arn:aws:license-manager::294406891311:license:l-{number:032x}"


@pytest.fixture(scope="session")
def standin_server() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.fixture
def standin(standin_server: Server) -> Iterator[Standin]:
    with empty(standin_server) as found:
        yield found


@pytest.fixture
def sold(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The installation sells one product; nothing of this machine's own credentials is read."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    settings.MARKETPLACES = {"aws": "billing.marketplaces.aws.configured"}
    settings.AWS_MARKETPLACE_PRODUCTS = [PRODUCT]
    settings.AWS_MARKETPLACE_EVENT_SECRETS = [KEY, ""]
    return settings


@pytest.fixture
def marketplace(sold: Settings, standin: Standin) -> AwsMarketplace:
    """The adapter, in front of the stand-in; it asks once and does not wait long."""
    sold.AWS_MARKETPLACE_ENDPOINT = standin.url
    return AwsMarketplace(replace(configuration(), attempts=1, read_timeout=0.4))


@pytest.fixture
def patient(marketplace: AwsMarketplace) -> AwsMarketplace:
    """The adapter as it is used: it asks again."""
    return AwsMarketplace(replace(marketplace.configuration, attempts=3))


@pytest.fixture
def other_credentials(sold: Settings) -> Iterator[None]:
    """What a test changes of the credentials is seen by it alone."""
    kept_client.cache_clear()
    yield
    kept_client.cache_clear()


@pytest.fixture
def hold(standin: Standin) -> Callable[..., Held]:
    """Let the stand-in hold one more agreement."""

    def make(number: int = 1, **fields: object) -> Held:
        held = Held(
            license_arn=license_arn(number),
            account=BUYER,
            product=PRODUCT,
            dimensions={"credits_1000": 5},
            starts_at=datetime(2026, 11, 20, 14, 23, tzinfo=UTC),
            ends_at=datetime(2027, 11, 20, 14, 23, tzinfo=UTC),
        )
        for name, value in fields.items():
            setattr(held, name, value)
        standin.agreements.append(held)
        return held

    return make
