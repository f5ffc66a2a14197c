"""Units, rates and license changes in words: the same on the page, in the drawer and the export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.dateformat import format as date_text
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.booking import quantities_of
from credits.domain.pricing import Quantities, Quantity, blocks, quantity_of, total
from credits.domain.quantities import unit_name
from credits.models import AllocationModel, Feature, FeatureRate, UsageReport

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
DAY = "j M Y"
BLOCKS = (AllocationModel.THROUGHPUT_BLOCK, AllocationModel.VOLUME_PACK)


def grouped(value: int | Decimal) -> str:
    """A number as the reader's locale groups it, without trailing zeros, with a true minus."""
    exact = Decimal(value)
    whole = exact == exact.to_integral_value()
    shown = Decimal(int(exact)) if whole else exact.normalize()
    text = number_format(abs(shown), force_grouping=True)
    return f"{MINUS}{text}" if shown < 0 else text


def signed(value: int | Decimal) -> str:
    """A change with its sign."""
    return f"+{grouped(value)}" if value > 0 else grouped(value)


def day_words(at: datetime | date) -> str:
    """A UTC day."""
    return date_text(at, DAY)


def last_day_words(ends_at: datetime) -> str:
    """The last day of a term that stops at 00:00 UTC of the next."""
    return date_text(ends_at - timedelta(microseconds=1), DAY)


def listed(words: Sequence[str]) -> str:
    """A, B and C."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def read_quantities(stored: Mapping[str, object] | None) -> Quantities:
    """Stored quantities as exact decimals; nothing stated is nothing."""
    return quantities_of(UsageReport(quantities=stored)) if stored else {}


def quantity_for(rate: FeatureRate, quantities: Quantities) -> Quantity:
    """The quantity a feature is priced by; a bundle's is that of its parts."""
    key = rate.parts[0] if rate.parts else rate.feature.key
    return quantity_of(key, quantities)


def quantity_words(feature: Feature, quantity: Quantity) -> str:
    """300 endpoints; 2 accounts, 2,200 resources."""
    units = total(quantity)
    text = f"{grouped(units)} {unit_name(feature, units)}"
    if not isinstance(quantity, Mapping):
        return text
    accounts = ngettext("%(count)s account", "%(count)s accounts", len(quantity))
    return f"{accounts % {'count': grouped(len(quantity))}}, {text}"


def rate_words(rate: FeatureRate) -> str:
    """65; 12,500 per 500."""
    if rate.block == 1:
        return grouped(rate.credits)
    return _("%(credits)s per %(block)s") % {
        "credits": grouped(rate.credits),
        "block": grouped(rate.block),
    }


def formula(rate: FeatureRate, quantity: Quantity) -> str:
    """How a quantity became credits: 310 endpoints x 65; 750 Mbps = 2 blocks of 500 x 12,500."""
    units = quantity_words(rate.feature, quantity)
    if rate.model == AllocationModel.FREE:
        return _("%(units)s, no credits needed") % {"units": units}
    if rate.model in BLOCKS:
        needed = blocks(total(quantity), rate.block)
        text = ngettext(
            "%(units)s = %(count)s block of %(block)s %(times)s %(credits)s",
            "%(units)s = %(count)s blocks of %(block)s %(times)s %(credits)s",
            needed,
        )
        return text % {
            "units": units,
            "count": grouped(needed),
            "block": grouped(rate.block),
            "times": TIMES,
            "credits": grouped(rate.credits),
        }
    if rate.cap is not None:
        text = _("%(units)s %(times)s %(rate)s, at most %(cap)s an account")
        return text % {
            "units": units,
            "times": TIMES,
            "rate": rate_words(rate),
            "cap": grouped(rate.cap),
        }
    return f"{units} {TIMES} {rate_words(rate)}"


def licenses_end(labels: Sequence[str]) -> str:
    """L-204 ends; L-204 and L-205 end; 4 licenses end."""
    if len(labels) > 3:
        return _("%(count)s licenses end") % {"count": grouped(len(labels))}
    return ngettext("%(labels)s ends", "%(labels)s end", len(labels)) % {"labels": listed(labels)}


def licenses_ended(labels: Sequence[str]) -> str:
    """L-198 ended; L-198 and L-199 ended; 4 licenses ended."""
    if len(labels) > 3:
        return _("%(count)s licenses ended") % {"count": grouped(len(labels))}
    return _("%(labels)s ended") % {"labels": listed(labels)}


def licenses_start(labels: Sequence[str]) -> str:
    """L-204 starts; L-204 and L-205 start."""
    text = ngettext("%(labels)s starts", "%(labels)s start", len(labels))
    return text % {"labels": listed(labels)}


def moves_by(name: str, credits: int) -> str:
    """Email Core falls by 200; it rises by 200."""
    text = _("%(name)s rises by %(credits)s") if credits > 0 else _("%(name)s falls by %(credits)s")
    return text % {"name": name, "credits": grouped(abs(credits))}


def rate_goes(old: FeatureRate, new: FeatureRate) -> str:
    """The rate of Core package goes from 25 to 30 credits per user."""
    unit = new.feature.unit if new.block == 1 else f"{grouped(new.block)} {new.feature.unit_plural}"
    values = {
        "name": new.feature.name,
        "old": grouped(old.credits) if old.block == new.block else rate_words(old),
        "new": grouped(new.credits),
        "unit": unit,
    }
    text = _("the rate of %(name)s goes from %(old)s to %(new)s credits per %(unit)s")
    return text % values


def contract_ends(name: str) -> str:
    """The pay-as-you-go contract of File Security SDK ends."""
    return _("the pay-as-you-go contract of %(name)s ends") % {"name": name}


def reservation_ends(name: str) -> str:
    """The reservation of XDR for Cloud ends; the next one may begin at the same instant."""
    return _("the reservation period of %(name)s ends") % {"name": name}


def rates_change(names: Iterable[str]) -> str:
    """The rate of one or more features changes."""
    found = list(dict.fromkeys(names))
    if len(found) > 3:
        return _("%(count)s rates change") % {"count": grouped(len(found))}
    text = ngettext("the rate of %(names)s changes", "the rates of %(names)s change", len(found))
    return text % {"names": listed(found)}
