"""What automatic usage changed in a week, in words (docs/rules.md#r23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.annual.words import grouped, signed
from billing.domain.notices import places
from billing.domain.notices.instants import both_clocks, day_text, instant_of
from billing.domain.notices.places import Place
from billing.domain.notices.saying import Told, say
from billing.models import Notice
from credits.models import Customer

Facts = Mapping[str, Any]


def told_week(notice: Notice) -> Told:
    """What a week's reports changed: each feature, their sum, and what it made of the balance."""
    facts = notice.facts
    is_short = facts["balance"] < 0
    steps = [places.request_credits(notice.customer, -facts["balance"])] if is_short else []
    return say(
        week_title(facts),
        [*feature_sentences(facts), sum_sentence(facts["change"]), balance_sentence(facts)],
        activity_of_reports(notice.customer),
        tone="warn" if is_short else "",
        steps=[*steps, places.explanation(notice.customer, instant_of(facts["until"]))],
    )


def week_title(facts: Facts) -> str:
    """Automatic usage changed 3 features by +650 credits in the week to 30 Nov 2026."""
    count = len(facts["features"]) + facts["others"]["count"]
    title = ngettext(
        "Automatic usage changed %(count)d feature by %(credits)s credits in the week to %(day)s",
        "Automatic usage changed %(count)d features by %(credits)s credits in the week to %(day)s",
        count,
    )
    day = day_text(instant_of(facts["until"]))
    return title % {"count": count, "credits": signed(facts["change"]), "day": day}


def feature_sentences(facts: Facts) -> list[str]:
    """The features that changed most, one by one, and the others together."""
    said = [feature_sentence(line) for line in facts["features"]]
    others = facts["others"]
    if others["count"]:
        rest = ngettext(
            "%(count)d further feature: %(credits)s.",
            "%(count)d further features, together: %(credits)s.",
            others["count"],
        )
        said.append(rest % {"count": others["count"], "credits": signed(others["change"])})
    return said


def feature_sentence(line: Facts) -> str:
    """Email Sensor: +650 credits, from 6,500 to 7,150."""
    words = {
        "name": line["name"],
        "before": grouped(line["before"]),
        "after": grouped(line["after"]),
        "change": signed(line["change"]),
        "otherwise": signed(line["otherwise"]),
    }
    if line["otherwise"]:
        return (
            _(
                "%(name)s: %(change)s credits by reports and %(otherwise)s otherwise, "
                "from %(before)s to %(after)s."
            )
            % words
        )
    return _("%(name)s: %(change)s credits, from %(before)s to %(after)s.") % words


def sum_sentence(change: int) -> str:
    """What the week's reports made of the balance."""
    words = {"change": signed(change), "credits": grouped(abs(change))}
    if change > 0:
        return (
            _("In all, reports added %(credits)s credits: the balance is lower by as many.") % words
        )
    if change < 0:
        return (
            _("In all, reports gave %(credits)s credits back: the balance is higher by as many.")
            % words
        )
    return _("In all it cancels out, and the balance stays as it was.")


def balance_sentence(facts: Facts) -> str:
    """The balance at the end of the week, with the two figures it is the difference of."""
    words = {
        "at": both_clocks(instant_of(facts["until"])),
        "balance": grouped(facts["balance"]),
        "short": grouped(abs(facts["balance"])),
        "valid": grouped(facts["valid"]),
        "allocated": grouped(facts["allocated"]),
    }
    if facts["balance"] < 0:
        return (
            _(
                "At %(at)s %(valid)s credits were valid and %(allocated)s allocated: "
                "%(short)s credits short."
            )
            % words
        )
    return (
        _(
            "At %(at)s %(valid)s credits were valid and %(allocated)s allocated: "
            "the balance was %(balance)s."
        )
        % words
    )


def activity_of_reports(customer: Customer) -> Place:
    """The activity, narrowed to what systems reported."""
    path = reverse("credits:activity", args=[customer.slug])
    return Place(_("See the reports"), f"{path}?{urlencode({'kind': 'report-usage'})}")
