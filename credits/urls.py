from django.urls import path

from credits.views import activity, allocations, people, units_upload

app_name = "credits"
urlpatterns = [
    path("", people.home, name="home"),
    path("login/", people.login, name="login"),
    path("logout/", people.logout, name="logout"),
    path("forgot-password/", people.forgot_password, name="forgot-password"),
    path("forgot-password/sent/", people.forgot_password_sent, name="forgot-password-sent"),
    path("set-password/<uidb64>/<token>/", people.set_password, name="set-password"),
    path("c/<slug:slug>/allocate/", allocations.allocation_list, name="allocation-list"),
    path("c/<slug:slug>/allocate/undo/", allocations.allocation_undo, name="allocation-undo"),
    path("c/<slug:slug>/allocate/upload/", units_upload.units_upload, name="units-upload"),
    path(
        "c/<slug:slug>/allocate/upload/units.csv",
        units_upload.units_template,
        name="units-template",
    ),
    path(
        "c/<slug:slug>/allocate/<slug:group>/", allocations.allocation_edit, name="allocation-edit"
    ),
    path("c/<slug:slug>/activity/", activity.activity, name="activity"),
    path(
        "c/<slug:slug>/activity/<uuid:operation>/", activity.activity_detail, name="activity-detail"
    ),
]
