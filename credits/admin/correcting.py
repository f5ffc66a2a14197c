"""Corrections of a record: a form with a reason, what it would do, and then the act itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from credits.admin.correction_forms import CorrectionForm
from credits.admin.links import person_of, record_url
from credits.admin.making import CONFLICT, UNPROCESSABLE
from credits.admin.records import RecordAdmin
from credits.domain.access import may_correct
from credits.domain.commands import Answer, Asked, Command
from credits.domain.figures import Position
from credits.domain.post import post
from credits.domain.preview import Draft, Preview, open_draft
from credits.exceptions import (
    ConfirmationNeeded,
    CreditsError,
    KeyConflict,
    ShortBalance,
    StaleView,
)
from credits.forms.allocations import seen_seq
from credits.models import Customer, Feature, License, User
from credits.tables.effects import EffectRow, effect_rows
from credits.web.asking import FIELD, asked, confirmed_shortfall, form_key
from credits.web.htmx import SEE_OTHER

STEP, DO, CHANGE, MORE = "step", "do", "change", "more"
"""The button that was pressed; the first one only shows what would happen."""

MOST_DATES = 12
"""Dates ahead that an effect lists; the forecast has them all."""


class Correction:
    """One way in which support corrects a record. Subclasses say what it asks of the books."""

    name: ClassVar[str]
    """Its part of the address."""
    label: ClassVar[str]
    """The link on the record's page."""
    form: ClassVar[type[CorrectionForm]] = CorrectionForm
    button: ClassVar[str]
    """What the last button says: what happens."""
    done: ClassVar[str]
    """What is said after it."""
    open_draft = staticmethod(open_draft)
    """How the books are read to draw its form and to try it out."""

    def __init__(self, record: Any, given: Mapping[str, str], user: User) -> None:
        self.record = record
        self.given = given
        """What the address says beside the record."""
        self.user = user

    @property
    def customer(self) -> Customer | None:
        """Whose books it changes; None where the record belongs to nobody's."""
        owner: Customer | None = self.record.customer
        return owner

    @property
    def is_offered(self) -> bool:
        """Whether the record's page links to it; what is asked all the same, the books refuse."""
        return True

    @property
    def title(self) -> str:
        """The heading: what is done to which record."""
        return f"{self.label} {self.record}"

    @property
    def sentence(self) -> str:
        """How the record stands, and what this makes of it."""
        raise NotImplementedError

    @property
    def form_name(self) -> str:
        """What a form's key is for: this record, and nothing else of its kind."""
        return f"admin/{self.record._meta.label_lower}/{self.record.pk}/{self.name}"

    def elsewhere(self) -> str:
        """The address at which it is done instead, if there is one."""
        return ""

    def choose(self) -> Sequence[tuple[str, str]] | None:
        """Keys and labels of the groups to choose from, where the address names none."""
        return None

    def draw(self, draft: Draft, data: Any = None, *, more: bool = False) -> BaseForm:
        """The form as it is shown, filled with what is in force or with what was sent."""
        return self.form(data, user=self.user, initial=self.initial(draft))

    def sent(self, data: Any) -> BaseForm:
        """The form as it was sent, however the books stand: a repeat must read the same."""
        return self.form(data, user=self.user)

    def initial(self, draft: Draft) -> dict[str, Any]:
        """What the form is filled in with."""
        return {}

    def command(self, form: Any, ask: Asked, seen: int | None) -> Command:
        """What a valid form asks. `seen`: the ledger seq its effect was shown at."""
        raise NotImplementedError

    def carry_out(self, command: Command) -> Answer:
        """Post it; a higher app adds its own rows."""
        return post(command)

    def put(self, form: Any, error: CreditsError) -> None:
        """Say a refusal at its field, else above the form."""
        form.add_error(error.field if error.field in form.fields else None, error.message)


@dataclass(frozen=True)
class DateRow:
    """A date ahead from which the balance would be another one than without the act."""

    at: Any
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


