"""The files of an estimate that people send around, each drawn from its statement.

Whoever can see a statement can have all of them; they hold what its page holds
(docs/rules.md#estimate-files).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estimator.domain.statement import Statement


@dataclass(frozen=True)
class FileKind:
    """One format: what a browser is told it is, and the module that writes it."""

    content_type: str
    module: str
    """Has `write(statement) -> bytes`. Loaded for its first file, with the library behind it."""

    def write(self, statement: Statement) -> bytes:
        """A statement as a file of this kind."""
        written: bytes = import_module(self.module).write(statement)
        return written


FILES: Mapping[str, FileKind] = {
    "xlsx": FileKind(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "estimator.files.workbook",
    ),
    "csv": FileKind("text/csv; charset=utf-8", "estimator.files.rows"),
    "pdf": FileKind("application/pdf", "estimator.files.quote"),
}
"""By the ending of the file's name, which is its kind in addresses."""
