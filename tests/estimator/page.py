"""The calculator as a person or htmx sends it, and what of it a test reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any, Protocol

from django.test import Client
from django.urls import reverse

from credits.models import Customer, User
from estimator.models import Estimate, EstimateLine, EstimateVersion

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
ESSENTIALS = "endpoint-essentials"

Sent = dict[str, Any]
LogIn = Callable[[User], Client]


class Response(Protocol):
    """What tests read of an answer."""

    status_code: int

    @property
    def content(self) -> bytes: ...

    def __getitem__(self, header: str) -> str: ...


def nothing_saved() -> bool:
    models = (Estimate, EstimateLine, EstimateVersion)
    return not any(model._default_manager.exists() for model in models)


def list_url(customer: Customer) -> str:
    return reverse("estimator:estimate-list", kwargs={"slug": customer.slug})


def new_url(customer: Customer) -> str:
    return reverse("estimator:estimate-new", kwargs={"slug": customer.slug})


def edit_url(estimate: Estimate, name: str = "estimate-edit") -> str:
    kwargs = {"slug": estimate.customer.slug, "public_id": estimate.public_id}
    return reverse(f"estimator:{name}", kwargs=kwargs)


def body(response: Response) -> str:
    return unescape(response.content.decode())


class Reader(HTMLParser):
    """The inputs of a page, and the words inside the element of an id."""

    VOID = frozenset({"input", "link", "meta", "br", "hr", "img"})

    def __init__(self, markup: str, element_id: str = "") -> None:
        super().__init__()
        self.element_id = element_id
        self.inputs: list[dict[str, str]] = []
        self.said: list[str] = []
        self.depth = 0
        self.found = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "input" and (self.depth or not self.element_id):
            self.inputs.append(own)
        if tag not in self.VOID and (self.depth or own.get("id") == self.element_id):
            self.depth += 1
            self.found = True

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in self.VOID:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.depth or not self.element_id:
            self.said.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.said).split())


def value_of(response: Response, name: str) -> str:
    """What the first field of a name holds in the calculator's form."""
    inputs = Reader(response.content.decode(), "calculator").inputs
    fields = [own for own in inputs if own.get("name") == name]
    assert fields, f"no field {name}"
    return fields[0].get("value", "")


def text_in(response: Response, element_id: str) -> str:
    """The words inside the element of an id."""
    reader = Reader(response.content.decode(), element_id)
    assert reader.found, f"nothing has the id {element_id}"
    return reader.words


def words(response: Response) -> str:
    """All words of a page, one space apart."""
    return Reader(response.content.decode()).words


def send(
    client: Client, url: str, lines: Sent, act: str = "price", *, target: str = "", **fields: Any
) -> Response:
    """Post the form with units by feature key; `target` is the element htmx asks for."""
    data: Sent = {f"units.{key}": units for key, units in lines.items()}
    headers = {"HX-Request": "true", "HX-Target": target} if target else {}
    return client.post(url, {**data, "act": act, "years": "1", **fields}, headers=headers)


def save(client: Client, url: str, lines: Sent, **fields: Any) -> Response:
    """Open the page and save from it, as a person does."""
    page = client.get(url)
    key = value_of(page, "form_key")
    seen = {"version": value_of(page, "version")} if 'name="version"' in body(page) else {}
    sent = {"name": "Plan 2027", "form_key": key, **seen, **fields}
    return send(client, url, lines, "save", **sent)
