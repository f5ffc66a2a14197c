"""Notices about the balance: below zero, short ahead, low, and each when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.annual.words import grouped, listed
from billing.domain.notices import places
from billing.domain.notices.cause_words import ahead_text, happened_text
from billing.domain.notices.instants import both_clocks, day_text, instant_of
from billing.domain.notices.saying import Told, say
from billing.models import Notice, RequestCause

Facts = Mapping[str, Any]

WORSE = 5
"""What deepened a shortage later: so many of it are told, the newest."""


def negative(notice: Notice) -> Told:
    """Halden Energy is 1,450 credits short."""
    facts, customer = notice.facts, notice.customer
    missing = -balance_of(facts)
    sentences = [
        figure_sentence(notice),
        _("Nothing is switched off for that."),
        cause_sentence(facts["causes"]),
        worse_sentence(facts["causes"]),
    ]
    return say(
        _("%(customer)s is %(missing)s credits short")
        % {"customer": customer, "missing": grouped(missing)},
        sentences,
        places.explanation(customer, notice.at),
        tone="bad",
        steps=[
            places.request_credits(customer, missing),
            places.allocate(customer),
            places.forecast(customer),
        ],
    )


def negative_over(notice: Notice) -> Told:
    """Halden Energy is not short any more: 550 credits are left."""
    title = _("%(customer)s is not short any more: %(left)s credits are left")
    return say(
        title % {"customer": notice.customer, "left": grouped(balance_of(notice.facts))},
        [figure_sentence(notice)],
        places.explanation(notice.customer, notice.at),
        tone="good",
        steps=[places.forecast(notice.customer)],
    )


def short_ahead(notice: Notice) -> Told:
    """Halden Energy will be 1,450 credits short from 1 Apr 2027 on."""
    facts, customer = notice.facts, notice.customer
    short = facts["short"]
    from_then = instant_of(short["at"])
    values = {
        "customer": customer,
        "missing": grouped(short["missing"]),
        "day": day_text(from_then),
        "moment": both_clocks(from_then),
        "valid": grouped(short["valid"]),
        "allocated": grouped(short["allocated"]),
    }
    causes = listed([ahead_text(one) for one in short["causes"]])
    sentences = [
        figure_sentence(notice),
        _(
            "From %(moment)s on %(valid)s credits are valid and %(allocated)s allocated, so "
            "%(missing)s are short."
        )
        % values,
        _("Cause: %(causes)s.") % {"causes": causes} if causes else "",
    ]
    return say(
        _("%(customer)s will be %(missing)s credits short from %(day)s on") % values,
        sentences,
        places.forecast(customer),
        tone="warn",
        steps=[
            places.request_credits(customer, short["missing"], from_then),
            places.allocate(customer),
        ],
    )


def short_ahead_over(notice: Notice) -> Told:
    """Halden Energy will not be short in the next 30 days."""
    days = notice.facts["days"]
    title = ngettext(
        "%(customer)s will not be short in the next %(days)s day",
        "%(customer)s will not be short in the next %(days)s days",
        days,
    )
    return say(
        title % {"customer": notice.customer, "days": grouped(days)},
        [figure_sentence(notice), _("No shortage is known any more for these days.")],
        places.forecast(notice.customer),
        tone="good",
    )


def low(notice: Notice) -> Told:
    """Halden Energy has less than 10 % of its valid credits left."""
    return told_level(
        notice, _("%(customer)s has less than %(level)s %% of its valid credits left"), "warn"
    )


def low_over(notice: Notice) -> Told:
    """Halden Energy has 10 % or more of its valid credits left again."""
    return told_level(
        notice, _("%(customer)s has %(level)s %% or more of its valid credits left again"), "good"
    )


def told_level(notice: Notice, title: str, tone: str) -> Told:
    """A level that was crossed, either way."""
    customer, level = notice.customer, notice.facts["level"]
    steps = [
        places.request_credits(customer, 0, cause=RequestCause.MORE),
        places.allocate(customer),
    ]
    return say(
        title % {"customer": customer, "level": grouped(level)},
        [figure_sentence(notice), still_sentence(notice.facts)],
        places.forecast(customer),
        tone=tone,
        steps=steps if tone == "warn" else (),
    )


def still_sentence(facts: Facts) -> str:
    """Where a higher level has not been reached again."""
    if (still := facts.get("still")) is None:
        return ""
    return _("It is still less than %(level)s %%.") % {"level": grouped(still)}


def balance_of(facts: Facts) -> int:
    """What was left, in credits."""
    balance: int = facts["valid"] - facts["allocated"]
    return balance


def figure_sentence(notice: Notice) -> str:
    """The figure, and the instant at which it was so and was known."""
    facts = notice.facts
    return _(
        "On %(moment)s: %(valid)s credits valid, %(allocated)s allocated, balance %(balance)s."
    ) % {
        "moment": both_clocks(notice.at),
        "valid": grouped(facts["valid"]),
        "allocated": grouped(facts["allocated"]),
        "balance": grouped(balance_of(facts)),
    }


def cause_sentence(causes: list[list[Facts]]) -> str:
    """What took the balance below zero."""
    if not causes:
        return ""
    said = listed([happened_text(one) for one in causes[0]])
    return _("Cause: %(causes)s.") % {"causes": said} if said else ""


def worse_sentence(causes: list[list[Facts]]) -> str:
    """What took it further down later."""
    said = [happened_text(one) for step in causes[1:][-WORSE:] for one in step]
    return _("Made worse by: %(causes)s.") % {"causes": listed(said)} if said else ""
