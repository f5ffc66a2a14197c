from django.urls import path

from billing.views import annual_credits, explain, licenses, purchases, sales

app_name = "billing"
urlpatterns = [
    path("c/<slug:slug>/annual-credits/", annual_credits.annual_credits, name="annual-credits"),
    path(
        "c/<slug:slug>/annual-credits/features.csv",
        annual_credits.features_csv,
        name="annual-features-csv",
    ),
    path("c/<slug:slug>/explain/", explain.explain, name="explain"),
    path("c/<slug:slug>/explain/rows.csv", explain.explain_csv, name="explain-csv"),
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
