"""Operations in words: what was done, with the facts it brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from credits.domain.booking import quantities_of
from credits.domain.feature_names import told_apart
from credits.domain.market_words import MARKET_SOURCES
from credits.domain.other_words import OTHER_KINDS, OTHER_SAYINGS
from credits.domain.pricing import SHARED, total
from credits.domain.quantities import plain_units, unit_name
from credits.models import (
    Feature,
    FeatureChoice,
    LedgerEntry,
    LicenseTerm,
    Operation,
    UsageReport,
)

KINDS: Mapping[str, Any] = {
    "allocate": gettext_lazy("Allocated"),
    "release": gettext_lazy("Released"),
    "move": gettext_lazy("Moved"),
    "switch-billing": gettext_lazy("Billing model"),
    "enter-contract": gettext_lazy("Contract entered"),
    "extend-contract": gettext_lazy("Contract extended"),
    "report-usage": gettext_lazy("Usage reported"),
    "set-usage-source": gettext_lazy("Who reports"),
    "undo": gettext_lazy("Undone"),
    "grant": gettext_lazy("License granted"),
    "extend": gettext_lazy("License extended"),
    "reduce": gettext_lazy("License reduced"),
    "void": gettext_lazy("License voided"),
    "apply-rates": gettext_lazy("New rates"),
    "invite": gettext_lazy("Member"),
    "assign-rep": gettext_lazy("Sales rep"),
    "park": gettext_lazy("Books parked"),
    "unpark": gettext_lazy("Books opened again"),
    **OTHER_KINDS,
}
"""The kinds of operations a customer has, as a filter names them."""

DESK = "admin"
"""The source of what the vendor's people ask at the support desk, never silently."""

SOURCES: Mapping[str, Any] = {
    "portal": gettext_lazy("Portal"),
    DESK: gettext_lazy("Support desk"),
    "command": gettext_lazy("Command line"),
    "rates": gettext_lazy("Catalogue"),
    "verify-books": gettext_lazy("Check of the books"),
    "demonstration": gettext_lazy("Demonstration"),
    **MARKET_SOURCES,
    "simulation": gettext_lazy("Simulation"),
}


MOST_GROUPS = 4
"""Groups that the words of one operation name; the facts of it list them all."""


@dataclass(frozen=True)
class ReportedChange:
    """A statement of a group's quantities, and the one that was in force before it."""

    report: UsageReport
    earlier: Mapping[str, Any]
    features: Mapping[str, Feature]
    """The group's features by key, in catalogue order."""


@dataclass(frozen=True)
class ChosenChange:
    """A choice that a feature is on or off, and the one that was in force before it."""

    choice: FeatureChoice
    was_on: bool | None
    """None: nobody had chosen yet."""


@dataclass(frozen=True)
class Told:
    """All that the words of one operation are made of."""

    operation: Operation
    terms: Sequence[LicenseTerm]
    reports: Sequence[ReportedChange]
    choices: Sequence[ChosenChange]
    entries: Sequence[LedgerEntry]
    person: str
    reversed_words: str


def words_of(operation: Operation, **facts: Any) -> str:
    """What an operation did, in one sentence without a full stop."""
    told = Told(operation, **facts)
    say = SAYINGS.get(operation.kind)
    if say is not None:
        return say(told)
    tell = OTHER_SAYINGS.get(operation.kind)
    if tell is not None:
        return tell(operation, told.person)
    title = operation.kind.replace("-", " ").capitalize()
    return f"{title}: {operation.subject}" if operation.subject else title


def source_text(source: str) -> str:
    """Through what an operation came."""
    return str(SOURCES.get(source, source.replace("-", " ").capitalize()))


def actor_text(operation: Operation) -> str:
    """Who asked: Alice Brandt; Sam Ito, by Support; nothing where it was no person."""
    if operation.actor is None:
        return ""
    if operation.source != DESK:
        return operation.actor.name
    return _("%(name)s, by Support") % {"name": operation.actor.name}


def allocated(told: Told) -> str:
    """Allocated Core package: 300 → 310 users."""
    if len(told.reports) > 1:
        return allocated_together(told)
    parts = [part for change in told.reports for part in changed_quantities(change)]
    shared = any(SHARED in change.report.quantities for change in told.reports)
    switched = [switch_text(c.choice) for c in told.choices if has_switched(c, shared=shared)]
    rose = any(after > before for _name, before, after, _text in parts)
    subject = told.operation.subject
    if len(parts) == 1:
        subject, stated = parts[0][0] or subject, [parts[0][3]]
    else:
        stated = [f"{name} {text}".strip() for name, _before, _after, text in parts]
    if not stated and not switched:
        return _("Stated %(subject)s again, unchanged") % {"subject": subject}
    verb = _("Lowered") if stated and not rose else _("Allocated")
    return f"{verb} {subject}: {', '.join([*stated, *switched])}"


