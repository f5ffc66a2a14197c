"""Catalogue files as text, for the tests of their reader."""

import csv
import io

import pytest

from credits.domain.catalogue_file import COLUMNS, CatalogueError, read_catalogue

Cells = dict[str, str]


def cells(feature: str = "mail-core", **given: str) -> Cells:
    """One good line of the file, changed where the test says so."""
    usual = {
        "solution": "mail",
        "solution_name": "Mail Security",
        "group": feature,
        "group_name": feature.title(),
        "feature": feature,
        "feature_name": feature.title(),
        "unit": "user",
        "unit_plural": "users",
        "model": "per_user",
        "credits": "25",
        "block": "1",
        "payg": "unknown",
        "valid_from": "2024-01-01",
        "assumed": "no",
        "source": "a page",
    }
    return dict.fromkeys(COLUMNS, "") | usual | given


def text_of(*lines: Cells, columns: tuple[str, ...] = COLUMNS, newline: str = "\n") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator=newline)
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def refusal(text: str) -> CatalogueError:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(text)
    return caught.value


def places(error: CatalogueError) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in error.problems]
