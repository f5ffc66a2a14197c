"""What this app finds for the search box: saved estimates."""

from __future__ import annotations

from django.db.models import Q
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from credits.templatetags.figures import DAY, credits_text
from credits.web.search import LIMIT, Finder, Hit, Hits, Looking, hits_of
from estimator.models import Estimate


def find_estimates(looking: Looking) -> Hits:
    """The customer's estimates by name or number (E-57 or 57), the newest first."""
    if looking.customer is None:
        return Hits("")

    def hit(estimate: Estimate) -> Hit:
        words = {
            "label": estimate.label,
            "credits": credits_text(estimate.level),
            "day": date_text(estimate.updated_at, DAY),
        }
        return Hit(
            title=estimate.name,
            url=looking.url("estimator:estimate-edit", public_id=estimate.public_id),
            detail=_("%(label)s, %(credits)s credits, saved %(day)s") % words,
            exact=looking.is_exact(estimate.name, estimate.label),
        )

    called = Q(name__icontains=looking.words)
    number = looking.words.lower().removeprefix("e-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        called |= Q(number=int(number))
    found = Estimate.objects.for_customer(looking.customer).filter(called)
    return hits_of(_("Estimates"), found[: LIMIT + 1], hit, looking.url("estimator:estimate-list"))


FINDERS: list[Finder] = [find_estimates]
