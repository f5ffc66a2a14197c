"""The addresses of step one."""

from django.urls import path

from estimator.views import (
    comparing,
    estimates,
    files,
    hand_over,
    importing,
    reality,
    sharing,
    versions,
    visitors,
)

app_name = "estimator"
urlpatterns = [
    path("c/<slug:slug>/estimates/", estimates.estimate_list, name="estimate-list"),
    path(
        "c/<slug:slug>/estimates/template.csv",
        importing.estimate_template,
        name="estimate-template",
    ),
    path("c/<slug:slug>/estimates/new/", estimates.estimate_new, name="estimate-new"),
    path("c/<slug:slug>/estimates/compare/", comparing.estimate_compare, name="estimate-compare"),
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
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/versions/",
        versions.estimate_versions,
        name="estimate-versions",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/versions/<int:number>/",
        versions.estimate_version,
        name="estimate-version",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/versions/<int:number>/file.<slug:kind>",
        files.estimate_file,
        name="estimate-file",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/reality/",
        reality.estimate_reality,
        name="estimate-reality",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/links/",
        sharing.estimate_links,
        name="estimate-links",
    ),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/links/<uuid:link>/revoke/",
        sharing.estimate_link_revoke,
        name="estimate-link-revoke",
    ),
    path("shared/<str:token>/", sharing.shared_estimate, name="shared-estimate"),
    path(
        "shared/<str:token>/file.<slug:kind>",
        sharing.shared_estimate_file,
        name="shared-estimate-file",
    ),
    path("estimate/", visitors.visitor_estimate, name="visitor-estimate"),
    path("estimate/file.<slug:kind>", visitors.visitor_estimate_file, name="visitor-estimate-file"),
    path("sales/estimates/", hand_over.sales_estimates, name="sales-estimates"),
]
