"""The root of all URLs."""

from django.contrib import admin
from django.urls import include, path

from config.health import health
from config.metrics import metrics

urlpatterns = [
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("", include("credits.urls")),
    path("", include("billing.urls")),
    path("", include("estimator.urls")),
]
