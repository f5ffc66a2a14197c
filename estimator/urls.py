"""The addresses of step one."""

from django.urls import path

from estimator.views import estimates, hand_over

app_name = "estimator"
urlpatterns = [
    path("c/<slug:slug>/estimates/", estimates.estimate_list, name="estimate-list"),
    path("c/<slug:slug>/estimates/new/", estimates.estimate_new, name="estimate-new"),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/", estimates.estimate_edit, name="estimate-edit"
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/duplicate/",
        estimates.estimate_duplicate,
        name="estimate-duplicate",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/hand-over/",
        hand_over.estimate_hand_over,
        name="estimate-hand-over",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/take-back/",
        hand_over.estimate_take_back,
        name="estimate-take-back",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/order/",
        hand_over.estimate_order,
        name="estimate-order",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/settle/",
        hand_over.estimate_settle,
        name="estimate-settle",
    ),
    path("sales/estimates/", hand_over.sales_estimates, name="sales-estimates"),
]
