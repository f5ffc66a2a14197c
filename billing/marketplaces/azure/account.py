"""Our account at the marketplace: who we are there, and the only places that are ever asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

OFFICIAL = frozenset({"login.microsoftonline.com", "marketplaceapi.microsoft.com"})
THIS_MACHINE = "127.0.0.1"
"""Where a stand-in may listen, by its number: a name could be made to mean another machine."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Directory and application that the offers name, and the marketplace's places."""

    tenant: str
    client_id: str
    secret: str = field(repr=False)
    caller: str
    """The marketplace's own application: what tokens are asked for, and who calls us."""
    login: str
    api: str

    @property
    def token_address(self) -> str:
        return f"{self.login}/{self.tenant}/oauth2/v2.0/token"

    @property
    def keys_address(self) -> str:
        """Where the directory publishes the keys of those that sign."""
        return f"{self.login}/{self.tenant}/discovery/v2.0/keys"

    @property
    def subscriptions_address(self) -> str:
        return f"{self.api}/api/saas/subscriptions"

    @property
    def issuers(self) -> tuple[str, str]:
        """What the directory calls itself in tokens of version 1 and 2."""
        return (
            f"https://sts.windows.net/{self.tenant}/",
            f"https://login.microsoftonline.com/{self.tenant}/v2.0",
        )


def account() -> Account | None:
    """The account of the settings; None where this installation does not sell there.

    Raises ImproperlyConfigured for a place that is none of the marketplace's.
    """
    if not settings.AZURE_MARKETPLACE_TENANT:
        return None
    return Account(
        tenant=settings.AZURE_MARKETPLACE_TENANT,
        client_id=settings.AZURE_MARKETPLACE_CLIENT_ID,
        secret=settings.AZURE_MARKETPLACE_CLIENT_SECRET,
        caller=settings.AZURE_MARKETPLACE_CALLER,
        login=allowed(settings.AZURE_MARKETPLACE_LOGIN),
        api=allowed(settings.AZURE_MARKETPLACE_API),
    )


def allowed(origin: str) -> str:
    """The origin itself, if it is the marketplace's over TLS, or a stand-in on this machine.

    Raises ImproperlyConfigured for any other.
    """
    parts = urlsplit(origin)
    is_official = (
        parts.scheme == "https" and parts.hostname in OFFICIAL and parts.netloc == parts.hostname
    )
    is_stand_in = (
        parts.scheme == "http"
        and parts.hostname == THIS_MACHINE
        and parts.netloc == f"{THIS_MACHINE}:{parts.port}"
    )
    if (is_official or is_stand_in) and origin == f"{parts.scheme}://{parts.netloc}":
        return origin
    raise ImproperlyConfigured(f"{origin!r} is no place of Azure Marketplace.")
