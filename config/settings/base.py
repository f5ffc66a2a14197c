"""Every setting; the other modules hold only what differs from here."""

from csp.constants import NONE, SELF
from django.utils.translation import gettext_noop

from config import env
from config.schedule import BEAT_SCHEDULE, LONG_TASK
from config.settings.estimates import *  # noqa: F403
from config.settings.marketplaces import *  # noqa: F403

BASE_DIR = env.BASE_DIR

# The application

SECRET_KEY = env.secret("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS: list[str] = []
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "config.admin_config.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "django_tables2",
    "template_partials",
    "credits",
    "billing",
    "estimator",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.permissions_policy",
    "config.middleware.refuse_undecodable_input",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.keep_private",
    "config.middleware.in_readers_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.answer_when_busy",
    "credits.web.viewing.hold_viewings",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "credits.web.context.frame",
                "billing.web.context.freshness",
            ],
        },
    },
]

# Invariants that apps above `credits` add to those of the books: dotted names of their lists.

BOOKS_CHECKS = ["billing.domain.checks.CHECKS"]

# Terms that keep a customer's access beside its licenses: dotted names of functions, each giving
# rows with a customer, starts_at and ends_at, after whose end 30 days of grace follow.

ACCESS_CONTRACTS = ["billing.domain.contracts.access_terms"]

# What does not keep access open while it is suspended: the dotted name of a
# credits.domain.access_state.Suspended, with one condition for each of the contracts above.

ACCESS_SUSPENDED = "billing.domain.marketplaces.suspension.SUSPENDED"

# What counts a member's unread notices: the dotted name of a function that makes, for a person,
# the expression by which a customer is read together with their number.

UNREAD_NOTICES = "billing.domain.notices.inbox.unread"

# What a purge erases: dotted names of functions that take the customer, in this order, all in the
# transaction of the purge (docs/rules.md#r13).

ERASERS = [
    "estimator.domain.erasing.erase",
    "billing.domain.erasing.erase",
    "credits.domain.erasing.erase",
]

# The scheduled jobs: dotted names of the lists that apps bring (credits.domain.jobs).

JOBS = ["credits.jobs.JOBS", "billing.jobs.JOBS", "estimator.jobs.JOBS"]

# Above how many credits a person's order needs a second pair of eyes before it is recorded
# (docs/rules.md#r18). 0: never.

PURCHASE_SECOND_LOOK_CREDITS = env.integer(
    "PURCHASE_SECOND_LOOK_CREDITS", 1_000_000, minimum=0, maximum=1_000_000_000_000
)

# For how many minutes support looks at a customer's pages as one of its members does, reading only
# (docs/rules.md#r21).

VIEWING_MINUTES = env.integer("VIEWING_MINUTES", 30, minimum=1, maximum=480)

# Pages of the support desk beside the lists of records: dotted names of lists that apps bring.

SUPPORT_PAGES = [
    "credits.admin.jobs.PAGES",
    "credits.admin.mail_preview.PAGES",
    "billing.admin.publication.PAGES",
]

# What can be previewed of the mail the portal writes: dotted names of mappings from a kind of mail
# to how it is drafted from a real customer (credits.domain.mail_previews).

MAIL_PREVIEWS = [
    "credits.domain.mail_previews.PREVIEWS",
    "billing.domain.mail_previews.PREVIEWS",
    "estimator.domain.mail_previews.PREVIEWS",
]

# What the frame offers on each desk: label, URL name, letter after `g`, and the right it needs.

PORTAL_NAVIGATION = {
    "customer": [
        (gettext_noop("Annual credits"), "billing:annual-credits", "c", ""),
        (gettext_noop("Allocate"), "credits:allocation-list", "a", ""),
        (gettext_noop("Forecast"), "billing:forecast", "f", ""),
        (gettext_noop("Licenses"), "billing:license-list", "l", ""),
        (gettext_noop("Pay-as-you-go"), "billing:payg", "p", ""),
        (gettext_noop("Solutions"), "billing:solution-list", "o", ""),
        (gettext_noop("Estimates"), "estimator:estimate-list", "e", ""),
        (gettext_noop("Activity"), "credits:activity", "y", ""),
        (gettext_noop("Settings"), "credits:customer-settings", "s", ""),
    ],
    "sales": [
        (gettext_noop("Customers"), "billing:sales-customers", "c", ""),
        (gettext_noop("Expiring"), "billing:sales-expiring", "x", ""),
        (gettext_noop("Short"), "billing:sales-short", "h", ""),
        (gettext_noop("Purchases"), "billing:sales-purchases", "p", ""),
        (gettext_noop("Requests"), "billing:sales-requests", "r", ""),
        (gettext_noop("Estimates"), "estimator:sales-estimates", "e", ""),
        (gettext_noop("Growing fast"), "billing:sales-growing", "w", ""),
    ],
}

# How much the lists of the sales desk hold, beside their entries: dotted names of functions that
# take the person and the instant, and give numbers by the letter of an entry.

DESK_COUNTS = ["billing.domain.desk_counts.counts", "estimator.domain.pipeline.counts"]

# What belongs to a purchase in apps above billing: dotted names of functions that take a purchase
# and give the rows that its page shows (billing.web.purchase_links).

PURCHASE_LINKS = ["estimator.links.of_purchase"]

# What the bell of the header leads to, inside a customer: label, URL name, letter, right. It is no
# entry of the navigation, which holds nine; it is in sight on every page, on a phone as well.

PORTAL_INBOX = (gettext_noop("Notifications"), "billing:notice-list", "n", "")

# Pages that share an entry of the navigation, as tabs; the entry's own page comes first.

