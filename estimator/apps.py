"""The estimator app: what it would take."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EstimatorConfig(AppConfig):
    name = "estimator"
    label = "estimator"
    verbose_name = _("Estimator")

    def ready(self) -> None:
        from estimator import checks  # noqa: F401 Importing it registers the checks.
