"""The file of the questionnaire: read, checked line by line, kept for the life of a process.

Its own file lies in estimator/data; a vendor names another by ESTIMATE_QUESTIONS
(docs/rules.md#questionnaire).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from estimator.domain.questions import Choice, LineRule, Question, Questionnaire, Together

OWN_FILE = Path(__file__).resolve().parents[1] / "data" / "questions.toml"
MOST_QUESTIONS = 40

SHAPES: Mapping[str, Mapping[str, type]] = {
    "questions": {
        "key": str,
        "ask": str,
        "heading": str,
        "hint": str,
        "one": str,
        "many": str,
        "choices": list,
        "default": str,
        "if_empty": int,
        "most": int,
        "measured": bool,
    },
    "choices": {"key": str, "says": str},
    "lines": {
        "feature": str,
        "count": list,
        "because": str,
        "when": dict,
        "accounts": str,
        "a_month": bool,
    },
    "together": {"feature": str, "parts": list},
}
"""What each table may say, and of which type it is."""

NEEDED = {
    "questions": ("key", "ask"),
    "choices": ("key", "says"),
    "lines": ("feature", "count", "because"),
    "together": ("feature", "parts"),
}


class QuestionsError(Exception):
    """A file of questions that cannot be used, with every fault of it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def questionnaire() -> Questionnaire:
    """The questionnaire of this installation. Raises QuestionsError."""
    return read_file(Path(settings.ESTIMATE_QUESTIONS or OWN_FILE))


@lru_cache(maxsize=4)
def read_file(path: Path) -> Questionnaire:
    """The questionnaire of a file. Raises QuestionsError, also if it cannot be opened."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError([f"{path} cannot be read: {error}"]) from error
    return read_questions(text)


def read_questions(text: str) -> Questionnaire:
    """A questionnaire from its text. Raises QuestionsError with every fault."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuestionsError([f"It is no TOML: {error}"]) from error
    faults = [*shape_faults(tables)]
    if faults:
        raise QuestionsError(faults)
    found = Questionnaire(
        questions=tuple(question_of(row) for row in tables.get("questions", [])),
        lines=tuple(rule_of(row) for row in tables.get("lines", [])),
        together=tuple(
            Together(row["feature"], tuple(row["parts"])) for row in tables.get("together", [])
        ),
        reasons=tables.get("reasons", {}),
    )
    faults = [*faults_of(found)]
    if faults:
        raise QuestionsError(faults)
    return found


def question_of(row: Mapping[str, Any]) -> Question:
    numbers = {key: Decimal(row[key]) for key in ("if_empty", "most") if key in row}
    choices = tuple(Choice(one["key"], one["says"]) for one in row.get("choices", []))
    return Question(**{**row, "choices": choices, **numbers})


def rule_of(row: Mapping[str, Any]) -> LineRule:
    return LineRule(**{**row, "count": tuple(row["count"])})


def shape_faults(tables: Mapping[str, Any]) -> Iterator[str]:
    """What is not written as it must be."""
    for name in tables.keys() - {"questions", "lines", "together", "reasons"}:
        yield f"There is no table {name!r}"
    for name in ("questions", "lines", "together"):
        rows = tables.get(name, [])
        if not isinstance(rows, list):
            yield f"{name} is not written as [[{name}]]"
            continue
        for place, row in enumerate(rows, start=1):
            yield from row_faults(name, f"{name} {place}", row)
    reasons = tables.get("reasons", {})
    if not isinstance(reasons, dict) or not all(isinstance(one, str) for one in reasons.values()):
        yield "reasons are not sentences by feature"


def row_faults(kind: str, where: str, row: Any) -> Iterator[str]:
    """What is wrong with the columns of one table."""
    if not isinstance(row, dict):
        yield f"{where} is no table"
        return
    columns: Mapping[str, Any] = row
    for name in NEEDED[kind]:
        if not columns.get(name):
            yield f"{where} has no {name}"
    for name, value in columns.items():
        wanted = SHAPES[kind].get(name)
        if wanted is None:
            yield f"{where} has a {name}, which nothing reads"
        elif type(value) is not wanted:
            yield f"{where}: {name} is not of the type {wanted.__name__}"
        elif isinstance(value, list):
            yield from list_faults(name, f"{where}: {name}", value)


def list_faults(name: str, where: str, value: list[Any]) -> Iterator[str]:
    """What is wrong with a column of several keys, or of choices."""
    if name != "choices" and not all(isinstance(one, str) for one in value):
        yield f"{where} holds something else than keys"
    if name == "choices":
        for place, choice in enumerate(value, start=1):
            yield from row_faults("choices", f"{where} {place}", choice)


def faults_of(asked: Questionnaire) -> Iterator[str]:
    """What names something that is not there, or contradicts itself."""
    keys = [one.key for one in asked.questions]
    if len(keys) > MOST_QUESTIONS:
        yield f"It has {len(keys)} questions, more than {MOST_QUESTIONS}"
    yield from (f"{key} is asked twice" for key in sorted(set(keys)) if keys.count(key) > 1)
    choices = {one.key: {choice.key for choice in one.choices} for one in asked.questions}
    for question in asked.questions:
        if question.choices and question.default not in choices[question.key]:
            yield f"{question.key}: its default is none of its choices"
        if not question.choices and not (question.one and question.many):
            yield f"{question.key} does not say what one and many are called"
    numbers = {key for key, offered in choices.items() if not offered}
    for rule in asked.lines:
        accounts = (rule.accounts,) if rule.accounts else ()
        for key in (*rule.count, *accounts):
            if key not in numbers:
                yield f"{rule.feature} counts {key}, which asks for no number"
        for key, choice in rule.when.items():
            if choice not in choices.get(key, ()):
                yield f"{rule.feature} holds when {key} is {choice}, which nobody can choose"
