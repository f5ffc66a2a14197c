"""The check of one published hour, as a page of the support desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse

from billing.domain.publication_asked import check_publication
from credits.admin.forms import MakingForm
from credits.admin.jobs import SHELF
from credits.admin.links import person_of
from credits.admin.making import CONFLICT, UNPROCESSABLE
from credits.domain.boundaries import newest_boundary
from credits.domain.checking import checked_text
from credits.domain.job_hands import may_see_jobs
from credits.exceptions import CreditsError, KeyConflict
from credits.web.asking import FIELD, asked, form_key
from credits.web.htmx import SEE_OTHER

FORM = "admin/publication-check"
WRITTEN = "%Y-%m-%d %H:%M"


class HourForm(MakingForm):
    """Which published hour, by the boundary through which its figures went."""

    boundary = forms.DateTimeField(
        label="Figures through, UTC",
        input_formats=[WRITTEN, "%Y-%m-%dT%H:%M"],
        help_text="A full hour, like 2026-11-24 09:00: what was shown from 11:00 on.",
        error_messages={"invalid": "Enter an hour as YYYY-MM-DD HH:00, like 2026-11-24 09:00."},
    )

    def clean_boundary(self) -> datetime:
        """The hour as UTC, whatever zone the reader is in."""
        typed: datetime = self.cleaned_data["boundary"]
        return typed.replace(tzinfo=UTC)


class PublicationCheck:
    """What was published for an hour, made again from the ledger; the answer in words."""

    name, path, title, shelf = (
        "publication-check",
        "publication-check/",
        "Check of a published hour",
        SHELF,
    )

    def is_open_to(self, request: HttpRequest) -> bool:
        """Support and operators."""
        return may_see_jobs(person_of(request))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The form; sent, the hour is checked. 403 for whoever may not."""
        if not self.is_open_to(request):
            raise PermissionDenied
        if request.method == "POST":
            return self.check(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        newest = newest_boundary()
        initial = {"boundary": newest.astimezone(UTC).strftime(WRITTEN) if newest else ""}
        return self.show(request, HourForm(user=person_of(request), initial=initial))

    def check(self, request: HttpRequest) -> HttpResponse:
        """Check the hour that was sent, and say what came of it."""
        form = HourForm(request.POST, user=person_of(request))
        if not form.is_valid():
            return self.show(request, form, UNPROCESSABLE)
        told = form.cleaned_data
        try:
            own = asked(request, FORM, reason=told["reason"])
            broken = check_publication(told["boundary"], replace(own, source="admin"))
        except CreditsError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            conflict = isinstance(error, KeyConflict)
            return self.show(request, form, CONFLICT if conflict else UNPROCESSABLE)
        level = messages.ERROR if broken else messages.SUCCESS
        hour = told["boundary"].strftime(WRITTEN)
        messages.add_message(request, level, f"{hour} UTC. {checked_text(broken)}")
        return HttpResponse(status=SEE_OTHER, headers={"Location": reverse(f"admin:{self.name}")})

    def show(self, request: HttpRequest, form: HourForm, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = admin.site.each_context(request) | {
            "title": self.title,
            "sentence": "What was published is made again from the ledger and compared. It changes "
            "nothing; what came of it is kept with your reason.",
            "button": "Check this hour",
            "form": form,
            "key_field": FIELD,
            "key": form_key(request, FORM),
        }
        return TemplateResponse(request, "admin/page_form.html", context, status=status)


PAGES = (PublicationCheck(),)
"""What the support desk adds to its lists (settings.SUPPORT_PAGES)."""
