"""Reading pages as a browser without scripts does: forms with what they are filled with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

HTMX = {"HX-Request": "true"}


@dataclass
class Form:
    """One form of a page: where it is sent, and what its fields hold."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, value and text of each button."""

    def filled(self, **typed: str) -> dict[str, str]:
        """The fields with something typed; `q__email_core` stands for `q.email-core`."""
        named = {name.replace("__", ".").replace("_", "-"): text for name, text in typed.items()}
        return {**self.fields, **named}


class Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.button: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(action=given.get("action", "")))
        elif not self.found or not given.get("name"):
            return
        elif tag == "input":
            if given.get("type") != "checkbox" or "checked" in given:
                default = "on" if given.get("type") == "checkbox" else ""
                self.found[-1].fields[given["name"]] = given.get("value", default)
        elif tag == "button":
            self.button = [given["name"], given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self.button and self.found:
            name, value = self.button
            self.found[-1].buttons.append((name, value, data.strip()))
            self.button = None


def forms(response: Any) -> list[Form]:
    parser = Forms()
    parser.feed(response.content.decode())
    return parser.found


def form(response: Any, *, action: str) -> Form:
    """The form of a page that is sent to an address which holds these words."""
    return next(f for f in forms(response) if action in f.action)


TYPED = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": "x"})
BREAKS = frozenset(
    ["td", "th", "li", "p", "div", "dt", "dd", "h1", "h2", "option", "button", "span"]
)


def words(response: Any) -> str:
    """What a page says, without its tags, with single spaces and the signs of a keyboard."""
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode(), flags=re.S)
    parser = Words()
    parser.feed(text)
    return " ".join("".join(parser.said).split()).translate(TYPED)


class Words(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BREAKS:
            self.said.append(" ")

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def drawer(client: Client, slug: str, group: str, query: str = "") -> Form:
    """The form of a group's drawer as it opens."""
    url = f"/c/{slug}/allocate/{group}/{query}"
    return form(client.get(url, headers=HTMX), action=f"/allocate/{group}/")


def send(client: Client, sent: Form, *, htmx: bool = False, **typed: str) -> Any:
    """Send a form, with something typed into it."""
    headers = HTMX | {"HX-Target": "drawer"} if htmx else {}
    return client.post(sent.action, sent.filled(**typed), headers=headers)
