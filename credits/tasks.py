"""The scheduled side of the books; each task calls one domain function."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from credits import clock
from credits.domain.mail import relay
from credits.domain.rate_run import apply_rates

logger = logging.getLogger(__name__)


@shared_task(name="credits.tasks.apply_pending_rates", time_limit=55 * 60)  # type: ignore[untyped-decorator]
def apply_pending_rates() -> int:
    """Book the newest rates for every customer that does not know them; a rerun finds none.

    Fails, after all others are done, if it went wrong for a customer. Stopped before the next
    hour's run, which finds what is left.
    """
    return apply_rates()


def start_applying_rates() -> None:
    """Start the booking of a rate that was just entered, once it is committed.

    This only hurries it: without a queue the entry stands, and the hourly run books it.
    """
    try:
        apply_pending_rates.apply_async(retry_policy={"max_retries": 1, "interval_start": 0})
    except OperationalError:
        logger.warning("rates_not_started reason=no_queue", exc_info=True)


@shared_task(name="credits.tasks.relay_outbox")  # type: ignore[untyped-decorator]
def relay_outbox() -> int:
    """Send the mails that are due; any number of these may run at once."""
    sent = relay(clock.now())
    if sent:
        logger.info("mail_sent mails=%d", sent)
    return sent
