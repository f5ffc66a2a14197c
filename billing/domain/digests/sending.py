"""The mail of a morning and of a week: each part is written whatever became of the one before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from billing.domain.digests.sales import send_sales
from billing.domain.digests.support import send_support
from billing.domain.digests.weekly import send_weekly
from billing.domain.notices import send_notices
from credits.domain.jobs import JobFailed

logger = logging.getLogger(__name__)

Part = Callable[[datetime], dict[str, int]]


def send_morning(as_of: datetime) -> dict[str, int]:
    """Write the notices of a day, and what support must mend. Raises JobFailed."""
    return each(as_of, send_notices, send_support)


def send_digests(as_of: datetime) -> dict[str, int]:
    """Write the digests of the week that ends with an instant. Raises JobFailed."""
    return each(as_of, send_weekly, send_sales)


def each(as_of: datetime, *parts: Part) -> dict[str, int]:
    """Do every part; the counts of all. Raises JobFailed, after all, with what went wrong."""
    counts: dict[str, int] = {}
    problems = []
    for part in parts:
        try:
            counts |= part(as_of)
        except Exception as error:
            logger.exception("part_failed part=%s", part.__name__)
            problems.append(f"{part.__name__}: {error}")
    if problems:
        raise JobFailed(" ".join(problems))
    return counts
