"""Take a picture of every page that each person can reach, by following the links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.test import Client
from django.urls import Resolver404, resolve

from config import env
from credits.models import Customer, Role, User

HEIGHTS = {1280: 900, 390: 844}
SCHEMES = ("light", "dark")
LOCKED = 'id="locked"'
"""What holds the explanation that the members of a locked customer meet: a page of its own."""
LINKS = "elements => elements.map(element => element.getAttribute('href'))"


@dataclass(frozen=True)
class Person:
    """Whose pages are taken: the folder of the pictures, the first page, and the log-in."""

    folder: str
    start: str
    user: User | None = None


class Command(BaseCommand):
    help = "Take a picture of every page, as each person of the demonstration sees it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("address", help="where the portal is served")

    def handle(self, *, folder: Path, address: str, **options: Any) -> None:
        # Playwright is there for development alone.
        from playwright.sync_api import sync_playwright

        problems: list[str] = []
        admin_pages: set[str] = set()
        everybody = list(people())
        cookies = {person: session_of(person) for person in everybody}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=env.text("PORTAL_BROWSER", "") or None, args=["--no-sandbox"]
            )
            for person in everybody:
                walk = Walk(browser, address, cookies[person], folder / person.folder)
                pages = walk.find_pages(person.start)
                # The admin looks the same to all who may open it.
                pages = {name: path for name, path in pages.items() if name not in admin_pages}
                admin_pages.update(name for name in pages if name.startswith("admin:"))
                walk.take(pages)
                problems += walk.problems
                self.stdout.write(f"  {person.folder}: {len(pages)} pages")
        if problems:
            raise CommandError("\n".join(sorted(set(problems))))


class Walk:
    """One person's way through the portal."""

    def __init__(self, browser: Any, address: str, session: str, folder: Path) -> None:
        self.browser = browser
        self.address = address
        self.session = session
        self.folder = folder
        self.problems: list[str] = []
        self.locked: set[str] = set()
        """Paths that are closed to the person, with the page that explains it."""

    def find_pages(self, start: str) -> dict[str, str]:
        """One path a route, following links from `start`."""
        page = self._page(1280, "light")
        pages: dict[str, str] = {}
        waiting, seen = [start], {start}
        while waiting:
            path = waiting.pop(0)
            if not self._open(page, path):
                continue
            here = urlsplit(page.url).path
            pages.setdefault(route_of(here), here)
            for link in page.locator("a[href]").evaluate_all(LINKS):
                target = self._path_of(link, page.url)
                route = route_of(target)
                if route and target not in seen and route not in pages:
                    seen.add(target)
                    # One of each route is enough, and the first listed stands for the rest.
                    if route not in {route_of(other) for other in waiting}:
                        waiting.append(target)
        page.context.close()
        return pages

    def take(self, pages: dict[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for width in HEIGHTS:
            for scheme in SCHEMES:
                page = self._page(width, scheme)
                for route, path in pages.items():
                    name = re.sub(r"[^a-z0-9]+", "-", route.lower())
                    page.goto(urljoin(self.address, path), wait_until="load")
                    picture = self.folder / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=picture, full_page=True)
                page.context.close()

    def _page(self, width: int, scheme: str) -> Any:
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        if self.session:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": self.session}
            context.add_cookies([cookie | {"url": self.address}])
        page = context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        return page

    def _listen(self, message: Any) -> None:
        url = message.location.get("url", "")
        if message.type == "error" and urlsplit(url).path not in self.locked:
            self.problems.append(f"{url}: {message.text}")

    def _open(self, page: Any, path: str) -> bool:
        """Whether the path shows a page; a file to download does not."""
        answer = page.request.get(urljoin(self.address, path))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return False
        if not answer.ok and LOCKED not in answer.text():
            self.problems.append(f"{path}: {answer.status}")
            return False
        if not answer.ok:
            # The browser, too, says that it was refused.
            self.locked.add(urlsplit(answer.url).path)
        page.goto(urljoin(self.address, path), wait_until="load")
        return True

    def _path_of(self, link: str, base: str) -> str:
        target = urlsplit(urljoin(base, link))
        return target.path if target.geturl().startswith(self.address) else ""


def people() -> Iterator[Person]:
    """A visitor, an admin of each customer, and one of each staff role."""
    yield Person("visitor", settings.LOGIN_REDIRECT_URL)
    for customer in Customer.objects.order_by("number"):
        admins = customer.memberships.filter(role=Role.ADMIN, user__is_active=True)
        if member := admins.select_related("user").first():
            yield Person(customer.slug, settings.LOGIN_REDIRECT_URL, member.user)
    for group in Group.objects.order_by("name"):
        if user := User.objects.filter(groups=group, is_active=True).order_by("pk").first():
            start = "/admin/" if user.is_staff else settings.LOGIN_REDIRECT_URL
            yield Person(group.name.replace(" ", "-"), start, user)


def session_of(person: Person) -> str:
    """The value of a session cookie with which the person is logged in."""
    if person.user is None:
        return ""
    client = Client()
    client.force_login(person.user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def route_of(path: str) -> str:
    """The name of the route that answers a path; empty for what is never opened."""
    try:
        name = resolve(path).view_name
    except Resolver404:
        return ""
    return "" if name.endswith(("logout", "jsi18n")) else name
