from django.urls import path

from billing.views import (
    annual_credits,
    explain,
    forecast,
    freshness,
    licenses,
    notices,
    payg,
    purchases,
    requests,
    sales,
    solutions,
    time_machine,
)

app_name = "billing"
urlpatterns = [
    path("c/<slug:slug>/annual-credits/", annual_credits.annual_credits, name="annual-credits"),
    path("c/<slug:slug>/annual-credits/freshness/", freshness.freshness, name="freshness"),
    path("c/<slug:slug>/pay-as-you-go/", payg.payg, name="payg"),
    path("c/<slug:slug>/pay-as-you-go/manage/", payg.payg_choose, name="payg-choose"),
    path("c/<slug:slug>/pay-as-you-go/manage/review/", payg.payg_review, name="payg-review"),
    path("c/<slug:slug>/explain/", explain.explain, name="explain"),
    path("c/<slug:slug>/forecast/", forecast.forecast, name="forecast"),
    path(
        "c/<slug:slug>/forecast/calendar.ics", forecast.forecast_calendar, name="forecast-calendar"
    ),
    path("c/<slug:slug>/time-machine/", time_machine.time_machine, name="time-machine"),
    path("c/<slug:slug>/solutions/", solutions.solution_list, name="solution-list"),
    path(
        "c/<slug:slug>/solutions/<slug:feature>/",
        solutions.solution_feature,
        name="solution-feature",
    ),
    path("sales/search/", sales.sales_search, name="sales-search"),
    path("sales/", sales.sales_customers, name="sales-customers"),
    path("sales/purchases/", sales.sales_purchases, name="sales-purchases"),
    path("sales/requests/", sales.sales_requests, name="sales-requests"),
    path("c/<slug:slug>/requests/", requests.request_list, name="request-list"),
    path("c/<slug:slug>/requests/new/", requests.request_new, name="request-new"),
    path(
        "c/<slug:slug>/requests/<uuid:public_id>/", requests.request_detail, name="request-detail"
    ),
    path(
        "c/<slug:slug>/requests/<uuid:public_id>/withdraw/",
        requests.request_withdraw,
        name="request-withdraw",
    ),
    path(
        "c/<slug:slug>/requests/<uuid:public_id>/answer/",
        requests.request_answer,
        name="request-answer",
    ),
    path("c/<slug:slug>/purchases/new/", purchases.purchase_new, name="purchase-new"),
    path(
        "c/<slug:slug>/purchases/<uuid:public_id>/",
        purchases.purchase_detail,
        name="purchase-detail",
    ),
    path("c/<slug:slug>/notifications/", notices.notice_list, name="notice-list"),
    path("c/<slug:slug>/notifications/read/", notices.notice_read, name="notice-read"),
    path("c/<slug:slug>/settings/notifications/", notices.notice_settings, name="notice-settings"),
    path("c/<slug:slug>/licenses/", licenses.license_list, name="license-list"),
    path(
        "c/<slug:slug>/licenses/<uuid:public_id>/", licenses.license_detail, name="license-detail"
    ),
]
