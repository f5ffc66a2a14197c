"""Units from a file in the calculator: what is said of them, and the form's lines with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from credits.exceptions import InvalidCommand
from estimator.domain.importing.cells import Problem, shortened
from estimator.domain.importing.reading import MAX_BYTES, UnitsFile, read_units_file, too_large
from estimator.domain.price_list import PriceList
from estimator.forms.importing import (
    IMPORT,
    TAKE_OVER,
    UNITS_FILE,
    WAITING,
    Change,
    FileLine,
    Merge,
    in_words_of_the_form,
    merged,
    settings_changes,
    settings_in_words_of_the_form,
    waiting_lines,
    with_settings,
    written,
)
from estimator.forms.lines import LineInput

Files: TypeAlias = "MultiValueDict[str, UploadedFile[bytes]]"

SHOWN_PROBLEMS = 50
SHOWN_CHANGES = 6
SHOWN_COLUMNS = 8


@dataclass
class Imported:
    """What became of a file: its lines are among the form's, or they wait beside its problems."""

    merge: Merge
    name: str = ""
    """What the file is called; empty where none was chosen."""
    problems: Sequence[Problem] = ()
    waiting: Sequence[FileLine] = ()
    """Lines without a problem in a file with problems."""
    unread: Sequence[str] = ()
    without_units: int = 0
    sheet: str = ""
    separator: str = ""
    read: Sequence[FileLine] = ()
    """Lines that were taken over."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the file says beside its lines, by the form's fields."""
    settings_changed: Sequence[Change] = ()

    @property
    def lines(self) -> list[LineInput]:
        """The form's lines afterwards."""
        return self.merge.lines

    @property
    def is_refused(self) -> bool:
        """Whether nothing was taken over."""
        return bool(self.problems)

    @property
    def whole_file(self) -> str:
        """What is wrong with the file as a whole, where that is all there is to say."""
        return self.problems[0].text if self.problems and not self.problems[0].place else ""

    @property
    def listed(self) -> Sequence[Problem]:
        """The problems that are shown."""
        return self.problems[:SHOWN_PROBLEMS]

    @property
    def more(self) -> int:
        """How many are not."""
        return len(self.problems) - len(self.listed)

    @property
    def changes(self) -> Sequence[Change]:
        """What changed and is named: the term and the reserve, then lines."""
        return [*self.settings_changed, *self.merge.changed[:SHOWN_CHANGES]]

    @property
    def more_changes(self) -> int:
        """How many are not."""
        return len(self.merge.changed[SHOWN_CHANGES:])

    @property
    def unread_names(self) -> str:
        """The columns that were not read; those beyond the first are counted."""
        names = ", ".join(self.unread[:SHOWN_COLUMNS])
        more = len(self.unread) - SHOWN_COLUMNS
        if more <= 0:
            return names
        return _("%(names)s and %(more)d more") % {"names": names, "more": more}

    @property
    def waiting_text(self) -> str:
        """The lines that wait, as the form carries them."""
        return written(self.name, self.waiting, self.settings)

    def said_in(self, data: QueryDict) -> QueryDict:
        """What was sent, with the term and the reserve of a file that was taken over."""
        return data if self.is_refused else with_settings(data, self.settings)


def imported(
    data: QueryDict, files: Files | None, inputs: list[LineInput], prices: PriceList
) -> Imported | None:
    """What becomes of the file that was sent, or of the lines that waited; None without either.

    `inputs` are the lines as they were typed; none of them is lost.
    """
    act = data.get("act", "")
    try:
        if act == TAKE_OVER:
            name, lines, settings = waiting_lines(data.get(WAITING, ""))
            return Imported(
                merged(inputs, lines, prices),
                shortened(name),
                read=lines,
                settings=settings,
                settings_changed=settings_changes(data, settings),
            )
        if act == IMPORT:
            found = from_file(files.get(UNITS_FILE) if files else None, inputs, prices)
            found.settings_changed = settings_changes(data, found.settings)
            return found
    except InvalidCommand as refusal:
        return Imported(Merge(inputs), problems=[Problem("", "", refusal.message)])
    return None


def from_file(
    file: UploadedFile[bytes] | None, inputs: list[LineInput], prices: PriceList
) -> Imported:
    """What a file says: its lines among the form's, or else its problems.

    Raises InvalidCommand where no file was chosen.
    """
    if file is None:
        raise InvalidCommand(_("Choose a file first."))
    name = shortened(file.name or "")
    try:
        if (file.size or 0) > MAX_BYTES:
            raise InvalidCommand(too_large())
        found = read_units_file(file.name or "", file.read(MAX_BYTES + 1), prices)
    except InvalidCommand as refusal:
        return Imported(Merge(inputs), name, problems=[Problem("", "", refusal.message)])
    return from_units(found, name, inputs, prices)


def from_units(found: UnitsFile, name: str, inputs: list[LineInput], prices: PriceList) -> Imported:
    """What a file that could be read says."""
    lines = [in_words_of_the_form(line) for line in found.lines]
    if found.problems:
        merge, read, waiting = Merge(inputs), [], lines
    else:
        merge, read, waiting = merged(inputs, lines, prices), lines, []
    return Imported(
        merge=merge,
        name=name,
        problems=found.problems,
        waiting=waiting,
        unread=found.unread,
        without_units=found.without_units,
        sheet=found.sheet,
        separator=found.separator,
        read=read,
        settings=settings_in_words_of_the_form(found.settings),
    )
