"""What the drawer says of features whose credits do not follow from the number alone."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from credits.domain.groups import FeatureSetting
from credits.domain.pricing import Quantity, total
from credits.domain.quantities import plain_units, unit_name
from credits.templatetags.figures import DAY, credits_text


def payg_text(setting: FeatureSetting) -> str:
    """Since when a feature is on pay-as-you-go, and until when."""
    if setting.payg is None:
        return ""
    words = {"name": setting.feature.name, "since": day_text(setting.payg.at)}
    if setting.payg.until is None:
        text = _("%(name)s is on pay-as-you-go since %(since)s and holds no credits.") % words
    else:
        words["until"] = day_text(setting.payg.until)
        text = (
            _(
                "%(name)s is on pay-as-you-go since %(since)s and holds no credits. Its contract "
                "runs until %(until)s, 00:00 UTC; then its units hold credits again."
            )
            % words
        )
    if setting.units:
        kept = {"units": units_text(setting, setting.quantity)}
        text += " " + _("Stated now: %(units)s.") % kept
    return text


def reservation_text(setting: FeatureSetting, typed: Quantity | None) -> str:
    """What is held, until when, and what the next period starts at, also after what was typed."""
    period = setting.reserved
    if period is None:
        return ""
    held = max(period.quantity, total(typed)) if typed is not None else period.quantity
    following = total(typed) if typed is not None else period.next_quantity
    text = _("%(units)s held until %(until)s, 00:00 UTC.") % {
        "units": units_text(setting, held),
        "until": day_text(period.ends_at),
    }
    if following < held:
        text += " " + _("Lowering returns nothing before.")
    if not following:
        return text + " " + _("No period follows.")
    return (
        text
        + " "
        + _("The next one starts at %(units)s: %(credits)s credits.")
        % {
            "units": units_text(setting, following),
            "credits": credits_text(period.next_credits(following)),
        }
    )


def units_text(setting: FeatureSetting, quantity: Quantity) -> str:
    """95 GB uploaded."""
    units = total(quantity)
    return f"{plain_units(units, grouped=True)} {unit_name(setting.feature, units)}"


def day_text(at: datetime) -> str:
    """The UTC day of an instant."""
    return date_text(at.astimezone(UTC), DAY)
