"""What an act would change, as rows of label, before, after and change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.activity_words import day_text
from credits.domain.figures import Position
from credits.domain.preview import Preview, ShortDate, license_ends
from credits.models import Customer, Feature, License, Side
from credits.templatetags.figures import credits_text
from credits.web.links import explain_url


@dataclass(frozen=True)
class EffectRow:
    """One figure before and after."""

    label: str
    before: int
    after: int
    detail: str = ""
    total: bool = False
    before_url: str = ""
    """The rows of the figure before; what is after the act has none yet."""

    @property
    def change(self) -> int:
        return self.after - self.before


def effect_rows(
    preview: Preview, features: Iterable[Feature], customer: Customer
) -> list[EffectRow]:
    """The features that an act is about, allocated, the balance, and the first short date."""
    before, after = preview.before, preview.after

    def row(label: str, old: int, new: int, side: str, **subject: str) -> EffectRow:
        return EffectRow(label, old, new, before_url=explain_url(customer, before, side, **subject))

    held, then = before.by_feature, after.by_feature
    touched = [f for f in features if held.get(f.pk) or then.get(f.pk)]
    named = Counter(f.name for f in touched)
    rows = [
        replace(
            row(f.name, held.get(f.pk, 0), then.get(f.pk, 0), Side.ALLOCATED.value, feature=f.key),
            detail=f.group.solution.name if named[f.name] > 1 else "",
        )
        for f in touched
    ]
    allocated = before.figure.allocated, after.figure.allocated
    rows.append(row(_("Allocated"), *allocated, Side.ALLOCATED.value))
    balance = row(_("Balance today"), before.figure.balance, after.figure.balance, "balance")
    rows.append(replace(balance, total=True))
    if short := preview.first_short:
        rows.append(short_row(short, before, customer))
    return rows


def short_row(short: ShortDate, before: Position, customer: Customer) -> EffectRow:
    """The balance on the first short date, as it is known and as it would be."""
    return EffectRow(
        label=_("First short date") if short.after < 0 else _("No longer short"),
        before=short.before,
        after=short.after,
        detail=short_detail(short),
        total=True,
        before_url=explain_url(customer, replace(before, at=short.at), "balance"),
    )


def short_detail(short: ShortDate) -> str:
    """The day on which credits will be short, and the licenses that end then."""
    licenses = License.objects.filter(pk__in=license_ends(short)).order_by("number")
    labels = [license.label for license in licenses]
    day = day_text(short.at)
    if not labels:
        return day
    words = {"day": day, "licenses": ", ".join(labels)}
    return ngettext("%(day)s, %(licenses)s ends", "%(day)s, %(licenses)s end", len(labels)) % words


def first_short(position: Position) -> EffectRow | None:
    """The first date on which credits will be short if nothing is done, in one row."""
    short = Preview(position, position).first_short
    if short is None:
        return None
    return EffectRow(_("First short"), short.before, short.after, short_detail(short))


def act_label(change: int, *, is_stated: bool, short: int = 0) -> str:
    """What the button does, with its amount. `short`: the shortfall it goes to."""
    amount = credits_text(abs(change))
    if change > 0 and short:
        return _("Allocate %(amount)s credits, %(short)s short") % {
            "amount": amount,
            "short": credits_text(-short),
        }
    if change > 0:
        return _("Allocate %(amount)s credits") % {"amount": amount}
    if change < 0:
        return _("Release %(amount)s credits") % {"amount": amount}
    return _("Save, credits unchanged") if is_stated else _("Allocate")
