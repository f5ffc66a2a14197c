"""The catalogue in sentences: what a unit is, what goes with what, what a number of units costs."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from billing.domain.annual.words import DAY, formula, grouped, listed
from billing.domain.solutions import Catalogue, Offering
from credits.models import AllocationModel, FeatureRate


def per_words(rate: FeatureRate) -> str:
    """What one rate pays for: per endpoint; per 500 Mbps."""
    if rate.model == AllocationModel.FREE:
        return _("however many")
    feature = rate.feature
    if rate.block == 1:
        return _("per %(unit)s") % {"unit": feature.unit}
    words = {"block": grouped(rate.block), "units": feature.unit_plural}
    return _("per %(block)s %(units)s") % words


def coming_words(rate: FeatureRate) -> str:
    """27 from 10 Jan 2027."""
    words = {"credits": grouped(rate.credits), "day": date_text(rate.at, DAY)}
    return _("%(credits)s from %(day)s") % words


def unit_sentence(rate: FeatureRate) -> str:
    """What is counted, in one sentence (docs/rules.md#r8)."""
    feature = rate.feature
    words = {
        "unit": feature.unit,
        "units": feature.unit_plural,
        "block": grouped(rate.block),
        "cap": grouped(rate.cap or 0),
    }
    sentences = {
        "manual": _("The number of %(units)s is typed here, up or down at any time."),
        "per_unit": _("Each %(unit)s on which it is deployed or switched on counts."),
        "per_user": _("Each signed-in user counts once; users can't be chosen one by one."),
        "daily_reserve": _(
            "The number reserved for every day, anew at 00:00 UTC; what a day leaves over is not "
            "carried on."
        ),
        "throughput_block": _(
            "%(units)s of throughput, rounded up to whole blocks of %(block)s %(units)s."
        ),
        "volume_pack": _("The volume in %(units)s, rounded up to whole packs of %(block)s."),
        "fixed_per_asset": _("Each %(unit)s counts once, however much it is used."),
        "free": _("It needs no credits, however many %(units)s there are."),
        "tiered": _(
            "Each account is priced by its own %(units)s in steps of %(block)s, at most "
            "%(cap)s credits an account."
        ),
        "package": _(
            "Each %(unit)s counts once, under the highest package of which it uses a function."
        ),
        "bundle": _("The %(units)s of its parts count, while all parts are on and on credits."),
        "usage_reservation": _(
            "The highest number of a period of 12 months; a lower number counts from the next "
            "period on."
        ),
    }
    return sentences[rate.model] % words


def notes(one: Offering, catalogue: Catalogue) -> Iterator[str]:
    """What goes with a feature, for its row: what it needs, its bundle, when it was closed."""
    if one.closed_since is not None:
        yield _("closed for new allocations since %(day)s") % {
            "day": date_text(one.closed_since, DAY)
        }
    if one.current is None:
        yield _("offered from %(day)s") % {"day": date_text(one.rate.at, DAY)}
    for either in one.feature.requires:
        yield _("needs %(names)s") % {"names": either_of(catalogue.named(either))}
    if one.is_bundle:
        yield _("in place of %(names)s") % {"names": listed(catalogue.named(one.rate.parts))}
    for bundle in catalogue.bundles_with(one):
        yield _("part of %(name)s") % {"name": bundle.feature.name}
    if one.rate.model == AllocationModel.PACKAGE and catalogue.together_with(one):
        yield _("counted together")


def rules(one: Offering, catalogue: Catalogue) -> Iterator[str]:
    """What else decides what it holds, each as a sentence (docs/rules.md#r8)."""
    name = one.feature.name
    for either in one.feature.requires:
        words = {"name": name, "names": either_of(catalogue.named(either))}
        yield _("%(name)s can be switched on only while %(names)s is in use.") % words
    yield from needed_by(one, catalogue)
    yield from group_rules(one, catalogue)
    if one.closed_since is not None:
        words = {"day": date_text(one.closed_since, DAY)}
        yield _("It takes no new allocations since %(day)s; what it holds keeps its rate.") % words
    if one.feature.payg == "yes":
        yield _("It can be put on pay-as-you-go; then it holds no credits.")
    if one.feature.retention_days:
        words = {"days": grouped(one.feature.retention_days)}
        yield _("Its data is kept for %(days)s days by default.") % words


def needed_by(one: Offering, catalogue: Catalogue) -> Iterator[str]:
    """Which features need it, alone or as one of several."""
    for other in catalogue.needing.get(one.feature.key, ()):
        for either in other.feature.requires if other.is_listed else ():
            rest = [key for key in either if key != one.feature.key]
            if len(rest) == len(either):
                continue
            words = {"name": other.feature.name, "others": either_of(catalogue.named(rest))}
            text = _("%(name)s needs it or %(others)s.") if rest else _("%(name)s needs it.")
            yield text % words


def group_rules(one: Offering, catalogue: Catalogue) -> Iterator[str]:
    """How a feature is counted together with others of its group."""
    together = [other for other in catalogue.together_with(one) if not other.is_bundle]
    if one.rate.model == AllocationModel.PACKAGE and together:
        yield _(
            "Counted together with %(names)s: the functions in use decide, not the package chosen. "
            "A package that is off or on pay-as-you-go still wins its %(units)s and holds nothing."
        ) % {
            "names": listed([other.feature.name for other in together]),
            "units": one.feature.unit_plural,
        }
    for bundle in [one] if one.is_bundle else catalogue.bundles_with(one):
        parts = [catalogue.by_key[k] for k in bundle.rate.parts if k in catalogue.by_key]
        apart = sum(part.rate.credits for part in parts)
        yield _(
            "With %(parts)s on and on credits, %(bundle)s holds %(rate)s per %(unit)s in place of "
            "%(apart)s apart."
        ) % {
            "parts": listed([part.feature.name for part in parts]),
            "bundle": bundle.feature.name,
            "rate": grouped(bundle.rate.credits),
            "unit": bundle.feature.unit,
            "apart": grouped(apart),
        }


def example_words(one: Offering, rate: FeatureRate) -> tuple[str, int]:
    """How 100 units become credits, and how many: 100 endpoints x 65."""
    quantity, credits = one.example(rate)
    return formula(rate, quantity), credits


def either_of(names: list[str]) -> str:
    """A, B or C: any of them serves."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s or %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