class CorrectingAdmin(RecordAdmin):
    """Records that support corrects, each way on a page of its own."""

    corrections: ClassVar[Sequence[type[Correction]]] = ()

    def get_urls(self) -> list[URLPattern]:
        """One address for each correction, named after it."""
        own = [
            path(
                f"<int:pk>/{kind.name}/",
                self.admin_site.admin_view(self.view_of(kind)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{kind.name}",
            )
            for kind in self.corrections
        ]
        return [*own, *super().get_urls()]

    def view_of(self, kind: type[Correction]) -> Callable[..., HttpResponse]:
        """The view of one correction."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            return self.correct_view(request, pk, kind)

        return view

    def correction(self, kind: type[Correction], record: Any, request: HttpRequest) -> Correction:
        """A correction of a record, asked by the person of a request."""
        given = {name: value for name, value in request.GET.items() if isinstance(value, str)}
        return kind(record, given, person_of(request))

    def correct_view(self, request: HttpRequest, pk: int, kind: type[Correction]) -> HttpResponse:
        """The form; sent, it shows what would happen; sent from there, it is done.

        403 without the right to correct the customer, 404 without such a record.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_queryset(request).filter(pk=pk).first()
        correction = self.correction(kind, record, request) if record is not None else None
        if correction is None or (customer := correction.customer) is None:
            raise Http404("no such record")
        if not may_correct(person_of(request), customer):
            raise PermissionDenied
        if address := correction.elsewhere():
            return HttpResponseRedirect(address)
        if (choices := correction.choose()) is not None:
            return self.show_choices(request, correction, choices)
        if request.method != "POST":
            form = correction.draw(correction.open_draft(customer))
            return self.show_correction(request, correction, form)
        return self.answer(request, correction, customer)

    def answer(
        self, request: HttpRequest, correction: Correction, customer: Customer
    ) -> HttpResponse:
        """What becomes of a form that was sent."""
        step = request.POST.get(STEP)
        if step == DO:
            return self.do(request, correction, customer)
        draft = correction.open_draft(customer)
        form = correction.draw(draft, request.POST, more=step == MORE)
        if step in (CHANGE, MORE):
            form.errors.clear()
            return self.show_correction(request, correction, form)
        return self.try_out(request, correction, form, draft)

    def try_out(
        self,
        request: HttpRequest,
        correction: Correction,
        form: BaseForm,
        draft: Draft,
        error: CreditsError | None = None,
    ) -> HttpResponse:
        """The page that shows what a form would do, or the form with what is wrong with it.

        `error` is why it was not done just now; a form that is refused by now says that instead.
        """
        if not form.is_valid():
            return self.show_correction(request, correction, form, UNPROCESSABLE)
        try:
            ask = self.ask_correction(request, correction, form)
            preview = draft.preview(correction.command(form, ask, None))
            short = preview.judgment
            if short is not None and not isinstance(short, ConfirmationNeeded):
                raise short
        except CreditsError as refused:
            correction.put(form, refused)
            return self.show_correction(request, correction, form, UNPROCESSABLE)
        return self.show_effect(request, correction, form, draft, preview, error)

    def do(self, request: HttpRequest, correction: Correction, customer: Customer) -> HttpResponse:
        """Post what a form asks and go back to the record, or say why not."""
        form = correction.sent(request.POST)
        try:
            if form.is_valid():
                ask = self.ask_correction(request, correction, form)
                correction.carry_out(correction.command(form, ask, seen_seq(request.POST)))
                messages.success(request, correction.done)
                location = record_url(correction.record)
                return HttpResponse(status=SEE_OTHER, headers={"Location": location})
        except (ShortBalance, StaleView) as error:
            draft = correction.open_draft(customer)
            shown = correction.draw(draft, request.POST)
            return self.try_out(request, correction, shown, draft, error)
        except CreditsError as error:
            shown = correction.draw(correction.open_draft(customer), request.POST)
            if shown.is_valid():
                correction.put(shown, error)
            conflict = isinstance(error, KeyConflict)
            status = CONFLICT if conflict else UNPROCESSABLE
            return self.show_correction(request, correction, shown, status)
        shown = correction.draw(correction.open_draft(customer), request.POST)
        return self.show_correction(request, correction, shown, UNPROCESSABLE)

    def ask_correction(self, request: HttpRequest, correction: Correction, form: BaseForm) -> Asked:
        """Who asks: the person, through the desk, with the shortfall confirmed on the page."""
        own = asked(
            request,
            correction.form_name,
            reason=form.cleaned_data["reason"],
            confirmed_shortfall=confirmed_shortfall(request),
        )
        return replace(own, source="admin")

    def show_correction(
        self, request: HttpRequest, correction: Correction, form: BaseForm, status: int = 200
    ) -> HttpResponse:
        context = self.correction_context(request, correction) | {
            "sentence": correction.sentence,
            "button": "Show what it would do",
            "form": form,
            "has_accounts": bool(getattr(form, "rows", None)),
        }
        return TemplateResponse(request, "admin/correction_form.html", context, status=status)

    def show_effect(
        self,
        request: HttpRequest,
        correction: Correction,
        form: BaseForm,
        draft: Draft,
        preview: Preview,
        error: CreditsError | None,
    ) -> HttpResponse:
        """What would happen, with the button that does it. Nothing is done yet."""
        short = preview.judgment
        stale = error if isinstance(error, StaleView) else None
        context = self.correction_context(request, correction) | {
            "form": form,
            "button": correction.button,
            "asked_for": told_fields(form),
            "effect": changes(preview, draft.books.customer),
            "dates": dates_ahead(preview),
            "changes_nothing": changes_nothing(preview),
            "short": short,
            "is_refused": isinstance(error, ShortBalance),
            "stale": stale,
            "seen": draft.seq,
        }
        status = 200 if error is None else CONFLICT if stale else UNPROCESSABLE
        return TemplateResponse(request, "admin/correction_effect.html", context, status=status)

    def show_choices(
        self, request: HttpRequest, correction: Correction, choices: Sequence[tuple[str, str]]
    ) -> HttpResponse:
        """What one may choose from, before there is a form."""
        context = self.correction_context(request, correction) | {"choices": choices}
        return TemplateResponse(request, "admin/correction_choices.html", context)

    def correction_context(self, request: HttpRequest, correction: Correction) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": correction.title,
            "record": correction.record,
            "record_url": record_url(correction.record),
            "key_field": FIELD,
            "key": form_key(request, correction.form_name),
        }

    def correction_tools(self, request: HttpRequest, record: Any) -> list[tuple[str, str]]:
        """Address and label of every correction that a record's page links to."""
        ways = [self.correction(kind, record, request) for kind in self.corrections]
        if not any(may_correct(person_of(request), one.customer) for one in ways if one.customer):
            return []
        return [
            (one.elsewhere() or correction_url(record, one.name), one.label)
            for one in ways
            if one.is_offered
        ]


