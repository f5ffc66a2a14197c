"""Features and customers by what people call them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from credits.models import Customer, Feature, FeatureRate


def features_called(words: Iterable[str]) -> QuerySet[Feature]:
    """Features that are or were offered and whose names hold every word.

    Their own name and key, their group's and their solution's count; those whose own name begins
    with the first word lead, then the order of the catalogue.
    """
    asked = list(words)
    offered = FeatureRate.objects.filter(feature=OuterRef("pk"))
    found = Feature.objects.filter(Exists(offered)).select_related("group__solution")
    for word in asked:
        found = found.filter(
            Q(name__icontains=word)
            | Q(key__icontains=word)
            | Q(group__name__icontains=word)
            | Q(group__solution__name__icontains=word)
        )
    first = asked[0] if asked else ""
    place = Case(
        When(name__istartswith=first, then=Value(0)),
        When(name__icontains=first, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return found.order_by(place, "group__solution__position", "position", "pk")


def customers_called(customers: QuerySet[Customer], words: str) -> QuerySet[Customer]:
    """Those whose name or mail domain holds the words, or whose number they are (C-1001, 1001)."""
    if not words:
        return customers
    found = Q(name__icontains=words) | Q(domain__icontains=words)
    number = words.lower().removeprefix("c-")
    if number.isascii() and number.isdigit() and len(number) < 10:
        found |= Q(number=int(number))
    return customers.filter(found)
