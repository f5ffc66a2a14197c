import re
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

from credits.models import Customer, User
from credits.web.context import Frame, frame
from credits.web.feedback import done, undo_url

pytestmark = pytest.mark.urls("tests.credits.web.urls")

NAVIGATION = {
    "customer": [
        ("Annual credits", "billing:annual-credits", "c", "view"),
        ("Allocate", "credits:allocation-list", "a", "view"),
        ("Licenses", "billing:license-list", "l", "view"),
        ("Estimates", "estimator:estimate-list", "e", "estimate"),
        ("Activity", "credits:activity", "y", ""),
    ],
    "sales": [
        ("Customers", "billing:sales-customers", "c", ""),
        ("Purchases", "billing:sales-purchases", "p", ""),
    ],
}


TABS = {
    "credits:activity": [
        ("Everything", "credits:activity", "y", ""),
        ("Members", "credits:member-list", "m", ""),
        ("Prices", "credits:customer-settings", "s", "see_prices"),
    ]
}


@pytest.fixture(autouse=True)
def navigation(settings: Any) -> None:
    settings.PORTAL_NAVIGATION = NAVIGATION
    settings.PORTAL_TABS = TABS
    settings.CUSTOMER_HOME = "billing:annual-credits"


def at(path: str, **attributes: Any) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    for name, value in attributes.items():
        setattr(request, name, value)
    return request


def inside(path: str, **attributes: Any) -> HttpRequest:
    given: dict[str, Any] = {
        "customer": Customer(pk=1, name="Halden Energy", slug="halden"),
        "desk": "customer",
        "rights": frozenset({"view", "estimate"}),
        "role": "admin",
        "acting_as_staff": False,
        "customer_count": 1,
        "user": User(pk=1, email="alice@example.org", name="Alice Brandt"),
    }
    return at(path, **(given | attributes))


def page(request: HttpRequest, template: str = "base.html", **context: Any) -> str:
    return render_to_string(template, context, request=request)


def test_the_navigation_leads_to_the_pages_of_this_customer() -> None:
    nav = Frame(inside("/c/halden/allocate/")).nav

    assert [item.label for item in nav] == [entry[0] for entry in NAVIGATION["customer"]]
    assert nav[0].url == "/c/halden/annual-credits/"
    assert [item.label for item in nav if item.current] == ["Allocate"]


def test_a_page_below_an_entry_belongs_to_it() -> None:
    nav = Frame(inside("/c/halden/allocate/zero-trust/")).nav

    assert [item.label for item in nav if item.current] == ["Allocate"]


def test_an_entry_without_its_right_is_not_shown() -> None:
    nav = Frame(inside("/", rights=frozenset({"view"}))).nav

    assert "Estimates" not in [item.label for item in nav]
    assert "Activity" in [item.label for item in nav]


def test_a_tab_belongs_to_the_entry_it_shares() -> None:
    shown = Frame(inside("/c/halden/members/invite/"))

    assert [item.label for item in shown.nav if item.current] == ["Activity"]
    assert [(item.label, item.current) for item in shown.tabs] == [
        ("Everything", False),
        ("Members", True),
    ]
    assert shown.tabs_of == "Activity"


def test_a_page_that_shares_no_entry_has_no_tabs() -> None:
    assert Frame(inside("/c/halden/allocate/")).tabs == []
    assert Frame(inside("/c/halden/unheard-of/")).tabs == []
    assert 'class="tabs"' not in page(inside("/c/halden/allocate/"))


def test_every_letter_leads_to_one_page_and_is_in_the_list_of_keys() -> None:
    request = inside("/c/halden/allocate/", rights=frozenset({"view", "estimate", "see_prices"}))

    keys = Frame(request).keys

    letters = [item.key for item in keys]
    assert letters == ["c", "a", "l", "e", "y", "m", "s"]
    html = page(request)
    assert all(f'href="{item.url}" data-key="{item.key}"' in html for item in keys)


def test_the_search_of_a_desk_is_a_form_that_works_alone() -> None:
    html = page(inside("/c/halden/allocate/"))

    assert '<form class="search" role="search" method="get" action="/c/halden/search/"' in html
    assert '<a class="to-search" href="/c/halden/search/" aria-label="Search">' in html
    assert Frame(at("/sales/customers/", desk="sales")).search_url == "/sales/search/"
    assert Frame(at("/", desk=None)).search_url == ""


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/c/{slug}/allocate/zero-trust/", "/c/{slug}/allocate/"),
        ("/c/{slug}/members/", "/c/{slug}/members/"),
        ("/c/{slug}/estimates/", "/c/{slug}/annual-credits/"),
        ("/c/{slug}/unheard-of/", "/c/{slug}/annual-credits/"),
    ],
)
def test_the_switcher_stays_on_a_page_that_everybody_may_open(
    manager: User, customer: Customer, other_customer: Customer, path: str, there: str
) -> None:
    here = path.format(slug=customer.slug)
    frame = Frame(inside(here, user=manager, customer=customer, customer_count=2))

    assert {c.url for c in frame.customers} == {
        there.format(slug=one.slug) for one in (customer, other_customer)
    }


def test_the_sales_desk_has_its_own_navigation_and_name() -> None:
    desk = Frame(at("/sales/customers/", desk="sales"))

    assert [item.url for item in desk.nav] == ["/sales/customers/", "/sales/purchases/"]
    assert desk.title == "Sales desk"
    assert desk.works_for == ""


@pytest.mark.parametrize("desk", [None, "unheard-of"])
def test_elsewhere_there_is_no_navigation(desk: str | None) -> None:
    assert Frame(at("/", desk=desk)).nav == []


def test_more_entries_than_fit_into_the_phones_bar_wait_under_its_last_place(settings: Any) -> None:
    entry = NAVIGATION["customer"][4]
    settings.PORTAL_NAVIGATION = {"customer": [*NAVIGATION["customer"], entry]}

    shown = Frame(inside("/c/halden/activity/"))

    assert (len(shown.bar), len(shown.more)) == (4, 2)
    assert shown.more_current


def test_few_entries_need_no_place_for_more() -> None:
    shown = Frame(inside("/"))

    assert (len(shown.bar), shown.more) == (5, [])


def test_badges_stand_at_their_entries() -> None:
    nav = Frame(inside("/", badges={"l": "3"})).nav

    assert {item.label: item.badge for item in nav}["Licenses"] == "3"


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ("", ""), ('"><script>', "")]
)
def test_the_theme_is_one_of_two_or_the_systems(cookie: str, theme: str) -> None:
    request = at("/")
    request.COOKIES["theme"] = cookie

    assert Frame(request).theme == theme


def test_staff_inside_a_customer_see_whose_it_is() -> None:
    staff = inside("/", acting_as_staff=True, role="support")

    html = page(staff)

    assert 'class="stripe"' in html
    assert "You are working for Halden Energy" in html
    assert "support" in html


def test_a_member_sees_no_stripe() -> None:
    assert 'class="stripe"' not in page(inside("/"))


def test_who_has_one_customer_has_nothing_to_choose() -> None:
    html = page(inside("/"))

    assert '<span class="who">Halden Energy</span>' in html


def test_a_page_carries_nothing_that_the_security_policy_forbids() -> None:
    html = page(inside("/c/halden/allocate/"))

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_a_page_loads_at_most_six_files() -> None:
    html = page(inside("/"))

    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    assert len(files) <= 6


def test_log_out_is_a_post_with_its_token() -> None:
    html = page(inside("/"))

    form = re.search(r'<form method="post" action="/logout/">(.*?)</form>', html, re.S)
    assert form
    assert "csrfmiddlewaretoken" in form[1]


def test_what_a_page_names_is_escaped() -> None:
    evil = Customer(pk=1, name="<script>alert(1)</script>", slug="evil")

    assert "<script>alert" not in page(inside("/", customer=evil, acting_as_staff=True))


def test_the_frame_stands_without_anything_known_of_the_request() -> None:
    html = page(RequestFactory().get("/nowhere/"))

    assert "Credits &amp; Billing" in html
    assert 'class="side"' not in html


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_pages_of_faults_need_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")

    assert re.search(r"<h1>\w", html)
    assert re.search(r"<title>\w", html)


def test_a_refusal_says_who_can_grant_it() -> None:
    assert "An admin of Halden Energy can grant it" in page(inside("/"), "403.html")


def test_the_way_back_travels_with_the_message() -> None:
    request = inside("/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]

    done(request, "Allocated 650 credits.", "/c/halden/activity/12/undo/")
    done(request, "Saved.")
    html = page(request, "includes/_messages.html", messages=request._messages)  # type: ignore[attr-defined]

    assert html.count('action="/c/halden/activity/12/undo/"') == 1
    assert html.count('class="msg success"') == 2
    assert html.count("<form") == 1


class Units(forms.Form):
    units = forms.CharField(label="Users", help_text="All signed-in users count.")


def test_a_field_joins_its_hint_and_its_error_to_its_input() -> None:
    form = Units({"units": ""})
    html = render_to_string("includes/_field.html", {"field": form["units"], "unit": "users"})

    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described
    assert all(f'id="{name}"' in html for name in described[1].split())
    assert 'aria-invalid="true"' in html
    assert "<span>users</span>" in html


def test_the_errors_on_top_lead_to_their_fields() -> None:
    form = Units({"units": ""})
    form.is_valid()
    form.add_error(None, "It changed meanwhile.")

    html = render_to_string("includes/_errors.html", {"form": form})

    assert '<a href="#id_units">Users: This field is required.</a>' in html
    assert "<li>It changed meanwhile.</li>" in html


def test_other_tags_of_a_message_are_no_way_back() -> None:
    assert undo_url("safe") == ""
    assert undo_url("undo:/x/") == "/x/"


def test_the_switcher_lists_ones_own_customers_in_one_query(
    alice: User,
    customer: Customer,
    other_customer: Customer,
    manager: User,
    django_assert_num_queries: Any,
) -> None:
    mine = Frame(at("/", user=alice, customer=customer, desk="customer"))
    all_of_them = Frame(at("/", user=manager, customer=customer, desk="customer"))

    with django_assert_num_queries(1):
        assert not mine.can_switch
        assert [c.name for c in mine.customers] == [customer.name]
    with django_assert_num_queries(1):
        assert all_of_them.can_switch
        assert {c.name for c in all_of_them.customers} == {customer.name, other_customer.name}
        assert [c.name for c in all_of_them.customers if c.current] == [customer.name]


def test_a_fragment_costs_the_frame_nothing(
    alice: User, customer: Customer, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        frame(at("/", user=alice, customer=customer, desk="customer"))
