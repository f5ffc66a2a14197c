"""Reading what came from outside as JSON, strictly: anything ambiguous is refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn

LARGEST = 262_144
"""Bytes: the largest event that EventBridge carries."""
DEEPEST = 20
"""Objects and lists within each other."""


class Unreadable(Exception):
    """The text is not one JSON object that can be read in one way only."""


def read_object(raw: bytes) -> dict[str, Any]:
    """The object that a text is. Raises Unreadable with the reason, for the log."""
    if len(raw) > LARGEST:
        raise Unreadable("too large")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("no UTF-8") from error
    if "\0" in text or "\\u0000" in text:
        raise Unreadable("a NUL character")
    if depth(text) > DEEPEST:
        raise Unreadable("too deep")
    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=refuse_constant)
        # A lone surrogate can be written as an escape, and is no text.
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise Unreadable("no JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("no object")
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys occur once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a key twice")
    return found


def refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise Unreadable(f"the constant {name}")


def depth(text: str) -> int:
    """How deep objects and lists lie within each other, before anything is built of them."""
    deepest = level = 0
    in_text = escaped = False
    for character in text:
        if in_text:
            in_text = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_text = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest
