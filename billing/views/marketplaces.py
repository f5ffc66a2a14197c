"""Where a buyer who comes from a marketplace links what was bought to a customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing.domain.marketplaces.linkable import NotYet, brings, check_goes_on
from billing.domain.marketplaces.linking import (
    ClaimRefused,
    claimed,
    digest_of,
    follow,
    link,
    link_new,
    linkable_by,
    look_again,
)
from billing.forms.marketplaces import ChooseForm, NewCustomerForm
from billing.models import LinkClaim, MarketplaceAgreement
from credits.domain.access import access_to
from credits.domain.commands import Asked
from credits.domain.people import Right
from credits.exceptions import CreditsError, KeyConflict
from credits.models import Customer, User
from credits.web.access import public_view
from credits.web.asking import asked, form_key
from credits.web.htmx import SEE_OTHER

PAGE = "billing/marketplace_link.html"
CHOOSE, NEW, AGAIN = "choose", "new", "again"
CONFLICT, REFUSED, GONE = 409, 422, 410


@public_view("The secret in its address was given to the buyer by the marketplace's token.")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def marketplace_link(request: HttpRequest, secret: str) -> HttpResponse:
    """What was bought, and whose it is to be; linked, it is applied at once where that works."""
    try:
        page = Linking(request, claimed(secret), secret)
    except ClaimRefused as refusal:
        return render(request, PAGE, {"refused": refusal.message}, status=GONE)
    if page.claim.used_at is not None:
        return page.linked()
    if request.method != "POST":
        # A buyer who manages what is linked comes from the marketplace by a new address each time.
        return page.show() if page.agreement.customer_id is None else page.linked()
    step = request.POST.get("step", "")
    if step == AGAIN:
        look_again(page.agreement)
        return page.show(LinkClaim.objects.select_related("agreement").get(pk=page.claim.pk))
    return page.make() if step == NEW else page.choose()


@dataclass
class Linking:
    """One visit to the page."""

    request: HttpRequest
    claim: LinkClaim
    secret: str

    @property
    def agreement(self) -> MarketplaceAgreement:
        return self.claim.agreement

    @property
    def user(self) -> User | None:
        user: Any = self.request.user
        return user if user.is_authenticated else None

    @property
    def customers(self) -> list[Customer]:
        """Those that the person may link it to."""
        return linkable_by(self.user) if self.user else []

    @property
    def key_name(self) -> str:
        """What the form's key is bound to beside the person."""
        return f"link/{digest_of(self.secret)}"

    def show(
        self,
        claim: LinkClaim | None = None,
        *,
        choose: ChooseForm | None = None,
        new: NewCustomerForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page, with the forms as they were sent or fresh."""
        self.claim = claim or self.claim
        customers = self.customers
        reason, is_early = self.why_not()
        initial = (
            {"admin_name": self.user.name, "admin_email": self.user.email} if self.user else {}
        )
        context = {
            "agreement": self.agreement,
            "brings": brings(self.agreement),
            "reason": reason,
            "is_early": is_early,
            "customers": customers,
            "choose": choose or ChooseForm(customers),
            "new": new or NewCustomerForm(initial=initial),
            "form_key": form_key(self.request, self.key_name),
            "login_url": f"{reverse('credits:login')}?next={self.request.path}",
            "is_new_open": bool(new is not None or not customers),
        }
        return render(self.request, PAGE, context, status=status)

    def why_not(self) -> tuple[str, bool]:
        """Why it cannot be linked by anybody, and whether waiting helps."""
        try:
            check_goes_on(self.agreement)
        except CreditsError as refusal:
            return refusal.message, isinstance(refusal, NotYet)
        return "", False

    def choose(self) -> HttpResponse:
        """Link it to a customer of the person."""
        form = ChooseForm(self.customers, self.request.POST)
        if self.user is None or not form.is_valid():
            return self.show(choose=form, status=REFUSED)
        try:
            found = link(self.claim, form.chosen(), self.asked())
        except CreditsError as refusal:
            form.add_error("customer", refusal.message)
            return self.show(choose=form, status=status_of(refusal))
        return self.follow(found)

    def make(self) -> HttpResponse:
        """Link it to a new customer."""
        form = NewCustomerForm(self.request.POST)
        if not form.is_valid():
            return self.show(new=form, status=REFUSED)
        try:
            found = link_new(self.claim, form.new(), self.asked())
        except CreditsError as refusal:
            form.refuse(refusal)
            return self.show(new=form, status=status_of(refusal))
        return self.follow(found)

    def asked(self) -> Asked:
        """Who asks, under the form's key; nobody, where nobody is logged in."""
        return replace(asked(self.request, self.key_name), actor=self.user)

    def follow(self, found: MarketplaceAgreement) -> HttpResponse:
        """Apply it at once if the marketplace answers, and go on."""
        follow(found)
        return HttpResponse(status=SEE_OTHER, headers={"Location": self.request.path})

    def linked(self) -> HttpResponse:
        """What a used address says: to whom it was linked, if the person may know that."""
        customer = self.agreement.customer
        seen = self.user and customer and access_to(self.user, customer.slug)
        may_see = bool(seen and Right.VIEW in seen.rights)
        context = {
            "agreement": self.agreement,
            "is_linked": True,
            "brings": brings(self.agreement),
            "is_applied": self.agreement.applied_at is not None and not self.agreement.problem,
            "problem": self.agreement.problem,
            "customer": customer if may_see else None,
        }
        return render(self.request, PAGE, context)


def status_of(refusal: CreditsError) -> int:
    """409 for a key that was used otherwise, 422 for anything else that is refused."""
    return CONFLICT if isinstance(refusal, KeyConflict) else REFUSED
