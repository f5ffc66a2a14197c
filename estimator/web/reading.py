"""How the calculator's page is read: as it was typed, else as it was saved, else empty."""

from __future__ import annotations

from django.http import QueryDict

from credits import clock
from credits.domain.figures import standing
from credits.models import Customer
from estimator.domain.contents import drafted, saved_draft, version_numbered
from estimator.domain.course import nothing_held
from estimator.domain.estimates import Draft
from estimator.domain.held import held_quantities
from estimator.domain.price_list import read_price_list
from estimator.forms.estimate import EstimateForm, basis_of, initial, version_of
from estimator.forms.lines import asked_for, drafted_lines, edited, fresh, read_lines, sent_lines
from estimator.models import Estimate
from estimator.web.importing import Files, imported
from estimator.web.proposed import questions_of
from estimator.web.sheet import Sheet
from estimator.web.taking import read_form, taken_lines

EMPTY = Draft({})


def sheet_of(
    customer: Customer | None,
    estimate: Estimate | None,
    *,
    data: QueryDict | None,
    query: QueryDict,
    files: Files | None = None,
) -> Sheet:
    """The calculator as it was typed (`data`), else as it was saved, else empty.

    `files`: a file of units may be among what was sent.
    """
    now = clock.now()
    position = standing(customer, now=now).live if customer else nothing_held(now)
    prices = read_price_list(position.at)
    if data is None:
        opened = version_numbered(estimate, query.get("version", "")) if estimate else None
        name = opened.content["name"] if opened else estimate.name if estimate else ""
        draft = drafted(opened.content) if opened else saved_draft(estimate) if estimate else EMPTY
        inputs = drafted_lines(draft, prices)
        asked = [] if estimate else asked_for(query.get("feature", ""), prices)
        if asked:
            held = held_quantities(customer, prices, position) if customer else {}
            inputs = [fresh(key, prices, held) for key in asked]
        return Sheet(
            customer=customer,
            estimate=estimate,
            position=position,
            prices=prices,
            form=EstimateForm(initial=initial(name, draft)),
            lines=read_lines(inputs, prices),
            basis=basis_of(query.get("basis")),
            questions=questions_of(query, prices, inputs, years=draft.years, act=""),
            act=f"add:{asked[0]}" if asked else "",
            find=query.get("find", "")[:200],
            seen=estimate.version if estimate else None,
            opened=opened,
        )
    act = data.get("act", "")
    data = emptied(data) if act == "reset" else data
    is_adding = act == "held" or act.startswith("add:")
    held = held_quantities(customer, prices, position) if customer and is_adding else {}
    inputs = edited(sent_lines(data, prices), act, prices, held)
    inputs, form, questions = taken_lines(inputs, data, act, prices)
    units = imported(data, files, inputs, prices)
    if units and units.settings:
        form = read_form(units.said_in(data))
    return Sheet(
        customer=customer,
        estimate=estimate,
        position=position,
        prices=prices,
        form=form,
        lines=read_lines(units.lines if units else inputs, prices),
        basis=basis_of(data.get("basis")),
        questions=questions,
        act=act,
        find="" if act.startswith("add:") else data.get("find", "")[:200],
        seen=version_of(data.get("version")),
        shown=data.get("shown", ""),
        monthly=act == "months" or (act != "no-months" and bool(data.get("months"))),
        imported=units,
    )


def emptied(data: QueryDict) -> QueryDict:
    """What was sent without what is reset beside the lines: the reserve, and how packages count."""
    left = data.copy()
    for name in ("reserve", "overlap"):
        left.pop(name, None)
    return left
