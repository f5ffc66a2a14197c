"""The frame around every page: navigation, customer switcher, person, theme.

A context processor must cost nothing where no frame is drawn (fragments, tables), so `frame` hands
out an object whose parts are made when the template asks for them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from credits import clock
from credits.domain.access import Access
from credits.domain.people import Right, customers_for
from credits.models import Customer, User, Viewing
from credits.web.access_notice import AccessNotice
from credits.web.viewing import current_viewing

SWITCHER_LIMIT = 20
BAR_LIMIT = 5
MOST_SHOWN = 99
"""More unread notices than these are not told apart."""
EVERYBODYS = ("", Right.VIEW.value)
"""What an entry needs that whoever may see a customer may open."""
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
class Inbox:
    """The bell of the header: the page it leads to, and how many notices are unread."""

    item: NavItem
    unread: int

    @property
    def count(self) -> str:
        """The number as the bell shows it; nothing where all is read."""
        if self.unread > MOST_SHOWN:
            return f"{MOST_SHOWN}+"
        return str(self.unread) if self.unread else ""


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
    def notice(self) -> AccessNotice | None:
        """What is said of the customer's access; nothing is read for it."""
        access: Access | None = getattr(self._request, "access", None)
        return AccessNotice(access, clock.now()) if access else None

    @property
    def _is_shut(self) -> bool:
        """Whether the person has come to pages that are closed but for what helps to renew."""
        return self.notice is not None and self.notice.access.is_shut

    @cached_property
    def person(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def nav(self) -> list[NavItem]:
        """The entries of this desk that the person may open; one is current on all its tabs."""
        pages = [(self._item(entry), self._tabs(entry)) for entry in self._entries]
        urls = {item.url: {item.url, *(tab.url for tab in tabs)} for item, tabs in pages}
        here = self._nearest(url for own in urls.values() for url in own)
        if self._request.path == self.search_url:
            here = ""  # What is found lies on any page.
        return [replace(item, current=here in urls[item.url]) for item, _tabs in pages]

    @cached_property
    def tabs(self) -> list[NavItem]:
        """The pages that share the current entry; none where it stands alone."""
        current = {item.url for item in self.nav if item.current}
        for entry in self._entries:
            if self._item(entry).url in current:
                items = self._tabs(entry)
                here = self._nearest(item.url for item in items)
                return [replace(item, current=item.url == here) for item in items]
        return []

    @property
    def tabs_of(self) -> str:
        """The name of the entry that the tabs share."""
        return next((item.label for item in self.nav if item.current), "")

    @property
    def keys(self) -> list[NavItem]:
        """Every page that a letter after `g` goes to."""
        tabs = [tab for entry in self._entries for tab in self._tabs(entry)]
        known = {item.url for item in self.nav}
        inbox = [self.inbox.item] if self.inbox else []
        return [*self.nav, *(tab for tab in tabs if tab.url not in known), *inbox]

    @cached_property
    def inbox(self) -> Inbox | None:
        """The customer's notices and how many are unread; nothing is read for it."""
        access: Access | None = getattr(self._request, "access", None)
        if access is None or self._is_shut or self.desk != "customer":
            return None
        item = self._item(settings.PORTAL_INBOX)
        here = self._request.path.startswith(item.url)
        return Inbox(replace(item, current=here), access.unread)

    @property
    def search_url(self) -> str:
        """Where the search box of this desk leads; nothing where there is none."""
        name = "" if self._is_shut else settings.SEARCH_PAGES.get(self.desk or "")
        return self._url(name) if name else ""

    @property
    def search_words(self) -> str:
        """What stands in the empty search box."""
        if self.desk == "sales":
            return _("Find a customer or an order")
        return _("Find a feature, license, purchase, estimate")

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

    @cached_property
    def viewing(self) -> Viewing | None:
        """Set while the session looks as a member of a customer, on all pages of the portal."""
        return current_viewing(self._request)

    @property
    def minutes_left(self) -> int:
        """For how many minutes the viewing goes on, the last one counted whole."""
        left = self.viewing.ends_at - clock.now() if self.viewing else timedelta(0)
        return max(1, -int(-left // timedelta(minutes=1)))

    @property
    def own_role(self) -> str:
        """The person's role here; looking as a member one has none of one's own."""
        return "" if self._looks_as_member else self.role

    @property
    def _looks_as_member(self) -> bool:
        access: Access | None = getattr(self._request, "access", None)
        return access is not None and access.viewing is not None

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
        if self._looks_as_member:
            return False  # It holds in this customer only.
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
        name = self._page_kind
        return [
            Switch(reverse(name, kwargs={"slug": c.slug}), c.name, c == self.customer)
            for c in self._customers[:SWITCHER_LIMIT]
        ]

    @property
    def _page_kind(self) -> str:
        """The page of another customer that corresponds to this one: every person may open it."""
        shared = [t for e in self._entries for t in settings.PORTAL_TABS.get(e[1], [])]
        every: list[Entry] = [*self._entries, *shared, settings.PORTAL_INBOX]
        names = {self._url(e[1]): e[1] for e in every if e[3] in EVERYBODYS}
        return names.get(self._nearest(names), settings.CUSTOMER_HOME)

    @property
    def has_more_customers(self) -> bool:
        """Whether the list is cut; a person of the vendor always finds the way to all of them."""
        return self.acting_as_staff or len(self._customers) > SWITCHER_LIMIT

    @property
    def _entries(self) -> list[Entry]:
        if self._is_shut or self.desk not in settings.PORTAL_NAVIGATION:
            return []
        entries: list[Entry] = settings.PORTAL_NAVIGATION[self.desk]
        return [entry for entry in entries if not entry[3] or entry[3] in self._rights]

    @property
    def _rights(self) -> frozenset[str]:
        rights: frozenset[str] = getattr(self._request, "rights", frozenset())
        return rights

    def _tabs(self, entry: Entry) -> list[NavItem]:
        """The pages that share an entry, as far as the person may open them."""
        tabs: list[Entry] = settings.PORTAL_TABS.get(entry[1], [])
        return [self._item(tab) for tab in tabs if not tab[3] or tab[3] in self._rights]

    def _nearest(self, urls: Iterable[str]) -> str:
        """The address of these that the page lies at or below."""
        return max((u for u in urls if self._request.path.startswith(u)), key=len, default="")

    def _item(self, entry: Entry) -> NavItem:
        label, url_name, key, _right = entry
        badges: dict[str, str] = getattr(self._request, "badges", {})
        return NavItem(self._url(url_name), _(label), key, badges.get(key, ""))

    def _url(self, name: str) -> str:
        """A page of this desk: inside a customer, that customer's."""
        inside = self.desk == "customer" and self.customer is not None
        kwargs = {"slug": self.customer.slug} if inside and self.customer else None
        return reverse(name, kwargs=kwargs)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `frame` for base.html."""
    return {"frame": Frame(request)}
