from django.urls import path

from credits.views import people

app_name = "credits"
urlpatterns = [
    path("", people.home, name="home"),
    path("login/", people.login, name="login"),
    path("logout/", people.logout, name="logout"),
    path("set-password/<uidb64>/<token>/", people.set_password, name="set-password"),
]
