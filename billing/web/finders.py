"""What this app finds for the search box: licenses and orders; on the sales desk customers too."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from billing.domain.licenses import LicenseState, licenses_of, matching
from billing.domain.purchases import numbered
from billing.models import CreditRequest, Purchase
from credits import clock
from credits.domain.finding import customers_called
from credits.domain.people import customers_for
from credits.models import Customer, License
from credits.templatetags.figures import DAY, credits_text, last_day_text
from credits.web.links import with_state
from credits.web.search import LIMIT, Finder, Hit, Hits, Looking, hits_of


def find_licenses(looking: Looking) -> Hits:
    """Licenses by number (L-204 or 204) or by the number of their order."""
    if looking.customer is None:
        return Hits("")

    def hit(license: License) -> Hit:
        return Hit(
            title=license.label,
            url=looking.url("billing:license-detail", public_id=license.public_id),
            detail=license_words(license),
            exact=looking.is_exact(license.label),
        )

    found = matching(licenses_of(looking.customer, clock.now()), looking.words)
    everything = with_state(looking.url("billing:license-list"), q=looking.words)
    return hits_of(_("Licenses"), found[: LIMIT + 1], hit, everything)


def license_words(license: License) -> str:
    """15,000 credits, valid to 2 Apr 2027."""
    state = LicenseState(license.state)  # type: ignore[attr-defined]
    words = {"credits": credits_text(license.credits), "day": last_day_text(license.ends_at)}
    return {
        LicenseState.VALID: _("%(credits)s credits, valid to %(day)s"),
        LicenseState.UPCOMING: _("%(credits)s credits, starts later, to %(day)s"),
        LicenseState.ENDED: _("%(credits)s credits, ended on %(day)s"),
        LicenseState.VOIDED: _("%(credits)s credits, voided"),
    }[state] % words


def find_purchases(looking: Looking) -> Hits:
    """The customer's orders by number."""
    orders = Purchase.objects.filter(customer=looking.customer).select_related("customer")
    found = numbered(orders, looking.words)[: LIMIT + 1]
    everything = with_state(looking.url("billing:license-list"), q=looking.words)
    return hits_of(_("Purchases"), found, order_hit(looking), everything)


def find_requests(looking: Looking) -> Hits:
    """The customer's requests for credits by number (R-3 or 3)."""
    number = looking.words.lower().removeprefix("r-")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return Hits("")

    def hit(request: CreditRequest) -> Hit:
        words = {
            "credits": credits_text(request.credits),
            "day": date_text(request.needed_on, DAY),
            "state": request.get_state_display().lower(),
        }
        return Hit(
            title=request.label,
            url=looking.url("billing:request-detail", public_id=request.public_id),
            detail=_("%(credits)s credits by %(day)s, %(state)s") % words,
            exact=looking.is_exact(request.label),
        )

    found = CreditRequest.objects.filter(customer=looking.customer, number=int(number))
    return hits_of(_("Requests"), found, hit)


def find_orders(looking: Looking) -> Hits:
    """Orders of all the customers a person looks after, by number."""
    orders = Purchase.objects.filter(customer__in=customers_for(looking.user))
    found = numbered(orders.select_related("customer"), looking.words)[: LIMIT + 1]
    everything = with_state(reverse("billing:sales-purchases"), q=looking.words)
    return hits_of(_("Purchases"), found, order_hit(looking), everything)


def order_hit(looking: Looking) -> Callable[[Purchase], Hit]:
    """How an order is shown; on the sales desk with the name of its customer."""

    def hit(order: Purchase) -> Hit:
        words = {
            "channel": order.get_channel_display(),
            "day": date_text(order.recorded_at, DAY),
            "customer": order.customer.name,
        }
        text = _("%(channel)s, entered %(day)s")
        if looking.customer is None:
            text = _("%(customer)s, entered %(day)s")
        kwargs = {"slug": order.customer.slug, "public_id": order.public_id}
        return Hit(
            title=order.order_number,
            url=reverse("billing:purchase-detail", kwargs=kwargs),
            detail=text % words,
            exact=looking.is_exact(order.order_number),
        )

    return hit


def find_customers(looking: Looking) -> Hits:
    """The customers a person looks after, by name, number or mail domain."""

    def hit(customer: Customer) -> Hit:
        return Hit(
            title=customer.name,
            url=reverse(settings.CUSTOMER_HOME, kwargs={"slug": customer.slug}),
            detail=customer.label,
            exact=looking.is_exact(customer.name, customer.label),
        )

    everything = with_state(reverse("billing:sales-customers"), q=looking.words)
    found = customers_called(customers_for(looking.user), looking.words).order_by("name", "pk")
    return hits_of(_("Customers"), found[: LIMIT + 1], hit, everything)


FINDERS: list[Finder] = [find_licenses, find_purchases, find_requests]
SALES_FINDERS: list[Finder] = [find_customers, find_orders]
