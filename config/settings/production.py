"""Production: secrets and hosts must be given, and nothing runs with more rights than needed."""

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import CLOCK_FILE
from config.settings.marketplaces import AWS_MARKETPLACE_ENDPOINT

SECRET_KEY = env.secret("SECRET_KEY", at_least=50)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", "")

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
# A load balancer asks over plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
if env.flag("TRUST_X_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# A mail carries a link that sets a password: where it leads and who sends it must be said.
PORTAL_URL = env.origin("PORTAL_URL")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")
globals().update(env.mail())

REFUSE_PRIVILEGED_ROLE = True
CLOCK_MAY_MOVE = False

if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS has '*', but it must list the hosts by name.")
if CLOCK_FILE:
    raise ImproperlyConfigured(
        f"PORTAL_CLOCK_FILE is {CLOCK_FILE!r}, but production runs on real time: unset it."
    )
if AWS_MARKETPLACE_ENDPOINT:
    raise ImproperlyConfigured(
        f"AWS_MARKETPLACE_ENDPOINT is {AWS_MARKETPLACE_ENDPOINT!r},"
        " but production asks AWS itself: unset it."
    )
