"""The course of an estimate added up day by day with fractions, without the product's code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

DAY = timedelta(days=1)
PARTS = ("web", "mail")
BUNDLE = "both"

Units = Fraction | tuple[Fraction, ...]
"""One number, or one for each account."""


@dataclass(frozen=True)
class Line:
    """One line as it was stated."""

    units: Units
    growth: Fraction = Fraction(0)
    starts: date | None = None
    ramp: int = 0


@dataclass(frozen=True)
class Feature:
    """A feature with its rates, each from a day on; the first holds from ever."""

    model: str
    rates: tuple[tuple[date, Fraction], ...]
    block: Fraction = Fraction(1)
    cap: int | None = None


@dataclass(frozen=True)
class World:
    """Everything that a course depends on. What is held and valid comes as changes by day."""

    begins: date
    years: int
    lines: Mapping[str, Line]
    features: Mapping[str, Feature]
    allocated: Mapping[str, Sequence[tuple[date, int]]]
    """Changes of what each feature holds; those of the first day are what it holds now."""
    valid: Sequence[tuple[date, int]]
    """Changes of what is valid."""
    reserve_credits: int = 0
    reserve_percent: Fraction = Fraction(0)
    instead: bool = True
    overlap: bool = False
    packages: frozenset[str] = field(default_factory=frozenset)
    """The features of the one group of packages."""


@dataclass(frozen=True)
class Day:
    """What is needed and left on one day."""

    day: date
    level: int
    balance: int


def days_of(world: World, *, each: bool = False) -> list[Day]:
    """Every day of the term, one after another.

    Unless `each` of them is to be counted, a day on which nothing happens is like the one before.
    """
    found: list[Day] = []
    told = happens_on(world)
    day = world.begins
    while day < end_of(world):
        if each or day in told or day.day == 1 or not found:
            found.append(counted(world, day))
        else:
            found.append(replace(found[-1], day=day))
        day += DAY
    return found


def happens_on(world: World) -> set[date]:
    """The days on which something changes that is held, is valid, or has a rate."""
    changes = [*world.allocated.values(), world.valid]
    rates = [at for feature in world.features.values() for at, _rate in feature.rates]
    return {*rates, *(day for own in changes for day, _credits in own)}


def counted(world: World, day: date) -> Day:
    needed = {key: credits_on(world, key, day) for key in rows_of(world)}
    in_use = sum(needed.values())
    kept = world.reserve_credits + half_up(in_use * world.reserve_percent / 100)
    held = {key: sum_until(changes, day) for key, changes in world.allocated.items()}
    added = kept + sum(added_by(world, group, needed, held, day) for group in groups_of(world))
    left = sum_until(world.valid, day) - sum(held.values()) - added
    return Day(day, in_use + kept, left)


def end_of(world: World) -> date:
    """The first day after the term: the anniversary, or the 1st of March after a leap day."""
    try:
        return world.begins.replace(year=world.begins.year + world.years)
    except ValueError:
        return date(world.begins.year + world.years, 3, 1)


def rows_of(world: World) -> list[str]:
    """The features that can hold something: those with a line, and a bundle of two of them."""
    return [*world.lines, *({BUNDLE} - set(world.lines) if set(PARTS) & set(world.lines) else ())]


def groups_of(world: World) -> list[tuple[str, ...]]:
    """Features whose change is judged together."""
    shared = tuple(key for key in (*PARTS, BUNDLE) if key in world.features)
    overlapping = tuple(world.packages & set(world.lines)) if world.overlap else ()
    alone = [(key,) for key in world.lines if key not in (*shared, *overlapping)]
    has_shared = set(shared) & set(world.lines)
    return [*alone, *([shared] if has_shared else []), *([overlapping] if overlapping else [])]


def added_by(
    world: World,
    group: tuple[str, ...],
    needed: Mapping[str, int],
    held: Mapping[str, int],
    day: date,
) -> int:
    """What a group takes of the balance on a day."""
    if not world.instead:
        return sum(needed.get(key, 0) for key in group)
    after = sum(needed.get(key, 0) for key in group)
    if BUNDLE in group:
        after = shared_after(world, held, day)
    change = after - sum(held.get(key, 0) for key in group)
    waits = any(is_arriving(world, world.lines[key], day) for key in group if key in world.lines)
    return max(0, change) if waits else change


def shared_after(world: World, held: Mapping[str, int], day: date) -> int:
    """What a bundle's group holds with the estimate: what is on and not estimated stays on."""
    users = users_on(world, day)
    on = parts_on(world, day)
    for key in (*PARTS, BUNDLE):
        if held.get(key, 0) > 0:
            kept = set(PARTS) if key == BUNDLE else {key}
            stated = set(PARTS) if BUNDLE in world.lines else set(world.lines)
            on |= kept - stated
    if not users:
        numbers = [
            round_half_even(Fraction(held.get(key, 0)) / rate_on(world, key, day))
            for key in (*PARTS, BUNDLE)
        ]
        users = Fraction(max(numbers))
    return sum(shared_price(world, on, users, day).values())


