"""A worker that tests kill: its messages come back soon, and its mail goes to a file."""

from __future__ import annotations

from pathlib import Path

from config import env
from config.settings.test import *  # noqa: F403
from config.settings.test import CELERY_BROKER_TRANSPORT_OPTIONS as OPTIONS
from config.settings.test import DATABASES
from tests.clockwork.postbox import BACKEND, Postbox

CELERY_BROKER_TRANSPORT_OPTIONS = OPTIONS | {
    "visibility_timeout": int(env.text("WORKER_VISIBILITY"))
}
DATABASES["default"]["NAME"] = env.text("WORKER_DATABASE")
CLOCK_FILE = env.text("WORKER_CLOCK")
EMAIL_BACKEND = BACKEND
Postbox.file = Path(env.text("WORKER_POSTBOX"))
