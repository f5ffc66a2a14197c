"""The demonstration in a real browser, whose every complaint fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from pytest_django.live_server_helper import LiveServer

from billing.domain.publication import publish_hours
from credits import clock
from tests.replayed import demonstration

Visit = Callable[..., Page]


@pytest.fixture
def log_ins(live_server: LiveServer) -> dict[str, str]:
    """Password by mail address of the demonstration's people."""
    made = demonstration(clock.day_of(clock.now()))
    publish_hours(clock.now())
    return {log_in.email: log_in.password for log_in in made}


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, log_ins: dict[str, str]) -> Iterator[Visit]:
    """Open the portal as one of its people; `scripts=False` for a browser without JavaScript."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_as(email: str, *, scripts: bool = True, width: int = 1280) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            java_script_enabled=scripts,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: note_message(complaints, message))
        page.on("response", lambda response: note_response(complaints, response))
        page.goto("/login/")
        page.get_by_label("Mail address").or_(page.locator("[name=username]")).first.fill(email)
        page.locator("[name=password]").fill(log_ins[email])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


def note_message(complaints: list[str], message: ConsoleMessage) -> None:
    # A refusal with 422 is an answer; the browser's console calls it an error all the same.
    if message.type == "error" and "422" not in message.text:
        complaints.append(message.text)


def note_response(complaints: list[str], response: Response) -> None:
    if response.status >= 500 or response.status == 404:
        complaints.append(f"{response.status} {response.url}")
