"""The whole beat schedule: each entry says in words when it runs and why.

A tick only asks which slots of a job are missing, so a missed one heals itself at the next, and
one too many finds nothing to do. All times are UTC.
"""

from celery.schedules import crontab

LONG_TASK = 55 * 60
"""The longest hard time limit of a task, in seconds."""

BEAT_SCHEDULE = {
    # At two past each hour: the boundary that is due is closed, so that Annual credits moves on;
    # then every ten minutes, for an hour that a long write or a pause of the worker kept back.
    "publish-hour": {
        "task": "billing.tasks.publish_hour",
        "schedule": crontab(minute="2-59/10"),
    },
    # At four past each hour and twice more: what the hour began, ended, locked or is to erase.
    "advance-lifecycle": {
        "task": "billing.tasks.advance_lifecycle",
        "schedule": crontab(minute="4-59/20"),
    },
    # Every hour at ten past: due once a day at 06:00, so that mail is there when people come in;
    # the other ticks only look whether a day is missing.
    "send-notices": {
        "task": "billing.tasks.send_notices",
        "schedule": crontab(minute=10),
    },
    # Every hour at twelve past: due once a week, on Monday at 06:00.
    "send-digests": {
        "task": "billing.tasks.send_digests",
        "schedule": crontab(minute=12),
    },
    # Every minute: what marketplaces sent is applied. What a minute could not do waits in its row.
    "apply-messages": {
        "task": "billing.tasks.apply_messages",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    # Every hour at forty past: due once a day at 03:00, when few people write.
    "reconcile-marketplaces": {
        "task": "billing.tasks.reconcile_marketplaces",
        "schedule": crontab(minute=40),
    },
    # Every hour at five past: dated rates that some customer's books do not hold yet are booked.
    # Entering a rate starts the same work at once; this finds what was interrupted.
    "apply-rates": {
        "task": "credits.tasks.apply_rates",
        "schedule": crontab(minute=5),
    },
    # Every hour at half past: due once a day at 02:00, when few people write.
    "verify-books": {
        "task": "credits.tasks.verify_books",
        "schedule": crontab(minute=30),
    },
    # Every minute: files of purchases that were confirmed are entered. Confirming starts the same
    # work at once; this finds what a lost queue or a killed worker left.
    "import-purchases": {
        "task": "billing.tasks.import_purchases",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    # Every hour at twenty past: how often visitors asked in the hours before is forgotten.
    "forget-visitors": {
        "task": "estimator.tasks.forget_visitors",
        "schedule": crontab(minute=20),
    },
    # Every minute: mail that its cause has written into the outbox goes out. What a minute could
    # not send waits in its row; a tick that stayed in the queue longer has a successor.
    "relay-outbox": {
        "task": "credits.tasks.relay_outbox",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
}
