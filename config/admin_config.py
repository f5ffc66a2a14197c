"""Puts the support desk in the place of Django's plain admin."""

from django.contrib.admin.apps import AdminConfig


class SupportAdminConfig(AdminConfig):
    default_site = "config.admin_site.SupportSite"
