from django.urls import path

from billing.views import (
    annual_credits,
    explain,
    forecast,
    licenses,
    payg,
    purchases,
    sales,
    time_machine,
)

app_name = "billing"
urlpatterns = [
    path("c/<slug:slug>/annual-credits/", annual_credits.annual_credits, name="annual-credits"),
    path(
        "c/<slug:slug>/annual-credits/features.csv",
        annual_credits.features_csv,
        name="annual-features-csv",
    ),
    path("c/<slug:slug>/pay-as-you-go/", payg.payg, name="payg"),
    path("c/<slug:slug>/pay-as-you-go/manage/", payg.payg_choose, name="payg-choose"),
    path("c/<slug:slug>/pay-as-you-go/manage/review/", payg.payg_review, name="payg-review"),
    path("c/<slug:slug>/explain/", explain.explain, name="explain"),
    path("c/<slug:slug>/explain/rows.csv", explain.explain_csv, name="explain-csv"),
    path("c/<slug:slug>/forecast/", forecast.forecast, name="forecast"),
    path("c/<slug:slug>/forecast/rows.csv", forecast.forecast_csv, name="forecast-csv"),
    path(
        "c/<slug:slug>/forecast/calendar.ics", forecast.forecast_calendar, name="forecast-calendar"
    ),
    path("c/<slug:slug>/time-machine/", time_machine.time_machine, name="time-machine"),
    path("sales/", sales.sales_customers, name="sales-customers"),
    path("sales/purchases/", sales.sales_purchases, name="sales-purchases"),
    path("c/<slug:slug>/purchases/new/", purchases.purchase_new, name="purchase-new"),
    path(
        "c/<slug:slug>/purchases/<uuid:public_id>/",
        purchases.purchase_detail,
        name="purchase-detail",
    ),
    path("c/<slug:slug>/licenses/", licenses.license_list, name="license-list"),
    path("c/<slug:slug>/licenses/export/", licenses.license_export, name="license-export"),
    path(
        "c/<slug:slug>/licenses/<uuid:public_id>/", licenses.license_detail, name="license-detail"
    ),
]
