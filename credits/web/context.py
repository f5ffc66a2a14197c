"""The frame around every page: navigation, customer switcher, person, theme.

A context processor must cost nothing where no frame is drawn (fragments, tables), so `frame` hands
out an object whose parts are made when the template asks for them.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from credits.domain.people import customers_for
from credits.models import Customer, User

SWITCHER_LIMIT = 20
BAR_LIMIT = 5
THEMES = ("light", "dark")

Entry = tuple[str, str, str, str]
"""Label, URL name, letter after `g`, and the right without which the entry is not shown."""


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation."""

    url: str
    label: str
    key: str
    badge: str = ""
    current: bool = False


@dataclass(frozen=True)
class Switch:
    """A customer one can go to."""

    url: str
    name: str
    current: bool


class Frame:
    """What base.html shows around a page for one request."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.customer: Customer | None = getattr(request, "customer", None)
        self.desk: str | None = getattr(request, "desk", None)
        self.role: str = getattr(request, "role", "")
        self.acting_as_staff: bool = getattr(request, "acting_as_staff", False)

    @property
    def theme(self) -> str:
        """Kept in a cookie, so that the first byte already has the reader's choice."""
        wanted = self._request.COOKIES.get("theme", "")
        return wanted if wanted in THEMES else ""

    @cached_property
    def person(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def nav(self) -> list[NavItem]:
        """The entries of this desk that the person may open."""
        items = [self._item(entry) for entry in self._entries]
        path = self._request.path
        within = [item.url for item in items if path.startswith(item.url)]
        here = max(within, key=len, default="")
        return [NavItem(i.url, i.label, i.key, i.badge, i.url == here) for i in items]

    @property
    def bar(self) -> list[NavItem]:
        """The entries at the bottom of a phone."""
        return self.nav if len(self.nav) <= BAR_LIMIT else self.nav[: BAR_LIMIT - 1]

    @property
    def more(self) -> list[NavItem]:
        """The entries that the phone's bar keeps under its last place."""
        return self.nav[len(self.bar) :]

    @property
    def more_current(self) -> bool:
        return any(item.current for item in self.more)

    @property
    def title(self) -> str:
        """The name of the place in the top bar."""
        if self.desk == "sales":
            return _("Sales desk")
        return self.customer.name if self.customer else ""

    @property
    def works_for(self) -> str:
        """The customer's name where somebody of the vendor is inside it."""
        inside = self.acting_as_staff or self.desk == "sales"
        return self.customer.name if self.customer and inside else ""

    @cached_property
    def can_switch(self) -> bool:
        """Whether there is another customer to go to; a view that knows the count says it."""
        if self.person is None or self.customer is None or self.desk != "customer":
            return False
        known: int | None = getattr(self._request, "customer_count", None)
        return (len(self._customers) if known is None else known) > 1

    @cached_property
    def _customers(self) -> list[Customer]:
        if self.person is None:
            return []
        return list(customers_for(self.person)[: SWITCHER_LIMIT + 1])

    @property
    def customers(self) -> list[Switch]:
        """The first customers of the person by name; one query, made when the menu is drawn."""
        home = settings.CUSTOMER_HOME
        return [
            Switch(reverse(home, kwargs={"slug": c.slug}), c.name, c == self.customer)
            for c in self._customers[:SWITCHER_LIMIT]
        ]

    @property
    def has_more_customers(self) -> bool:
        """Whether the list is cut; a person of the vendor always finds the way to all of them."""
        return self.acting_as_staff or len(self._customers) > SWITCHER_LIMIT

    @property
    def _entries(self) -> list[Entry]:
        if self.desk not in settings.PORTAL_NAVIGATION:
            return []
        rights: frozenset[str] = getattr(self._request, "rights", frozenset())
        entries: list[Entry] = settings.PORTAL_NAVIGATION[self.desk]
        return [entry for entry in entries if not entry[3] or entry[3] in rights]

    def _item(self, entry: Entry) -> NavItem:
        label, url_name, key, _right = entry
        inside = self.desk == "customer" and self.customer is not None
        kwargs = {"slug": self.customer.slug} if inside and self.customer else None
        badges: dict[str, str] = getattr(self._request, "badges", {})
        return NavItem(reverse(url_name, kwargs=kwargs), _(label), key, badges.get(key, ""))


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame` for base.html."""
    return {"frame": Frame(request)}
