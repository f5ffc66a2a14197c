"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from credits.domain.door import parsed


def client_address(request: HttpRequest) -> str | None:
    """The address of the client, told by the outermost of the configured proxies.

    Each proxy of one's own adds whom it was asked by at the end of X-Forwarded-For, so of n
    proxies the client stands n-th from the end. Without proxies, or with fewer entries than
    proxies, the header is the client's own invention, and the connection counts.
    """
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    proxies = settings.TRUSTED_PROXIES
    if 0 < proxies <= len(told) and (address := parsed(told[-proxies])):
        return str(address)
    address = parsed(request.META.get("REMOTE_ADDR"))
    return str(address) if address else None
