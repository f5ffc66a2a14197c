"""One request to the marketplace: within its time, over TLS, to no other place than was asked."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Lock
from urllib.parse import urlsplit

import urllib3

from billing.domain.marketplaces.providers import Unavailable
from credits import clock

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3
WHOLE_SECONDS = 8
"""How long one request may take from its begin to the last byte of its answer."""

MOST_BYTES = 4_000_000
PIECE = 65_536

SHORTEST_PAUSE = timedelta(seconds=1)
USUAL_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
"""Between these a marketplace that asks for a pause gets one, whatever number it names."""

_paused: dict[str, datetime] = {}
_guard = Lock()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


@cache
def pool() -> urllib3.PoolManager:
    """Connections of this process: certificates are checked, nothing is repeated or followed."""
    return urllib3.PoolManager(
        retries=False,
        cert_reqs="CERT_REQUIRED",
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=WHOLE_SECONDS, total=WHOLE_SECONDS),
    )


def ask(
    method: str, address: str, *, headers: Mapping[str, str], body: bytes | None = None
) -> Answer:
    """One request and its answer.

    Raises Unavailable if there was none within the time, if it was too long or a redirect, if the
    marketplace failed or asked for a pause; during a pause no request is made at all.
    """
    origin = origin_of(address)
    refuse_while_paused(origin)
    try:
        status, retry_after, content = exchange(method, address, headers, body)
    except urllib3.exceptions.HTTPError as error:
        raise unavailable(origin, type(error).__name__) from error
    if status == 429 or status >= 500:
        pause(origin, retry_after, is_asked=status == 429)
    if not (200 <= status < 300 or 400 <= status < 500) or status == 429:
        raise unavailable(origin, f"status_{status}")
    return Answer(status, content)


def exchange(
    method: str, address: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, str | None, bytes]:
    """Status, Retry-After and content of one answer. Raises HTTPError and Unavailable."""
    deadline = time.monotonic() + WHOLE_SECONDS
    response = pool().request(
        method, address, headers=dict(headers), body=body, redirect=False, preload_content=False
    )
    try:
        content = read(response, origin_of(address), deadline)
    finally:
        # What was read to its end is back in the pool by now; this drops what was not.
        response.close()
    return response.status, response.headers.get("Retry-After"), content


def read(response: urllib3.BaseHTTPResponse, origin: str, deadline: float) -> bytes:
    """The body, if it is whole, of a fit size and in time. Raises Unavailable."""
    pieces: list[bytes] = []
    size = 0
    # What has arrived, however little: waiting for a whole piece, one that drips would go unseen.
    while piece := response.read1(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise unavailable(origin, "too_long")
        if time.monotonic() > deadline:
            raise unavailable(origin, "too_slow")
    return b"".join(pieces)


def pause(origin: str, retry_after: str | None, *, is_asked: bool) -> None:
    """Ask nothing of a place for as long as it wants, within bounds.

    A failure that names no time makes no pause: the next request may be made at once.
    """
    named = re.fullmatch("[0-9]{1,9}", (retry_after or "").strip())
    if named is None and not is_asked:
        return
    wanted = timedelta(seconds=int(named[0])) if named else USUAL_PAUSE
    with _guard:
        _paused[origin] = clock.now() + min(max(wanted, SHORTEST_PAUSE), LONGEST_PAUSE)


def refuse_while_paused(origin: str) -> None:
    """Raises Unavailable while the place wants to be left alone."""
    until = _paused.get(origin)
    now = clock.now()
    # A clock that was set back must not keep the pause for longer than any pause is.
    if until is not None and now < until <= now + LONGEST_PAUSE:
        raise unavailable(origin, "paused")


def forget_pauses() -> None:
    """Ask every place again."""
    with _guard:
        _paused.clear()


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def unavailable(origin: str, reason: str) -> Unavailable:
    """The refusal for a place that did not answer as it should, with one line in the log."""
    logger.warning("azure_unavailable place=%s reason=%s", origin, reason)
    return Unavailable(f"{origin} did not answer: {reason}.")
