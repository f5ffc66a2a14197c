"""Keys made for the tests, and tokens signed with them, well and ill."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


@cache
def key_named(name: str) -> rsa.RSAPrivateKey:
    """A key of its own for each name, made once; `short` is one that nobody should use."""
    bits = 1024 if name == "short" else 2048
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(name: str, **other: Any) -> dict[str, Any]:
    """The public half, as a directory publishes it."""
    public = key_named(name).public_key()
    found: dict[str, Any] = RSAAlgorithm.to_jwk(public, as_dict=True)
    return found | {"kid": name, "use": "sig", "x5t": name, "issuer": "of no interest"} | other


def sign(
    claims: dict[str, Any],
    *,
    key: str = "first",
    headers: dict[str, Any] | None = None,
    algorithm: str = "RS256",
) -> str:
    """A token as it is signed; `headers` go over what stands there otherwise."""
    return jwt.encode(
        claims,
        key_named(key),
        algorithm=algorithm,
        headers={"kid": "first", "x5t": "first"} | (headers or {}),
    )


def encoded(content: Any) -> str:
    """A part of a token: JSON, or bytes as they are."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
