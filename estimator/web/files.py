"""A statement as a download, for whoever may see it (docs/rules.md#estimate-files)."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.utils.text import slugify

from estimator.domain.statement import Statement
from estimator.files import FILES

LONGEST_NAME = 60
"""Characters of an estimate's name in the name of its file."""


def file_response(statement: Statement, kind: str) -> HttpResponse:
    """A statement as a file of a kind. Raises Http404 for a kind there is not."""
    found = FILES.get(kind)
    if found is None:
        raise Http404
    response = HttpResponse(found.write(statement), content_type=found.content_type)
    response["Content-Disposition"] = disposition(statement, kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def disposition(statement: Statement, kind: str) -> str:
    """How the file is to be kept: E-57-v3-plan-2027.xlsx.

    A name beyond ASCII is told twice: as letters that are kept everywhere, and as it is written.
    """
    plain = file_name(statement, kind)
    told = file_name(statement, kind, allow_unicode=True)
    header = f'attachment; filename="{plain}"'
    return header if plain == told else f"{header}; filename*=UTF-8''{quote(told, safe='')}"


def file_name(statement: Statement, kind: str, *, allow_unicode: bool = False) -> str:
    """The number, the version and the name, or the day of one that is not saved."""
    named = slugify(statement.name, allow_unicode=allow_unicode)[:LONGEST_NAME].strip("-_")
    which = [statement.label, f"v{statement.version}"] if statement.version else ["estimate"]
    day = [] if statement.version else [f"{statement.at:%Y-%m-%d}"]
    return f"{'-'.join([*which, *([named] if named else day)])}.{kind}"
