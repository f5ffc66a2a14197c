import json

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from credits.web.htmx import announce, is_fragment, redirect, reload_to, render_page


def asked(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request


HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, False),
        (HTMX, True),
        (HTMX | {"HX-Boosted": "true"}, False),
        (HTMX | {"HX-History-Restore-Request": "true"}, False),
    ],
)
def test_a_fragment_is_wanted_only_by_a_plain_htmx_request(
    headers: dict[str, str], wanted: bool
) -> None:
    assert is_fragment(asked(**headers)) is wanted


def test_a_request_that_passed_no_htmx_middleware_wants_the_page() -> None:
    assert is_fragment(RequestFactory().get("/", headers=HTMX)) is False


def test_the_page_and_its_fragment_come_from_one_template() -> None:
    page = render_page(asked(), "registration/login.html", {"form": None})
    response = render_page(asked(**HTMX), "registration/login.html", {}, status=422)

    assert page.status_code == 200
    assert b"<!doctype html>" in page.content
    assert page["Vary"] == "HX-Request"
    assert response.status_code == 422


def test_going_back_to_a_page_that_was_refused_shows_it_again() -> None:
    request = asked(**HTMX, **{"HX-History-Restore-Request": "true"})

    response = render_page(request, "registration/login.html", {"form": None}, status=422)

    assert response.status_code == 200
    assert b"<!doctype html>" in response.content


def test_after_an_act_a_plain_request_is_sent_on_by_303() -> None:
    response = redirect(asked(), "/c/halden/allocate/")

    assert (response.status_code, response["Location"]) == (303, "/c/halden/allocate/")


def test_after_an_act_htmx_fetches_the_whole_page_itself() -> None:
    response = redirect(asked(**HTMX), "/c/halden/allocate/")

    there = json.loads(response["HX-Location"])
    assert there["path"] == "/c/halden/allocate/"
    assert is_fragment(asked(**HTMX, **there["headers"])) is False


def test_an_expired_session_swaps_nothing_and_leaves_the_page() -> None:
    response = reload_to("/login/?next=/")

    assert (response.status_code, response.content) == (204, b"")
    assert response["HX-Redirect"] == "/login/?next=/"


def test_what_changed_is_announced_in_a_header_that_holds_any_text() -> None:
    response = announce(redirect(asked(), "/"), "Sorted by größe, falling")

    assert response["HX-Trigger"].isascii()
    assert json.loads(response["HX-Trigger"]) == {
        "portal:announce": {"text": "Sorted by größe, falling"}
    }
