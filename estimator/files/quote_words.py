"""Everything a quote says, as words and figures that are ready to be set.

The template (quote.typ) decides how they stand; nothing here is markup (docs/rules.md#quote).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby, islice
from typing import Any

from django.utils.dateformat import format as date_text
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from credits import clock
from credits.templatetags.figures import DAY, MOMENT, NOTHING, credits_text, last_day_text
from estimator.domain.line_words import (
    arithmetic,
    counted,
    plan_words,
    reserve_words,
    saving_words,
    term_words,
)
from estimator.domain.plans import MONTHS
from estimator.domain.statement import Statement, StatementLine

Words = dict[str, Any]
"""What JSON holds: texts, and lists and objects of them."""

MOST_STEPS = 6
"""Changes of the level that are listed by their days; more of them stand month by month."""

MOST_ACCOUNTS = 20
"""Accounts of a line that are named; the sum of its units holds all of them."""

MOST_NAMED = 400
"""Accounts of all lines together that are named, but for one of each line."""


def quote_words(statement: Statement) -> Words:
    """A statement as the quote says it. Every figure in it is one of the statement's own."""
    number = number_text(statement)
    return {
        "lang": (get_language() or "en").partition("-")[0],
        "product": _("Credits & Billing"),
        "title": " ".join(part for part in (_("Credit estimate"), number) if part),
        "made": moment_parts(statement.at),
        "number": number,
        "name": statement.name,
        "customer": statement.customer,
        "facts": list(facts(statement)),
        "figures": list(figures(statement)),
        "solutions": solutions(statement),
        "sums": list(sums(statement)),
        "level": credits_text(statement.priced.level),
        **level_words(statement),
        "notes": list(notes(statement)),
        "foot": foot_text(statement, number),
        "say": labels(),
    }


def labels() -> Words:
    """The headings, the same for every quote."""
    return {
        "title": _("Credit estimate"),
        "customer": _("Prepared for"),
        "feature": _("Feature"),
        "units": _("Units"),
        "counted": _("How it is counted"),
        "credits": _("Credits"),
        "level": _("Level to hold"),
        "months": _("Highest level in each month"),
        "steps": _("Level to hold from"),
        "page": _("Page {page} of {pages}"),
    }


def number_text(statement: Statement) -> str:
    """E-57, version 3; nothing for what is not saved."""
    if not statement.label:
        return ""
    words = {"number": statement.label, "version": statement.version}
    return _("%(number)s, version %(version)s") % words


def foot_text(statement: Statement, number: str) -> str:
    """What stands below every page."""
    return " · ".join(part for part in (number, statement.name, _("Credits & Billing")) if part)


def moment_parts(at: datetime) -> dict[str, int]:
    """An instant as the template's language takes it apart; UTC."""
    utc = at.astimezone(UTC)
    return {
        "year": utc.year,
        "month": utc.month,
        "day": utc.day,
        "hour": utc.hour,
        "minute": utc.minute,
        "second": utc.second,
    }


def facts(statement: Statement) -> Iterator[Words]:
    """The small print beside the title."""
    if statement.label:
        yield {"name": _("Number"), "text": statement.label}
        yield {"name": _("Version"), "text": str(statement.version)}
    yield {"name": _("Date"), "text": date_text(statement.at.astimezone(UTC), DAY)}
    yield {"name": _("Rates as of"), "text": moment_text(statement.at)}


def moment_text(at: datetime) -> str:
    """25 Nov 2026, 09:30 UTC."""
    return f"{date_text(at.astimezone(UTC), MOMENT)} UTC"


def figures(statement: Statement) -> Iterator[Words]:
    """The band of figures that are decided on."""
    course, years = statement.course, statement.draft.years
    yield {
        "name": _("Level to hold"),
        "text": credits_text(statement.priced.level),
        "note": _("at the units stated")
        if statement.changes
        else ngettext("in the whole year", "in every year of the term", years),
    }
    if statement.changes:
        yield {
            "name": _("Highest within the term"),
            "text": credits_text(course.highest.level),
            "note": _("from %(day)s") % {"day": date_text(course.highest.at, DAY)},
        }
    yield {
        "name": _("Term"),
        "text": ngettext("%(years)s year", "%(years)s years", years) % {"years": years},
        "note": _("%(first)s to %(last)s")
        % {"first": date_text(course.begins_at, DAY), "last": last_day_text(course.ends_at)},
    }
    yield {
        "name": _("Credit-years"),
        "text": credits_text(course.credit_years),
        "note": _("highest of each year, added up")
        if statement.changes
        else _("level × years, for comparing terms"),
    }


def by_solution(statement: Statement) -> list[tuple[str, list[StatementLine]]]:
    """The lines under the solution they belong to, solutions in the catalogue's order."""
    ordered = sorted(statement.lines, key=lambda line: solution_of(line).position)
    grouped = groupby(ordered, key=lambda line: solution_of(line).name)
    return [(name, list(lines)) for name, lines in grouped]


