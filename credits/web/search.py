"""The box that finds things: finders of every app are asked in turn, each with one query.

An app brings its finders in a list that settings.SEARCH_FINDERS names, so that nothing here knows
what lies above. A finder gets what is looked for and answers with hits of one kind; it reads only
rows of that customer (on the sales desk: of the person's customers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.models import Customer, User
from credits.web.access import PortalRequest
from credits.web.htmx import announce, is_fragment, render_page
from credits.web.links import with_state

LIMIT = 6
"""Hits shown of one kind; a finder reads one more, to know whether there are others."""

LONGEST = 100
"""Characters of what is typed that are looked for."""

TEMPLATE = "credits/search.html"

Row = TypeVar("Row")


@dataclass(frozen=True)
class Looking:
    """What is looked for, by whom, and where."""

    user: User
    words: str
    rights: frozenset[str] = frozenset()
    customer: Customer | None = None

    @property
    def each(self) -> list[str]:
        """The words one by one, for what must hold all of them."""
        return self.words.casefold().split()

    def url(self, name: str, **kwargs: Any) -> str:
        """A page of the customer that is looked through."""
        inside = {"slug": self.customer.slug} if self.customer else {}
        return reverse(name, kwargs=inside | kwargs)

    def is_exact(self, *names: str) -> bool:
        """Whether one of a thing's names is what was typed."""
        return self.words.casefold() in {name.casefold() for name in names}


@dataclass(frozen=True)
class Hit:
    """One thing that was found and the page where it is."""

    title: str
    url: str
    detail: str = ""
    exact: bool = False
    """Whether what was typed is its whole name or number."""


@dataclass(frozen=True)
class Hits:
    """What was found of one kind."""

    kind: str
    found: Sequence[Hit] = ()
    more_url: str = ""
    """The list that holds the rest, where there are more than are shown."""


Finder = Callable[[Looking], Hits]


def hits_of(kind: str, rows: Iterable[Row], hit: Callable[[Row], Hit], all_url: str = "") -> Hits:
    """The hits of a kind from at most LIMIT + 1 rows."""
    found = [hit(row) for row in rows]
    return Hits(kind, found[:LIMIT], all_url if len(found) > LIMIT else "")


@dataclass(frozen=True)
class Results:
    """All that was found, by kind."""

    words: str
    kinds: Sequence[Hits]

    @cached_property
    def count(self) -> int:
        return sum(len(hits.found) for hits in self.kinds)

    @property
    def is_cut(self) -> bool:
        """Whether there is more of a kind than is shown."""
        return any(hits.more_url for hits in self.kinds)

    @property
    def only_exact(self) -> str:
        """The page of the one thing that is called so; nothing where there are more."""
        exact = [hit.url for hits in self.kinds for hit in hits.found if hit.exact]
        return exact[0] if len(exact) == 1 else ""

    @property
    def said(self) -> str:
        """What the live region says."""
        if not self.words:
            return ""
        if not self.count:
            return _("Nothing found for %(words)s.") % {"words": self.words}
        counted = ngettext("%(count)d result", "%(count)d results", self.count)
        parts = [f"{hits.kind} {len(hits.found)}" for hits in self.kinds]
        said = f"{counted % {'count': self.count}}: {', '.join(parts)}."
        return said + " " + _("There are more.") if self.is_cut else said


def finders_of(desk: str) -> list[Finder]:
    """The finders of a desk, in the order in which their hits are shown."""
    return [finder for path in settings.SEARCH_FINDERS[desk] for finder in import_string(path)]


def look(looking: Looking, desk: str) -> Results:
    """Ask every finder; nothing typed finds nothing."""
    if not looking.words:
        return Results("", ())
    kinds = [finder(looking) for finder in finders_of(desk)]
    return Results(looking.words, [hits for hits in kinds if hits.found])


def words_of(text: str) -> str:
    """What is looked for: bounded, with single spaces."""
    return " ".join(text[:LONGEST].split())


def answer(request: PortalRequest, customer: Customer | None = None) -> HttpResponseBase:
    """The results as a page or as suggestions. The one thing that is called so is gone to.

    With `all` in the address the page is shown in any case.
    """
    desk = request.desk or ""
    looking = Looking(
        user=request.user,
        words=words_of(request.GET.get("q", "")),
        rights=frozenset(str(right) for right in getattr(request, "rights", ())),
        customer=customer,
    )
    results = look(looking, desk)
    fragment = is_fragment(request)
    if results.only_exact and not fragment and "all" not in request.GET:
        return redirect(results.only_exact)
    context = {
        "results": results,
        "all_url": with_state(request.path, q=looking.words, all="1"),
        "longest": LONGEST,
    }
    part = "hits" if request.htmx.target == "search-hits" else "results"
    response = render_page(request, TEMPLATE, context, fragment=part)
    return announce(response, results.said) if fragment else response
