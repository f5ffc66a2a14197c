"""The whole beat schedule: each entry says in words when it runs and why.

A tick only hurries work that tables already hold, so a missed one heals itself at the next.
"""

from celery.schedules import crontab

BEAT_SCHEDULE = {
    # At two past each hour: the boundary that is due is closed, so that Annual credits moves on;
    # then every ten minutes, for an hour that a long write or a pause of the worker kept back.
    "publish-hours": {
        "task": "billing.tasks.publish_hours",
        "schedule": crontab(minute="2-59/10"),
    },
    # Every hour at five past: dated rates that some customer's books do not hold yet are booked.
    # Entering a rate starts the same work at once; this finds what was interrupted.
    "apply-pending-rates": {
        "task": "credits.tasks.apply_pending_rates",
        "schedule": crontab(minute=5),
    },
    # Every minute: mail that its cause has written into the outbox goes out. What a minute could
    # not send waits in its row; a tick that stayed in the queue longer has a successor.
    "relay-outbox": {
        "task": "credits.tasks.relay_outbox",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
}
