"""The licenses of an order as they are typed: one small form each, numbered from 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.domain.coterming import Share, Together, share_of
from billing.domain.orders import LineOrder, unusual
from billing.domain.renewals import Anchor, Joint, LikelyLine, joint
from billing.forms.fields import CreditsField, DayField
from credits.domain.terms import FIRST_YEAR, LAST_YEAR, last_day, term
from credits.exceptions import CreditsError
from credits.models import License
from credits.templatetags.figures import last_day_text

CUSTOM = "custom"
TERMS = (
    ("12", _("1 year")),
    ("24", _("2 years")),
    ("36", _("3 years")),
    ("6", _("6 months")),
    (CUSTOM, _("Other")),
)
MONTHS = {key: int(key) for key, _label in TERMS if key != CUSTOM}
TYPED = ("credits", "first_day", "term", "last_day", "renews", "shown")
FIELD_OF = {"credits": "credits", "starts": "first_day", "ends": "last_day", "renews": "renews"}
"""The form's field for what the domain names."""


@dataclass(frozen=True)
class Term:
    """A length and a last day that agree, as the form shows them."""

    choice: str
    last_day: str

    @property
    def text(self) -> str:
        """What the form remembers of it, to see what a person changes."""
        return f"{self.choice}/{self.last_day}"


@dataclass(frozen=True)
class Terms:
    """The last days that a choice means: counted in months, from an anchor, or shared."""

    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    """By the license that is renewed, from where its chain is counted."""
    together: Sequence[Together] = ()

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """What a license's term can be chosen from; "Other" comes last."""
        *months, other = TERMS
        return [*months, *((one.key, _together(one)) for one in self.together), other]

    def last_day(self, first_day: date | None, choice: str, renews: str = "") -> date | None:
        """The day that a choice means for a license from a first day; None if it means none."""
        if shared := self.shared(choice):
            return shared.last_day
        if choice not in MONTHS or first_day is None:
            return None
        if not FIRST_YEAR <= first_day.year <= LAST_YEAR:
            return None
        anchor = self.anchors.get(renews)
        if anchor is not None and anchor.next_day == first_day:
            return anchor.last_day(MONTHS[choice])
        return last_day(first_day, MONTHS[choice])

    def shared(self, choice: str) -> Together | None:
        """The licenses whose last day was chosen."""
        return next((one for one in self.together if one.key == choice), None)


PLAIN = Terms()


def settle(
    first_day: date | None,
    choice: str,
    typed_last: str,
    shown: str,
    renews: str = "",
    terms: Terms = PLAIN,
) -> Term:
    """Make length and last day agree: whichever of the two was changed decides.

    A last day that differs from the one shown was typed, so the length becomes "Other"; otherwise
    the length says which day it is.
    """
    means = terms.last_day(first_day, choice, renews)
    said = means.isoformat() if means else ""
    if typed_last in ("", said, shown.partition("/")[2]):
        return Term(choice, said or typed_last)
    return Term(CUSTOM, typed_last)


@dataclass(frozen=True)
class Settled:
    """A field that the server sets while another one is typed in."""

    field: BoundField

    @property
    def html_name(self) -> str:
        """The name it is sent under."""
        return self.field.html_name

    @property
    def swapped(self) -> SafeString:
        """Its widget, to take the place of the one on the page."""
        return self.field.as_widget(attrs={"hx-swap-oob": "true"})


