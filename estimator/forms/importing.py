"""Lines of a file on their way into the calculator's form, where they stand as if typed.

Nothing of a file is kept: the lines that wait for a person's word travel in the form itself, and
come back like anything that is typed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from credits.exceptions import InvalidCommand
from estimator.domain.checking import MAX_LINES
from estimator.domain.importing.lines import UnitsLine
from estimator.domain.importing.settings import Settings
from estimator.domain.price_list import PriceList
from estimator.forms.estimate import reserve_text
from estimator.forms.lines import LineInput, text_of

UNITS_FILE = "units_file"
"""The name of the file's field."""

WAITING = "file_lines"
"""The name of the field in which lines wait."""

IMPORT, TAKE_OVER = "import", "take-over"
"""What the form's buttons ask for."""

YEARS, OVERLAP, RESERVE = SETTINGS = ("years", "overlap", "reserve")
"""Fields of the form that an estimate's own workbook fills in as well."""

NONE = "0"


@dataclass(frozen=True)
class FileLine:
    """One feature as a file states it, in the words of the form; None where it says nothing."""

    key: str
    texts: Sequence[str]
    growth: str | None = None
    starts: str | None = None
    ramp: str | None = None


@dataclass(frozen=True)
class Change:
    """A line that was there and now says what the file says."""

    label: str
    before: str
    after: str

    @property
    def is_plan(self) -> bool:
        """Whether its units are as before, so that only their growth, month or ramp changed."""
        return self.before == self.after


@dataclass
class Merge:
    """The form's lines with those of a file among them."""

    lines: list[LineInput]
    new: int = 0
    same: int = 0
    changed: list[Change] = field(default_factory=list)


def in_words_of_the_form(line: UnitsLine) -> FileLine:
    """A line of a file as it would be typed."""
    return FileLine(
        key=line.key,
        texts=[text_of(units) for units in line.units],
        growth=None if line.growth is None else f"{line.growth.normalize():f}",
        starts=None if line.starts_on is None else f"{line.starts_on:%Y-%m}",
        ramp=None if line.ramp is None else str(line.ramp),
    )


def merged(inputs: Sequence[LineInput], read: Sequence[FileLine], prices: PriceList) -> Merge:
    """The lines of the form, where the file's take the place of those of the same feature."""
    merge = Merge(list(inputs))
    there = {line.key: line for line in merge.lines}
    for one in read:
        line = there.get(one.key)
        if line is None:
            line = LineInput(one.key, [], prices.offers.get(one.key))
            merge.lines.append(line)
            fill(line, one)
            merge.new += 1
            continue
        before, units = said(line), units_text(line)
        fill(line, one)
        if said(line) == before:
            merge.same += 1
        else:
            merge.changed.append(Change(line.label, units, units_text(line)))
    return merge


def fill(line: LineInput, one: FileLine) -> None:
    """Write into a line what the file says; what it does not say stays."""
    line.texts = list(one.texts)
    if one.growth is not None:
        line.growth = "" if one.growth == NONE else one.growth
    if one.starts is not None:
        line.starts = one.starts
    if one.ramp is not None:
        line.ramp = "" if one.ramp == NONE else one.ramp


def said(line: LineInput) -> tuple[object, ...]:
    """What a line says, however its numbers are grouped."""
    units = [text.replace(",", "").strip() for text in line.texts]
    return units, line.growth.strip(), line.starts.strip(), line.ramp.strip()


def units_text(line: LineInput) -> str:
    """The units of a line, those of its accounts one after the other."""
    return " + ".join(text.strip() for text in line.texts if text.strip()) or _("nothing")


def settings_in_words_of_the_form(settings: Settings) -> dict[str, str]:
    """What a file says beside its lines, as it would be typed, by the form's fields."""
    said = {
        YEARS: None if settings.years is None else str(settings.years),
        OVERLAP: None if settings.overlap is None else ("on" if settings.overlap else ""),
        RESERVE: None if settings.reserve is None else reserve_text(settings.reserve),
    }
    return {name: text for name, text in said.items() if text is not None}


def settings_changes(data: QueryDict, settings: Mapping[str, str]) -> list[Change]:
    """What a file changes in the rest of the form."""
    none, yes, no = _("nothing"), _("Yes"), _("No")
    said = {
        YEARS: (_("Term in years"), data.get(YEARS) or "1", settings.get(YEARS)),
        OVERLAP: (_("Packages overlap"), data.get(OVERLAP, ""), settings.get(OVERLAP)),
        RESERVE: (_("Reserve"), data.get(RESERVE, "").strip(), settings.get(RESERVE)),
    }
    changes = []
    for name, (label, before, after) in said.items():
        if after is None or plain_text(before) == plain_text(after):
            continue
        if name == OVERLAP:
            changes.append(Change(label, yes if before else no, yes if after else no))
        else:
            changes.append(Change(label, before or none, after or none))
    return changes


def plain_text(text: str) -> str:
    """A number or a percentage however it was grouped; nothing and zero are the same."""
    plain = text.replace(",", "").replace(" ", "")
    return "" if plain in ("0", "0%") else plain


def with_settings(data: QueryDict, settings: Mapping[str, str]) -> QueryDict:
    """What was sent, with what a file says in its place."""
    changed = data.copy()
    for name, text in settings.items():
        changed[name] = text
    return changed


def written(name: str, lines: Sequence[FileLine], settings: Mapping[str, str]) -> str:
    """Lines as the text that waits in the form."""
    rows = [[one.key, list(one.texts), one.growth, one.starts, one.ramp] for one in lines]
    return json.dumps([name, rows, dict(settings)], ensure_ascii=False, separators=(",", ":"))


def waiting_lines(text: str) -> tuple[str, list[FileLine], dict[str, str]]:
    """The file's name, its lines and its settings that waited.

    Raises InvalidCommand for what no page of ours has sent.
    """
    try:
        called, rows, said = json.loads(text)
        lines = [FileLine(*row) for row in rows]
        settings = {name: str(said[name]) for name in SETTINGS if name in said}
    except (ValueError, TypeError, RecursionError):
        lines = []
    if not 0 < len(lines) <= MAX_LINES or not all(is_line(one) for one in lines):
        raise InvalidCommand(_("These lines cannot be read any more. Choose the file again."))
    return str(called), lines, settings


def is_line(one: FileLine) -> bool:
    """Whether each part of a line is of the kind it should be; what it says is judged later."""
    plan: tuple[Any, ...] = (one.growth, one.starts, one.ramp)
    return (
        isinstance(one.key, str)
        and isinstance(one.texts, list)
        and all(isinstance(text, str) for text in one.texts)
        and bool(one.texts)
        and all(part is None or isinstance(part, str) for part in plan)
    )
