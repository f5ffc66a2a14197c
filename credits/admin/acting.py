"""Acts of support that change no credits: a form with a reason, and then the act itself.

They are corrections without the page between that would show what becomes of the figures.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from credits.admin.correcting import CorrectingAdmin, Correction
from credits.admin.links import record_url
from credits.admin.making import CONFLICT, UNPROCESSABLE
from credits.domain.commands import Asked
from credits.exceptions import CreditsError, KeyConflict
from credits.models import Customer
from credits.web.htmx import SEE_OTHER


def no_draft(customer: Customer) -> Any:
    """No books are read: nothing of them changes."""
    return None


class Act(Correction):
    """One thing that support does about a record, without changing credits."""

    open_draft = staticmethod(no_draft)

    def act(self, request: HttpRequest, form: Any, ask: Asked) -> str:
        """Do it, and answer with where to go on. Raises CreditsError; then nothing was done."""
        answer = self.carry_out(self.command(form, ask, None))
        messages.success(request, self.told(answer.data))
        return record_url(self.record)

    def told(self, answer: dict[str, Any]) -> str:
        """What is said after it."""
        return self.done


class ActingAdmin(CorrectingAdmin):
    """Records that support corrects, and does something about, each way on a page of its own."""

    def show_correction(
        self, request: HttpRequest, correction: Correction, form: BaseForm, status: int = 200
    ) -> HttpResponse:
        if not isinstance(correction, Act):
            return super().show_correction(request, correction, form, status)
        context = self.correction_context(request, correction) | {
            "sentence": correction.sentence,
            "button": correction.button,
            "form": form,
        }
        return TemplateResponse(request, "admin/act_form.html", context, status=status)

    def answer(
        self, request: HttpRequest, correction: Correction, customer: Customer
    ) -> HttpResponse:
        if not isinstance(correction, Act):
            return super().answer(request, correction, customer)
        form = correction.sent(request.POST)
        if not form.is_valid():
            return self.show_correction(request, correction, form, UNPROCESSABLE)
        try:
            ask = self.ask_correction(request, correction, form)
            location = correction.act(request, form, ask)
        except CreditsError as error:
            correction.put(form, error)
            status = CONFLICT if isinstance(error, KeyConflict) else UNPROCESSABLE
            return self.show_correction(request, correction, form, status)
        return HttpResponse(status=SEE_OTHER, headers={"Location": location})
