"""What a line of an estimate says in plain text: its units, its arithmetic, and how it changes.

The files speak these words, and whatever else shows a line apart from the calculator, so that a
quote and a spreadsheet say the same of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.pricing import Quantity, total
from credits.models import Feature
from credits.templatetags.figures import MINUS, SPACE, credits_text, units
from estimator.domain.estimates import PricedLine
from estimator.domain.needs import Term
from estimator.domain.plans import Plan, Reserve
from estimator.domain.statement import StatementLine

MONTH = "M Y"
BETWEEN = "; "


def arithmetic(line: StatementLine) -> str:
    """How a line's credits are counted: 2,200 → 5 blocks × 1,000. What a bundle saves is apart,
    in `saving_words`."""
    if line.bundle:
        return _("counted in %(name)s") % {"name": line.bundle}
    return BETWEEN.join(term_words(term) for term in line.priced.terms)


def term_words(term: Term) -> str:
    """One product of a line's arithmetic."""
    if not term.rate:
        return _("needs no credits")
    if term.blocks is not None:
        return block_words(term)
    product = f"{units(term.counted)} × {units(term.rate)}"
    if term.counted < term.units:
        return _("%(product)s, the rest of %(units)s in a higher package") % {
            "product": product,
            "units": units(term.units),
        }
    if term.counted > term.units:
        return _("%(product)s, one number serves all") % {"product": product}
    return product


def block_words(term: Term) -> str:
    """A product of whole blocks, with the cap where it counts."""
    words = {
        "units": units(term.units),
        "blocks": credits_text(term.blocks),
        "rate": units(term.rate),
        "cap": credits_text(term.credits),
    }
    if term.capped:
        return (
            ngettext(
                "%(units)s → %(blocks)s block × %(rate)s, at most %(cap)s",
                "%(units)s → %(blocks)s blocks × %(rate)s, at most %(cap)s",
                term.blocks or 0,
            )
            % words
        )
    return (
        ngettext(
            "%(units)s → %(blocks)s block × %(rate)s",
            "%(units)s → %(blocks)s blocks × %(rate)s",
            term.blocks or 0,
        )
        % words
    )


def saving_words(priced: PricedLine) -> str:
    """What a bundle saves against its parts; nothing where it saves none."""
    if not priced.saving:
        return ""
    return _("apart %(apart)s, saves %(saving)s") % {
        "apart": credits_text(priced.apart),
        "saving": credits_text(priced.saving),
    }


def quantity_words(quantity: Quantity | None, feature: Feature) -> str:
    """Units as they were stated: 100 endpoints, or a number for each account.

    Nothing for a bundle that only follows from its parts.
    """
    if quantity is None:
        return ""
    if not isinstance(quantity, Mapping):
        return counted(quantity, feature)
    return BETWEEN.join(
        _("%(account)s: %(units)s") % {"account": account, "units": counted(number, feature)}
        for account, number in quantity.items()
    )


def counted(quantity: Quantity, feature: Feature) -> str:
    """A number with its unit: 1 endpoint, 100 endpoints."""
    number = total(quantity)
    unit = feature.unit if number == 1 else feature.unit_plural
    return _("%(number)s %(unit)s") % {"number": units(number), "unit": unit}


def plan_words(plan: Plan) -> str:
    """How units change over the term: +10 % a year, from Apr 2027, over 6 months.

    Nothing for a line that stays as it is.
    """
    return ", ".join(plan_parts(plan))


def plan_parts(plan: Plan) -> Iterator[str]:
    """Growth, start and ramp, each as a phrase of its own."""
    if plan.growth:
        sign = "+" if plan.growth > 0 else MINUS
        share = f"{sign}{units(abs(plan.growth))}{SPACE}%"
        yield _("%(share)s a year") % {"share": share}
    if plan.starts_on is not None:
        yield _("from %(month)s") % {"month": month_words(plan.starts_on)}
    if plan.ramp > 1:
        yield ngettext("over %(months)s month", "over %(months)s months", plan.ramp) % {
            "months": plan.ramp
        }


def reserve_words(reserve: Reserve) -> str:
    """How a reserve was stated: 10 % of the lines, 500 credits; nothing where there is none."""
    if reserve.percent:
        share = f"{units(reserve.percent)}{SPACE}%"
        return _("%(share)s of the lines") % {"share": share}
    if reserve.credits:
        return ngettext("%(credits)s credit", "%(credits)s credits", reserve.credits) % {
            "credits": credits_text(reserve.credits)
        }
    return ""


def month_words(day: date) -> str:
    """A month as people read it: Apr 2027."""
    return date_text(day, MONTH)
