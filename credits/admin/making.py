"""Pages that make something: a form that builds a command and posts it, never a record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from credits.admin.forms import MakingForm
from credits.admin.links import person_of, record_url
from credits.admin.records import RecordAdmin
from credits.domain.commands import Asked
from credits.domain.links import set_password_parts
from credits.domain.people import may_hand_link
from credits.exceptions import CreditsError, KeyConflict
from credits.models import User
from credits.web.asking import FIELD, asked, form_key
from credits.web.htmx import SEE_OTHER

CONFLICT, UNPROCESSABLE = 409, 422


class MakingAdmin(RecordAdmin):
    """Records that support makes, by a command with a key and a reason."""

    is_made_here = True
    making_form: ClassVar[type[MakingForm]]
    making_title: ClassVar[str]
    making_sentence: ClassVar[str]
    making_button: ClassVar[str]

    def carry_out(self, request: HttpRequest, form: BaseForm, ask: Asked) -> Any:
        """Post the command of a valid form; answers with the record to go on to."""
        raise NotImplementedError

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form; sent, it makes the record and goes on to it, or says what is wrong."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        who = person_of(request)
        if request.method != "POST":
            form = self.making_form(user=who, initial=self.initial(request))
            return self.show_form(request, form, 200)
        form = self.making_form(request.POST, user=who)
        if not form.is_valid():
            return self.show_form(request, form, UNPROCESSABLE)
        try:
            ask = self.ask(request, form)
            if (first := self.show_first(request, form, ask)) is not None:
                return first
            record = self.carry_out(request, form, ask)
        except CreditsError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            conflict = isinstance(error, KeyConflict)
            return self.show_form(request, form, CONFLICT if conflict else UNPROCESSABLE)
        return HttpResponse(status=SEE_OTHER, headers={"Location": record_url(record)})

    def initial(self, request: HttpRequest) -> dict[str, Any]:
        """What the form is filled in with: what the link that led here knows."""
        given = [name for name in self.making_form.taken if name in request.GET]
        return {name: request.GET[name] for name in given}

    def show_first(self, request: HttpRequest, form: MakingForm, ask: Asked) -> HttpResponse | None:
        """A page that is shown before a valid form is carried out, if there is one."""
        return None

    def ask(self, request: HttpRequest, form: BaseForm) -> Asked:
        """Who asks: the person, through the admin, under the key of the form."""
        own = asked(request, self.form_name, reason=form.cleaned_data["reason"])
        return replace(own, source="admin")

    @property
    def form_name(self) -> str:
        return f"admin/{self.opts.label_lower}/add"

    def show_form(self, request: HttpRequest, form: MakingForm, status: int) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": self.making_title,
            "sentence": self.making_sentence,
            "button": self.making_button,
            "form": form,
            "key_field": FIELD,
            "key": form_key(request, self.form_name),
        }
        return TemplateResponse(request, "admin/making_form.html", context, status=status)


def tell_link(request: HttpRequest, person: User) -> None:
    """Show the link by which a new person sets the first password, once, to who made it."""
    if person.has_usable_password():
        messages.success(request, f"A password is set already: {person.email} can log in.")
        return
    if not may_hand_link(person_of(request), person):
        messages.warning(request, f"An operator makes the link for {person.email}.")
        return
    path = reverse("credits:set-password", kwargs=set_password_parts(person))
    link = request.build_absolute_uri(path)
    messages.success(
        request,
        format_html(
            "Give {} this address to set a password. It works once: <code>{}</code>",
            person.email,
            link,
        ),
    )
