"""Every figure of credits that a page writes, found by how it is written.

Pages write credits with the filters `credits` and `balance`, and in Python with `credits_text`.
While a crawl goes on these put a sign before and after the number, so that a figure which nobody
made a link is found wherever it stands: in a cell, in a sentence, in a heading.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from django.template import engines
from django.urls import get_resolver
from django.utils.safestring import SafeString

from credits.templatetags import figures

BEGIN, END = FIGURE = "\ue000", "\ue001"
CHANGE = "\ue002", "\ue003"
"""A change is no figure: it stands with the operation that made it."""
MARKED = re.compile(f"{BEGIN}([^{END}]*){END}")
CHANGED = re.compile("{0}([^{1}]*){1}".format(*CHANGE))
NUMBER = re.compile("[\u2212+]?[0-9][0-9,.]*")
FILTERS = {"credits": figures.credits_text, "balance": figures.balance, "signed": figures.signed}
WRITERS = {write.__name__: write for write in FILTERS.values()}
"""The same as modules import them."""
APPS = ("credits", "billing", "estimator")


def marking(write: Callable[[Any], str], signs: tuple[str, str]) -> Callable[[Any], str]:
    """The same writer, with signs around the number."""

    def written(value: Any) -> str:
        text = write(value)
        marked = NUMBER.sub(lambda found: found.group().join(signs), str(text), count=1)
        return SafeString(marked) if isinstance(text, SafeString) else marked

    return written


@contextmanager
def figures_marked() -> Iterator[None]:
    """While it lasts, every figure of credits is written between two signs."""
    # Whoever writes figures is imported with the views, so that it is found below.
    assert get_resolver().url_patterns
    filters = {
        name: marking(write, CHANGE if name == "signed" else FIGURE)
        for name, write in FILTERS.items()
    }
    users = [
        (module, name)
        for path, module in list(sys.modules.items())
        if path.split(".")[0] in APPS and path != figures.__name__
        for name, write in WRITERS.items()
        if getattr(module, name, None) is write
    ]
    with ExitStack() as patches:
        # A template keeps the filters that it was compiled with.
        patches.callback(forget_templates)
        patches.enter_context(patch.dict(figures.register.filters, filters))
        for module, name in users:
            signs = CHANGE if name == "signed" else FIGURE
            patches.enter_context(patch.object(module, name, marking(WRITERS[name], signs)))
        forget_templates()
        yield


def forget_templates() -> None:
    for loader in engines["django"].engine.template_loaders:  # type: ignore[attr-defined]
        loader.reset()


def without_signs(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, (*FIGURE, *CHANGE))))
