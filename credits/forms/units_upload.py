"""The forms of an upload: the file, and the plan that its preview hands on to be confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credits.domain.allocate_many import GroupStatement
from credits.domain.quantities import stored
from credits.domain.usage_file import MAX_BYTES
from credits.forms.notes import NoteForm
from credits.models import Customer, User


class UnitsFileForm(forms.Form):
    """The file a person chose. Its size is looked at before it is read."""

    file = forms.FileField(
        label=gettext_lazy("File"),
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


class PlanForm(NoteForm):
    """What is asked with the confirmation of a preview."""

    @staticmethod
    def name(customer: Customer) -> str:
        """What the key of such a form is for."""
        return f"upload/{customer.public_id}"


def write_plan(user: User, customer: Customer, statements: Sequence[GroupStatement]) -> str:
    """Statements as a text that only this person can send back, and only for this customer."""
    plan = [
        {
            "group": one.group,
            "quantities": stored(one.quantities),
            "on": None if one.on is None else sorted(one.on),
        }
        for one in statements
    ]
    return signing.dumps(plan, salt=salt(user, customer), compress=True)


def read_plan(user: User, customer: Customer, text: str) -> list[GroupStatement] | None:
    """The statements of a plan; None if it is not one that was made for them."""
    try:
        plan = signing.loads(text, salt=salt(user, customer))
    except signing.BadSignature:
        return None
    return [
        GroupStatement(
            group=one["group"],
            quantities={key: exact(value) for key, value in one["quantities"].items()},
            on=None if one["on"] is None else frozenset(one["on"]),
        )
        for one in plan
    ]


def exact(value: Any) -> Decimal | Mapping[str, Decimal]:
    """A number of a plan, or its numbers by account."""
    if isinstance(value, dict):
        return {account: Decimal(units) for account, units in value.items()}
    return Decimal(value)


def salt(user: User, customer: Customer) -> str:
    """Whose plan it is."""
    return f"credits.upload/{user.pk}/{customer.public_id}"
