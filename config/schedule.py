"""The whole beat schedule: each entry says in words when it runs and why.

A tick only hurries work that tables already hold, so a missed one heals itself at the next.
"""

from celery.schedules import crontab

BEAT_SCHEDULE = {
    # Every hour at five past: dated rates that some customer's books do not hold yet are booked.
    # Entering a rate starts the same work at once; this finds what was interrupted.
    "apply-pending-rates": {
        "task": "credits.tasks.apply_pending_rates",
        "schedule": crontab(minute=5),
    },
}
