"""The difference of two estimates in words; its credits add up to the difference of their levels.

Each sentence carries the credits it accounts for. What changes over the term only (a start month,
growth, a ramp, the term itself) leaves the level as it is and carries none
(docs/rules.md#comparing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.pricing import Quantity, total
from credits.templatetags.figures import SPACE, credits_text, units
from estimator.domain.comparing import Counted, Item
from estimator.domain.line_words import counted, month_words, plan_words, reserve_words
from estimator.domain.plans import Plan, Reserve

Items = Mapping[str, Item]


@dataclass(frozen=True)
class Sentence:
    """One thing that is different, and the credits of the level that it accounts for."""

    text: str
    credits: int = 0
    is_over_term: bool = False
    """It shows within the term only; the level to hold stays as it is."""


def differences(first: Counted, other: Counted) -> list[Sentence]:
    """What the other has that the first has not, line by line; the sum is that of the levels."""
    return [
        *line_differences(first.items, other.items),
        *counting_difference(first.draft.overlap, other.draft.overlap),
        *reserve_difference(first, other),
        *term_difference(first.draft.years, other.draft.years),
    ]


def line_differences(before: Items, after: Items) -> Iterator[Sentence]:
    """The lines of the other in their order, then those that only the first has.

    A bundle and its parts are one thing, since each holds credits in the place of the other.
    """
    bundles = {key for items in (before, after) for key, item in items.items() if item.rate.parts}
    bundled = {
        item.feature.group.key
        for items in (before, after)
        for key, item in items.items()
        if key in bundles
    }
    done: set[str] = set()
    for key in dict.fromkeys([*after, *before]):
        item = after.get(key) or before[key]
        group: str = item.feature.group.key
        if group in bundled:
            if group not in done:
                done.add(group)
                yield from bundle_difference(of_group(before, group), of_group(after, group))
        else:
            yield from item_difference(before.get(key), after.get(key))
        yield from plan_differences(before.get(key), after.get(key))


def of_group(items: Items, group: str) -> Items:
    return {key: item for key, item in items.items() if item.feature.group.key == group}


def bundle_difference(before: Items, after: Items) -> Iterator[Sentence]:
    """What holds credits in a group of a bundle and its parts, then and now."""
    credits = sum(item.credits for item in after.values())
    credits -= sum(item.credits for item in before.values())
    old, new = held_words(before), held_words(after)
    if old == new and not credits:
        return
    words = {"before": old, "after": new}
    if old == new:
        yield Sentence(_("%(after)s, at other rates") % words, credits)
    elif not old:
        yield Sentence(_("With %(after)s") % words, credits)
    elif not new:
        yield Sentence(_("Without %(before)s") % words, credits)
    else:
        yield Sentence(_("%(after)s instead of %(before)s") % words, credits)


def held_words(items: Items) -> str:
    """The features of a group that hold credits, each with its units."""
    return _(" and ").join(
        _("%(name)s for %(units)s")
        % {"name": item.feature.name, "units": counted(item.priced.terms[0].counted, item.feature)}
        for item in items.values()
        if not item.priced.bundle and item.priced.terms and item.priced.terms[0].counted
    )


def item_difference(before: Item | None, after: Item | None) -> Iterator[Sentence]:
    """One line that came, went, or has other units or another rate."""
    if before is None and after is not None:
        yield Sentence(added_words(after), after.credits)
    elif before is not None and after is None:
        yield Sentence(_("No %(name)s") % {"name": before.feature.name}, -before.credits)
    elif before is not None and after is not None:
        credits = after.credits - before.credits
        if text := units_words(before, after) or rate_words(before, after, credits):
            yield Sentence(text, credits)


def added_words(item: Item) -> str:
    """A line that only the other has, with how it changes."""
    words = {
        "name": item.feature.name,
        "units": counted(item.quantity or Decimal(0), item.feature),
        "plan": plan_words(item.plan),
    }
    if item.plan.is_flat:
        return _("With %(name)s for %(units)s") % words
    return _("With %(name)s for %(units)s, %(plan)s") % words


def units_words(before: Item, after: Item) -> str:
    """Other units, or other accounts; nothing where both are the same."""
    quantities = (before.quantity or Decimal(0), after.quantity or Decimal(0))
    more = total(quantities[1]) - total(quantities[0])
    feature = after.feature
    words = {
        "name": feature.name,
        "number": units(abs(more)),
        "unit": feature.unit if abs(more) == 1 else feature.unit_plural,
        "rate": units(after.rate.credits),
        "before": units(before.rate.credits),
    }
    if not more:
        return accounts_words(*quantities, name=feature.name)
    is_other_rate = same_but_credits(before, after)
    if more > 0 and is_other_rate:
        text = _("%(number)s more %(unit)s with %(name)s, at %(rate)s instead of %(before)s")
    elif more > 0:
        text = _("%(number)s more %(unit)s with %(name)s")
    elif is_other_rate:
        text = _("%(number)s fewer %(unit)s with %(name)s, at %(rate)s instead of %(before)s")
    else:
        text = _("%(number)s fewer %(unit)s with %(name)s")
    return text % words


def accounts_words(before: Quantity, after: Quantity, *, name: str) -> str:
    """As many units, in other accounts."""
    if before == after or not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return ""
    words = {"name": name, "after": len(after), "before": len(before)}
    if len(after) == len(before):
        return _("%(name)s spread otherwise over its accounts") % words
    return (
        ngettext(
            "%(name)s in %(after)s account instead of %(before)s",
            "%(name)s in %(after)s accounts instead of %(before)s",
            len(after),
        )
        % words
    )


def rate_words(before: Item, after: Item, credits: int) -> str:
    """As many units at another rate, or counted otherwise beside the other lines."""
    words = {
        "name": after.feature.name,
        "rate": units(after.rate.credits),
        "before": units(before.rate.credits),
    }
    if same_but_credits(before, after):
        return _("%(name)s at %(rate)s credits instead of %(before)s") % words
    if before.rate != after.rate:
        return _("%(name)s at another rate") % words
    return _("%(name)s counted otherwise beside the other packages") % words if credits else ""


def same_but_credits(before: Item, after: Item) -> bool:
    """Whether the rates differ in their credits, and both count the same way."""
    one, two = before.rate, after.rate
    return one.credits != two.credits and (one.model, one.block) == (two.model, two.block)


def plan_differences(before: Item | None, after: Item | None) -> Iterator[Sentence]:
    """How the units of a line that both have change over the term."""
    if before is None or after is None or before.quantity is None or after.quantity is None:
        return
    one, two, name = before.plan, after.plan, after.feature.name
    for text in (start_words(one, two, name), growth_words(one, two, name)):
        if text:
            yield Sentence(text, is_over_term=True)
    if max(one.ramp, 1) != max(two.ramp, 1):
        words = {"name": name, "after": ramp_words(two), "before": ramp_words(one)}
        text = _("%(name)s arrives %(after)s instead of %(before)s") % words
        yield Sentence(text, is_over_term=True)


def start_words(one: Plan, two: Plan, name: str) -> str:
    """A line that starts in another month."""
    if one.starts_on == two.starts_on:
        return ""
    words = {"name": name, "after": month_text(two.starts_on), "before": month_text(one.starts_on)}
    if one.starts_on is None:
        return _("%(name)s starts in %(after)s instead of at once") % words
    if two.starts_on is None:
        return _("%(name)s starts at once instead of in %(before)s") % words
    return _("%(name)s starts in %(after)s instead of in %(before)s") % words


def month_text(day: date | None) -> str:
    return month_words(day) if day else ""


def growth_words(one: Plan, two: Plan, name: str) -> str:
    """A line that grows by another share."""
    if one.growth == two.growth:
        return ""
    words = {"name": name, "after": share_words(two.growth), "before": share_words(one.growth)}
    if not one.growth:
        return _("%(name)s changes by %(after)s a year instead of staying as it is") % words
    if not two.growth:
        return _("%(name)s stays as it is instead of changing by %(before)s a year") % words
    return _("%(name)s changes by %(after)s a year instead of %(before)s") % words


def share_words(percent: Decimal) -> str:
    """+10 %, or a fall with a true minus."""
    text = units(percent)
    return f"+{text}{SPACE}%" if percent > 0 else f"{text}{SPACE}%"


def ramp_words(plan: Plan) -> str:
    """Over how many months the units arrive."""
    if plan.ramp <= 1:
        return _("all at once")
    return ngettext("over %(months)s month", "over %(months)s months", plan.ramp) % {
        "months": plan.ramp
    }


def counting_difference(before: bool, after: bool) -> Iterator[Sentence]:
    """Whether packages were stated for the same units."""
    if before != after:
        said = (
            _("Packages overlap: each unit counts under the highest it has, as the lines say")
            if after
            else _("Packages do not overlap: each unit is counted in one line, as the lines say")
        )
        yield Sentence(said)


def reserve_difference(first: Counted, other: Counted) -> Iterator[Sentence]:
    """Another reserve, or the same share of another level."""
    credits = other.priced.reserve - first.priced.reserve
    one, two = first.draft.reserve, other.draft.reserve
    words = {"before": reserve_text(one), "after": reserve_text(two)}
    if one != two:
        yield Sentence(_("Reserve: %(after)s instead of %(before)s") % words, credits)
    elif credits:
        yield Sentence(_("The reserve, %(after)s, follows them") % words, credits)


def reserve_text(reserve: Reserve) -> str:
    return reserve_words(reserve) or _("none")


def term_difference(before: int, after: int) -> Iterator[Sentence]:
    """Another length of the term."""
    if before != after:
        words = {"after": years_words(after), "before": years_words(before)}
        said = _("A term of %(after)s instead of %(before)s") % words
        yield Sentence(said, is_over_term=True)


def years_words(years: int) -> str:
    return ngettext("%(years)s year", "%(years)s years", years) % {"years": years}


def in_all(credits: int) -> str:
    """The sum of all sentences in words."""
    number = {"credits": credits_text(abs(credits))}
    if not credits:
        return _("The level to hold is the same")
    if credits > 0:
        return (
            ngettext("%(credits)s credit more in all", "%(credits)s credits more in all", credits)
            % number
        )
    return (
        ngettext("%(credits)s credit fewer in all", "%(credits)s credits fewer in all", -credits)
        % number
    )
