"""The demonstration behind a real server for all tests of a module: replayed once, then emptied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.test.utils import modify_settings
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from billing.domain.publication import publish_hours
from credits import clock
from credits.models import User
from tests.replayed import demonstration

WATCH = """
window.shifted = 0; window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
"""Runs before a page's own scripts: what moved, and what the content policy refused."""


@dataclass
class Portal:
    """A running portal, and a browser to look at it with."""

    browser: Browser
    url: str
    contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def client(self, email: str) -> Client:
        """Logged in as a person, without a browser."""
        client = Client()
        client.force_login(User.objects.get(email=email))
        return client

    def context(self, email: str) -> BrowserContext:
        """A browser's window of a person who is logged in; of a visitor for no address."""
        if email not in self.contexts:
            context = self.browser.new_context(
                base_url=self.url,
                viewport={"width": 1280, "height": 900},
                color_scheme="light",
                reduced_motion="reduce",
            )
            context.set_default_timeout(15_000)
            context.add_init_script(WATCH)
            if email:
                cookie = self.client(email).cookies[settings.SESSION_COOKIE_NAME]
                context.add_cookies(
                    [
                        {
                            "name": settings.SESSION_COOKIE_NAME,
                            "value": cookie.value,
                            "domain": urlsplit(self.url).hostname or "",
                            "path": "/",
                        }
                    ]
                )
            self.contexts[email] = context
        return self.contexts[email]


@contextmanager
def running(browser: Browser) -> Iterator[Portal]:
    """The demonstration on a server. Its rows are really there, so they are really taken away."""
    server = LiveServer("127.0.0.1")
    try:
        demonstration(clock.day_of(clock.now()))
        publish_hours(clock.now())
        portal = Portal(browser, server.url)
        with modify_settings(ALLOWED_HOSTS={"append": "127.0.0.1"}):
            yield portal
        for context in portal.contexts.values():
            context.close()
    finally:
        server.stop()
        # Numbers go on: what is copied back later keeps those it had.
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
