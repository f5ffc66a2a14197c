from django.urls import path

from credits.views import (
    activity,
    allocations,
    change_many,
    members,
    move,
    own_settings,
    people,
    release_many,
    search,
    settings,
    table_choice,
    units_upload,
    viewing,
)

app_name = "credits"
urlpatterns = [
    path("", people.home, name="home"),
    path("login/", people.login, name="login"),
    path("logout/", people.logout, name="logout"),
    path("forgot-password/", people.forgot_password, name="forgot-password"),
    path("forgot-password/sent/", people.forgot_password_sent, name="forgot-password-sent"),
    path("set-password/<uidb64>/<token>/", people.set_password, name="set-password"),
    path("settings/", own_settings.own_settings, name="own-settings"),
    path("viewing/end/", viewing.viewing_end, name="viewing-end"),
    path("settings/tables/", table_choice.table_choice, name="table-choice"),
    path("c/<slug:slug>/search/", search.search, name="search"),
    path("c/<slug:slug>/allocate/", allocations.allocation_list, name="allocation-list"),
    path("c/<slug:slug>/allocate/undo/", allocations.allocation_undo, name="allocation-undo"),
    path("c/<slug:slug>/allocate/move/", move.allocation_move, name="allocation-move"),
    path(
        "c/<slug:slug>/allocate/release/",
        release_many.allocation_release,
        name="allocation-release",
    ),
    path("c/<slug:slug>/allocate/change/", change_many.allocation_change, name="allocation-change"),
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
    path("c/<slug:slug>/members/", members.member_list, name="member-list"),
    path("c/<slug:slug>/members/invite/", members.member_invite, name="member-invite"),
    path("c/<slug:slug>/members/<uuid:member>/", members.member_edit, name="member-edit"),
    path("c/<slug:slug>/settings/", settings.customer_settings, name="customer-settings"),
]
