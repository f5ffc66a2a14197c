"""The project's own app: it loads Celery and the system checks, and holds no models."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        # `@shared_task` binds to the app that is current when it is first used.
        from config import celery  # noqa: F401
