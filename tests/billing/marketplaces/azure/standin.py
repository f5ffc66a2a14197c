"""A stand-in of Azure Marketplace: directory, fulfillment API and the calls of its webhook.

It listens on this machine alone, ends with its test, checks every token it is brought, signs with
real keys, and keeps subscriptions and operations as the marketplace documents them. What a buyer
does there is a method here; what the portal asks comes over HTTP.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.billing.marketplaces.azure.signing import jwk

TENANT = "11111111-aaaa-4aaa-8aaa-000000000001"
CLIENT_ID = "22222222-bbbb-4bbb-8bbb-000000000002"
SECRET = "a secret of tests"
CALLER = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
BUYER = "33333333-cccc-4ccc-8ccc-000000000003"
OFFER = "portal-credits"

VERSION = "2018-08-31"
OPEN = ("NotStarted", "InProgress")

Reply = tuple[int, Any]
Fault = Callable[["Handler"], bool]
"""Something that goes wrong with a request; True if nothing more is to be answered."""


def uuid(number: int) -> str:
    """An id by number, the same in every run."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


@dataclass
class Subscription:
    """What one buyer has, as the marketplace keeps it."""

    id: str
    plan: str
    quantity: int | None
    offer: str = OFFER
    status: str = "PendingFulfillmentStart"
    first_day: str = ""
    last_day: str = ""
    tenant: str = BUYER

    def shown(self) -> dict[str, Any]:
        person = {
            "emailId": "buyer@buyer.example",
            "objectId": uuid(77),
            "tenantId": self.tenant,
            "puid": "1234567890",
        }
        term = {"termUnit": "P1Y"}
        if self.first_day:
            term |= {
                "startDate": f"{self.first_day}T00:00:00Z",
                "endDate": f"{self.last_day}T00:00:00Z",
            }
        return {
            "id": self.id,
            "name": "Credits of the buyer",
            "publisherId": "vendor",
            "offerId": self.offer,
            "planId": self.plan,
            "quantity": "" if self.quantity is None else self.quantity,
            "beneficiary": person,
            "purchaser": person | {"emailId": "reseller@reseller.example"},
            "allowedCustomerOperations": ["Read", "Update", "Delete"],
            "isFreeTrial": False,
            "saasSubscriptionStatus": self.status,
            "term": term,
            "autoRenew": True,
            "lastModified": "0001-01-01T00:00:00",
        }


@dataclass
class Wish:
    """An operation: what a buyer, or the marketplace, wants of a subscription."""

    id: str
    subscription: Subscription
    action: str
    plan: str
    quantity: int | None
    status: str = "InProgress"

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "activityId": self.id,
            "subscriptionId": self.subscription.id,
            "offerId": self.subscription.offer,
            "publisherId": "vendor",
            "planId": self.plan,
            "quantity": "" if self.quantity is None else str(self.quantity),
            "action": self.action,
            "timeStamp": "2026-02-10T18:48:58.4449937",
            "status": self.status,
            "errorStatusCode": "",
            "errorMessage": "",
        }

    def told(self, **other: Any) -> bytes:
        """What the webhook is told of it."""
        quantity = {"quantity": self.quantity}
        return json.dumps(
            self.shown()
            | quantity
            | {
                "timeStamp": "2026-02-10T18:48:58.4449937Z",
                "operationRequestSource": "Azure",
                "subscription": self.subscription.shown(),
                "purchaseToken": None,
            }
            | other
        ).encode()


