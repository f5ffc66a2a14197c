"""The questionnaire as it was answered: shape and types only. Where it leads is the domain's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _

from credits.domain.quantities import read_quantity
from credits.exceptions import CreditsError
from estimator.domain.questions import Answers, Question, Questionnaire

PREFIX = "q."
"""An answer is sent as `q.<question>`."""

SHOWN = 400
"""Characters of an answer that are shown again, as many as a field takes."""


@dataclass
class Answer:
    """One question and what was typed or chosen."""

    question: Question
    text: str
    error: str = ""
    number: Decimal | None = None

    @property
    def choice(self) -> str:
        """The choice that stands; nonsense is the default."""
        offered = {one.key for one in self.question.choices}
        return self.text if self.text in offered else self.question.default


@dataclass
class AnsweredQuestions:
    """All questions with their answers, by question."""

    answers: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def is_valid(self) -> bool:
        return not any(one.error for one in self.answers.values())

    @property
    def is_begun(self) -> bool:
        """Whether anything was typed."""
        return any(one.text.strip() for one in self.answers.values() if not one.question.choices)

    @property
    def by_heading(self) -> Iterator[tuple[str, list[Answer]]]:
        """The questions under their headings, in their order."""
        headings = dict.fromkeys(one.question.heading for one in self.answers.values())
        for heading in headings:
            yield heading, [a for a in self.answers.values() if a.question.heading == heading]

    @property
    def meant(self) -> Answers:
        """What can be counted of it."""
        return Answers(
            numbers={
                key: one.number for key, one in self.answers.items() if one.number is not None
            },
            choices={key: one.choice for key, one in self.answers.items() if one.question.choices},
        )


def read_answers(asked: Questionnaire, data: Mapping[str, str] | QueryDict) -> AnsweredQuestions:
    """The answers as they were sent; nothing that was typed is lost."""
    found = {}
    for question in asked.questions:
        answer = Answer(question, str(data.get(PREFIX + question.key, ""))[:SHOWN])
        if not question.choices and answer.text.strip():
            read_number(answer)
        found[question.key] = answer
    return AnsweredQuestions(found)


def read_number(answer: Answer) -> None:
    """Give a typed number its meaning, or its error."""
    question = answer.question
    try:
        number = read_quantity(answer.text, measured=question.measured, field=question.key)
    except CreditsError as error:
        answer.error = error.message
        return
    if question.most is not None and number > question.most:
        answer.error = _("This is up to %(most)s. You entered %(text)s.") % {
            "most": f"{question.most:,}",
            "text": answer.text.strip(),
        }
        return
    answer.number = number
