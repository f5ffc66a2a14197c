"""A stand-in for AWS Marketplace: an HTTP server on this machine that speaks its protocols.

It holds agreements with their licenses, dimensions and tokens, checks the signature of every
request against its own copy of the secret, gives answers in pages, and fails as it is told to:
it throttles, breaks off, keeps still, or answers with what is no answer.
"""

from __future__ import annotations

import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.billing.marketplaces.aws import cbor

ACCESS_KEY, SECRET = "AKIASTANDIN000000000", "a secret of the stand-in's own, of no account"
CBOR, JSON = "application/cbor", "application/x-amz-json-1.1"
SELLER = "999900001111"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/"
    r"(?P<service>[a-z-]+)/aws4_request, SignedHeaders=(?P<signed>[^,]+), "
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
LONGEST_STILL = 20
"""Seconds after which even a request that is kept waiting is given up."""


@dataclass
class Held:
    """One agreement with its license, as AWS would hold it."""

    license_arn: str
    account: str
    product: str
    dimensions: dict[str, int | float | str]
    starts_at: datetime | None
    ends_at: datetime | None
    status: str = "ACTIVE"
    is_entitled: bool = True
    chain: str = ""
    """The first agreement of its chain; empty: itself."""
    is_proposed: bool = True
    """False where a partner sold it: then its agreement is not the seller's to see."""

    @property
    def entitlements(self) -> list[dict[str, Any]]:
        if not self.is_entitled or self.status != "ACTIVE":
            return []
        return [
            {
                "ProductCode": self.product,
                "Dimension": dimension,
                "CustomerAWSAccountId": self.account,
                "LicenseArn": self.license_arn,
                "Value": {kind_of(value): value},
                **({"ExpirationDate": self.ends_at} if self.ends_at else {}),
            }
            for dimension, value in self.dimensions.items()
        ]

    @property
    def summary(self) -> dict[str, Any]:
        own = f"agmt-{self.license_arn[-12:]}"
        found: dict[str, Any] = {
            "agreementId": own,
            "initialAgreementId": self.chain or own,
            "acceptor": {"accountId": self.account},
            "proposer": {"accountId": SELLER},
            "agreementType": "PurchaseAgreement",
            "status": self.status,
            "entitlements": [{"licenseArn": self.license_arn}],
        }
        if self.starts_at:
            found["startTime"] = self.starts_at
        if self.ends_at:
            found["endTime"] = self.ends_at
        return found


def kind_of(value: int | float | str) -> str:
    kinds = {int: "IntegerValue", float: "DoubleValue", str: "StringValue"}
    return kinds[type(value)]


