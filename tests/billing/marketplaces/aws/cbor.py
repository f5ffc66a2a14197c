"""As much of CBOR (RFC 8949) as AWS speaks, written for the stand-in alone."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any


def encoded(value: Any) -> bytes:
    """A value as CBOR."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, datetime):
        return head(6, 1) + encoded(value.timestamp())
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encoded, value))
    if isinstance(value, dict):
        pairs = (encoded(name) + encoded(one) for name, one in value.items())
        return head(5, len(value)) + b"".join(pairs)
    raise TypeError(type(value).__name__)


def head(major: int, number: int) -> bytes:
    """The first bytes of an item: what it is, and its number or length."""
    for size, (limit, shape) in enumerate(((1 << 8, ">B"), (1 << 16, ">H"), (1 << 32, ">I"))):
        if number < 24:
            return bytes([major << 5 | number])
        if number < limit:
            return bytes([major << 5 | 24 + size]) + struct.pack(shape, number)
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def decoded(data: bytes) -> Any:
    """The value of one CBOR item. Raises ValueError for anything else."""
    value, rest = item(data)
    if rest:
        raise ValueError("more than one item")
    return value


def item(data: bytes) -> tuple[Any, bytes]:
    """The first item, and what follows it."""
    if not data:
        raise ValueError("no item")
    major, low = data[0] >> 5, data[0] & 31
    if major == 7:
        return simple(low, data[1:])
    if low == 31:
        return endless(major, data[1:])
    number, rest = number_of(low, data[1:])
    if major in (0, 1):
        return (number if major == 0 else -1 - number), rest
    if major in (2, 3):
        raw = rest[:number]
        return (raw if major == 2 else raw.decode()), rest[number:]
    if major == 6:
        return item(rest)
    found: list[Any] = []
    for _one in range(number * (major - 3)):
        value, rest = item(rest)
        found.append(value)
    return (found if major == 4 else paired(found)), rest


def endless(major: int, rest: bytes) -> tuple[Any, bytes]:
    """A list or map that ends with a mark."""
    found: list[Any] = []
    while rest[:1] != b"\xff":
        value, rest = item(rest)
        found.append(value)
    return (found if major == 4 else paired(found)), rest[1:]


def paired(found: list[Any]) -> dict[Any, Any]:
    return dict(zip(found[::2], found[1::2], strict=True))


def number_of(low: int, rest: bytes) -> tuple[int, bytes]:
    """The number or length that an item begins with."""
    if low < 24:
        return low, rest
    size = 1 << (low - 24)
    return int.from_bytes(rest[:size], "big"), rest[size:]


def simple(low: int, rest: bytes) -> tuple[Any, bytes]:
    """True, false, nothing, or a number with a fraction."""
    if low in (20, 21):
        return low == 21, rest
    if low == 22:
        return None, rest
    if low == 27:
        return struct.unpack(">d", rest[:8])[0], rest[8:]
    if low == 26:
        return struct.unpack(">f", rest[:4])[0], rest[4:]
    raise ValueError("an item that AWS does not write")
