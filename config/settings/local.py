"""A person's own machine: what `./portal up` and `./portal manage` use."""

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR

DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.words("ALLOWED_HOSTS", "")]

# The portal and what is there to watch it: a page of the mails that were sent.
ROOT_URLCONF = "config.development.urls"

# As `./portal up` prints it: a log-in at 127.0.0.1 does not count at localhost.
PORTAL_URL = env.origin("PORTAL_URL", "http://127.0.0.1:8000")

# Shared by all processes of the checkout, so that `manage.py travel` moves those that run.
CLOCK_FILE = env.text("PORTAL_CLOCK_FILE", str(BASE_DIR / ".portal" / "clock_offset"))
