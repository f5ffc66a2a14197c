"""The page of one correction of an order: what it shows, and when the act may be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.order_changes.effect import ChangeEffect
from billing.domain.order_changes.offered import is_offered
from billing.domain.purchase_lists import purchases_of
from billing.domain.purchases import OrderNumberTaken
from billing.models import WITHDRAWN_STATES, Purchase
from billing.web.links import purchase_url
from credits.domain.access import access_to
from credits.domain.commands import Asked, canonical, digest
from credits.domain.finding import customers_called
from credits.domain.members import NoLongerAllowed
from credits.domain.people import Right, customers_for
from credits.domain.restating import granted_terms
from credits.exceptions import CreditsError, KeyConflict, NotAllowed
from credits.models import Customer, License, LicenseTerm, Operation
from credits.web.access import CustomerRequest
from credits.web.asking import asked, form_key
from credits.web.feedback import done
from credits.web.htmx import redirect, render_page

DO = "do"
"""The button that does it; anything else only shows what it would do."""

SEEN = "seen"
"""The field that says which state of the order, and which act, the shown effect was of."""

CONFLICT, REFUSED = 409, 422
MOST_FOUND = 20

Effects = Callable[[Asked], Sequence[ChangeEffect]]
Act = Callable[[Asked], str]


class Changing:
    """One request for the page of a correction: the order, the form, and the act behind it."""

    def __init__(self, request: CustomerRequest, public_id: UUID, way: str) -> None:
        request.desk = "sales"
        self.request = request
        orders = purchases_of(request.customer).select_related("operation")
        self.purchase = get_object_or_404(orders, public_id=public_id)
        self.number = self.purchase.order_number
        self.way = way.partition("/")[0]
        self.key_name = f"order/{self.purchase.public_id}/{way}"
        """What the form's key is bound to, beside the person."""
        self.goes_to: Purchase = self.purchase
        """Whose page comes next."""

    @property
    def sent(self) -> Mapping[str, Any] | None:
        """What was sent; None where the page is only opened."""
        return self.request.POST if self.request.method == "POST" else None

    @property
    def licenses(self) -> list[License]:
        """The order's licenses, in its order."""
        return [line.license for line in self.purchase.lines.all()]

    @cached_property
    def terms(self) -> list[LicenseTerm]:
        """What the order grants, license by license, as it stands."""
        return list(granted_terms(self.purchase.operation).values())

    @property
    def trial(self) -> Asked:
        """Who asks, while it is only tried out. A reason is asked for later."""
        return Asked(source="portal", key="trial", actor=self.request.user, reason="-")

    def seen(self, said: Any = "") -> str:
        """What identifies the order as it stands, and what would be done to it."""
        events = self.purchase.events.count()
        operation = str(self.purchase.operation.public_id)
        return digest(operation, str(events), self.purchase.state, canonical(said))

    def answer(self, form: Any, effects: Effects, act: Act, **context: Any) -> HttpResponseBase:
        """A page whose effect is known before anything is typed."""
        try:
            if self.sent is not None and DO in self.sent:
                if not form.is_valid():
                    shown = effects(self.trial)
                    return self.show(form, shown, status=REFUSED, **context)
                return self.do(form, effects, act, **context)
            return self.show(form, effects(self.trial), **context)
        except CreditsError as refusal:
            return self.refused(form, refusal, **context)

    def do(
        self, form: Any, effects: Effects, act: Act, said: Any = "", **context: Any
    ) -> HttpResponseBase:
        """Do it, unless what was looked at is another order, or another act, by now.

        Raises what the act refuses.
        """
        ask = asked(self.request, self.key_name, reason=form.cleaned_data["reason"])
        was_done = Operation.objects.filter(source=ask.source, key=ask.key.lower()).exists()
        if not was_done and self.request.POST.get(SEEN) != self.seen(said):
            shown = effects(self.trial)
            return self.show(form, shown, status=CONFLICT, said=said, stale=STALE, **context)
        if not was_done and not is_offered(self.purchase):
            raise NotAllowed(follows(self.purchase))
        done(self.request, act(ask))
        return redirect(self.request, purchase_url(self.goes_to))

    def refused(self, form: Any, refusal: CreditsError, **context: Any) -> HttpResponse:
        """The page that says why nothing was done, with the order that is in the way."""
        if isinstance(refusal, NoLongerAllowed):
            raise PermissionDenied(refusal.message)
        taken = None
        if isinstance(refusal, OrderNumberTaken):
            seen = customers_for(self.request.user).filter(pk=refusal.purchase.customer_id)
            taken = refusal.purchase if seen.exists() else None
        if form.is_bound and form.is_valid():
            form.refuse(refusal)
        else:
            context["why_not"] = refusal.message
        status = CONFLICT if isinstance(refusal, KeyConflict) else REFUSED
        if self.sent is None:
            status = 200
        return self.show(form, (), status=status, taken=taken, **context)

    def show(
        self,
        form: BaseForm | None,
        effects: Sequence[ChangeEffect],
        *,
        status: int = 200,
        said: Any = "",
        **context: Any,
    ) -> HttpResponse:
        """The page: what the order is, the form, and what it would do."""
        why_not = "" if is_offered(self.purchase) else follows(self.purchase)
        known = {
            "purchase": self.purchase,
            "purchase_url": purchase_url(self.purchase),
            "way": self.way,
            "form": form,
            "form_key": form_key(self.request, self.key_name),
            "effects": effects,
            "seen": self.seen(said),
            "here": self.request.get_full_path(),
            "is_last": len(self.terms) == 1,
            "why_not": why_not,
        }
        return render_page(
            self.request, "billing/purchase_change.html", known | context, status=status
        )


STALE = gettext_lazy(
    "The order, or what you typed, is another by now. Look at what it does, then confirm."
)


def follows(purchase: Purchase) -> str:
    """Why an order is not corrected here."""
    if purchase.state in WITHDRAWN_STATES:
        text = _("Order %(number)s stands no more: %(state)s.")
        state = purchase.get_state_display().lower()
        return text % {"number": purchase.order_number, "state": state}
    text = _("Order %(number)s came by %(channel)s and follows it. It is corrected there.")
    return text % {
        "number": purchase.order_number,
        "channel": purchase.get_channel_display(),
    }


def other_customers(request: CustomerRequest, words: str) -> list[Customer]:
    """The first of one's own customers that are called so, without the one of the page."""
    found = customers_called(customers_for(request.user), words).exclude(pk=request.customer.pk)
    return list(found.order_by("name", "pk")[:MOST_FOUND]) if words else []


def own_customer(request: CustomerRequest, public_id: str) -> Customer | None:
    """Another of one's own customers, named by its id, where one may enter purchases."""
    try:
        named = UUID(public_id)
    except ValueError:
        return None
    others = customers_for(request.user).exclude(pk=request.customer.pk)
    found = others.filter(public_id=named).first()
    access = access_to(request.user, found.slug) if found is not None else None
    return found if access is not None and Right.ENTER_PURCHASES in access.rights else None
