"""What is chosen on the pages of pay-as-you-go: a billing model for each feature, and units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from billing.domain.billing_model import PaygFeature
from billing.forms.fields import quoted
from credits.domain.pricing import Quantity, total
from credits.domain.quantities import MEASURED, plain_units
from credits.exceptions import InvalidCommand
from credits.forms.allocations import (
    QUANTITY,
    AllocationForm,
    Fields,
    QuantityField,
    account_names,
    posted_accounts,
    quantity_name,
)
from credits.models import BillingModel, Feature

CHOSEN = "m."
TO_PAYG, TO_CREDITS = "payg", "credits"
"""The parameters of the review's address: a feature key each."""

BY_ACCOUNT = "tiered"


@dataclass(frozen=True)
class Switches:
    """Which features are to change, by key."""

    to_payg: frozenset[str] = frozenset()
    to_credits: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.to_payg | self.to_credits

    @property
    def query(self) -> list[tuple[str, str]]:
        """The switches as the review's address carries them."""
        return [
            *((TO_PAYG, key) for key in sorted(self.to_payg)),
            *((TO_CREDITS, key) for key in sorted(self.to_credits)),
        ]

    def model_of(self, key: str) -> str:
        """What a feature is to be paid with, if it is to change."""
        if key in self.to_payg:
            return BillingModel.PAYG.value
        return BillingModel.CREDITS.value if key in self.to_credits else ""


def switches_in(data: QueryDict) -> Switches:
    """What the review's address asks for, whatever the features are on now."""
    return Switches(frozenset(data.getlist(TO_PAYG)), frozenset(data.getlist(TO_CREDITS)))


def chosen_in(data: QueryDict, features: Iterable[PaygFeature]) -> Switches:
    """What a form of choices changes. Raises InvalidCommand for what is no billing model."""
    to_payg: set[str] = set()
    to_credits: set[str] = set()
    for one in features:
        typed = data.get(CHOSEN + one.feature.key, one.model.value)
        if typed not in BillingModel.values:
            raise InvalidCommand(
                _("Choose credits or pay-as-you-go for %(name)s. The form said %(typed)s.")
                % {"name": one.feature.name, "typed": quoted(typed)}
            )
        if typed != one.model:
            (to_payg if typed == BillingModel.PAYG else to_credits).add(one.feature.key)
    return Switches(frozenset(to_payg), frozenset(to_credits))


@dataclass(frozen=True)
class UnitsBlock:
    """The fields that state one feature's units: one number, or one for each account."""

    feature: Feature
    number: forms.BoundField | None
    accounts: Sequence[tuple[forms.BoundField, forms.BoundField]]
    unit: str


class UnitsForm(AllocationForm):
    """The units of the features that go back to credits, and a note."""

    def __init__(self, named: Fields, data: QueryDict | None = None) -> None:
        super().__init__(named, data)
        self.fields["note"].help_text = _("Shown in Activity.")
        self.backs: Sequence[PaygFeature] = ()

    @property
    def stated(self) -> Mapping[str, Quantity]:
        """What is stated anew: a number left empty states nothing."""
        found: dict[str, Quantity] = {}
        for key in self.named.quantities:
            units = self.cleaned_data[quantity_name(key)]
            if units is not None:
                found[key] = units
        for key in self.named.accounts:
            if accounts := dict(self._accounts(key)):
                found[key] = accounts
        return found

    @property
    def blocks(self) -> list[UnitsBlock]:
        """The fields of each feature, in catalogue order."""
        found = []
        for one in self.backs:
            key = one.feature.key
            number = self[quantity_name(key)] if key in self.named.quantities else None
            accounts = [
                (self[name], self[units])
                for name, units in (
                    account_names(key, row) for row in self.named.accounts.get(key, ())
                )
            ]
            if number is not None or accounts:
                found.append(UnitsBlock(one.feature, number, accounts, one.feature.unit_plural))
        return found


def posted_units(data: QueryDict, keys: AbstractSet[str]) -> UnitsForm:
    """The units as they were sent, read alike however the features stand: a repeat is one."""
    named = Fields()
    for name in data:
        key = name.removeprefix(QUANTITY)
        if name.startswith(QUANTITY) and key in keys:
            named.quantities[key] = QuantityField(measured=True, label=key)
    sent = posted_accounts(data)
    named.accounts = {key: rows for key, rows in sent.items() if key in keys}
    return UnitsForm(named, data)


def drawn_units(
    features: Sequence[PaygFeature], reported: AbstractSet[int], data: QueryDict | None = None
) -> UnitsForm:
    """The units of features that go back, filled with those in force or with what was sent.

    What a system reports (`reported`, group ids) is not typed, nor what several features share.
    """
    named = Fields(account_label=_("Units"))
    typed = [
        one for one in features if one.feature.group_id not in reported and not one.shares_units
    ]
    for one in typed:
        if one.offer.rate.model == BY_ACCOUNT:
            draw_accounts(named, one, data)
        else:
            draw_number(named, one)
    form = UnitsForm(named, data)
    form.backs = typed
    return form


def draw_number(named: Fields, one: PaygFeature) -> None:
    """One number for one feature."""
    key = one.feature.key
    named.quantities[key] = QuantityField(
        measured=one.offer.rate.model in MEASURED, label=one.feature.name, help_text=hint_of(one)
    )
    if one.is_on and (units := total(one.quantity)):
        named.initial[quantity_name(key)] = plain_units(units)


def draw_accounts(named: Fields, one: PaygFeature, data: QueryDict | None) -> None:
    """One number for each account, and an empty line to go on with."""
    key = one.feature.key
    held = accounts_of(one)
    for number, (name, units) in enumerate(held.items(), start=1):
        name_field, units_field = account_names(key, number)
        named.initial |= {name_field: name, units_field: plain_units(units)}
    sent = posted_accounts(data).get(key, []) if data is not None else []
    named.accounts[key] = sent or [*range(1, len(held) + 2)]
    named.measured = False


def accounts_of(one: PaygFeature) -> Mapping[str, Decimal]:
    """The accounts that count; units stated as one number are one account."""
    if not one.is_on:
        return {}
    if isinstance(one.quantity, Mapping):
        return one.quantity
    return {_("account %(number)d") % {"number": 1}: one.quantity} if one.quantity else {}


def hint_of(one: PaygFeature) -> str:
    """What an empty number means."""
    if not one.is_on:
        return _("It is off. Left empty, it stays off.")
    return _("These units hold credits again. Left empty, those in force count.")


def first_problem(form: Any) -> str:
    """The first sentence of a form that cannot be read."""
    return next(str(sentences[0]) for sentences in form.errors.values())
