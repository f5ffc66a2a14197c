"""The product's routes, and one whose view breaks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as product


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("this view breaks on purpose")


urlpatterns = [path("broken/", broken), *product]
