"""The form of a file of orders."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.files.reading import MAX_BYTES


class ImportForm(forms.Form):
    """The file a person chose. Its size is looked at before it is read."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        max_length=255,
        error_messages={
            "required": gettext_lazy("Choose a file first."),
            "invalid": gettext_lazy("Choose a file first."),
            "missing": gettext_lazy("Choose a file first."),
            "max_length": gettext_lazy("The file's name is too long."),
        },
    )

    data_read: bytes = b""

    def clean_file(self) -> UploadedFile[Any]:
        """Read it, unless it is too large to be one of ours."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            size = {"size": MAX_BYTES // 1_000}
            raise forms.ValidationError(_("The file is larger than %(size)d kB.") % size)
        self.data_read = file.read(MAX_BYTES + 1)
        return file
