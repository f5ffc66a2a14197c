"""Operations in words that need none of the books' facts, gathered from where each is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from credits.domain.market_words import MARKET_KINDS, MARKET_SAYINGS
from credits.domain.member_words import MEMBER_KINDS, MEMBER_SAYINGS
from credits.domain.order_words import ORDER_KINDS, ORDER_SAYINGS
from credits.domain.request_words import REQUEST_KINDS, REQUEST_SAYINGS
from credits.domain.submission_words import SUBMISSION_KINDS, SUBMISSION_SAYINGS
from credits.domain.support_words import SUPPORT_KINDS, SUPPORT_SAYINGS
from credits.models import Operation

OTHER_KINDS: Mapping[str, Any] = {
    **MEMBER_KINDS,
    **REQUEST_KINDS,
    **MARKET_KINDS,
    **ORDER_KINDS,
    **SUBMISSION_KINDS,
    **SUPPORT_KINDS,
}
OTHER_SAYINGS: Mapping[str, Callable[[Operation, str], str]] = {
    **MEMBER_SAYINGS,
    **REQUEST_SAYINGS,
    **MARKET_SAYINGS,
    **ORDER_SAYINGS,
    **SUBMISSION_SAYINGS,
    **SUPPORT_SAYINGS,
}
