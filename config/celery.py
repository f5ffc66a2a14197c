"""The Celery application: `celery -A config.celery worker`, `celery -A config.celery beat`."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init

from config.guards import refuse_privileged_role

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def check_role(**kwargs: object) -> None:
    refuse_privileged_role()


worker_init.connect(check_role)
beat_init.connect(check_role)
