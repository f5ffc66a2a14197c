"""What was typed wrongly stays in its field, whatever the browser makes of the field's kind."""

from __future__ import annotations

from django import forms

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


def printable(typed: str) -> str:
    """What was typed, with a mark in place of each character that cannot be shown."""
    return "".join(char if char.isprintable() else UNPRINTABLE for char in typed)


def keep_typed(form: forms.Form) -> None:
    """Show fields with an error as plain text: a date field would drop what is no date."""
    for name in form.errors:
        if name in form.fields:
            form.fields[name].widget.input_type = "text"