def allocated_together(told: Told) -> str:
    """Allocated together: Core package 300 → 310 users; Email Sensor 40 → 50 users."""
    groups = []
    for change in told.reports:
        name = change.report.group.name
        parts = [f"{part or name} {text}" for part, _b, _a, text in changed_quantities(change)]
        keys = change.features.keys()
        own = [c for c in told.choices if c.choice.feature.key in keys]
        shared = SHARED in change.report.quantities and len(change.features) > 1
        parts += [switch_text(c.choice) for c in own if has_switched(c, shared=shared)]
        if parts:
            groups.append(", ".join(parts))
    if not groups:
        return _("Stated %(subject)s again, unchanged") % {"subject": told.operation.subject}
    text = "; ".join(groups[:MOST_GROUPS])
    more = len(groups) - MOST_GROUPS
    if more > 0:
        text += _(" and %(count)d more") % {"count": more}
    return _("Allocated together: %(groups)s") % {"groups": text}


def reported_usage(told: Told) -> str:
    """Endpoint inventory reported Core package: 300 → 310 users, for 24 Nov 2026, 09:41 UTC."""
    subject = told.operation.subject
    name = str(told.operation.answer.get("reported_by") or "")
    stated, at = [], None
    for change in told.reports:
        at = change.report.at
        parts = changed_quantities(change)
        if len(parts) == 1:
            subject = parts[0][0] or subject
            stated.append(parts[0][3])
        else:
            stated += [f"{part} {text}".strip() for part, _b, _a, text in parts]
    words = {
        "name": name or _("Support"),
        "subject": subject,
        "stated": ", ".join(stated) or _("unchanged"),
        "at": moment_text(at) if at else "",
    }
    if name:
        return _("%(name)s reported %(subject)s: %(stated)s, for %(at)s") % words
    return _("Entered by hand for %(subject)s: %(stated)s, for %(at)s") % words


def set_source(told: Told) -> str:
    """Endpoint inventory reports Sandbox submission."""
    name = str(told.operation.answer.get("reported_by") or "")
    words = {"name": name, "subject": told.operation.subject}
    if name:
        return _("%(name)s reports the units of %(subject)s from now on") % words
    return _("Units of %(subject)s are stated by hand again") % words


def changed_quantities(change: ReportedChange) -> list[tuple[str, Decimal, Decimal, str]]:
    """What a report changed: feature, units before and after, and both as text."""
    after = quantities_of(change.report)
    before = quantities_of(UsageReport(quantities=dict(change.earlier)))
    found = []
    for key in sorted({*after, *before}, key=[*change.features, SHARED].index):
        old, new = (total(stated.get(key, Decimal(0))) for stated in (before, after))
        if old == new and before.get(key, Decimal(0)) == after.get(key, Decimal(0)):
            continue
        feature = change.features.get(key) or next(iter(change.features.values()))
        name = change.features[key].name if key in change.features else ""
        accounts = after.get(key)
        text = f"{shown(old)} → {shown(new)} {unit_name(feature, new)}"
        if isinstance(accounts, Mapping) and accounts:
            within = ngettext("%(count)d account", "%(count)d accounts", len(accounts))
            text = _("%(text)s in ") % {"text": text} + within % {"count": len(accounts)}
        found.append((name, old, new, text))
    return found


def shown(units: Decimal) -> str:
    """A number of units, grouped."""
    return plain_units(units, grouped=True)


def has_switched(change: ChosenChange, *, shared: bool) -> bool:
    """Whether a choice changed anything: what shares one number is off until it is chosen."""
    before = change.was_on if change.was_on is not None else not shared
    return change.choice.is_on != before


def switch_text(choice: FeatureChoice) -> str:
    """AI Secure Access on."""
    state = _("on") if choice.is_on else _("off")
    return f"{choice.feature.name} {state}"


def released(told: Told) -> str:
    """Released Core package."""
    names = [change.choice.feature.name for change in told.choices]
    shown_names = ", ".join(names[:MOST_GROUPS]) or told.operation.subject
    if more := len(names[MOST_GROUPS:]):
        words = {"names": shown_names, "count": more}
        return _("Released %(names)s and %(count)d more") % words
    return _("Released %(names)s") % {"names": shown_names}


def moved(told: Told) -> str:
    """Moved 250 credits from Email Sensor to Pro package: 5 endpoints, 225 credits; 25 returned."""
    answer = told.operation.answer
    features = {key: f for change in told.reports for key, f in change.features.items()}
    source, target = features.get(answer["source"]), features.get(answer["target"])
    if source is None or target is None:
        return _("Moved credits from %(subject)s") % {"subject": told.operation.subject}
    from_name, to_name = told_apart(source, target)
    text = _("Moved %(freed)s credits from %(source)s to %(target)s: %(units)s, %(held)s credits")
    words = text % {
        "freed": f"{answer['freed']:,}",
        "source": from_name,
        "target": to_name,
        "units": f"{answer['units']:,} {unit_name(target, Decimal(answer['units']))}",
        "held": f"{answer['credits']:,}",
    }
    if not answer["returned"]:
        return words
    return words + _("; %(returned)s returned") % {"returned": f"{answer['returned']:,}"}


