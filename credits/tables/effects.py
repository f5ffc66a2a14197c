"""What an act would change, as rows of label, before, after and change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from credits.domain.activity_words import day_text
from credits.domain.figures import Position
from credits.domain.preview import Preview, ShortDate, license_ends
from credits.models import Feature, License
from credits.templatetags.figures import credits_text


@dataclass(frozen=True)
class EffectRow:
    """One figure before and after."""

    label: str
    before: int
    after: int
    detail: str = ""
    total: bool = False

    @property
    def change(self) -> int:
        return self.after - self.before


def effect_rows(preview: Preview, features: Iterable[Feature]) -> list[EffectRow]:
    """The features that an act is about, allocated, the balance, and the first short date."""
    before, after = preview.before, preview.after
    shown = [f for f in features if before.by_feature.get(f.pk) or after.by_feature.get(f.pk)]
    rows = [
        EffectRow(f.name, before.by_feature.get(f.pk, 0), after.by_feature.get(f.pk, 0))
        for f in shown
    ]
    rows.append(EffectRow(_("Allocated"), before.figure.allocated, after.figure.allocated))
    balance = EffectRow(_("Balance today"), before.figure.balance, after.figure.balance, total=True)
    rows.append(balance)
    if short := preview.first_short:
        label = _("First short date") if short.after < 0 else _("No longer short")
        detail = short_detail(short)
        rows.append(EffectRow(label, short.before, short.after, detail, total=True))
    return rows


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
