"""The forms of seat licenses: entered by sales, added by a code, imported from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.conversion.rates import products
from billing.domain.conversion.seats import MAX_UNITS, Seats
from billing.domain.files.reading import MAX_BYTES
from billing.forms.fields import WHOLE, DayField, StrictField
from billing.forms.order_lines import DayInput
from billing.forms.typed import keep_typed
from billing.models import SeatKind
from credits.models import Customer, User

MAX_CODE = 200
PREVIEW_SECONDS = 1_800
"""So long a preview may be confirmed."""

FIELD_OF = {"starts": "first_day", "ends": "last_day", "credits": "units"}
"""The form's field for what the domain names otherwise."""


class UnitsField(StrictField):
    """A whole number of units."""

    must = f"a whole number from 1 to {MAX_UNITS:,}"

    def read(self, typed: str) -> int | None:
        if len(typed) > 20 or not WHOLE.fullmatch(typed):
            return None
        units = int(typed.replace(",", ""))
        return units if 1 <= units <= MAX_UNITS else None


class SeatForm(forms.Form):
    """A seat license as it is entered, or renewed."""

    product = forms.ChoiceField(
        label=gettext_lazy("Product"),
        error_messages={
            "required": gettext_lazy("Choose the product."),
            "invalid_choice": gettext_lazy("Choose the product."),
        },
    )
    units = UnitsField(
        label=gettext_lazy("Units"),
        widget=forms.TextInput({"inputmode": "numeric", "class": "n"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Type"), choices=SeatKind.choices)
    first_day = DayField(label=gettext_lazy("First day"), widget=DayInput())
    last_day = DayField(
        label=gettext_lazy("Last day"),
        widget=DayInput(),
        help_text=gettext_lazy("Usable to the end of this day, UTC."),
    )
    code = forms.CharField(
        label=gettext_lazy("Activation code"),
        required=False,
        max_length=MAX_CODE,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("The one it came with, if there is one. It is used up by this."),
    )
    unusual = forms.BooleanField(
        label=gettext_lazy("This term is meant as it stands"), required=False
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            data, initial=dict(initial or {}), auto_id="%s", use_required_attribute=False
        )
        named = [(rate.product, rate.name) for rate in products()]
        self.fields["product"].choices = [("", _("Choose a product")), *named]  # type: ignore[attr-defined]
        self.asks_unusual = bool(self.is_bound and self.data.get("unusual"))
        """Whether the form asks about an unusual term."""

    def full_clean(self) -> None:
        super().full_clean()
        keep_typed(self)

    def seats(self) -> Seats:
        """What a valid form enters."""
        told = self.cleaned_data
        return Seats(
            product=told["product"],
            units=told["units"],
            first_day=told["first_day"],
            last_day=told["last_day"],
            kind=told["kind"],
            unusual_confirmed=told["unusual"],
        )

    def put(self, message: str, field: str | None) -> None:
        """Say a refusal at its field."""
        name = FIELD_OF.get(field or "", field)
        self.add_error(name if name in self.fields else None, message)


class CodeForm(forms.Form):
    """An activation code, as it was sent."""

    code = forms.CharField(
        label=gettext_lazy("Activation code"),
        max_length=MAX_CODE,
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        help_text=gettext_lazy("As it was sent to you, with or without hyphens."),
        error_messages={"required": gettext_lazy("Enter the activation code.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="%s", use_required_attribute=False)


class SeatFileForm(forms.Form):
    """The file of an import. Its size is looked at before it is read."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        max_length=255,
        error_messages={
            "required": gettext_lazy("Choose a file first."),
            "invalid": gettext_lazy("Choose a file first."),
            "missing": gettext_lazy("Choose a file first."),
        },
    )

    data_read: bytes = b""

    def clean_file(self) -> UploadedFile[bytes]:
        """Read it, unless it is too large to be one of ours."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            size = {"size": MAX_BYTES // 1_000}
            raise forms.ValidationError(_("The file is larger than %(size)d kB.") % size)
        self.data_read = file.read(MAX_BYTES + 1)
        return file


def seal(value: Any, *whose: object) -> str:
    """What a preview hands on, as a text that only this person can send back."""
    return signing.dumps(value, salt=salt(*whose), compress=True)


def unseal(text: str, *whose: object) -> Any:
    """What was sealed; None for what was not, or too long ago."""
    try:
        return signing.loads(text, salt=salt(*whose), max_age=PREVIEW_SECONDS)
    except signing.BadSignature:
        return None


def salt(*whose: object) -> str:
    """Whose preview it is."""
    named = [one.pk if isinstance(one, User | Customer) else one for one in whose]
    return "billing.seats/" + "/".join(str(one) for one in named)
