"""What a customer's features hold, each with the ways to correct it."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from credits import clock
from credits.admin.correcting import correction_url
from credits.admin.links import person_of, record_link
from credits.admin.records import Chapter
from credits.domain.access import may_correct
from credits.domain.allocations import on_payg
from credits.domain.figures import standing
from credits.domain.holdings import Holding, holdings
from credits.domain.quantities import plain_units, unit_name
from credits.domain.sources import reporting
from credits.models import Customer, Feature, FeatureChoice
from credits.templatetags.figures import credits_text, last_day_text


def customer_groups(request: HttpRequest, customer: Customer) -> Chapter:
    """Every feature that is in use, off, or on pay-as-you-go, with the ways to correct it."""
    contracts = contracts_of(customer)
    sources = reporting(customer)
    may = may_correct(person_of(request), customer)
    found = [h for h in holdings(customer, standing(customer, now=clock.now())) if is_told(h)]
    told = {h.offer.feature.pk: h for h in found} | {
        pk: None for pk in contracts if pk not in {h.offer.feature.pk for h in found}
    }
    features = Feature.objects.select_related("group").in_bulk(told)
    rows = []
    for pk, holding in told.items():
        feature = features[pk]
        source = sources.get(feature.group_id)
        rows.append(
            (
                named(feature),
                units_text(feature, holding),
                credits_text(holding.credits if holding else 0),
                source.name if source else "by hand",
                state_text(holding, contracts.get(pk)),
                ways(customer, feature, holding) if may else "",
            )
        )
    return Chapter(
        title="Allocation groups in use",
        columns=("Feature", "Units", "Credits", "Stated", "State", "Correct"),
        figures=frozenset({1, 2}),
        rows=rows,
        empty="Nothing holds credits.",
        add_url=correction_url(customer, "units") if may else "",
        add="State units of another group",
    )


def named(feature: Feature) -> str:
    """A feature, and its group where that has a name of its own."""
    link = record_link(feature)
    if feature.group.name == feature.name:
        return link
    return format_html('{} <span class="help">of {}</span>', link, record_link(feature.group))


def contracts_of(customer: Customer) -> dict[int, FeatureChoice]:
    """The choices in force by which features are on pay-as-you-go, by feature id."""
    now = clock.now()
    chosen = FeatureChoice.objects.filter(customer=customer).first_in_force(now)
    return {choice.feature_id: choice for choice in chosen if on_payg(choice, now)}


def is_told(holding: Holding) -> bool:
    """Whether a feature is in use, or has units that do not count because it is off."""
    return holding.is_in_use or bool(holding.quantity and not holding.is_on)


def units_text(feature: Feature, holding: Holding | None) -> str:
    """300 users."""
    if holding is None or not holding.units:
        return ""
    units = holding.units
    return f"{plain_units(units, grouped=True)} {unit_name(feature, units)}"


def state_text(holding: Holding | None, contract: FeatureChoice | None) -> str:
    """On credits, off, or pay-as-you-go with its contract's last day."""
    if contract is not None:
        until = f" until {last_day_text(contract.until)}" if contract.until else ""
        return f"pay-as-you-go{until}"
    return "on credits" if holding is not None and holding.is_on else "off"


def ways(customer: Customer, feature: Feature, holding: Holding | None) -> str:
    """The links to what can be corrected of a feature."""
    key = feature.group.key
    found = [(correction_url(customer, "units", group=key), "State units")]
    if holding is not None and holding.credits:
        found.append((correction_url(customer, "release", group=key), "Release"))
        found.append((correction_url(customer, "move", feature=feature.key), "Move"))
    if feature.payg == "yes":
        found.append((correction_url(customer, "billing", feature=feature.key), "Switch billing"))
    links = [(url, f"{label} of {feature.name}", label) for url, label in found]
    joined = format_html_join(" · ", '<a href="{}" aria-label="{}">{}</a>', links)
    return format_html('<span class="ways">{}</span>', joined)
