from django.urls import path

from credits.views import activity, allocations, people

app_name = "credits"
urlpatterns = [
    path("", people.home, name="home"),
    path("login/", people.login, name="login"),
    path("logout/", people.logout, name="logout"),
    path("set-password/<uidb64>/<token>/", people.set_password, name="set-password"),
    path("c/<slug:slug>/allocate/", allocations.allocation_list, name="allocation-list"),
    path("c/<slug:slug>/allocate/undo/", allocations.allocation_undo, name="allocation-undo"),
    path(
        "c/<slug:slug>/allocate/<slug:group>/", allocations.allocation_edit, name="allocation-edit"
    ),
    path("c/<slug:slug>/activity/", activity.activity, name="activity"),
    path(
        "c/<slug:slug>/activity/<uuid:operation>/", activity.activity_detail, name="activity-detail"
    ),
]