@dataclass
class StandIn:
    """The marketplace of one test."""

    signing: list[str] = field(default_factory=lambda: ["first"])
    """Names of the keys that the directory publishes."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)
    landings: dict[str, str] = field(default_factory=dict)
    good_tokens: set[str] = field(default_factory=set)
    tokens_given: int = 0
    secret: str = SECRET
    expires_in: int | str = 3599
    per_page: int = 100
    lags: int = 0
    """So many looks at an operation still see it open after it was answered."""
    today: tuple[str, str] = ("2026-03-01", "2027-02-28")
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    next_link: str | None = None
    """Where the list goes on, if not at itself."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What happens at the marketplace

    def buy(self, plan: str = "pool", quantity: int | None = 10, **other: Any) -> Subscription:
        """A purchase, which waits to be activated; its landing token is `landing-<number>+/=`."""
        number = len(self.subscriptions) + 1
        one = Subscription(id=uuid(1000 + number), plan=plan, quantity=quantity, **other)
        self.subscriptions[one.id] = one
        self.landings[f"landing-{number}+/="] = one.id
        return one

    def landing_query(self, number: int = 1) -> str:
        return "token=" + quote(f"landing-{number}+/=", safe="")

    def wish(self, one: Subscription, action: str, **other: Any) -> Wish:
        """An operation that waits for its answer."""
        made = Wish(
            id=uuid(2000 + len(self.wishes) + 1),
            subscription=one,
            action=action,
            plan=other.get("plan", one.plan),
            quantity=other.get("quantity", one.quantity),
        )
        self.wishes[made.id] = made
        return made

    def over(self, one: Subscription, action: str) -> Wish:
        """An operation that only tells."""
        made = self.wish(one, action)
        made.status = "Succeeded"
        return made

    def suspend(self, one: Subscription) -> Wish:
        one.status = "Suspended"
        return self.over(one, "Suspend")

    def renew(self, one: Subscription, first_day: str, last_day: str) -> Wish:
        one.first_day, one.last_day = first_day, last_day
        return self.over(one, "Renew")

    def unsubscribe(self, one: Subscription) -> Wish:
        one.status = "Unsubscribed"
        return self.over(one, "Unsubscribe")

    def accept(self, wish: Wish) -> None:
        """What was wanted is so, by our answer or after ten seconds by itself."""
        wish.status = "Succeeded"
        one = wish.subscription
        if wish.action == "Reinstate":
            one.status = "Subscribed"
        one.plan, one.quantity = wish.plan, wish.quantity

    # What is asked of it

    def reply(self, method: str, target: str, headers: Any, body: bytes) -> Reply:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        self.asked.append(f"{method} {parts.path}")
        if parts.path == f"/{TENANT}/oauth2/v2.0/token":
            return self.token(parse_qs(body.decode()))
        if parts.path == f"/{TENANT}/discovery/v2.0/keys":
            return 200, {"keys": [jwk(name) for name in self.signing]}
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.good_tokens:
            return 401, {"error": "no token of ours"}
        if query.get("api-version") != [VERSION] or not parts.path.startswith("/api/saas/"):
            return 400, {"error": "no such version"}
        return self.api(method, parts.path.rstrip("/").split("/")[4:], query, headers, body)

    def token(self, form: dict[str, list[str]]) -> Reply:
        wanted = {
            "grant_type": ["client_credentials"],
            "client_id": [CLIENT_ID],
            "client_secret": [self.secret],
            "scope": [f"{CALLER}/.default"],
        }
        if form != wanted:
            return 401, {"error": "invalid_client"}
        self.tokens_given += 1
        value = f"token-{self.tokens_given}"
        self.good_tokens.add(value)
        return 200, {
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "access_token": value,
        }

    def api(
        self, method: str, path: list[str], query: dict[str, list[str]], headers: Any, body: bytes
    ) -> Reply:
        if method == "GET" and not path:
            return self.listed(int(query.get("continuationToken", ["0"])[0]))
        if (method, path) == ("POST", ["resolve"]):
            found = self.landings.get(headers.get("x-ms-marketplace-token", ""))
            if found is None:
                return 400, {"error": "malformed or expired"}
            bought = self.subscriptions[found]
            return 200, {"id": bought.id, "subscription": bought.shown(), "quantity": "7"}
        one = self.subscriptions.get(path[0])
        if one is None:
            return 404, {"error": "no such subscription"}
        if method == "GET" and len(path) == 1:
            return 200, one.shown()
        if method == "POST" and path[1:] == ["activate"]:
            return self.activate(one, json.loads(body))
        wish = self.wishes.get(path[2]) if path[1] == "operations" else None
        if wish is None or wish.subscription is not one:
            return 404, {"error": "no such operation"}
        return self.operation(method, wish, body)

    def listed(self, start: int) -> Reply:
        found = list(self.subscriptions.values())
        page = found[start : start + self.per_page]
        answer: dict[str, Any] = {"subscriptions": [one.shown() for one in page]}
        after = start + self.per_page
        if after < len(found):
            answer["@nextLink"] = self.next_link or (
                f"{self.origin}/api/saas/subscriptions/"
                f"?continuationToken={after}&api-version={VERSION}"
            )
        return 200, answer if page else None

    def activate(self, one: Subscription, content: dict[str, Any]) -> Reply:
        if one.status == "Unsubscribed":
            return 404, {"error": "unsubscribed"}
        if one.status != "PendingFulfillmentStart":
            return 400, {"error": "active already"}
        if content != {"planId": one.plan} | (
            {} if one.quantity is None else {"quantity": one.quantity}
        ):
            return 400, {"error": "other than what was purchased"}
        one.status = "Subscribed"
        one.first_day, one.last_day = self.today
        return 200, None

    def operation(self, method: str, wish: Wish, body: bytes) -> Reply:
        if method == "GET":
            if self.lags and wish.status == "Succeeded":
                self.lags -= 1
                return 200, wish.shown() | {"status": "InProgress"}
            return 200, wish.shown()
        if wish.status not in OPEN:
            return 409, {"error": "over already"}
        if json.loads(body) == {"status": "Success"}:
            self.accept(wish)
        else:
            wish.status = "Failed"
        return 200, None


class Handler(BaseHTTPRequestHandler):
    """One request: read, perhaps spoiled, answered."""

    server: Server
    timeout = 5

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        marketplace = self.server.marketplace
        if marketplace.faults and marketplace.faults.pop(0)(self):
            marketplace.asked.append(f"{self.command} spoiled")
            return
        status, content = marketplace.reply(self.command, self.path, self.headers, body)
        self.answer(status, content)

    do_GET = do_POST = do_PATCH = handle_any

    def answer(self, status: int, content: Any, **headers: str) -> None:
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked stands in `asked`."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    marketplace: StandIn


@contextmanager
def open_stand_in() -> Iterator[StandIn]:
    """A marketplace that listens until the end of the test."""
    marketplace = StandIn()
    with Server(("127.0.0.1", 0), Handler) as server:
        server.marketplace = marketplace
        marketplace.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield marketplace
        finally:
            server.shutdown()
            thread.join()


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and headers, and nothing else."""

    def fault(handler: Handler) -> bool:
        handler.answer(code, None, **headers)
        return True

    return fault


def fine(handler: Handler) -> bool:
    """Nothing goes wrong with this request."""
    return False


def dropped(handler: Handler) -> bool:
    """The connection ends without an answer."""
    handler.close_connection = True
    handler.connection.close()
    return True


def cut(handler: Handler) -> bool:
    """The connection ends in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": ')
    handler.wfile.flush()
    handler.connection.close()
    return True


def dripping(handler: Handler) -> bool:
    """One byte of a long answer, and nothing more before the caller has gone."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.wfile.flush()
    handler.connection.recv(1)
    return True


def text(content: bytes) -> Fault:
    """Answer 200 with these bytes."""

    def fault(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        return True

    return fault
