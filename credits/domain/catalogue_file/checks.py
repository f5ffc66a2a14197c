"""What a line must be in itself, and what the lines must be together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from credits.domain.catalogue_file.cells import Line
from credits.domain.catalogue_file.rows import Problem, RateRow
from credits.domain.pricing import PRICERS, RESERVED

BLOCK_MODELS = frozenset({"throughput_block", "volume_pack", "tiered", RESERVED})
MODELS = frozenset(PRICERS)
TOGETHER = "features priced together: packages only, or bundles and their parts only"
PAYG = frozenset({"yes", "no", "unknown"})
ASSUMED = frozenset({"yes", "no"})
SHARED = {
    "solution": ("solution_name",),
    "group": ("group_name", "solution"),
    "feature": ("feature_name", "group", "requires", "payg", "retention_days"),
}


def read_rate(line: Line) -> RateRow | None:
    """The line's rate, if every cell of the line is good in itself."""
    before = len(line.problems)
    for column in ("solution", "group"):
        line.key(column)
    for column in ("solution_name", "group_name", "feature_name"):
        line.text(column)
    line.choice("payg", PAYG)
    line.whole("retention_days")
    rate = read_terms(line)
    return None if len(line.problems) > before else rate


def read_terms(line: Line) -> RateRow | None:
    """What a line says of a rate alone, if those cells are good in themselves."""
    before = len(line.problems)
    line.key("feature")
    for column in ("unit", "unit_plural", "source"):
        line.text(column)
    line.text("note", required=line.cells["assumed"] == "yes")
    line.choice("assumed", ASSUMED)
    credits, block, cap = (
        line.decimal("credits"),
        line.decimal("block"),
        line.whole("cap"),
    )
    valid_from = line.day("valid_from")
    valid_to = line.day("valid_to") if line.cells["valid_to"] else None
    if valid_from and valid_to and valid_to < valid_from:
        line.refuse("valid_to", f"{valid_from} or later, or nothing")
    if line.choice("model", MODELS) in MODELS:
        _check_model(line, credits, block)
    if credits is None or block is None or valid_from is None or len(line.problems) > before:
        return None
    return RateRow(
        feature=line.cells["feature"],
        model=line.cells["model"],
        unit=line.cells["unit"],
        unit_plural=line.cells["unit_plural"],
        credits=credits,
        block=block,
        cap=cap,
        parts=tuple(part for (part,) in line.keys("parts")),
        valid_from=valid_from,
        valid_to=valid_to,
        assumed=line.cells["assumed"] == "yes",
        source=line.cells["source"],
        note=line.cells["note"],
        line=line.number,
    )


def _check_model(line: Line, credits: Decimal | None, block: Decimal | None) -> None:
    """Each model has its own parameters, and no others that would be silently ignored."""
    model, parts = line.cells["model"], line.keys("parts")
    if credits is not None and (credits == 0) != (model == "free"):
        line.refuse("credits", "0" if model == "free" else "a number above zero")
    if block is not None and not (block > 0 if model in BLOCK_MODELS else block == 1):
        line.refuse("block", "a number above zero" if model in BLOCK_MODELS else "1")
    if (model == "tiered") != bool(line.cells["cap"]):
        line.refuse("cap", "the most an account holds" if model == "tiered" else "nothing")
    if any(len(part) > 1 for part in parts) or len(set(parts)) < len(parts):
        line.refuse("parts", "different feature keys separated by spaces")
    elif len(parts) < 2 if model == "bundle" else parts:
        line.refuse("parts", "at least two feature keys" if model == "bundle" else "nothing")


def check_agreement(lines: list[Line]) -> None:
    """What several lines say of the same solution, group or feature must be the same."""
    for owner, columns in SHARED.items():
        first: dict[str, Line] = {}
        for line in lines:
            known = first.setdefault(line.cells[owner], line)
            for column in columns:
                if line.cells[column] != known.cells[column]:
                    line.refuse(column, f"{known.cells[column]!r} as on line {known.number}")


def check_names(lines: list[Line]) -> None:
    """Within a solution no two features share a name."""
    first: dict[tuple[str, str], Line] = {}
    for line in lines:
        name = line.cells["solution"], line.cells["feature_name"].casefold()
        known = first.setdefault(name, line)
        if known.cells["feature"] != line.cells["feature"]:
            line.refuse("feature_name", f"another name than on line {known.number}")


def check_references(lines: list[Line]) -> None:
    """Parts and required features exist, are others, and parts are in the bundle's group."""
    group = {line.cells["feature"]: line.cells["group"] for line in lines}
    for line in lines:
        own = line.cells["feature"]
        for column in ("parts", "requires"):
            named = {key for item in line.keys(column) for key in item}
            unknown = sorted(key for key in named if key not in group or key == own)
            if unknown:
                listed = ", ".join(map(repr, unknown))
                line.refuse(column, f"other features of this file, not {listed}")
            elif column == "parts" and any(group[key] != group[own] for key in named):
                line.refuse(column, "features of the same group")


def check_validity(rates: list[RateRow], problems: list[Problem]) -> None:
    """A feature has one rate in force at a time: each ends before the next starts."""
    last: dict[str, RateRow] = {}
    for rate in sorted(rates, key=lambda rate: (rate.valid_from, rate.line)):
        earlier = last.get(rate.feature)
        if earlier and (earlier.valid_to is None or earlier.valid_to >= rate.valid_from):
            expected = f"a date after {earlier.valid_to}, the last day of line {earlier.line}"
            if earlier.valid_to is None:
                expected = f"a last day on line {earlier.line} before a further rate starts"
            problems.append(Problem(rate.line, "valid_from", str(rate.valid_from), expected))
        last[rate.feature] = rate


def check_reservations(rates: list[RateRow], problems: list[Problem]) -> None:
    """A usage reservation is one by all of its rates: its period could not be carried over."""
    first: dict[str, RateRow] = {}
    for rate in sorted(rates, key=lambda rate: (rate.valid_from, rate.line)):
        known = first.setdefault(rate.feature, rate)
        if changes_reservation(known.model, rate.model):
            expected = f"{known.model} as on line {known.line}"
            problems.append(Problem(rate.line, "model", rate.model, expected))


def changes_reservation(before: str, after: str) -> bool:
    """Whether a model would be changed to or from a usage reservation."""
    return before != after and RESERVED in (before, after)


def check_together(lines: list[Line], problems: list[Problem]) -> None:
    """A group of several features is packages only, or bundles and their parts only."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.cells["group"]].append(line)
    for group, members in groups.items():
        stated = [(m.cells["feature"], m.cells["model"], m.cells["parts"].split()) for m in members]
        if not fit_together(stated):
            problems.append(Problem(members[0].number, "group", group, TOGETHER))


def fit_together(members: Collection[tuple[str, str, Sequence[str]]]) -> bool:
    """Whether rates of one group (feature, model, parts) can be priced together."""
    features = {feature for feature, _, _ in members}
    bundled = {part for _, _, parts in members for part in parts}
    bundled |= {feature for feature, _, parts in members if parts}
    packages = all(model == "package" for _, model, _ in members)
    return len(features) < 2 or packages or features <= bundled


def check_reachable(lines: list[Line]) -> None:
    """Every feature can be switched on: requirements form no circle."""
    ready: set[str] = set()
    waiting = list(lines)
    while True:
        able = [line for line in waiting if all(map(ready.intersection, line.keys("requires")))]
        if not able:
            break
        ready |= {line.cells["feature"] for line in able}
        waiting = [line for line in waiting if line.cells["feature"] not in ready]
    for line in waiting:
        line.refuse("requires", "features that do not need this one themselves")
