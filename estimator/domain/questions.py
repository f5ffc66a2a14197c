"""From a layman's answers to lines of an estimate (docs/rules.md#questionnaire).

Pure: which questions there are and where they lead is data (questions_file).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from credits.domain.pricing import Quantity

MONTHS = 12
ZERO = Decimal(0)


@dataclass(frozen=True)
class Choice:
    """One answer of a question that offers a few."""

    key: str
    says: str


@dataclass(frozen=True)
class Question:
    """What is asked: a number of something everybody can count, or one of a few choices."""

    key: str
    ask: str
    heading: str = ""
    hint: str = ""
    one: str = ""
    """What one of it is called, and below what many are."""
    many: str = ""
    choices: tuple[Choice, ...] = ()
    default: str = ""
    """The choice that stands until another is made."""
    if_empty: Decimal | None = None
    """What is counted where another answer needs this one and it was not given."""
    most: Decimal | None = None
    measured: bool = False
    """Whether the number may have decimals."""


@dataclass(frozen=True)
class LineRule:
    """Which answers make a line of which feature, and why."""

    feature: str
    count: tuple[str, ...]
    """Questions whose numbers are added up."""
    because: str
    when: Mapping[str, str] = field(default_factory=dict)
    """The choices under which it holds, by question."""
    accounts: str = ""
    """The question that says how many accounts there are, each with the number counted."""
    a_month: bool = False
    """The number is of a month; the term has twelve of it a year."""


@dataclass(frozen=True)
class Together:
    """A feature that holds others: one unit with all parts is counted under it."""

    feature: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Questionnaire:
    """All that the file of questions says."""

    questions: tuple[Question, ...]
    lines: tuple[LineRule, ...]
    together: tuple[Together, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why a feature needs another, by its key."""

    def question(self, key: str) -> Question:
        return next(one for one in self.questions if one.key == key)


@dataclass(frozen=True)
class Answers:
    """What was answered: numbers and choices, by question."""

    numbers: Mapping[str, Decimal] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """A number that went into a line."""

    question: Question
    number: Decimal


@dataclass(frozen=True)
class ProposedLine:
    """A line that follows from answers, with what it was counted from."""

    feature: str
    quantity: Quantity
    counted: tuple[Counted, ...]
    reasons: tuple[str, ...]
    months: int = 0
    """Over how many months a number of a month was added up; 0 for any other."""


def propose(
    asked: Questionnaire, answers: Answers, *, groups: Mapping[str, str], years: int = 1
) -> list[ProposedLine]:
    """The lines that answers lead to, in the order of the file.

    `groups` are the features that take allocations, with their allocation groups; rules of any
    other feature are left out. An answer counts once in a group, whatever the rules say, so that
    no endpoint stands under two packages.
    """
    found: dict[str, ProposedLine] = {}
    taken: set[tuple[str, str]] = set()
    for rule in asked.lines:
        group = groups.get(rule.feature)
        if group is None or not holds(asked, rule, answers):
            continue
        free = [key for key in rule.count if (group, key) not in taken]
        line = line_of(asked, rule, free, answers, MONTHS * years)
        if line is not None:
            taken.update((group, key) for key in free)
            before = found.get(rule.feature)
            found[rule.feature] = merged(before, line) if before else line
    return list(found.values())


def holds(asked: Questionnaire, rule: LineRule, answers: Answers) -> bool:
    """Whether the choices are those of a rule."""
    return all(
        answers.choices.get(key, asked.question(key).default) == choice
        for key, choice in rule.when.items()
    )


def line_of(
    asked: Questionnaire, rule: LineRule, keys: Sequence[str], answers: Answers, months: int
) -> ProposedLine | None:
    """What one rule makes of the answers to some of its questions; None for nothing."""
    counted = [
        Counted(asked.question(key), number)
        for key in keys
        if (number := number_of(asked, rule, key, answers)) > 0
    ]
    units = sum((one.number for one in counted), ZERO)
    quantity: Quantity = units * months if rule.a_month else units
    if rule.accounts:
        accounts = answers.numbers.get(rule.accounts, ZERO)
        counted.insert(0, Counted(asked.question(rule.accounts), accounts))
        quantity = {str(place): units for place in range(1, int(accounts) + 1)}
    if not units or not quantity:
        return None
    over = months if rule.a_month else 0
    return ProposedLine(rule.feature, quantity, tuple(counted), (rule.because,), over)


def number_of(asked: Questionnaire, rule: LineRule, key: str, answers: Answers) -> Decimal:
    """The answer to a question, or what stands for it where accounts make it needed."""
    if key in answers.numbers:
        return answers.numbers[key]
    return (asked.question(key).if_empty or ZERO) if rule.accounts else ZERO


def merged(first: ProposedLine, other: ProposedLine) -> ProposedLine:
    """Two lines of one feature as one."""
    if isinstance(first.quantity, Mapping) or isinstance(other.quantity, Mapping):
        each = [*values_of(first.quantity), *values_of(other.quantity)]
        quantity: Quantity = {str(place): units for place, units in enumerate(each, start=1)}
    else:
        quantity = first.quantity + other.quantity
    return ProposedLine(
        first.feature,
        quantity,
        (*first.counted, *other.counted),
        tuple(dict.fromkeys((*first.reasons, *other.reasons))),
        max(first.months, other.months),
    )


def values_of(quantity: Quantity) -> list[Decimal]:
    return list(quantity.values()) if isinstance(quantity, Mapping) else [quantity]


def counted_twice(asked: Questionnaire, groups: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Group and question of every answer that rules would count twice under some choice."""
    found: set[tuple[str, str]] = set()
    chosen = [one for one in asked.questions if one.choices]
    for picked in product(*(one.choices for one in chosen)):
        choices = {one.key: choice.key for one, choice in zip(chosen, picked, strict=True)}
        times: dict[tuple[str, str], int] = defaultdict(int)
        for rule in asked.lines:
            if rule.feature in groups and holds(asked, rule, Answers(choices=choices)):
                for key in rule.count:
                    times[groups[rule.feature], key] += 1
        found |= {place for place, count in times.items() if count > 1}
    yield from sorted(found)
