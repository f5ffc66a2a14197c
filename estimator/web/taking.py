"""The lines of a form after what it proposes was taken: answers, or an explained change."""

from __future__ import annotations

from dataclasses import replace

from django.http import QueryDict

from estimator.domain.estimates import Draft
from estimator.domain.price_list import PriceList
from estimator.domain.proposals import Proposal
from estimator.forms.estimate import EstimateForm
from estimator.forms.lines import LineInput, read_lines
from estimator.web.helps import TAKE, Helps, taken
from estimator.web.proposed import PROPOSED, Questions, questions_of


def taken_lines(
    lines: list[LineInput], data: QueryDict, act: str, prices: PriceList
) -> tuple[list[LineInput], EstimateForm, Questions]:
    """The lines, the rest of the form, and the questionnaire, with what an act takes done.

    Packages that come from answers never overlap, so the form says so whatever it said before.
    """
    form = read_form(data)
    years = form.cleaned_data.get("years") or 1
    questions = questions_of(data, prices, lines, years=years, act=act)
    if act == PROPOSED and questions.can_add:
        form = read_form(apart(data)) if questions.takes_packages else form
        lines = questions.added_to(lines)
        questions = replace(questions, lines=[*lines], is_done=True)
    elif act.startswith(TAKE) and (one := asked_for(lines, form, act, prices)):
        lines = taken(lines, one, prices)
    return lines, form, questions


def read_form(data: QueryDict) -> EstimateForm:
    form = EstimateForm(data)
    form.is_valid()
    return form


def apart(data: QueryDict) -> QueryDict:
    """What was sent, with packages that are each counted in one line only."""
    data = data.copy()
    data["overlap"] = ""
    return data


def asked_for(
    lines: list[LineInput], form: EstimateForm, act: str, prices: PriceList
) -> Proposal | None:
    """The proposal that an act takes, of what is typed now."""
    copies = [replace(line, texts=[*line.texts], errors=[]) for line in lines]
    read = read_lines(copies, prices)
    draft = Draft(
        quantities=read.quantities(),
        overlap=bool(form.cleaned_data.get("overlap")),
        plans=read.plans(),
    )
    return Helps(draft, prices, frozenset(draft.quantities)).named(act)
