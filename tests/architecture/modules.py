"""The product's own modules, read as text and syntax; nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("credits", "billing", "estimator")
"""From the lowest to the highest: each may use those before it."""


@dataclass(frozen=True)
class Module:
    """One file of an app, and what it says."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def app(self) -> str:
        return self.path.relative_to(ROOT).parts[0]

    @property
    def layer(self) -> str:
        """The folder or module directly in the app: models, domain, forms, views, ..."""
        return self.path.relative_to(ROOT).parts[1].removesuffix(".py")

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    def imports(self) -> Iterator[str]:
        """Every name it imports, written out in full; those for types alone included."""
        package = self.path.relative_to(ROOT).with_suffix("").parts[:-1]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) + 1 - node.level] if node.level else ()
                origin = ".".join((*base, *((node.module or "").split(".") if node.module else ())))
                yield from (f"{origin}.{alias.name}" for alias in node.names)


def modules(*apps: str) -> list[Module]:
    """The Python files of apps, without their migrations."""
    return [
        Module(path)
        for app in apps or APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def is_in(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