def shared_price(world: World, on: set[str], users: Fraction, day: date) -> dict[str, int]:
    charged = [BUNDLE] if on == set(PARTS) else sorted(on)
    return {key: half_up(users * rate_on(world, key, day)) for key in charged}


def users_on(world: World, day: date) -> Fraction:
    shared = [key for key in (*PARTS, BUNDLE) if key in world.lines]
    return max(total(units_on(world, key, day)) for key in shared)


def parts_on(world: World, day: date) -> set[str]:
    on = {key for key in PARTS if key in world.lines and total(units_on(world, key, day)) > 0}
    if BUNDLE in world.lines and total(units_on(world, BUNDLE, day)) > 0:
        on = set(PARTS)
    return on


def credits_on(world: World, key: str, day: date) -> int:
    """What a feature holds on a day if only what is estimated were on."""
    if key in (*PARTS, BUNDLE):
        return shared_price(world, parts_on(world, day), users_on(world, day), day).get(key, 0)
    feature, units = world.features[key], units_on(world, key, day)
    rate = rate_on(world, key, day)
    if feature.model == "tiered":
        accounts = units if isinstance(units, tuple) else (units,)
        return sum(
            min(feature.cap or 0, half_up(ceil(number / feature.block) * rate))
            for number in accounts
        )
    if feature.model == "throughput_block":
        return half_up(ceil(total(units) / feature.block) * rate)
    if world.overlap and key in world.packages:
        return half_up(rate * own_endpoints(world, key, day))
    return half_up(total(units) * rate)


def own_endpoints(world: World, key: str, day: date) -> Fraction:
    """Endpoints without a dearer package than this one; a larger number contains a smaller."""
    order = list(world.lines)
    own = (rate_on(world, key, day), -order.index(key))
    dearer = [
        total(units_on(world, other, day))
        for other in world.packages & set(world.lines)
        if (rate_on(world, other, day), -order.index(other)) > own
    ]
    return max(Fraction(0), total(units_on(world, key, day)) - max(dearer, default=Fraction(0)))


def rate_on(world: World, key: str, day: date) -> Fraction:
    rates = world.features[key].rates
    return [rate for at, rate in rates if at <= day or at == rates[0][0]][-1]


def units_on(world: World, key: str, day: date) -> Units:
    line = world.lines[key]
    if isinstance(line.units, tuple):
        return tuple(grown(world, line, number, day) for number in line.units)
    return grown(world, line, line.units, day)


def grown(world: World, line: Line, units: Fraction, day: date) -> Fraction:
    """Growth is compound by year and even within each; a ramp brings the same number a month."""
    months = months_in(world, line, day)
    if months < 0:
        return Fraction(0)
    a_year = line.growth / 100
    factor = (1 + a_year) ** (months // 12) * (1 + a_year * (months % 12) / 12)
    if line.ramp:
        factor *= min(Fraction(1), Fraction(months + 1, line.ramp))
    return units if factor == 1 else Fraction(ceil(round(units * factor, 6)))


def months_in(world: World, line: Line, day: date) -> int:
    first = line.starts or world.begins
    return 12 * (day.year - first.year) + day.month - first.month


def is_arriving(world: World, line: Line, day: date) -> bool:
    months = months_in(world, line, day)
    return months < 0 or months + 1 < line.ramp


def total(units: Units) -> Fraction:
    return sum(units, Fraction(0)) if isinstance(units, tuple) else units


def sum_until(changes: Sequence[tuple[date, int]], day: date) -> int:
    return sum(credits for at, credits in changes if at <= day)


def half_up(value: Fraction) -> int:
    return int((value + Fraction(1, 2)) // 1)


def round_half_even(value: Fraction) -> int:
    return round(value)