class Refusal(Exception):
    """An answer that is an error, as AWS gives it."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message or code, status


@dataclass
class Standin:
    """What the stand-in holds, what it was asked, and how it is to fail."""

    url: str = ""
    page: int = 25
    agreements: list[Held] = field(default_factory=list)
    tokens: dict[str, Held | str] = field(default_factory=dict)
    """A token's agreement, or the code with which it is refused."""
    asked: list[str] = field(default_factory=list)
    failures: list[str | Refusal] = field(default_factory=list)
    """How the next requests fail, one each: drop, still, garbage, or an error."""
    released: threading.Event = field(default_factory=threading.Event)
    endless_pages: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, operation: str, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question. Raises Refusal."""
        if operation == "ResolveCustomer":
            return self.resolved(question["RegistrationToken"])
        if operation == "GetEntitlements":
            return self.entitled(question)
        if operation == "SearchAgreements":
            return self.searched(question)
        raise Refusal("UnknownOperationException")

    def resolved(self, token: str) -> dict[str, Any]:
        found = self.tokens.get(token, "InvalidTokenException")
        if isinstance(found, str):
            raise Refusal(found, "Registration token is invalid")
        return {
            "ProductCode": found.product,
            "CustomerAWSAccountId": found.account,
            "LicenseArn": found.license_arn,
        }

    def entitled(self, question: dict[str, Any]) -> dict[str, Any]:
        wanted = question.get("Filter") or {}
        columns = {"CUSTOMER_AWS_ACCOUNT_ID": "CustomerAWSAccountId", "LICENSE_ARN": "LicenseArn"}
        rows = [
            row
            for held in self.agreements
            if held.product == question["ProductCode"]
            for row in held.entitlements
            if all(row[columns[name]] in values for name, values in wanted.items())
        ]
        return self.paged(rows, question, "Entitlements", "NextToken", "MaxResults")

    def searched(self, question: dict[str, Any]) -> dict[str, Any]:
        wanted = {one["name"]: one["values"][0] for one in question.get("filters", [])}
        if question.get("catalog") != "AWSMarketplace" or "AgreementType" not in wanted:
            raise Refusal("ValidationException")
        rows = [
            held.summary
            for held in self.agreements
            if held.is_proposed
            and wanted.get("LicenseArn") in (None, held.license_arn)
            and wanted.get("AcceptorAccountId") in (None, held.account)
            and wanted.get("InitialAgreementId") in (None, held.summary["initialAgreementId"])
        ]
        return self.paged(rows, question, "agreementViewSummaries", "nextToken", "maxResults")

    def paged(
        self, rows: list[Any], question: dict[str, Any], name: str, token: str, most: str
    ) -> dict[str, Any]:
        start = int(question.get(token, "at-0").removeprefix("at-"))
        end = start + min(self.page, question.get(most, self.page))
        if self.endless_pages:
            return {name: rows, token: "at-0"}
        return {name: rows[start:end]} | ({token: f"at-{end}"} if end < len(rows) else {})


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        standin = self.server.standin
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        operation = self.operation()
        with standin.lock:
            standin.asked.append(operation)
            failure = standin.failures.pop(0) if standin.failures else None
        if failure in ("drop", "still"):
            if failure == "still":
                standin.released.wait(LONGEST_STILL)
            self.close_connection = True
            return
        if failure == "garbage":
            self.send(200, b"\xff<html>", self.kind())
            return
        try:
            self.check_signature(body)
            if isinstance(failure, Refusal):
                raise failure
            question = cbor.decoded(body) if self.kind() == CBOR else json.loads(body)
            with standin.lock:
                answer = standin.answer(operation, question)
        except Refusal as refusal:
            self.refuse(refusal)
        else:
            self.send(200, self.written(answer), self.kind())

    def operation(self) -> str:
        target = self.headers.get("X-Amz-Target", "")
        return target.rpartition(".")[2] if target else self.path.rpartition("/")[2]

    def kind(self) -> str:
        return CBOR if self.headers.get("smithy-protocol") == "rpc-v2-cbor" else JSON

    def written(self, answer: dict[str, Any]) -> bytes:
        if self.kind() == CBOR:
            return cbor.encoded(answer)
        return json.dumps(answer, default=lambda instant: instant.timestamp()).encode()

    def refuse(self, refusal: Refusal) -> None:
        answer = {"__type": f"com.amazonaws.marketplace#{refusal.code}", "message": refusal.message}
        self.send(refusal.status, self.written(answer), self.kind())

    def send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if kind == CBOR:
            self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def check_signature(self, body: bytes) -> None:
        """Sign the request once more, with the own secret, and compare. Raises Refusal."""
        found = AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if found is None or found["key"] != ACCESS_KEY:
            raise Refusal("UnrecognizedClientException", "The security token is invalid.", 403)
        signed = found["signed"].split(";")
        if not {"host", "x-amz-date"} <= set(signed):
            raise Refusal("IncompleteSignatureException", status=403)
        headers = {name: self.headers.get(name, "") for name in signed}
        request = AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", headers, body)
        request.context["timestamp"] = self.headers.get("X-Amz-Date", "")
        signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET), found["service"], found["region"])
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if not hmac.compare_digest(signer.signature(text, request), found["signature"]):
            raise Refusal("SignatureDoesNotMatch", "The signature does not match.", 403)
        if not request.context["timestamp"].startswith(found["day"]):
            raise Refusal("SignatureDoesNotMatch", "The day does not match.", 403)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the tests say what is wrong."""


class Server(ThreadingHTTPServer):
    """The server; its threads end with the test's process at the latest."""

    daemon_threads = True
    standin: Standin

    def handle_error(self, *_arguments: object) -> None:
        """A client that gave up waiting is no fault of the server's."""


@contextmanager
def running() -> Iterator[Server]:
    """The server on a free port of this machine, until the block ends."""
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def empty(server: Server) -> Iterator[Standin]:
    """A stand-in that holds nothing yet and works; whoever it keeps waiting is let go after."""
    server.standin = Standin(url=f"http://127.0.0.1:{server.server_port}")
    try:
        yield server.standin
    finally:
        server.standin.released.set()
