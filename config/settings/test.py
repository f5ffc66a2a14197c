"""The test suite."""

from config import env

# Type checks and linters read the settings where neither server exists.
env.supply(
    SECRET_KEY="a key that signs nothing but test sessions",  # noqa: S106
    DATABASE_URL="postgres://portal_owner@/portal",
    REDIS_URL="redis://127.0.0.1:6379/0",
)

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import BASE_DIR, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = BASE_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
