"""A notice in words, made of its facts when somebody reads it (docs/rules.md#r23).

The same for the page and the mail, so that both name the same day. Instants are told in UTC and
in the time zone that is active while the words are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from billing.domain.notices.access_words import locked, purge_ahead, purged
from billing.domain.notices.balance_words import (
    low,
    low_over,
    negative,
    negative_over,
    short_ahead,
    short_ahead_over,
)
from billing.domain.notices.license_words import ended, ends
from billing.domain.notices.saying import Told
from billing.domain.notices.week_words import told_week
from billing.models import Notice, NoticeKind


def told(notice: Notice) -> Told:
    """What a notice says."""
    return SAYINGS[NoticeKind(notice.kind)](notice)


SAYINGS: Mapping[NoticeKind, Callable[[Notice], Told]] = {
    NoticeKind.LICENSE_90: ends,
    NoticeKind.LICENSE_30: ends,
    NoticeKind.LICENSE_7: ends,
    NoticeKind.TRIAL_15: ends,
    NoticeKind.LICENSE_ENDED: ended,
    NoticeKind.LOCKED: locked,
    NoticeKind.PURGE_AHEAD: purge_ahead,
    NoticeKind.PURGED: purged,
    NoticeKind.SHORT_AHEAD: short_ahead,
    NoticeKind.SHORT_AHEAD_OVER: short_ahead_over,
    NoticeKind.LOW_BALANCE: low,
    NoticeKind.LOW_BALANCE_OVER: low_over,
    NoticeKind.NEGATIVE: negative,
    NoticeKind.NEGATIVE_OVER: negative_over,
    NoticeKind.WEEKLY: told_week,
}

__all__ = ["Told", "told"]
