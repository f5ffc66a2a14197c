"""The addresses that the frame names, without the apps that own them."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    return HttpResponse(slug)


credits_urls = [
    path("", page, name="home"),
    path("login/", page, name="login"),
    path("logout/", page, name="logout"),
    path("settings/", page, name="own-settings"),
    path("forgot-password/", page, name="forgot-password"),
    path("c/<slug:slug>/allocate/", page, name="allocation-list"),
    path("c/<slug:slug>/activity/", page, name="activity"),
    path("c/<slug:slug>/settings/", page, name="customer-settings"),
    path("c/<slug:slug>/members/", page, name="member-list"),
    path("c/<slug:slug>/search/", page, name="search"),
]
billing_urls = [
    path("c/<slug:slug>/annual-credits/", page, name="annual-credits"),
    path("c/<slug:slug>/licenses/", page, name="license-list"),
    path("c/<slug:slug>/notifications/", page, name="notice-list"),
    path("sales/customers/", page, name="sales-customers"),
    path("sales/purchases/", page, name="sales-purchases"),
    path("sales/search/", page, name="sales-search"),
]
estimator_urls = [path("c/<slug:slug>/estimates/", page, name="estimate-list")]

urlpatterns = [
    path("", include((credits_urls, "credits"))),
    path("", include((billing_urls, "billing"))),
    path("", include((estimator_urls, "estimator"))),
    path("admin/", admin.site.urls),
]
