"""Orders that are not recorded yet: the desk's list, the second look, and putting one away."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.domain import drafts
from billing.domain.drafts import OPEN, Known, drafts_of, open_drafts_for
from billing.domain.order_effect import effect_of
from billing.domain.orders import Order
from billing.domain.second_look import RefuseOrder
from billing.forms.purchases import PurchaseForm
from billing.models import DraftState, PurchaseDraft
from billing.views.purchase_entry import Entry, sentence_of
from billing.views.sales import show_count
from billing.web.links import Explain, purchase_url
from credits.domain.people import Right
from credits.exceptions import CreditsError, InvalidCommand
from credits.web.access import CustomerRequest, PortalRequest, customer_view, sales_view
from credits.web.asking import asked, form_key
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

CONFLICT, REFUSED = 409, 422


@require_safe
@sales_view
def sales_drafts(request: PortalRequest) -> HttpResponseBase:
    """What is open at a person's desk: what waits for a second look, what was sent back, drafts."""
    show_count(request)
    rows = list(open_drafts_for(request.user))
    waits = [row for row in rows if row.state == DraftState.WAITING]
    rest = [row for row in rows if row.state != DraftState.WAITING]
    context = {"waits": waits, "rest": rest, "me": request.user}
    return render_page(request, "billing/sales_drafts.html", context)


@require_safe
@customer_view(Right.ENTER_PURCHASES)
def order_draft(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """One order that is not recorded: just what was submitted, and what it would do now."""
    look = Look(request, public_id)
    if look.draft.purchase is not None:
        return redirect(request, purchase_url(look.draft.purchase))
    return look.show()


@require_POST
@customer_view(Right.ENTER_PURCHASES)
def order_confirm(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Record what somebody else submitted."""
    look = Look(request, public_id)
    order = look.order()
    if order is None:
        return look.show(status=REFUSED)
    try:
        ask = asked(request, look.key_name)
        purchase = drafts.confirm_order(look.draft, look.version, order, ask)
    except CreditsError as refusal:
        return look.denied(refusal)
    done(request, sentence_of(order))
    return redirect(request, purchase_url(purchase))


@require_POST
@customer_view(Right.ENTER_PURCHASES)
def order_refuse(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Send an order back with the reason."""
    look = Look(request, public_id)
    try:
        ask = asked(request, look.refuse_name, reason=request.POST.get("reason", ""))
        command = RefuseOrder(
            customer=request.customer, asked=ask, draft=public_id, version=look.version
        )
        drafts.refuse_order(command)
    except CreditsError as refusal:
        return look.denied(refusal)
    done(request, _("The order is sent back. Who submitted it is told by mail."))
    return redirect(request, reverse("billing:sales-drafts"))


@require_POST
@customer_view(Right.ENTER_PURCHASES)
def order_discard(request: CustomerRequest, public_id: UUID) -> HttpResponseBase:
    """Put an order away that will not be recorded."""
    look = Look(request, public_id)
    try:
        ask = asked(request, look.discard_name)
        drafts.discard_draft(request.customer, Known(public_id, look.version), ask)
    except CreditsError as refusal:
        return look.denied(refusal)
    done(request, _("The draft is discarded."))
    return redirect(request, reverse("billing:sales-drafts"))


class Look(Entry):
    """One order that is not recorded, as a second person looks at it."""

    draft: PurchaseDraft

    def __init__(self, request: CustomerRequest, public_id: UUID) -> None:
        super().__init__(request)
        request.desk = "sales"
        self.draft = get_object_or_404(drafts_of(request.customer), public_id=public_id)
        self.key_name = f"order/{public_id}/confirm"
        self.refuse_name = f"order/{public_id}/refuse"
        self.discard_name = f"order/{public_id}/discard"
        self.problem = ""
        typed = dict(self.draft.typed)
        if "unusual" in request.POST:
            typed["unusual"] = str(request.POST["unusual"])
        self.form = PurchaseForm.sent(self.around, typed)

    @property
    def version(self) -> int:
        """The version that the page showed."""
        text = str(self.request.POST.get("version", ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0

    def order(self) -> Order | None:
        """The order as it was submitted; None where it cannot stand as it is any more."""
        return self.form.order() if self.form.is_valid() else None

    def denied(self, refusal: CreditsError) -> HttpResponse:
        """The page again, as it stands now, with what was refused."""
        self.problem = refusal.message
        self.draft = get_object_or_404(drafts_of(self.of), public_id=self.draft.public_id)
        return self.show(status=REFUSED if isinstance(refusal, InvalidCommand) else CONFLICT)

    def show(self, *, status: int = 200) -> HttpResponse:
        """What was submitted, what it would do now, and what can be done with it."""
        show_count(self.request)
        submitted = self.draft.submission
        mine = submitted is not None and submitted.actor == self.request.user
        order, waits = self.order(), self.draft.state == DraftState.WAITING
        context = {
            "draft": self.draft,
            "state": self.draft.get_state_display(),
            "form": self.form,
            "order": order,
            "effect": effect_of(self.form.complete, self.position, self.licenses),
            "explain": Explain.of(self.of, self.position),
            "customer_name": self.of.name,
            "files": self.files,
            "mine": mine,
            "may_decide": waits and not mine,
            "may_change": self.draft.state in OPEN,
            "problem": self.problem,
            "reason": self.request.POST.get("reason", ""),
            "key": form_key(self.request, self.key_name),
            "refuse_key": form_key(self.request, self.refuse_name),
            "discard_key": form_key(self.request, self.discard_name),
            "refusal_note": note_of(self.draft),
        }
        return render_page(self.request, "billing/order_draft.html", context, status=status)


def note_of(draft: PurchaseDraft) -> str:
    """Why an order was sent back; nothing once it was erased."""
    note = getattr(draft.refusal, "note", None)
    return note.text if note and draft.state == DraftState.REFUSED else ""
