"""Who may use whom: between apps, and inside each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import pytest

from tests.architecture.modules import APPS, ROOT, Module, is_in, modules

EDGES = ("views", "tasks", "admin", "management", "urls", "api")
"""Where requests, jobs and commands come in; nothing below looks up to them."""

ABOVE: dict[str, tuple[str, ...]] = {
    "models": ("domain", "forms", "tables", "web", *EDGES),
    "domain": ("forms", "tables", "web", *EDGES),
    "forms": ("tables", *EDGES),
    "tables": EDGES,
    "web": EDGES,
}
NO_REQUESTS = ("django.http", "django.forms", "django.shortcuts", "django.views", "celery")
LONGEST = 400
MEASURED = ("credits", "billing", "estimator", "config")

Found = dict[str, list[str]]


def offending(found: Iterable[tuple[Module, Iterable[str]]]) -> Found:
    """The modules in which anything was found, and what."""
    return {module.name: sorted(names) for module, names in found if sorted(names)}


def imported(module: Module, packages: Iterable[str]) -> list[str]:
    return [name for name in module.imports() if is_in(name, *packages)]


def test_there_are_modules_to_look_at() -> None:
    assert {module.app for module in modules()} == set(APPS)
    assert {"models", "domain", "views"} <= {module.layer for module in modules("credits")}


@pytest.mark.parametrize("app", APPS)
def test_an_app_uses_only_itself_and_those_below(app: str) -> None:
    above = (*APPS[APPS.index(app) + 1 :], "config", "tests")

    assert offending((module, imported(module, above)) for module in modules(app)) == {}


@pytest.mark.parametrize("layer", ABOVE)
def test_inside_an_app_imports_go_down(layer: str) -> None:
    above = [f"{app}.{upper}" for app in APPS for upper in ABOVE[layer]]
    own = [module for module in modules() if module.layer == layer]

    assert own
    assert offending((module, imported(module, above)) for module in own) == {}


@pytest.mark.parametrize("layer", ["models", "domain"])
def test_models_and_domain_know_no_request_form_or_task(layer: str) -> None:
    own = [module for module in modules() if module.layer == layer]

    assert offending((module, imported(module, NO_REQUESTS)) for module in own) == {}
    assert offending((module, {"request"} & names(module)) for module in own) == {}


def names(module: Module) -> set[str]:
    """Every plain name that occurs in a module."""
    nodes = ast.walk(module.tree)
    return {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.mark.parametrize("app", APPS)
def test_templates_include_and_extend_only_what_lies_below(app: str) -> None:
    folder = ROOT / "templates" / app
    above = APPS[APPS.index(app) + 1 :]
    named = re.compile(r"""{%-?\s*(?:include|extends)\s+["']([^"']+)["']""")

    upward = [
        (str(path.relative_to(ROOT)), name)
        for path in sorted(folder.rglob("*.html"))
        for name in named.findall(path.read_text(encoding="utf-8"))
        if name.split("/")[0] in above
    ]

    assert upward == []


def test_the_frame_includes_nothing_of_an_app() -> None:
    shared = [ROOT / "templates" / "base.html", *(ROOT / "templates" / "includes").rglob("*.html")]
    named = re.compile(r"""{%-?\s*(?:include|extends)\s+["']([^"']+)["']""")

    found = [
        (path.name, name)
        for path in shared
        for name in named.findall(path.read_text(encoding="utf-8"))
        if name.split("/")[0] in APPS
    ]

    assert len(shared) > 1
    assert found == []


NOW = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("time", "time"),
}
CLOCK = "credits/clock.py"


def test_the_present_comes_from_the_clock_alone() -> None:
    others = [module for module in modules() if module.name != CLOCK]

    assert offending((module, present(module)) for module in others) == {}


def present(module: Module) -> list[str]:
    """Ways to the present that a module takes by itself."""
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in NOW
    }
    used |= {"auto_now"} if "auto_now=" in module.source else set()
    used |= set(re.findall(r"(?i)\bnow\(\)|\bcurrent_(?:timestamp|date)\b", sql_of(module)))
    return sorted(used)


def sql_of(module: Module) -> str:
    """The texts of a module that look like SQL."""
    texts = (
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return "\n".join(text for text in texts if re.search(r"\b(?:SELECT|UPDATE|INSERT)\b", text))


@pytest.mark.parametrize("folder", MEASURED)
def test_no_module_is_longer_than_a_person_can_hold(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }

    assert long == {}