def switched_billing(told: Told) -> str:
    """Switched Core package to pay-as-you-go, contract to 31 Mar 2027; or back to credits."""
    name = told.operation.subject
    contract = next((c.choice.until for c in told.choices if c.choice.until), None)
    if contract is not None:
        text = _("Switched %(name)s to pay-as-you-go, contract to %(end)s")
        back = [c.choice.feature.name for c in told.choices if not c.choice.until]
        if back:
            gone = [c.choice.feature.name for c in told.choices if c.choice.until]
            name, text = ", ".join(gone), text + "; " + _("%(back)s back to credits")
        return text % {"name": name, "end": last_day_text(contract), "back": ", ".join(back)}
    parts = [part for change in told.reports for part in changed_quantities(change)]
    stated = ", ".join(text for _name, _before, _after, text in parts)
    words = _("Switched %(name)s back to credits") % {"name": name}
    return f"{words}: {stated}" if stated else words


def undone(told: Told) -> str:
    """Undid: Allocated Core package: 300 → 310 users."""
    return _("Undid: %(words)s") % {"words": told.reversed_words or told.operation.subject}


def granted(told: Told) -> str:
    """Granted L-204: 15,000 credits, 1 Apr 2026 to 31 Mar 2027 (sales order SO-1)."""
    lots = []
    for term in told.terms:
        text = _("%(license)s: %(credits)s credits, %(start)s to %(end)s") % {
            "license": term.license.label,
            "credits": f"{term.credits:,}",
            "start": day_text(term.at),
            "end": last_day_text(term.until),
        }
        if term.license.renews:
            text += _(", renews %(license)s") % {"license": term.license.renews.label}
        lots.append(text)
    channel, _space, number = told.operation.subject.partition(" ")
    order = _(" (%(channel)s order %(number)s)") % {"channel": channel, "number": number}
    return _("Granted %(lots)s") % {"lots": "; ".join(lots)} + (order if number else "")


def extended(told: Told) -> str:
    """Extended L-204 to 31 Mar 2028."""
    ends = ", ".join(last_day_text(term.until) for term in told.terms)
    return _("Extended %(license)s to %(end)s") % {
        "license": told.operation.subject,
        "end": ends,
    }


def reduced(told: Told) -> str:
    """Reduced L-204 to 10,000 credits."""
    credits = ", ".join(f"{term.credits:,}" for term in told.terms)
    return _("Reduced %(license)s to %(credits)s credits") % {
        "license": told.operation.subject,
        "credits": credits,
    }


def voided(told: Told) -> str:
    """Voided L-204."""
    return _("Voided %(license)s") % {"license": told.operation.subject}


def rated(told: Told) -> str:
    """New rates in force: Core package, Pro package."""
    names = dict.fromkeys(entry.feature.name for entry in told.entries if entry.feature)
    return _("New rates: %(names)s") % {"names": ", ".join(names)}


def invited(told: Told) -> str:
    """Made Bob Nygaard a member: viewer."""
    name = told.person or _("somebody")
    return _("Made %(name)s a member: %(role)s") % {"name": name, "role": told.operation.subject}


def assigned(told: Told) -> str:
    """Assigned Rina Holm as sales rep."""
    name = told.person or told.operation.subject
    return _("Assigned %(name)s as sales rep") % {"name": name}


def parked(told: Told) -> str:
    """Parked the books: a check found them broken."""
    return _("Parked the books: a check found them broken")


def unparked(told: Told) -> str:
    """Opened the parked books again."""
    return _("Opened the parked books again")


def day_text(at: datetime) -> str:
    """The UTC day of an instant: 1 Apr 2026."""
    return date_text(at.astimezone(UTC), "j M Y")


def moment_text(at: datetime) -> str:
    """An instant in UTC: 24 Nov 2026, 09:41 UTC."""
    return date_text(at.astimezone(UTC), "j M Y, H:i") + " UTC"


def last_day_text(until: datetime | None) -> str:
    """The last day of a term: the one before it stops at 00:00 UTC."""
    return day_text(until - timedelta(microseconds=1)) if until else ""


SAYINGS: Mapping[str, Callable[[Told], str]] = {
    "allocate": allocated,
    "release": released,
    "move": moved,
    "switch-billing": switched_billing,
    "report-usage": reported_usage,
    "set-usage-source": set_source,
    "undo": undone,
    "grant": granted,
    "extend": extended,
    "reduce": reduced,
    "void": voided,
    "apply-rates": rated,
    "invite": invited,
    "assign-rep": assigned,
    "park": parked,
    "unpark": unparked,
}
