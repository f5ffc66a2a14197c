"""A person's own machine: what `./portal up` and `./portal manage` use."""

from config import env
from config.settings.base import *  # noqa: F403

DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.words("ALLOWED_HOSTS", "")]
