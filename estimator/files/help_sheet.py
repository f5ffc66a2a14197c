"""The sheet Read me: what is what, in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from estimator.files.layout import Layout
from estimator.files.page import Page


def write_help(page: Page, layout: Layout) -> None:
    """Write the sheet."""
    page.widths(28, 96)
    page.text(1, 0, _("Read me"), "title")
    page.sheet.set_row(0, 24)
    for row, (title, words) in enumerate(told(layout), start=3):
        page.text(row, 0, title, "section")
        page.text(row, 1, words, "wrap")
    page.text(4, 0, _("What to change"), "input_text")
    page.printed(layout.statement.label or layout.statement.name, across=1)


def told(layout: Layout) -> Iterator[tuple[str, str]]:
    """What each thing is."""
    yield (
        _("What this is"),
        _(
            "A calculation of the credits that are needed to hold. It allocates nothing and orders "
            "nothing, and holds no balance. Everything is counted anew as soon as a cell changes."
        ),
    )
    yield (
        _("What to change"),
        _(
            "Only cells of this color: units, growth, first month and ramp of each line, and the "
            "settings on top. Everything else follows from them and from the sheet Rates. A line "
            "is taken out by 0 units, never by deleting its row."
        ),
    )
    yield (
        _("Level to hold"),
        _(
            "The credits of the lines at the units of the table, and the reserve. They are held in "
            "every year of the term: a longer term does not multiply them."
        ),
    )
    yield (
        _("Level x years"),
        _("For comparing terms. It is never a number of credits to buy."),
    )
    yield (
        _("Packages overlap"),
        _(
            "Yes means that packages of one group were counted for the same units: 310 endpoints "
            "of which 10 have the highest package are 300 and 10. No means that each is counted "
            "by itself."
        ),
    )
    yield (
        _("Bundles"),
        _(
            "A bundle takes the place of its parts as soon as all of them are above zero, at the "
            "largest number of units among them."
        ),
    )
    yield (
        _("Months"),
        _(
            "Growth is compound from year to year and even within each; a ramp brings the same "
            "number of units each month. What they make of a number is rounded up to whole "
            "units. Rates that are known for later count from their day. The months cover "
            "%(years)d years; those after the term are folded."
        )
        % {"years": layout.years},
    )
    yield (
        _("Back to the portal"),
        _(
            "The file can be imported again on the page of an estimate. The lines of the sheet "
            "Estimate are read: units, growth, first month and ramp. Everything else is counted "
            "anew there; term, reserve and overlap are set on that page."
        ),
    )
