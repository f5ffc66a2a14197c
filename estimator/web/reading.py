"""How the calculator's page is read: as it was typed, else as it was saved, else empty."""

from __future__ import annotations

from django.http import QueryDict

from credits import clock
from credits.domain.figures import standing
from credits.models import Customer
from estimator.domain.contents import saved_draft
from estimator.domain.course import nothing_held
from estimator.domain.estimates import Draft
from estimator.domain.held import held_quantities
from estimator.domain.price_list import read_price_list
from estimator.forms.estimate import EstimateForm, basis_of, initial, version_of
from estimator.forms.lines import asked_for, drafted_lines, edited, fresh, read_lines, sent_lines
from estimator.models import Estimate
from estimator.web.sheet import Sheet


def sheet_of(
    customer: Customer | None,
    estimate: Estimate | None,
    *,
    data: QueryDict | None,
    query: QueryDict,
) -> Sheet:
    """The calculator as it was typed (`data`), else as it was saved, else empty."""
    now = clock.now()
    position = standing(customer, now=now).live if customer else nothing_held(now)
    prices = read_price_list(position.at)
    if data is None:
        draft = saved_draft(estimate) if estimate else Draft({})
        name = estimate.name if estimate else ""
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
            act=f"add:{asked[0]}" if asked else "",
            find=query.get("find", "")[:200],
            seen=estimate.version if estimate else None,
        )
    act = data.get("act", "")
    is_adding = act == "held" or act.startswith("add:")
    held = held_quantities(customer, prices, position) if customer and is_adding else {}
    inputs = edited(sent_lines(data, prices), act, prices, held)
    form = EstimateForm(data)
    form.is_valid()
    return Sheet(
        customer=customer,
        estimate=estimate,
        position=position,
        prices=prices,
        form=form,
        lines=read_lines(inputs, prices),
        basis=basis_of(data.get("basis")),
        act=act,
        find="" if act.startswith("add:") else data.get("find", "")[:200],
        seen=version_of(data.get("version")),
    )