def solution_of(line: StatementLine) -> Any:
    """The solution of a line's feature."""
    return line.offer.feature.group.solution


def solutions(statement: Statement) -> list[Words]:
    """The lines under their solutions. How many accounts of each are named keeps it readable."""
    by_account = sum(isinstance(line.quantity, Mapping) for line in statement.lines)
    named = max(1, min(MOST_ACCOUNTS, MOST_NAMED // max(1, by_account)))
    return [solution_words(name, lines, named) for name, lines in by_solution(statement)]


def solution_words(name: str, lines: Sequence[StatementLine], named: int) -> Words:
    """A solution with its lines; what they hold together where there are several."""
    held = sum(line.credits for line in lines)
    return {
        "name": name,
        "credits": credits_text(held) if len(lines) > 1 else "",
        "lines": [line_words(line, named) for line in lines],
    }


def line_words(line: StatementLine, named: int) -> Words:
    """One row of the table, with small notes below the name of its feature and its accounts."""
    feature = line.offer.feature
    said = (plan_words(line.plan), saving_words(line.priced))
    accounts = line.quantity if isinstance(line.quantity, Mapping) else {}
    apart = len(accounts) == len(line.priced.terms) > 1
    return {
        "feature": feature.name,
        "notes": [note for note in said if note],
        "units": "" if line.quantity is None else counted(line.quantity, feature),
        "counted": _("each account by itself") if apart else arithmetic(line),
        "credits": NOTHING if line.bundle else credits_text(line.credits),
        "accounts": [
            {
                "name": name,
                "units": counted(number, feature),
                "counted": term_words(line.priced.terms[place]) if apart else "",
            }
            for place, (name, number) in enumerate(islice(accounts.items(), named))
        ],
        "rest": rest_words(len(accounts) - named),
    }


def rest_words(more: int) -> str:
    """How many accounts are not named; nothing where all are."""
    if more <= 0:
        return ""
    return ngettext("and %(more)s more account", "and %(more)s more accounts", more) % {
        "more": credits_text(more)
    }


def sums(statement: Statement) -> Iterator[Words]:
    """What leads from the lines to the level; nothing where the lines are the level."""
    if statement.draft.reserve:
        yield {"name": _("In use"), "note": "", "credits": credits_text(statement.in_use)}
        yield {
            "name": _("Reserve, kept free"),
            "note": reserve_words(statement.draft.reserve),
            "credits": credits_text(statement.priced.reserve),
        }


def level_words(statement: Statement) -> Words:
    """The level over the term where it changes: few changes by their days, many by months."""
    steps = level_steps(statement)
    few = len(steps) <= MOST_STEPS
    return {
        "steps": steps if few and len(steps) > 1 else [],
        "months": [date_text(date(2000, month, 1), "M") for month in range(1, MONTHS + 1)],
        "years": [] if few else list(years(statement)),
    }


def level_steps(statement: Statement) -> list[Words]:
    """The days from which the level is another one, the first day of the term before them."""
    grouped = groupby(statement.course.moments, key=lambda moment: moment.level)
    return [
        {"day": date_text(next(moments).at, DAY), "level": credits_text(level)}
        for level, moments in grouped
    ]


def years(statement: Statement) -> Iterator[Words]:
    """The highest level in each month of the term, by calendar years; empty outside of it."""
    peak = clock.day_of(statement.course.highest.at)
    months = [(clock.day_of(month.begins_at), month.level) for month in statement.course.months]
    for year, own in groupby(months, key=lambda month: month[0].year):
        levels = {day.month: credits_text(level) for day, level in own}
        yield {
            "name": str(year),
            "months": [levels.get(month, "") for month in range(1, MONTHS + 1)],
            "peak": peak.month - 1 if peak.year == year else -1,
        }


def notes(statement: Statement) -> Iterator[str]:
    """What a reader who knows nothing of credits must know."""
    yield _(
        "Credits are a level that is held: they can be allocated, released and moved at any time, "
        "and are not used up. A longer term does not multiply them."
    )
    yield _("Credit-years say how much is held for how long. They are no number of credits to buy.")
    yield _("All amounts are credits. This estimate states no price.")
    yield _("Nothing is enabled and nothing is allocated by this estimate.")
    if statement.changes:
        yield _(
            "Levels over the term count with how units grow and when they start, and with changes "
            "of rates that are known ahead."
        )
    if statement.draft.overlap:
        yield _(
            "Packages of one group are stated for the same units: each unit counts under the "
            "highest it has."
        )
    if statement.label:
        yield _(
            "The rates are those of %(instant)s. Later changes of rates do not change this version."
        ) % {"instant": moment_text(statement.at)}
    else:
        yield _("The rates are those of %(instant)s. This calculation is not saved.") % {
            "instant": moment_text(statement.at)
        }
