"""Change one thing in the product's own source for a while, as a careless hand would."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Edit:
    """In the source of `owner.name`, `old` (which stands there once) becomes `new`."""

    owner: Any
    name: str
    old: str
    new: str

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        function = inspect.unwrap(getattr(self.owner, self.name))
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.old) == 1, f"{self.name} has no single {self.old!r}"
        compiled: dict[str, Any] = {}
        code = compile(source.replace(self.old, self.new), f"<planted in {self.name}>", "exec")
        exec(code, function.__globals__, compiled)  # noqa: S102
        replace_everywhere(patch, self.owner, self.name, compiled[self.name])


@dataclass(frozen=True)
class Swap:
    """`owner.name` is replaced by a function that makes one from the original."""

    owner: Any
    name: str
    careless: Callable[[Callable[..., Any]], Callable[..., Any]]

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        original = getattr(self.owner, self.name)
        replace_everywhere(patch, self.owner, self.name, self.careless(original))


@dataclass(frozen=True)
class Constant:
    """`owner.name`, a number or a text of the product, is another one."""

    owner: Any
    name: str
    careless: Callable[[Any], Any]

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        original = getattr(self.owner, self.name)
        careless = self.careless(original)
        assert careless != original, f"{self.name} is what it was"
        patch.setattr(self.owner, self.name, careless)


def with_text(old: str, new: str) -> Callable[[str], str]:
    """In a text of the product, `old` (which stands there once) becomes `new`."""

    def careless(text: str) -> str:
        assert text.count(old) == 1, f"there is no single {old!r}"
        return text.replace(old, new)

    return careless


def replace_everywhere(patch: pytest.MonkeyPatch, owner: Any, name: str, new: Any) -> None:
    """On its owner, and under its name in every module that imported it."""
    original = getattr(owner, name)
    patch.setattr(owner, name, new)
    for module in list(sys.modules.values()):
        if module.__dict__.get(name) is original:
            patch.setattr(module, name, new)
