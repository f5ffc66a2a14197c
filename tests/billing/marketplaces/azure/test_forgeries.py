"""Who is not the marketplace gets nowhere: nothing is written, and nobody is asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.marketplaces.azure.webhook import LONGEST
from billing.models import MarketplaceMessage
from credits import clock
from credits.clock import DAY
from tests.billing.marketplaces.azure.calling import (
    V1,
    bearer,
    call,
    claims,
    rows,
    tell,
    written,
)
from tests.billing.marketplaces.azure.signing import encoded, jwk, key_named, sign
from tests.billing.marketplaces.azure.standin import CALLER, CLIENT_ID, TENANT, StandIn, uuid

pytestmark = pytest.mark.django_db

OTHER_TENANT = "99999999-aaaa-4aaa-8aaa-000000000009"
GRAPH = "00000003-0000-0000-c000-000000000000"

RS = "RS256"

Forgery = Callable[[], str]


def parts() -> list[str]:
    return sign(claims()).split(".")


def made(header: Any, key: Any = None, algorithm: str = "HS256", content: Any = None) -> str:
    """A token put together by hand, since no library signs what it should not."""
    signed = f"{encoded(header)}.{encoded(claims() if content is None else content)}"
    if key is None:
        return f"{signed}."
    signer = jwt.get_algorithm_by_name(algorithm)
    signature = signer.sign(signed.encode(), signer.prepare_key(key) if algorithm == RS else key)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def genuine(header: Any = None, content: Any = None) -> str:
    """Signed by the right key, whatever it says."""
    found = {"alg": RS, "typ": "JWT", "kid": "first"} if header is None else header
    return made(found, key_named("first"), RS, content)


def pem() -> bytes:
    """The public key, as anybody may have it."""
    public = key_named("first").public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def modulus() -> bytes:
    return str(jwk("first")["n"]).encode()


def swapped(index: int, content: Any) -> str:
    """A good token of which one part was replaced."""
    found = parts()
    found[index] = encoded(content)
    return ".".join(found)


def flipped() -> str:
    head, body, signature = parts()
    return f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def now() -> int:
    return int(clock.now().timestamp())


TOKENS: dict[str, Forgery] = {
    # How it is signed
    "algorithm-none": lambda: made({"alg": "none", "typ": "JWT", "kid": "first"}),
    "algorithm-none-in-capitals": lambda: made({"alg": "NoNe", "typ": "JWT", "kid": "first"}),
    "algorithm-none-with-a-signature": lambda: made({"alg": "none", "kid": "first"}, b"x" * 32),
    "hs256-with-the-public-key": lambda: made({"alg": "HS256", "kid": "first"}, pem()),
    "hs256-with-the-modulus": lambda: made(
        {"alg": "HS256", "kid": "first"}, jwk("first")["n"].encode()
    ),
    "hs256-called-rs256": lambda: made({"alg": "RS256", "kid": "first"}, pem()),
    "rs384-with-the-right-key": lambda: sign(claims(), algorithm="RS384"),
    "rs512-with-the-right-key": lambda: sign(claims(), algorithm="RS512"),
    "ps256-with-the-right-key": lambda: sign(claims(), algorithm="PS256"),
    "no-algorithm": lambda: genuine({"typ": "JWT", "kid": "first"}),
    "algorithm-is-a-list": lambda: genuine({"alg": ["RS256"], "kid": "first"}),
    "another-key-of-the-same-id": lambda: sign(claims(), key="attacker"),
    "no-signature": lambda: ".".join([*parts()[:2], ""]),
    "signature-cut": lambda: sign(claims())[:-20],
    "signature-changed": flipped,
    "signature-of-another-token": lambda: ".".join(
        [*parts()[:2], sign(claims(aud=GRAPH)).split(".")[2]]
    ),
    # The key it names
    "unknown-key": lambda: sign(claims(), key="attacker", headers={"kid": "attacker"}),
    "right-key-under-another-id": lambda: sign(claims(), headers={"kid": "second"}),
    "no-key-id": lambda: genuine({"alg": "RS256", "typ": "JWT"}),
    "empty-key-id": lambda: sign(claims(), headers={"kid": ""}),
    "key-id-is-a-path": lambda: sign(
        claims(), key="attacker", headers={"kid": "../../../dev/null"}
    ),
    "key-id-is-an-address": lambda: sign(
        claims(), key="attacker", headers={"kid": "http://127.0.0.1:9/keys"}
    ),
    "key-id-is-a-query": lambda: sign(claims(), key="attacker", headers={"kid": "' OR 1=1 --"}),
    "key-id-has-a-nul": lambda: sign(claims(), headers={"kid": "first\0"}),
    "key-id-is-long": lambda: sign(claims(), headers={"kid": "first" * 100}),
    "key-id-is-a-number": lambda: genuine({"alg": "RS256", "kid": 1}),
    "key-id-is-a-list": lambda: genuine({"alg": "RS256", "kid": ["first"]}),
    # The keys it brings
    "brings-an-address-of-keys": lambda: sign(
        claims(), key="attacker", headers={"jku": "http://127.0.0.1:9/keys"}
    ),
    "brings-an-address-of-keys-well-signed": lambda: sign(
        claims(), headers={"jku": "http://127.0.0.1:9/keys"}
    ),
    "brings-a-certificates-address": lambda: sign(
        claims(), headers={"x5u": "http://127.0.0.1:9/certificate"}
    ),
    "brings-a-certificate": lambda: sign(claims(), key="attacker", headers={"x5c": ["MIIB"]}),
    "brings-its-key": lambda: sign(claims(), key="attacker", headers={"jwk": jwk("attacker")}),
    "critical-header": lambda: sign(claims(), headers={"crit": ["exp"]}),
    "unencoded-content": lambda: genuine({"alg": "RS256", "kid": "first", "b64": False}),
    "another-type": lambda: sign(claims(), headers={"typ": "dpop+jwt"}),
    # Who it is from, and for whom
    "issuer-of-another-directory": lambda: sign(
        claims(iss=f"https://sts.windows.net/{OTHER_TENANT}/")
    ),
    "issuer-without-a-slash": lambda: sign(claims(iss=V1.rstrip("/"))),
    "issuer-in-the-clear": lambda: sign(claims(iss=V1.replace("https", "http"))),
    "issuer-for-everybody": lambda: sign(
        claims(iss="https://login.microsoftonline.com/common/v2.0")
    ),
    "issuer-looks-alike": lambda: sign(claims(iss=f"https://sts.windows.net.example/{TENANT}/")),
    "issuer-is-a-list": lambda: genuine(content=claims(iss=[V1])),
    "no-issuer": lambda: sign(claims(iss=None)),
    "for-another-application": lambda: sign(claims(aud=GRAPH)),
    "for-several-applications": lambda: sign(claims(aud=[GRAPH, CLIENT_ID])),
    "for-nobody": lambda: sign(claims(aud=None)),
    "for-the-marketplace-itself": lambda: sign(claims(aud=CALLER)),
    "another-directory": lambda: sign(claims(tid=OTHER_TENANT)),
    "directory-with-a-space": lambda: sign(claims(tid=f"{TENANT} ")),
    "no-directory": lambda: sign(claims(tid=None)),
    "our-own-application-calls": lambda: sign(claims(appid=CLIENT_ID)),
    "another-application-calls": lambda: sign(claims(appid=GRAPH)),
    "two-callers": lambda: sign(claims(azp=GRAPH)),
    "caller-is-a-list": lambda: sign(claims(appid=[CALLER])),
    "a-person-calls": lambda: sign(claims(appid=None, oid=uuid(7), upn="buyer@buyer.example")),
    # When it holds
    "expired": lambda: sign(claims(exp=now() - 61)),
    "holds-only-later": lambda: sign(claims(nbf=now() + 120)),
    "no-expiry": lambda: sign(claims(exp=None)),
    "no-beginning": lambda: sign(claims(nbf=None)),
    "expiry-in-words": lambda: genuine(content=claims(exp="2999999999")),
    "expiry-is-true": lambda: sign(claims(exp=True)),
    "expiry-is-no-number": lambda: sign(claims(exp=float("nan"))),
    "expiry-is-endless": lambda: sign(claims(exp=float("inf"))),
    # What it looks like
    "content-changed": lambda: swapped(1, claims(tid=TENANT, more="rights")),
    "two-parts": lambda: ".".join(parts()[:2]),
    "four-parts": lambda: sign(claims()) + ".more",
    "five-parts": lambda: ".".join([*parts(), "a", "b"]),
    "only-dots": lambda: "..",
    "content-is-a-list": lambda: jwt.api_jws.encode(
        b"[]", key_named("first"), "RS256", {"kid": "first"}
    ),
    "content-is-no-json": lambda: jwt.api_jws.encode(
        b"x", key_named("first"), "RS256", {"kid": "first"}
    ),
    "header-is-no-json": lambda: genuine(b"{"),
    "header-is-a-list": lambda: genuine([]),
    "header-is-nested": lambda: genuine(b"[" * 5_000),
    "padded": lambda: sign(claims()) + "==",
    "a-space-inside": lambda: sign(claims()).replace(".", " .", 1),
    "a-line-break-at-the-end": lambda: sign(claims()) + "\n",
    "letters-that-look-alike": lambda: sign(claims()).replace("e", "\u0435", 1),
    "huge": lambda: sign(claims(more="x" * 100_000)),
}


HEADERS: dict[str, Forgery] = {
    "nothing": lambda: "",
    "only-the-word": lambda: "Bearer ",
    "no-word": lambda: sign(claims()),
    "another-word": lambda: f"Basic {sign(claims())}",
    "two-headers": lambda: f"{bearer()}, {bearer()}",
    "two-tokens": lambda: f"{bearer()} {sign(claims())}",
    "two-spaces": lambda: bearer().replace(" ", "  "),
    "a-tab": lambda: bearer().replace(" ", "\t"),
    "a-space-before": lambda: f" {bearer()}",
    "quoted": lambda: f'Bearer "{sign(claims())}"',
}


def forged(marketplace: StandIn, **other: Any) -> None:
    """One call is refused, and leaves no trace but a line in the log."""
    one = marketplace.buy()
    body = marketplace.wish(one, "ChangeQuantity", quantity=20).told()
    before, asked = rows(), list(marketplace.asked)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = call(body, **other)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {"answer": "refused"}
    assert written(queries) == []
    assert rows() == before
    assert marketplace.asked == asked


@pytest.mark.parametrize("name", TOKENS)
def test_a_forged_token_is_refused(
    name: str, marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    forged(marketplace, authorization=f"Bearer {TOKENS[name]()}")


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_none_is_refused(
    name: str, marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    forged(marketplace, authorization=HEADERS[name]())


@pytest.mark.parametrize("place", ["query", "cookie", "another-header"])
def test_a_token_at_another_place_is_none(
    place: str, marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    token = sign(claims())
    other: dict[str, Any] = {
        "query": {"query": f"?access_token={token}"},
        "cookie": {"HTTP_COOKIE": f"Authorization=Bearer {token}"},
        "another-header": {"HTTP_X_AUTHORIZATION": f"Bearer {token}"},
    }[place]

    forged(marketplace, authorization="", **other)


def test_a_token_in_the_body_is_none(
    marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    body = f"access_token={sign(claims())}".encode()

    answer = call(body, "", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 401
    assert not MarketplaceMessage.objects.exists()


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_marketplace_itself_is_let_in(
    version: str, marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    other: dict[str, Any] = {"iss": V1} if version == "1" else {}
    if version == "2":
        issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
        other = {"iss": issuer, "ver": "2.0", "appid": None, "azp": CALLER}
    one = marketplace.buy()

    answer = call(marketplace.suspend(one).told(), bearer(**other))

    assert answer.status_code == 200
    assert MarketplaceMessage.objects.get().reference == one.id


def test_a_minute_between_the_clocks_is_forgiven(
    marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    one = marketplace.buy()

    assert call(marketplace.suspend(one).told(), bearer(exp=now() - 30)).status_code == 200
    assert call(marketplace.suspend(one).told(), bearer(nbf=now() + 30)).status_code == 200


def test_one_token_carries_several_messages(
    marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    """It names the caller, and signs no body: that is why every message is looked up."""
    one, other = marketplace.buy(), marketplace.buy()
    token = bearer()

    assert call(marketplace.suspend(one).told(), token).status_code == 200
    assert call(marketplace.suspend(other).told(), token).status_code == 200
    assert MarketplaceMessage.objects.count() == 2


BODIES: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "nothing": lambda good: b" ",
    "no-json": lambda good: b"id=1",
    "a-list": lambda good: b"[]",
    "half": lambda good: json.dumps(good).encode()[:-30],
    "a-name-twice": lambda good: json.dumps(good)[:-1].encode() + b', "action": "Renew"}',
    "a-name-twice-below": lambda good: (
        json.dumps(good | {"subscription": "@"}).replace('"@"', '{"id": "a", "id": "b"}').encode()
    ),
    "not-a-number": lambda good: json.dumps(good | {"quantity": float("nan")}).encode(),
    "endless": lambda good: json.dumps(good | {"quantity": float("inf")}).encode(),
    "nested": lambda good: b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "a-nul": lambda good: json.dumps(good | {"planId": "pool\0"}).encode(),
    "no-utf-8": lambda good: json.dumps(good).encode().replace(b"pool", b"p\xff\xfel"),
    "utf-16": lambda good: json.dumps(good).encode("utf-16"),
    "no-subscription": lambda good: json.dumps(good | {"subscriptionId": None}).encode(),
    "subscription-is-a-path": lambda good: json.dumps(
        good | {"subscriptionId": "../" + uuid(1)}
    ).encode(),
    "two-subscriptions": lambda good: json.dumps(good | {"subscriptionId": uuid(4)}).encode(),
    "no-operation": lambda good: json.dumps(good | {"id": ""}).encode(),
    "operation-is-a-number": lambda good: json.dumps(good | {"id": 7}).encode(),
    "no-action": lambda good: json.dumps(good | {"action": None}).encode(),
    "action-in-two-lines": lambda good: json.dumps(good | {"action": "Renew\nRenew"}).encode(),
    "quantity-below-zero": lambda good: json.dumps(good | {"quantity": -5}).encode(),
    "half-a-unit": lambda good: json.dumps(good | {"quantity": 1.5}).encode(),
    "quantity-is-true": lambda good: json.dumps(good | {"quantity": True}).encode(),
    "quantity-beyond-all": lambda good: json.dumps(good | {"quantity": 10**12}).encode(),
    "plan-is-a-path": lambda good: json.dumps(good | {"planId": "../../pool"}).encode(),
    "plan-is-a-list": lambda good: json.dumps(good | {"planId": ["pool"]}).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_read_is_refused(
    name: str, marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    good = json.loads(marketplace.wish(marketplace.buy(), "ChangeQuantity", quantity=20).told())
    before = rows()

    answer = call(BODIES[name](good))

    assert answer.status_code == 400
    assert answer.json() == {"answer": "refused"}
    assert rows() == before


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 400),
        ("text/plain", 415),
    ],
    ids=["form", "multipart", "text"],
)
def test_only_json_is_read(
    content_type: str, status: int, marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    body = marketplace.suspend(marketplace.buy()).told()
    before = rows()

    assert call(body, content_type=content_type).status_code == status
    assert rows() == before


def test_a_body_may_not_be_huge(
    marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    body = marketplace.suspend(marketplace.buy()).told(more="x" * LONGEST)

    assert call(body).status_code == 413
    assert not MarketplaceMessage.objects.exists()


def test_keys_that_are_too_old_open_nothing(
    marketplace: StandIn, keys_known: None, no_requests: list[Any]
) -> None:
    wish = marketplace.suspend(marketplace.buy())

    with clock.moved_to(clock.now() + 2 * DAY):
        answer = tell(wish)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert not MarketplaceMessage.objects.exists()


def test_before_the_keys_are_known_a_call_is_put_off(
    marketplace: StandIn, no_requests: list[Any]
) -> None:
    answer = tell(marketplace.suspend(marketplace.buy()))

    assert answer.status_code == 503
    assert not MarketplaceMessage.objects.exists()


def test_where_nothing_is_sold_there_is_no_webhook(db: None, no_requests: list[Any]) -> None:
    assert call(b"{}").status_code == 404


def test_a_refusal_says_in_the_log_why_and_nothing_of_the_token(
    marketplace: StandIn,
    keys_known: None,
    no_requests: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = sign(claims(aud=GRAPH))

    call(marketplace.suspend(marketplace.buy()).told(), f"Bearer {token}")

    assert "azure_webhook_refused reason=aud address=127.0.0.1" in caplog.text
    assert token.split(".")[1][:20] not in caplog.text
