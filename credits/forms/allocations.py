"""The form of an allocation group: numbers of units by feature or account, switches, a note.

The same fields are read in two ways. `posted` takes them as they came, so that an allocation
costs no look-up of the group: the command checks it under the lock. `drawn` (credits.forms.drawn)
takes them from the group's settings, to be shown, and to say at each field what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.domain.pricing import SHARED, Quantities, Quantity
from credits.domain.quantities import read_quantity
from credits.exceptions import CreditsError, InvalidCommand

QUANTITY = "q."
SWITCH = "on."
ACCOUNT = "a."
ACCOUNT_FIELD = re.compile(r"a\.([a-z0-9-]{1,60})\.([0-9]{1,4})\.(?:name|units)", re.ASCII)
MAX_NAME = 120
NOTE_LENGTH = 500
MAX_SEQ_DIGITS = 18


class UnreadableForm(InvalidCommand):
    """The form that was sent states nothing that can be asked; its fields say why."""

    code = "unreadable"


class QuantityField(forms.CharField):
    """A number of units, read strictly. `measured`: it may have decimals."""

    def __init__(self, *, measured: bool, **kwargs: Any) -> None:
        self.measured = measured
        kwargs.setdefault("required", False)
        kwargs["widget"] = forms.TextInput(
            attrs={"inputmode": "decimal" if measured else "numeric", "autocomplete": "off"}
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = str(self.to_python(value))
        if not text and not self.required:
            return None
        try:
            return read_quantity(text, measured=self.measured, field="")
        except InvalidCommand as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.code) from None


@dataclass
class Fields:
    """Which fields a form has, and what is shown beside them. Keys are feature keys."""

    quantities: dict[str, QuantityField] = field(default_factory=dict)
    switches: dict[str, forms.BooleanField] = field(default_factory=dict)
    accounts: dict[str, list[int]] = field(default_factory=dict)
    measured: bool = True
    """Whether the numbers of accounts may have decimals."""
    units: dict[str, str] = field(default_factory=dict)
    """The unit inside each number."""
    prices: dict[str, str] = field(default_factory=dict)
    """What each switch costs."""
    focus: str = ""
    """The field to begin with, by its name in the form."""
    intro: str = ""
    """What to know before any number is typed."""
    account_label: str = ""
    account_hint: str = ""
    initial: dict[str, Any] = field(default_factory=dict)


class AllocationForm(forms.Form):
    """What a person states for one allocation group."""

    use_required_attribute = False

    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Shown in Activity, where this can be undone."),
    )

    def __init__(self, named: Fields, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=named.initial)
        self.named = named
        for key, quantity in named.quantities.items():
            self.fields[quantity_name(key)] = quantity
        for key, switch in named.switches.items():
            self.fields[SWITCH + key] = switch
        for key, numbers in named.accounts.items():
            for number in numbers:
                self._add_account(key, number)
        if named.focus:
            self.fields[named.focus].widget.attrs |= {"autofocus": True, "data-focus": True}

    def _add_account(self, key: str, number: int) -> None:
        name, units = account_names(key, number)
        self.fields[name] = forms.CharField(
            label=_("Account %(number)d") % {"number": number},
            required=False,
            max_length=MAX_NAME,
            widget=forms.TextInput(
                attrs={"class": "in", "size": 12, "autocomplete": "off", "placeholder": _("Name")}
            ),
        )
        self.fields[units] = QuantityField(
            measured=self.named.measured,
            label=_("%(units)s in account %(number)d")
            % {"units": self.named.account_label or _("Units"), "number": number},
        )
        self.fields[units].widget.attrs |= {"class": "in n", "size": 8}

    def clean(self) -> dict[str, Any]:
        for key, numbers in self.named.accounts.items():
            self._check_accounts(key, numbers)
        return self.cleaned_data

    def _check_accounts(self, key: str, numbers: Sequence[int]) -> None:
        names: set[str] = set()
        for number in numbers:
            name_field, units_field = account_names(key, number)
            name = self.cleaned_data.get(name_field, "")
            units = self.cleaned_data.get(units_field)
            if name and units is None and units_field not in self.errors:
                missing = _("Enter how many units %(name)s has.") % {"name": name}
                self.add_error(units_field, missing)
            if not name.isprintable():
                self.add_error(name_field, _("The name must be printable."))
            if name in names:
                self.add_error(name_field, _("%(name)s is listed twice.") % {"name": name})
            names |= {name} - {""}

    @property
    def quantities(self) -> Quantities:
        """What the form states, by feature key or under the shared name."""
        stated: dict[str, Quantity] = {
            key: self.cleaned_data[quantity_name(key)] or Decimal(0)
            for key in self.named.quantities
        }
        for key in self.named.accounts:
            stated[key] = dict(self._accounts(key))
        return stated

    def _accounts(self, key: str) -> Iterator[tuple[str, Decimal]]:
        numbers = self.named.accounts[key]
        taken = {self.cleaned_data[account_names(key, number)[0]] for number in numbers}
        for number in numbers:
            name, units = (self.cleaned_data[part] for part in account_names(key, number))
            if units is not None:
                yield name or unused(_("account %(number)d") % {"number": number}, taken), units

    @property
    def on(self) -> frozenset[str] | None:
        """The features that are to be on, where one number serves several."""
        if SHARED not in self.named.quantities:
            return None
        return frozenset(key for key in self.named.switches if self.cleaned_data[SWITCH + key])

    @property
    def is_empty(self) -> bool:
        """Whether it has no field that states anything."""
        return not (self.named.quantities or self.named.accounts)

    def put(self, error: CreditsError) -> None:
        """Show a refusal at the field it is about, else above the form."""
        only = [quantity_name(key) for key in self.named.quantities]
        wanted = quantity_name(error.field) if error.field else ""
        if wanted in self.fields:
            self.add_error(wanted, error.message)
        else:
            at_only_field = len(only) == 1 and error.code in ("not-allowed", "rate-closed")
            self.add_error(only[0] if at_only_field else None, error.message)

    def has_said(self, error: CreditsError) -> bool:
        """Whether the field that a refusal is about says already what is wrong with it."""
        if not error.field:
            return False
        accounts = self.named.accounts.get(error.field, [])
        rows = [name for number in accounts for name in account_names(error.field, number)]
        return any(name in self.errors for name in (quantity_name(error.field), *rows))

    @property
    def numbers(self) -> list[tuple[forms.BoundField, str]]:
        """The numbers in order, each with its unit."""
        units = self.named.units
        return [(self[quantity_name(key)], units.get(key, "")) for key in self.named.quantities]

    @property
    def switches(self) -> list[tuple[forms.BoundField, str]]:
        """The switches in order, each with what it costs."""
        prices = self.named.prices
        return [(self[SWITCH + key], prices.get(key, "")) for key in self.named.switches]

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The accounts in order: name and units."""
        return [
            (self[name], self[units])
            for key, numbers in self.named.accounts.items()
            for name, units in (account_names(key, number) for number in numbers)
        ]


