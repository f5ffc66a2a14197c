"""The quote as a PDF, set from a readable template (docs/rules.md#quote)."""

from __future__ import annotations

import json
from datetime import UTC
from functools import cache
from pathlib import Path

import typst

from estimator.domain.statement import Statement
from estimator.files.quote_words import quote_words

TEMPLATE = Path(__file__).with_name("quote.typ")


def write(statement: Statement) -> bytes:
    """A statement as a PDF. The same statement gives the same bytes.

    The template is given words and figures as JSON, which it sets as text, so that no name is
    ever read as markup. It reads no other file and nothing of the network.
    """
    words = json.dumps(quote_words(statement), ensure_ascii=False)
    return typst.compile(
        TEMPLATE,
        format="pdf",
        sys_inputs={"quote": words},
        root=TEMPLATE.parent,
        font_paths=fonts(),
        timestamp=int(statement.at.astimezone(UTC).timestamp()),
    )


@cache
def fonts() -> typst.Fonts:
    """The fonts inside the package, and those of the machine for letters that they do not have."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)
