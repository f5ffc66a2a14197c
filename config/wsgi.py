"""The WSGI entry point of the web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
os.environ.setdefault("PORTAL_PROCESS", "web")

application = get_wsgi_application()

# The check needs the settings that the line above has loaded.
from config.guards import refuse_privileged_role  # noqa: E402

refuse_privileged_role()
