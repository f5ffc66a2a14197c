"""The rates of a feature in order: past, in force, to come, and whose books do not know them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count
from django.http import HttpRequest

from credits import clock
from credits.admin.book_chapters import rate_text
from credits.admin.links import add_url, list_url, record_link
from credits.admin.records import SHOWN, Chapter
from credits.domain.in_force import instant_order
from credits.models import Balance, Feature, FeatureRate
from credits.templatetags.figures import credits_text, day, last_date


def feature_rates(request: HttpRequest, feature: Feature) -> Chapter:
    """The newest rates of a feature, each with its days."""
    rates = sorted(feature.rates.standing(), key=instant_order)
    now, behind = clock.now(), books_by_knowledge()
    return Chapter(
        title="Rates",
        columns=("From", "To", "", "Rate", "Books without it", "Source", "Remark"),
        figures=frozenset({4}),
        rows=[
            (
                day(rate.at),
                last_date(following(rate, rates)),
                state(rate, rates, now),
                record_link(rate, rate_text(rate)),
                credits_text(unaware(rate, behind)),
                rate.source,
                rate.remark,
            )
            for rate in reversed(rates[-SHOWN:])
        ],
        more_url=list_url(FeatureRate, feature__id__exact=feature.pk),
        add_url=add_url(FeatureRate, feature=feature.key)
        if request.user.has_perm("credits.add_featurerate")
        else "",
        add="Enter a rate",
    )


def following(rate: FeatureRate, rates: Sequence[FeatureRate]) -> datetime | None:
    """The first instant of the next rate."""
    return min((other.at for other in rates if other.at > rate.at), default=None)


def state(rate: FeatureRate, rates: Sequence[FeatureRate], now: datetime) -> str:
    """Where a rate stands among the feature's others, given in their order."""
    if rate != [other for other in rates if other.at == rate.at][-1]:
        return "corrected"
    if rate.at > now:
        return "to come"
    end = following(rate, rates)
    return "in force" if end is None or end > now else "past"


def books_by_knowledge() -> dict[int, int]:
    """How many customers know the rates through each operation; one query."""
    counted = Balance.objects.order_by().values_list("rates_through").annotate(Count("pk"))
    return dict(counted)


def unaware(rate: FeatureRate, behind: dict[int, int]) -> int:
    """How many customers' books do not know a rate yet."""
    return sum(count for through, count in behind.items() if through < rate.operation_id)


def unknown_text(rate: FeatureRate) -> str:
    """How many customers' books do not know a rate yet."""
    return credits_text(unaware(rate, books_by_knowledge()))
