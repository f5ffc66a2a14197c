"""The portal's URLs, and what only a development installation has (config.settings.local)."""

from django.urls import include, path

from config.development.views import mail_calendar, mail_detail, mail_html, mail_list
from config.urls import urlpatterns as portal

MAILS = (
    [
        path("", mail_list, name="mail-list"),
        path("<uuid:public_id>/", mail_detail, name="mail-detail"),
        path("<uuid:public_id>/html/", mail_html, name="mail-html"),
        path("<uuid:public_id>/dates.ics", mail_calendar, name="mail-calendar"),
    ],
    "development",
)

urlpatterns = [path("dev/mails/", include(MAILS)), *portal]
