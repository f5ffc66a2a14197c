"""Values as the cells of a file: numbers as numbers, and no text that a spreadsheet would run."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

Value = int | float | Decimal | datetime | date | str | None

FORMULA_STARTS = ("=", "+", "-", "@", "\N{MINUS SIGN}")
UNSEEN = ("Z", "C")
"""Separators and control characters: what stands before a formula without being seen."""
NEXT_CELL = re.compile(r"(?<=[;\t\r\n])(?=[=+\-@])")
"""Where a spreadsheet that splits at semicolons or lines would start a cell with a formula."""


def plain(value: Any) -> Value:
    """What a column gives, without markup and lazy text."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float | Decimal | date):
        return value
    if isinstance(value, SafeString):
        return without_markup(value)
    return str(value)


def without_markup(html: str) -> str:
    """The words of a piece of HTML, in one line."""
    return " ".join(unescape(strip_tags(html)).split())


def is_risky(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula.

    Judged by the first character that is seen, full-width and small forms like the plain ones;
    a tab or line break at the start is suspicious whatever follows.
    """
    if text.startswith(("\t", "\r", "\n")):
        return True
    seen = next(
        (c for c in text if unicodedata.category(c)[0] not in UNSEEN and c not in "'\""), ""
    )
    return bool(seen) and unicodedata.normalize("NFKC", seen).startswith(FORMULA_STARTS)


def harmless(text: str) -> str:
    """A text for CSV: an apostrophe keeps it from being taken for a formula."""
    safe = NEXT_CELL.sub("'", text)
    return f"'{safe}" if is_risky(text) else safe


def csv_cell(value: Value) -> Any:
    """A value as CSV has it: numbers bare, instants and dates in ISO 8601, instants in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, str):
        return harmless(value)
    return value
