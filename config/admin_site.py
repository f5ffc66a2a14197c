"""The support desk: Django's admin with its own look, the portal's log-in, and one search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.response import HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode
from django.utils.module_loading import import_string

from credits.domain import door
from credits.models import SecurityEventKind, User
from credits.web.access import to_login
from credits.web.address import client_address

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

UNUSED = frozenset({"autocomplete", "view_on_site"})
SHELVES = ("Customers and people", "Purchases and licenses", "Books", "Catalogue")
HITS = 8
TERM_LENGTH = 200


@dataclass(frozen=True)
class Hits:
    """What a search found of one kind, and the way to all of it."""

    title: str
    found: list[tuple[str, str, str]]
    more_url: str


@dataclass(frozen=True)
class Shelved:
    """One list, as the index names it, and the way to what makes such a record."""

    name: str
    url: str
    make_url: str
    make: str


def shelved(page: Any, request: HttpRequest) -> Shelved:
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}"
    may_make = page.has_add_permission(request)
    return Shelved(
        name=str(page.opts.verbose_name_plural).capitalize(),
        url=reverse(f"{name}_changelist"),
        make_url=reverse(f"{name}_add") if may_make else "",
        make=getattr(page, "making_title", "") if may_make else "",
    )


class SupportSite(AdminSite):
    """Where support, operators and catalogue managers look at records."""

    site_title = "Support desk"
    site_header = "Support desk"
    index_title = "Find a record"
    site_url = "/"
    index_template = "admin/find.html"
    enable_nav_sidebar = False

    def admin_view(self, view: ViewT, cacheable: bool = False) -> ViewT:
        """Anonymous: to the portal's log-in. Nobody's staff: 404, as if there were no page."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_login(request)
            if not self.has_permission(request):
                raise Http404("no such page")
            response: HttpResponseBase = guarded(request, *args, **kwargs)
            return response

        return update_wrapper(inner, view)  # type: ignore[return-value]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one log-in, the portal's."""
        index = reverse("admin:index", current_app=self.name)
        if not request.user.is_authenticated:
            return redirect_to_login(
                request.GET.get("next") or index, resolve_url(settings.LOGIN_URL)
            )
        if not self.has_permission(request):
            raise Http404("no such page")
        return redirect(index)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Django's own page; what it changed stands in the security log."""
        response = super().password_change(request, extra_context)
        if response.status_code == HTTPStatus.FOUND and isinstance(request.user, User):
            address = client_address(request)
            door.record(SecurityEventKind.PASSWORD_SET, user=request.user, address=address)
        return response

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages of settings.SUPPORT_PAGES, then Django's own that are used."""
        own = [path(one.path, self.admin_view(one.answer), name=one.name) for one in self.pages()]
        return own + [
            url
            for url in super().get_urls()
            if not isinstance(url, URLPattern) or url.name not in UNUSED
        ]

    def pages(self) -> list[Any]:
        """The pages that are no list of records, from the lists that the settings name."""
        return [page for name in settings.SUPPORT_PAGES for page in import_string(name)]

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """One search box over whatever a customer quotes: orders, codes, addresses, operations."""
        term = request.GET.get("q", "").strip()[:TERM_LENGTH]
        found = self.find(request, term) if term else []
        context = {
            "term": term,
            "found": found,
            "is_searched": bool(term),
            "shelves": self.shelves(request),
        }
        return super().index(request, context | (extra_context or {}))

    def shelves(self, request: HttpRequest) -> dict[str, list[Shelved]]:
        """The lists and pages that the person may view, under the headings people think in."""
        shelves: dict[str, list[Shelved]] = {shelf: [] for shelf in SHELVES}
        for page in self._registry.values():
            if page.has_view_permission(request):
                shelf = getattr(page, "shelf", SHELVES[-1])
                shelves.setdefault(shelf, []).append(shelved(page, request))
        for page in self.pages():
            if page.is_open_to(request):
                place = Shelved(page.title, reverse(f"admin:{page.name}"), "", "")
                shelves.setdefault(page.shelf, []).append(place)
        return {shelf: pages for shelf, pages in shelves.items() if pages}

    def find(self, request: HttpRequest, term: str) -> list[Hits]:
        """What is found of each kind that the person may view, in the order people look for it."""
        searched = [
            page
            for page in self._registry.values()
            if getattr(page, "place_in_search", 0) and page.has_view_permission(request)
        ]
        searched.sort(key=lambda page: page.place_in_search)  # type: ignore[attr-defined]
        hits = [self.hits(request, page, term) for page in searched]
        return [hit for hit in hits if hit.found]

    def hits(self, request: HttpRequest, page: Any, term: str) -> Hits:
        name = f"{page.opts.app_label}_{page.opts.model_name}"
        ordered = page.get_queryset(request).order_by(*page.get_ordering(request) or ("-pk",))
        if page.list_select_related:
            ordered = ordered.select_related(*page.list_select_related)
        records, _ = page.get_search_results(request, ordered, term)
        found = list(records[: HITS + 1])
        more = reverse(f"admin:{name}_changelist") + "?" + urlencode({"q": term})
        return Hits(
            title=str(page.opts.verbose_name_plural).capitalize(),
            found=[
                (reverse(f"admin:{name}_change", args=(record.pk,)), *page.told(record))
                for record in found[:HITS]
            ],
            more_url=more if len(found) > HITS else "",
        )
