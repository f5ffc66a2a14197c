"""What every answer says, and which input no view is asked to handle."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from config.middleware import keep_private, refuse_undecodable_input
from credits.domain.jobs import jobs

FORM = "application/x-www-form-urlencoded"
requests = RequestFactory()


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def pass_through(request: HttpRequest) -> HttpResponseBase:
    return refuse_undecodable_input(answer)(request)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(requests.get("/c/a%00b/"), id="NUL in the path"),
        pytest.param(requests.get("/c/%FF/"), id="broken path"),
        pytest.param(requests.get("/", QUERY_STRING="q=a%00b"), id="NUL in the query"),
        pytest.param(requests.get("/", QUERY_STRING="q=%ff"), id="broken query"),
        pytest.param(requests.get("/", QUERY_STRING="q=%ED%A0%80"), id="lone surrogate"),
        pytest.param(requests.post("/", "n=%00", FORM), id="NUL in the form"),
        pytest.param(requests.post("/", b"n=\xff", FORM), id="broken form"),
        pytest.param(requests.post("/", {"n": "a\0b"}), id="NUL in a multipart value"),
        pytest.param(requests.post("/", {"a\0b": "n"}), id="NUL in a multipart name"),
    ],
)
def test_input_that_is_no_text_is_refused(request_: HttpRequest) -> None:
    assert pass_through(request_).status_code == 400


def test_a_broken_multipart_value_is_refused() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n\xff\r\n--b--\r\n'
    request = requests.generic("POST", "/", body, "multipart/form-data; boundary=b")

    assert pass_through(request).status_code == 400


def test_a_nul_hidden_in_a_quoted_cookie_is_refused() -> None:
    request = requests.get("/", headers={"Cookie": r'sessionid="a\000b"'})

    assert pass_through(request).status_code == 400


@pytest.mark.parametrize(
    "request_",
    [
        requests.get("/c/größe/", {"q": "Zürich 東京 100 %"}),
        requests.get("/", QUERY_STRING="q=50%"),
        requests.post("/", "n=%C3%A9+x", FORM),
        requests.post("/", {"n": "é", "file": SimpleUploadedFile("a.csv", b"\xff\0")}),
        requests.post("/", b'{"n": "\\u0000"}', "application/json"),
    ],
)
def test_text_of_any_language_passes_and_files_are_not_read(request_: HttpRequest) -> None:
    assert pass_through(request_).status_code == 200


def private(request: HttpRequest, *, looks: bool, is_member: bool) -> HttpResponseBase:
    request.session = SessionStore()
    request.user = get_user_model()() if is_member else AnonymousUser()
    if looks:
        request.session.get("anything")
    return keep_private(answer)(request)


def test_what_a_person_sees_after_log_in_is_kept_by_no_cache() -> None:
    response = private(requests.get("/"), looks=True, is_member=True)

    assert "no-store" in response["Cache-Control"]
    assert response["Vary"] == "HX-Request"


@pytest.mark.parametrize(("looks", "is_member"), [(True, False), (False, True)])
def test_what_shows_nobodys_data_may_be_kept(looks: bool, is_member: bool) -> None:
    response = private(requests.get("/"), looks=looks, is_member=is_member)

    assert "Cache-Control" not in response
    assert response["Vary"] == "HX-Request"


@pytest.mark.django_db
def test_health_answers_without_a_session(client: Client) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    told = response.json()
    assert (told["status"], told["publication"], told["mail"]) == ("ok", "none yet", "on time")
    assert set(told["jobs"]) == {job.name for job in jobs()}
    assert response.cookies == SimpleCookie()


@pytest.mark.django_db
def test_every_answer_carries_the_security_headers(client: Client) -> None:
    headers = client.get("/health").headers

    assert sorted(headers["Content-Security-Policy"].split("; ")) == [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
    ]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.django_db
def test_a_refused_request_gets_a_page_with_400(client: Client) -> None:
    response = client.get("/health", QUERY_STRING="q=%00")

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")
