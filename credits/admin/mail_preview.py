"""Mail at the support desk, before it is written: any kind, filled from a real customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from credits import clock
from credits.admin.links import customers_called
from credits.domain.mail import LINK, WITH_LINK
from credits.domain.mail_previews import Preview, people_of, previews
from credits.models import Customer, OutgoingMail, User

MOST_CUSTOMERS = 20
"""Customers that are offered where what was typed fits several."""


class PreviewForm(forms.Form):
    """Which mail is to be seen. Who may get it is known once the customer is."""

    kind = forms.ChoiceField(label=gettext_lazy("Mail"))
    customer = forms.CharField(
        label=gettext_lazy("Customer"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Name, number (C-1001), address part or mail domain."),
    )
    to = forms.CharField(
        label=gettext_lazy("Recipient"), required=False, widget=forms.Select(), empty_value=""
    )

    def __init__(self, data: Any, kinds: Mapping[str, Preview]) -> None:
        super().__init__(data)
        kind = cast(forms.ChoiceField, self.fields["kind"])
        kind.choices = [(key, one.label) for key, one in kinds.items()]
        self.offer([])

    def offer(self, people: Sequence[User]) -> User | None:
        """Offer the people the mail may go to; the one that was asked for, else the first."""
        select = cast(forms.Select, self.fields["to"].widget)
        names = [(str(one.public_id), f"{one.name}, {one.email}") for one in people]
        select.choices = names or [("", _("Choose the customer first"))]
        wanted = self.data.get("to", "")
        first = people[0] if people else None
        return next((one for one in people if str(one.public_id) == wanted), first)


@dataclass(frozen=True)
class Shown:
    """What a preview shows: the mail, or a sentence why there is none."""

    sentence: str = ""
    mail: OutgoingMail | None = None
    customer: Customer | None = None
    choices: tuple[Customer, ...] = ()
    """The customers that fit, where several do."""

    @property
    def has_link(self) -> bool:
        """Whether a link to set a password is put in while sending."""
        return self.mail is not None and self.mail.kind in WITH_LINK


def shown(form: PreviewForm, kinds: Mapping[str, Preview]) -> Shown:
    """What the form asks for."""
    found = find_customers(form.cleaned_data["customer"])
    if len(found) != 1:
        sentence = (
            _("Several customers fit. Choose one:")
            if found
            else _("No customer is called so. Type a part of the name, or the number.")
        )
        return Shown(sentence, choices=tuple(found))
    customer, preview = found[0], kinds[form.cleaned_data["kind"]]
    person = form.offer(people_of(customer, preview.audience))
    if person is None:
        return Shown(
            _("Nobody would get this mail: %(customer)s has no such people.")
            % {"customer": customer.name},
            customer=customer,
        )
    mail = preview.draft(customer, person, clock.now())
    if mail is None:
        return Shown(
            _(
                "There is nothing of this kind to tell %(person)s about %(customer)s now, so "
                "there is no such mail."
            )
            % {"person": person.name, "customer": customer.name},
            customer=customer,
        )
    return Shown(mail=mail, customer=customer)


def find_customers(words: str) -> list[Customer]:
    """The customers that are meant; the one alone whose name, number or address part it is."""
    text = words.strip()
    found = Customer.objects.filter(customers_called(text)).order_by("name", "pk")
    exact = found.filter(name__iexact=text)[:2] if text else ()
    return list(exact) if len(exact) == 1 else list(found[:MOST_CUSTOMERS])


@require_safe
def mail_preview(request: HttpRequest) -> HttpResponse:
    """Show a mail as it would be written now; nothing is written or sent."""
    kinds = previews()
    is_asked = "kind" in request.GET or "customer" in request.GET
    form = PreviewForm(request.GET if is_asked else None, kinds)
    found = shown(form, kinds) if is_asked and form.is_valid() else Shown()
    context = {
        **admin.site.each_context(request),
        "title": _("Preview of mail"),
        "form": form,
        "shown": found,
        "link": LINK,
    }
    return TemplateResponse(request, "admin/mail_preview.html", context)


class MailPreviewPage:
    """Any mail before it is written, for whoever may look at the outbox."""

    name, path, title, shelf = "mail-preview", "mail/", "Preview of mail", "Mail"

    def is_open_to(self, request: HttpRequest) -> bool:
        """Support and operators."""
        return request.user.has_perm("credits.view_outgoingmail")

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """The page. 403 for whoever may not."""
        if not self.is_open_to(request):
            raise PermissionDenied
        return mail_preview(request)


PAGES = (MailPreviewPage(),)
"""What the support desk adds to its lists (settings.SUPPORT_PAGES)."""
