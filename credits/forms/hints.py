"""What a number asks for and what follows from it, in a sentence for each allocation model."""

from __future__ import annotations

from django.utils.translation import gettext as _

from credits.domain.groups import FeatureSetting
from credits.domain.quantities import plain_units


def question_of(setting: FeatureSetting) -> str:
    """What is counted: the label of a number that stands alone."""
    name = setting.feature.unit_plural
    return name[:1].upper() + name[1:]


def hint_of(setting: FeatureSetting, *, alone: bool) -> str:
    """What to know of a number before it is typed. Beside others, only what it costs."""
    closed = closed_hint(setting)
    if not alone:
        rate = _("%(rate)s credits %(each)s") % {
            "rate": plain_units(setting.rate.credits, grouped=True),
            "each": each_text(setting),
        }
        return f"{rate}. {closed}" if closed else f"{rate}."
    hint = model_hint(setting)
    return f"{closed} {hint}".strip()


def closed_hint(setting: FeatureSetting) -> str:
    """That nothing more is taken, and since when."""
    if setting.is_open or setting.rate.closes_at is None:
        return ""
    return _("No new allocations since %(day)s; what it holds stays.") % {
        "day": f"{setting.rate.closes_at:%Y-%m-%d}"
    }


def each_text(setting: FeatureSetting) -> str:
    """What one rate pays for: "an endpoint", "a block of 500 Mbps"."""
    rate, feature = setting.rate, setting.feature
    if rate.block == 1:
        return _("per %(unit)s") % {"unit": feature.unit}
    return _("per %(block)s %(units)s") % {
        "block": plain_units(rate.block, grouped=True),
        "units": feature.unit_plural,
    }


def model_hint(setting: FeatureSetting) -> str:
    """The rule of a feature's model, where a person could expect another."""
    block = f"{plain_units(setting.rate.block, grouped=True)} {setting.feature.unit_plural}"
    cap = f"{setting.rate.cap or 0:,}"
    return {
        "per_user": _("All signed-in users count; users can't be chosen one by one."),
        "daily_reserve": _(
            "Reserved anew each day at 00:00 UTC; what a day leaves over is not carried on."
        ),
        "throughput_block": _("Rounded up to whole blocks of %(block)s.") % {"block": block},
        "volume_pack": _("Rounded up to whole packs of %(block)s.") % {"block": block},
        "usage_reservation": _(
            "Reserved for 12 months at a time: a lower number counts from the next period on."
        ),
        "free": _("Holds no credits, however many there are."),
        "tiered": _(
            "Each account is priced by its own steps of %(block)s, at most %(cap)s credits."
        )
        % {"block": block, "cap": cap},
        "package": _("Count each endpoint once, under the highest package it needs."),
    }.get(setting.rate.model, "")