class LineForm(forms.Form):
    """One license: credits, first day, and a length or a last day."""

    credits = CreditsField(label=_("Credits"))
    first_day = DayField(label=_("First day"))
    term = forms.ChoiceField(
        label=_("Term"),
        choices=TERMS,
        error_messages={"invalid_choice": _("Choose one of the terms listed.")},
    )
    last_day = DayField(label=_("Last day"), required=False)
    renews = forms.ChoiceField(label=_("Renews"), required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    yearly: Decimal | None = None
    """The price that was typed for the order."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        place: int,
        licenses: Sequence[License],
        live: Mapping[str, str],
        initial: Mapping[str, Any] | None = None,
        focus: bool = False,
        terms: Terms = PLAIN,
    ) -> None:
        super().__init__(
            data,
            prefix=f"line-{place}",
            initial=dict(initial or {}),
            auto_id="%s",
            use_required_attribute=False,
        )
        self.place = place
        self.terms = terms
        cast(forms.ChoiceField, self.fields["term"]).choices = terms.choices
        self.licenses = {str(license.public_id): license for license in licenses}
        choice = cast(forms.ChoiceField, self.fields["renews"])
        choice.choices = [
            ("", _("Nothing, a new license")),
            *((key, _ending(license)) for key, license in self.licenses.items()),
        ]
        choice.error_messages["invalid_choice"] = _("There is no such license to renew.")
        self._dress(live, focus=focus)

    def _dress(self, live: Mapping[str, str], *, focus: bool) -> None:
        text = {**live, "hx-trigger": "input changed delay:250ms", "autocomplete": "off"}
        pick = {**live, "hx-trigger": "change"}
        day = {**text, "min": f"{FIRST_YEAR}-01-01", "max": f"{LAST_YEAR}-12-31"}
        number = {**text, "inputmode": "numeric", "class": "n"}
        self.fields["credits"].widget = forms.TextInput(attrs=number)
        self.fields["first_day"].widget = DayInput(attrs=day)
        self.fields["last_day"].widget = DayInput(attrs=day)
        for name in ("term", "renews"):
            self.fields[name].widget.attrs.update(pick)
        if focus:
            self.fields["credits"].widget.attrs["data-focus"] = ""

    def clean(self) -> dict[str, Any]:
        """Let the length and the last day agree, and turn the renewal into its license."""
        cleaned = super().clean() or {}
        first, choice = cleaned.get("first_day"), cleaned.get("term")
        if first is None or choice is None or "last_day" in self.errors:
            return cleaned
        typed = cleaned["last_day"].isoformat() if cleaned.get("last_day") else ""
        renews = cleaned.get("renews", "")
        agreed = settle(first, choice, typed, cleaned.get("shown", ""), renews, self.terms)
        last = date.fromisoformat(agreed.last_day) if agreed.last_day else None
        try:
            term(first, last or first)
        except CreditsError as refusal:
            self.add_error(FIELD_OF[refusal.field or "ends"], refusal.message)
            return cleaned
        if last is None:
            self.add_error("last_day", _("Enter the last day, or choose a term."))
        return {**cleaned, "last_day": last}

    def order(self) -> LineOrder:
        """The license as it is ordered; of a valid form."""
        cleaned = self.cleaned_data
        return LineOrder(
            credits=cleaned["credits"],
            first_day=cleaned["first_day"],
            last_day=cleaned["last_day"],
            renews=self.licenses.get(cleaned.get("renews", "")),
        )

    def joint(self) -> Joint | None:
        """How its first day meets the license before."""
        first = DayField(required=False).read(str(self["first_day"].value() or "").strip())
        renews = self.licenses.get(str(self["renews"].value() or ""))
        return joint(first, renews, list(self.licenses.values()))

    def together(self) -> Together | None:
        """The licenses that it ends together with, where that was chosen."""
        return self.terms.shared(str(self["term"].value() or ""))

    def share(self) -> Share | None:
        """What part of a year its term is, where it ends together with others."""
        first = DayField(required=False).read(str(self["first_day"].value() or "").strip())
        shared = self.together()
        return share_of(first, shared.last_day) if first and shared else None

    def row(self) -> list[BoundField]:
        """The fields that stand side by side."""
        return [self[name] for name in ("credits", "first_day", "term", "last_day")]

    def settled(self) -> list[Settled]:
        """The fields that follow what is typed in others."""
        return [Settled(self[name]) for name in ("term", "last_day", "shown")]

    def number(self) -> int:
        """Its place as people count."""
        return self.place + 1

    def price_of_days(self) -> Decimal | None:
        """What the price typed comes to for these days, if it is that of a year."""
        share = self.share()
        return share.price_of(self.yearly) if share and self.yearly is not None else None

    def renewals(self) -> list[License]:
        """What it could renew."""
        return list(self.licenses.values())


class DayInput(forms.DateInput):
    """The browser's own date field, which sends YYYY-MM-DD."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if isinstance(value, date) else value


def _ending(license: License) -> str:
    return gettext("%(license)s, ends %(day)s") % {
        "license": license.label,
        "day": last_day_text(license.ends_at),
    }


def _together(one: Together) -> str:
    words = {"license": one.licenses[0].label, "day": last_day_text(one.licenses[0].ends_at)}
    if len(one.licenses) == 1:
        return gettext("Together with %(license)s, to %(day)s") % words
    more = len(one.licenses) - 1
    return ngettext(
        "Together with %(license)s and %(more)d more, to %(day)s",
        "Together with %(license)s and %(more)d more, to %(day)s",
        more,
    ) % {**words, "more": more}


def typed_line(data: Mapping[str, Any], place: int, terms: Terms = PLAIN) -> dict[str, str]:
    """What was typed for one license, with length and last day made to agree."""
    typed = {name: str(data.get(f"line-{place}-{name}", "")) for name in TYPED}
    first = DayField(required=False).read(typed["first_day"].strip())
    agreed = settle(
        first,
        typed["term"],
        typed["last_day"].strip(),
        typed["shown"],
        typed["renews"],
        terms,
    )
    return {**typed, "term": agreed.choice, "last_day": agreed.last_day, "shown": agreed.text}


def line_from(likely: LikelyLine, terms: Terms = PLAIN) -> dict[str, str]:
    """The form's first words for a likely license."""
    renews = str(likely.renews.public_id) if likely.renews else ""
    choice, last = str(likely.months), ""
    if choice not in MONTHS:
        choice, last = CUSTOM, likely.last_day(terms.anchors.get(renews)).isoformat()
    agreed = settle(likely.first_day, choice, last, "", renews, terms)
    return {
        "credits": f"{likely.credits:,}" if likely.credits else "",
        "first_day": likely.first_day.isoformat(),
        "term": agreed.choice,
        "last_day": agreed.last_day,
        "renews": renews,
        "shown": agreed.text,
    }


def unusual_of(lines: Mapping[int, LineOrder], today: date) -> dict[int, str]:
    """By place, the sentence that names what is unusual about a license's term."""
    found = {place: unusual(line.first_day, line.last_day, today) for place, line in lines.items()}
    return {place: asks[1] for place, asks in found.items() if asks}