def posted(data: QueryDict) -> AllocationForm:
    """The form as it was sent, whatever group it is for. Decimals pass; the command knows."""
    named = Fields()
    keys = [name.removeprefix(QUANTITY) for name in data if name.startswith(QUANTITY)]
    if SHARED in data:
        keys.append(SHARED)
    for key in keys:
        named.quantities[key] = QuantityField(measured=True, required=len(keys) == 1)
    named.switches = {
        name.removeprefix(SWITCH): forms.BooleanField(required=False)
        for name in data
        if name.startswith(SWITCH)
    }
    named.accounts = posted_accounts(data)
    return AllocationForm(named, data)


def posted_accounts(data: QueryDict) -> dict[str, list[int]]:
    """The numbers of the accounts that were sent, by feature key."""
    found: dict[str, set[int]] = {}
    for name in data:
        if match := ACCOUNT_FIELD.fullmatch(name):
            found.setdefault(match[1], set()).add(int(match[2]))
    return {key: sorted(numbers) for key, numbers in found.items()}


def quantity_name(key: str) -> str:
    """The name of the field that states a feature's, or the shared, quantity."""
    return SHARED if key == SHARED else QUANTITY + key


def account_names(key: str, number: int) -> tuple[str, str]:
    """The names of the two fields of an account."""
    return f"{ACCOUNT}{key}.{number}.name", f"{ACCOUNT}{key}.{number}.units"


def unused(name: str, taken: set[str]) -> str:
    """A name for an account that was given none, unlike all others; it is taken then."""
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def seen_seq(data: QueryDict) -> int:
    """The ledger seq the form was drawn from; a form that does not say is as old as can be."""
    text = data.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_SEQ_DIGITS else 0
