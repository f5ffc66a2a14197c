from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import benchmarks


class Command(BaseCommand):
    """Run one of the measurements of `config.benchmarks`."""

    help = "Measure what the portal promises of its speed, on a database made for it."

    def add_arguments(self, parser: CommandParser) -> None:
        chosen = parser.add_subparsers(dest="benchmark", required=True, metavar="BENCHMARK")
        for name, module in found().items():
            summary = (module.__doc__ or name).partition("\n")[0]
            module.add_arguments(chosen.add_parser(name, help=summary, description=module.__doc__))

    def handle(self, *args: Any, benchmark: str, **options: Any) -> None:
        code: int = found()[benchmark].run(options)
        if code:
            sys.exit(code)


def found() -> dict[str, ModuleType]:
    """The measurements by name: the modules that can be run."""
    modules = {
        place.name: import_module(f"{benchmarks.__name__}.{place.name}")
        for place in iter_modules(benchmarks.__path__)
    }
    return {
        name: module
        for name, module in modules.items()
        if hasattr(module, "add_arguments") and hasattr(module, "run")
    }
