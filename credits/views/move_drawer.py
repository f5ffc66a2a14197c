"""What the drawer of a move shows for what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from credits.domain.activity import Act, acts_since
from credits.domain.feature_names import told_apart
from credits.domain.moving import Move, units_for
from credits.domain.preview import Draft, Preview, open_draft
from credits.domain.quantities import plain_units, unit_name
from credits.domain.sources import reporting
from credits.exceptions import CreditsError, KeyConflict, StaleView
from credits.forms.allocations import seen_seq
from credits.forms.moving import CREDITS, MoveForm
from credits.models import Customer, Feature
from credits.tables.effects import EffectRow, effect_rows
from credits.templatetags.figures import credits_text
from credits.views.allocation_reading import TRIED, list_url, next_key
from credits.views.choosing import FEATURE, all_holdings
from credits.web.access import CustomerRequest
from credits.web.asking import form_key


@dataclass(frozen=True)
class Tried:
    """A move that could be made, and what it would do."""

    preview: Preview
    answer: Mapping[str, Any]
    source: Feature
    target: Feature
    units: Decimal

    @property
    def sentences(self) -> list[str]:
        """What it frees, what the other feature gets, and what is left of it."""
        gained = Decimal(self.answer["units"])
        taken = f"{plain_units(self.units, grouped=True)} {unit_name(self.source, self.units)}"
        from_name, to_name = told_apart(self.source, self.target)
        words = {
            "freed": credits_text(self.answer["freed"]),
            "units": taken,
            "source": from_name,
            "gained": f"{plain_units(gained, grouped=True)} {unit_name(self.target, gained)}",
            "target": to_name,
            "held": credits_text(self.answer["credits"]),
            "returned": credits_text(self.answer["returned"]),
        }
        found = [
            _("Taking %(units)s from %(source)s frees %(freed)s credits.") % words,
            _("Giving %(gained)s to %(target)s needs %(held)s credits.") % words,
        ]
        if self.answer["returned"]:
            found.append(_("%(returned)s credits return to the balance.") % words)
        return found

    @property
    def label(self) -> str:
        """Move 500 credits to Core package."""
        _source, target = told_apart(self.source, self.target)
        words = {"credits": credits_text(self.answer["freed"]), "target": target}
        return _("Move %(credits)s credits to %(target)s") % words


@dataclass(frozen=True)
class MoveDrawer:
    """All that the drawer's template shows."""

    customer: Customer
    form: MoveForm
    close_url: str
    draft: Draft
    key: str = ""
    seen: int = 0
    tried: Tried | None = None
    agreed: str = ""
    """What the effect was shown for, sent back with the confirmation."""
    stale: Sequence[Act] = ()
    problems: Sequence[str] = field(default_factory=list)
    """What is wrong with what was typed, but for what is still to be typed."""

    @property
    def label(self) -> str:
        """The button, with its amount."""
        return self.tried.label if self.tried else _("Show effect")

    @property
    def effect(self) -> list[EffectRow]:
        """The figures before and after."""
        if self.tried is None:
            return []
        features = [self.tried.source, self.tried.target]
        return effect_rows(self.tried.preview, features, self.customer)

    @property
    def said(self) -> str:
        """The effect in a line, for the live region."""
        if self.tried is None:
            return self.problems[0] if self.problems else ""
        return " ".join(self.tried.sentences)


def form_name(customer: Customer) -> str:
    """What the drawer's key is for."""
    return f"move/{customer.public_id}"


def move_form(request: CustomerRequest) -> MoveForm:
    """The form as it opens, or with what was sent."""
    rows, sources = all_holdings(request.customer), reporting(request.customer)
    if request.method == "POST":
        return MoveForm(rows, sources, request.POST)
    named = request.GET.getlist(FEATURE)
    initial = {"source": named[0]} if len(named) == 1 else {}
    return MoveForm(rows, sources, initial=initial)


def open_move(request: CustomerRequest) -> MoveDrawer:
    """The drawer as it opens."""
    draft = open_draft(request.customer)
    return MoveDrawer(
        customer=request.customer,
        form=move_form(request),
        close_url=list_url(request),
        draft=draft,
        key=form_key(request, form_name(request.customer)),
        seen=draft.seq,
    )


def redraw_move(request: CustomerRequest, error: CreditsError | None = None) -> MoveDrawer:
    """The drawer with all that was typed, what it would do, and what is wrong with it."""
    customer, draft, form = request.customer, open_draft(request.customer), move_form(request)
    tried = try_move(form, draft, error)
    is_stale, is_used = isinstance(error, StaleView), isinstance(error, KeyConflict)
    seen = seen_seq(request.POST)
    sides = [tried.source.pk, tried.target.pk] if tried else []
    return MoveDrawer(
        customer=customer,
        form=form,
        close_url=list_url(request),
        draft=draft,
        key=next_key(request, form_name(customer), is_used=is_used or is_stale),
        seen=draft.seq if is_stale or is_used else seen,
        tried=tried,
        agreed=agreement(form, tried.units) if tried else "",
        stale=acts_since(customer, sides, seen) if is_stale else (),
        problems=[
            str(sentence)
            for name, found in form.errors.items()
            for sentence in found
            if request.POST.get(name) or name not in form.fields
        ],
    )


def try_move(form: MoveForm, draft: Draft, error: CreditsError | None) -> Tried | None:
    """What the form's move would do; what stands against it is said at its fields."""
    if not form.is_valid():
        return None
    customer, data = draft.books.customer, form.cleaned_data
    tried = None
    try:
        units = form.amount
        if data["by"] == CREDITS:
            units = units_for(draft.books, data["source"], int(form.amount))
        command = Move(
            customer=customer,
            asked=TRIED,
            source=data["source"],
            units=units,
            target=data["target"],
        )
        answer, preview = command.decide(draft.books).answer, draft.preview(command)
        named = Feature.objects.select_related("group__solution").filter(
            key__in=(command.source, command.target)
        )
        found = {f.key: f for f in named}
        tried = Tried(preview, answer, found[command.source], found[command.target], units)
    except CreditsError as refused:
        error = error or refused
    if error is not None:
        form.put(error)
    return tried


def agreement(form: MoveForm, units: Decimal) -> str:
    """What was typed, and the units that its effect was shown for."""
    return f"{form.typed}|{plain_units(form.amount)}|{plain_units(units)}"


def agreed_units(form: MoveForm, text: str) -> Decimal | None:
    """The units whose effect was shown for just what is typed now; None: it was not shown."""
    before, _bar, units = text.rpartition("|")
    is_same = before == f"{form.typed}|{plain_units(form.amount)}"
    return Decimal(units) if is_same and units.isascii() and units.isdigit() else None
