"""The form of an allocation group as it is shown, made from the group's settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from credits.domain.groups import FeatureSetting, GroupSettings, Layout
from credits.domain.pricing import SHARED
from credits.domain.quantities import plain_units
from credits.forms.allocations import (
    SWITCH,
    AllocationForm,
    Fields,
    QuantityField,
    account_names,
    posted_accounts,
    quantity_name,
)
from credits.forms.hints import each_text, hint_of, model_hint, question_of


def drawn(
    settings: GroupSettings, data: QueryDict | None = None, *, feature: str = "", more: bool = False
) -> AllocationForm:
    """The form of a group, filled with what is in force or with what was sent.

    `feature` is the one a person came for, `more` asks for one more empty account.
    """
    named = Fields()
    if settings.layout is Layout.ACCOUNTS:
        draw_accounts(named, settings.features[0], data, more=more)
    elif settings.layout is Layout.SHARED:
        draw_shared(named, settings, feature)
    else:
        named.intro = model_hint(settings.features[0]) if settings.layout is Layout.EACH else ""
        for setting in settings.features:
            draw_number(named, settings, setting, feature)
    return AllocationForm(named, data)


def draw_number(
    named: Fields, settings: GroupSettings, setting: FeatureSetting, feature: str
) -> None:
    """One number for one feature."""
    is_one = settings.layout is Layout.ONE
    key = setting.feature.key
    named.quantities[key] = QuantityField(
        measured=setting.is_measured,
        required=is_one,
        label=question_of(setting) if is_one else setting.feature.name,
        help_text=hint_of(setting, alone=is_one),
    )
    named.units[key] = setting.feature.unit_plural
    if key == feature:
        named.focus = quantity_name(key)
    # What is on pay-as-you-go keeps its units: among packages they still count as its own.
    units = setting.units if setting.payg else setting.counted
    if units:
        named.initial[quantity_name(key)] = plain_units(units)


def draw_shared(named: Fields, settings: GroupSettings, feature: str) -> None:
    """Which features are on, and one number for all of them."""
    first = settings.features[0]
    named.quantities[SHARED] = QuantityField(
        measured=all(setting.is_measured for setting in settings.features),
        required=True,
        label=question_of(first),
        help_text=hint_of(first, alone=True),
    )
    named.focus = SHARED
    named.units[SHARED] = first.feature.unit_plural
    if first.units:
        named.initial[SHARED] = plain_units(first.units)
    for setting in settings.features:
        key = setting.feature.key
        named.switches[key] = forms.BooleanField(required=False, label=setting.feature.name)
        named.prices[key] = price_text(setting)
        named.initial[SWITCH + key] = setting.is_on or key == feature


def draw_accounts(
    named: Fields, setting: FeatureSetting, data: QueryDict | None, *, more: bool
) -> None:
    """One number for each account, and an empty line to go on with."""
    key = setting.feature.key
    named.measured = setting.is_measured
    named.account_label = question_of(setting)
    named.account_hint = hint_of(setting, alone=True)
    held = accounts_of(setting)
    for number, (name, units) in enumerate(held.items(), start=1):
        name_field, units_field = account_names(key, number)
        named.initial |= {name_field: name, units_field: plain_units(units)}
    sent = posted_accounts(data).get(key, []) if data is not None else []
    numbers = sent or [*range(1, len(held) + 2)]
    named.accounts[key] = [*numbers, numbers[-1] + 1] if more else numbers
    if more:
        named.focus = account_names(key, numbers[-1] + 1)[0]


def accounts_of(setting: FeatureSetting) -> Mapping[str, Decimal]:
    """The accounts that hold credits now; units stated as one number are one account."""
    if not setting.is_on:
        return {}
    if isinstance(setting.quantity, Mapping):
        return setting.quantity
    return {_("account %(number)d") % {"number": 1}: setting.units} if setting.units else {}


def price_text(setting: FeatureSetting) -> str:
    """What a unit costs: "60 per user"."""
    rate = plain_units(setting.rate.credits, grouped=True)
    return f"{rate} {each_text(setting)}"
