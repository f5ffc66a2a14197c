"""What a cell says as units, growth, a month, or a number of months; anything ambiguous is refused.

Each reader raises InvalidCommand with what to do; what stands in the cell is shown beside it.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from credits.domain.quantities import MAX_LENGTH, MAX_UNITS
from credits.exceptions import InvalidCommand
from estimator.domain.checking import check_plan
from estimator.domain.importing.cells import Cell, Odd
from estimator.domain.plans import HUNDRED, Plan

SPACED = re.compile(r"[0-9]{1,3}(?:[ '\u00a0\u2009\u202f\u2019][0-9]{3})+(?:[.,][0-9]+)?")
SPACES = re.compile(r"[ '\u00a0\u2009\u202f\u2019]")
EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
"""A thousand and more, or a number with three decimals: nobody can tell."""

COMMAS = re.compile(r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]+)?|,[0-9]{3}\.[0-9]+)")
POINTS = re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){2,}(?:,[0-9]+)?|\.[0-9]{3},[0-9]+)")
PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-[0-9]{2})?")
FIRST_YEAR, LAST_YEAR = 2000, 2100
HUNDREDTHS = 2
"""Decimals of a percentage."""


def read_units(cell: Cell, *, measured: bool, commas_group: bool) -> Decimal:
    """Units, from 0 to MAX_UNITS; whole, unless they are measured.

    `commas_group`: whether a comma in a text groups thousands for certain, as in a file whose
    cells are separated by commas.
    """
    if cell.percent:
        raise InvalidCommand(_("A percentage is no number of units. Enter the number itself."))
    units = number_of(cell, measured=measured, commas_group=commas_group)
    if units is None or not 0 <= units <= MAX_UNITS or (not measured and units % 1):
        raise InvalidCommand(units_sentence(measured))
    return units


def units_sentence(measured: bool) -> str:
    """What units may be."""
    most = {"most": f"{MAX_UNITS:,}"}
    if measured:
        return _("Units must be a number from 0 to %(most)s.") % most
    return _("Units must be a whole number from 0 to %(most)s.") % most


def read_growth(cell: Cell, *, says_percent: bool, commas_group: bool) -> Decimal:
    """Percent a year: a cell shown as a percentage, a number in a column that is named as one of
    percentages, or a text as 10 %."""
    value = cell.value
    if isinstance(value, Decimal) and not cell.percent and not says_percent and 0 < abs(value) < 1:
        raise InvalidCommand(_("This may be a share or a percentage. Write it with the sign %."))
    if isinstance(value, str):
        text = value.removesuffix("%").strip().replace("\N{MINUS SIGN}", "-")
        sign = -1 if text.startswith("-") else 1
        number = number_in(text.removeprefix("-"), measured=True, commas_group=commas_group)
        growth = None if number is None else sign * number
    else:
        growth = number_of(cell, measured=True, commas_group=commas_group)
        growth = growth * HUNDRED if growth is not None and cell.percent else growth
    if growth is None or growth != round(growth, HUNDREDTHS):
        raise InvalidCommand(_("Growth is a percentage a year with up to two decimals, as 10 %."))
    check_plan("", Plan(growth=growth))
    return growth


def read_month(cell: Cell) -> date:
    """The first day of a month, from a date or a text as 2027-04."""
    value = cell.value
    if isinstance(value, str) and (found := MONTH.fullmatch(value)):
        year, month = int(found[1]), int(found[2])
    elif isinstance(value, date):
        year, month = value.year, value.month
    else:
        raise InvalidCommand(no_value(cell) or month_sentence())
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= month <= 12:
        raise InvalidCommand(month_sentence())
    return date(year, month, 1)


def month_sentence() -> str:
    return _("Write a month as 2027-04, or as a date.")


def read_ramp(cell: Cell, *, commas_group: bool) -> int:
    """A whole number of months."""
    months = None if cell.percent else number_of(cell, measured=False, commas_group=commas_group)
    if months is None or months % 1:
        raise InvalidCommand(_("A ramp is a whole number of months."))
    ramp = int(months)
    check_plan("", Plan(ramp=ramp))
    return ramp


def number_of(cell: Cell, *, measured: bool, commas_group: bool) -> Decimal | None:
    """The number in a cell; None for what is none. Raises InvalidCommand for what may be two."""
    if isinstance(cell.value, Decimal):
        return cell.value
    if isinstance(cell.value, str):
        return number_in(cell.value, measured=measured, commas_group=commas_group)
    if sentence := no_value(cell):
        raise InvalidCommand(sentence)
    return None


def number_in(text: str, *, measured: bool, commas_group: bool) -> Decimal | None:
    """A typed number without a sign; None for what is none.

    Spaces and apostrophes may group thousands. A comma or a point that might do so is refused,
    unless it can mean one thing only. Raises InvalidCommand.
    """
    typed = SPACES.sub("", text) if SPACED.fullmatch(text) else text
    if len(typed) > MAX_LENGTH:
        return None
    if EITHER.fullmatch(typed):
        if commas_group and "," in typed:
            return Decimal(typed.replace(",", ""))
        if not commas_group or not measured:
            raise InvalidCommand(ambiguous(typed))
    if COMMAS.fullmatch(typed):
        return Decimal(typed.replace(",", ""))
    if POINTS.fullmatch(typed):
        return Decimal(typed.replace(".", "").replace(",", "."))
    return Decimal(typed.replace(",", ".")) if PLAIN.fullmatch(typed) else None


def ambiguous(typed: str) -> str:
    """Which two numbers a text may be."""
    plain = re.sub("[.,]", "", typed)
    point = typed.replace(",", ".").rstrip("0").rstrip(".")
    return _("This may be %(plain)s or %(point)s. Write the one that is meant.") % {
        "plain": plain,
        "point": point,
    }


def no_value(cell: Cell) -> str:
    """Why what a spreadsheet holds is no value; empty where it may be one."""
    if cell.value is Odd.FORMULA:
        return _(
            "The formula's result is not in the file. Open the file in a spreadsheet program and "
            "save it, or enter the number itself."
        )
    if cell.value is Odd.ERROR:
        return _("The formula here has an error. Correct it, or enter the number itself.")
    if isinstance(cell.value, date):
        return _("A date stands here. Enter the number itself, and give the cell no date format.")
    if cell.value in (Odd.TRUTH, Odd.TIME, Odd.NUMBER):
        return _("This is no number of its own. Enter the number itself.")
    return ""