def correction_url(record: Any, name: str, **given: str) -> str:
    """The page of a correction of a record."""
    address = reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_{name}", args=(record.pk,)
    )
    return f"{address}?{urlencode(given)}" if given else address


def told_fields(form: BaseForm) -> list[tuple[str, str]]:
    """What the form asks for, as label and what was entered."""
    return [(str(field.label), text) for field in form if (text := told_value(field))]


def told_value(field: Any) -> str:
    """What was entered in one field; a choice by its label."""
    value = field.value()
    choices = {str(key): str(label) for key, label in getattr(field.field, "choices", ())}
    if isinstance(value, bool):
        return "on" if value else "off"
    values = value if isinstance(value, list) else [value] if value else []
    return ", ".join(choices.get(str(one), str(one)) for one in values)


def changes(preview: Preview, customer: Customer) -> list[EffectRow]:
    """What changes now: licenses, features, the sums; and the first short date."""
    before, after = preview.before, preview.after
    licenses = License.objects.in_bulk(changed(before.by_license, after.by_license))
    features = Feature.objects.in_bulk(changed(before.by_feature, after.by_feature))
    own = [
        EffectRow(one.label, before.by_license.get(pk, 0), after.by_license.get(pk, 0))
        for pk, one in sorted(licenses.items())
    ]
    valid = EffectRow("Valid", before.figure.valid, after.figure.valid)
    in_order = sorted(features.values(), key=lambda feature: (feature.position, feature.pk))
    rows = [*own, valid, *effect_rows(preview, in_order, customer)]
    return [row for row in rows if row.change or row.total]


def changed(before: Mapping[int, int], after: Mapping[int, int]) -> list[int]:
    """The subjects that hold something else after than before."""
    return [pk for pk in {*before, *after} if before.get(pk, 0) != after.get(pk, 0)]


def dates_ahead(preview: Preview) -> list[DateRow]:
    """The first dates ahead from which the act makes another difference to the balance."""
    before, after = preview.before, preview.after
    difference = after.figure.balance - before.figure.balance
    found = []
    for at in instants_ahead(before, after):
        row = DateRow(at, before.figure_at(at).balance, after.figure_at(at).balance)
        if row.change != difference:
            found.append(row)
            difference = row.change
    return found[:MOST_DATES]


def instants_ahead(*positions: Position) -> list[Any]:
    """Every instant ahead at which something is known to happen."""
    return sorted({step.at for position in positions for step in position.ahead})


def changes_nothing(preview: Preview) -> bool:
    """Whether no credits change, neither now nor later."""
    before, after = preview.before, preview.after
    now = changed(before.by_license, after.by_license) + changed(
        before.by_feature, after.by_feature
    )
    return not now and not any(
        before.figure_at(at) != after.figure_at(at) for at in instants_ahead(before, after)
    )