PORTAL_TABS = {
    "billing:license-list": [
        (gettext_noop("Licenses"), "billing:license-list", "l", ""),
        (gettext_noop("Seat licenses"), "billing:seat-list", "k", ""),
        (gettext_noop("Requests"), "billing:request-list", "r", ""),
    ],
    "billing:sales-purchases": [
        (gettext_noop("Purchases"), "billing:sales-purchases", "p", ""),
        (gettext_noop("Drafts"), "billing:sales-drafts", "d", ""),
        (gettext_noop("Enter a purchase"), "billing:sales-purchase-new", "n", ""),
        (gettext_noop("Import"), "billing:import-list", "i", ""),
    ],
    "credits:customer-settings": [
        (gettext_noop("Customer settings"), "credits:customer-settings", "s", ""),
        (gettext_noop("Members"), "credits:member-list", "m", ""),
        (gettext_noop("Notification settings"), "billing:notice-settings", "t", ""),
    ],
}

# The search of each desk: its page, and dotted names of the lists of finders that apps bring.

SEARCH_PAGES = {"customer": "credits:search", "sales": "billing:sales-search"}
SEARCH_FINDERS = {
    "customer": [
        "credits.web.finders.FINDERS",
        "billing.web.finders.FINDERS",
        "estimator.finders.FINDERS",
    ],
    "sales": ["billing.web.finders.SALES_FINDERS"],
}

# Pages of a customer that search finds beside the navigation: label, URL name, right.

SEARCHED_PAGES = [
    (gettext_noop("Time machine"), "billing:time-machine", ""),
    (gettext_noop("Recipients of notices"), "credits:customer-settings", ""),
    (gettext_noop("Notifications"), "billing:notice-list", ""),
    (gettext_noop("Notification settings"), "billing:notice-settings", ""),
    (gettext_noop("Upload units"), "credits:units-upload", "allocate"),
    (gettext_noop("Manage billing model"), "billing:payg-choose", "allocate"),
    (gettext_noop("Invite a member"), "credits:member-invite", "manage_members"),
    (gettext_noop("New estimate"), "estimator:estimate-new", ""),
    (gettext_noop("Enter a purchase"), "billing:purchase-new", "enter_purchases"),
    (gettext_noop("Request credits"), "billing:request-new", "request_credits"),
    (gettext_noop("Add a license by its activation code"), "billing:code-enter", "add_licenses"),
    (gettext_noop("Enter a seat license"), "billing:seat-new", "enter_purchases"),
]

# Where a person lands after the log-in.

CUSTOMER_HOME = "billing:annual-credits"
SALES_HOME = "billing:sales-customers"

# The clock: the file in which a development installation keeps how far it is moved, in seconds.

CLOCK_FILE = env.text("PORTAL_CLOCK_FILE", "")
# Whether history may be made up under a moved clock: by demonstrations and simulations.
CLOCK_MAY_MOVE = True

# The database. APP_ROLE is the role that receives the application's grants after a migration.

APP_ROLE = env.text("APP_ROLE", "portal_app")
DATABASES = {
    "default": env.database()
    | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
if env.choice("PORTAL_PROCESS", ("web", "other"), "other") == "web":
    # The roles carry the same limits; a request keeps them where a role was made without.
    DATABASES["default"]["OPTIONS"]["options"] = (
        "-c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
    )

# Production turns this on: its web and worker processes refuse to start as owner or superuser.
REFUSE_PRIVILEGED_ROLE = False

# People

AUTH_USER_MODEL = "credits.User"
LOGIN_URL = "credits:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "credits:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# How long a link to set a password works: an invitation sent on Friday is still good on Monday.
PASSWORD_RESET_TIMEOUT = 3 * 86_400

# The door. Refused tries are counted over a quarter of an hour, and then further ones wait.
#
# An account: five typing errors are forgiven, and 480 guesses a day find no password that the
# validators let through. An address: several people stand behind one, while a list of accounts
# tried from one place is stopped after a few. A reset by mail is limited by the same numbers.
DOOR_WINDOW_MINUTES = 15
DOOR_TRIES_PER_ACCOUNT = 5
DOOR_TRIES_PER_ADDRESS = 20

# Activation codes that may be tried within the same minutes. Ten are more than a person has at
# hand at once; a code has 118 bits of chance, so this is against noise more than against luck.
CODE_TRIES_PER_PERSON = 10
CODE_TRIES_PER_CUSTOMER = 20
CODE_TRIES_PER_ADDRESS = 40

# How many proxies of one's own stand before the portal. Each adds the address it was asked from
# to X-Forwarded-For; whatever stands before those was written by the client, and is not believed.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, minimum=0, maximum=10)

# Mail. Rows are sent by the relay; links in them lead to PORTAL_URL, never to a request's host.

PORTAL_URL = env.origin("PORTAL_URL", "http://localhost:8000")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Credits & Billing <portal@localhost>")
EMAIL_TIMEOUT = 10
# Without a mail server, a development installation finds its mail as files.
globals().update(env.mail(default=(BASE_DIR / ".portal" / "mail").as_uri()))

# Languages and time

LANGUAGE_CODE = "en-us"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", BASE_DIR / ".portal" / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

# What a browser may do with a page

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# The queue. It carries work and holds no truth: what is lost with it is found again in tables.

CELERY_BROKER_URL = env.queue()
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
# A message comes back after this long; before that the task that took it must surely have ended.
# Nothing waits for it: what a killed worker left undone is found by the next tick, in the tables.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3 * LONG_TASK,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE

# Figures for a monitoring system at /metrics, for whoever brings this token; without one, no page.

METRICS_TOKEN = env.secret_if_given("METRICS_TOKEN", at_least=16)

# Log lines are `event key=value` on standard error.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.KeyValueFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
    },
    # Django's own handlers would write each line a second time, and mail to no one.
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
}
