"""The addresses of step one."""

from django.urls import path

from estimator import views

app_name = "estimator"
urlpatterns = [
    path("c/<slug:slug>/estimates/", views.estimate_list, name="estimate-list"),
    path("c/<slug:slug>/estimates/new/", views.estimate_new, name="estimate-new"),
    path("c/<slug:slug>/estimates/<uuid:public_id>/", views.estimate_edit, name="estimate-edit"),
    path(
        "c/<slug:slug>/estimates/<uuid:public_id>/duplicate/",
        views.estimate_duplicate,
        name="estimate-duplicate",
    ),
]
