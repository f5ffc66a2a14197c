"""Notices about one license: that it ends, and that it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.domain.annual.words import grouped, listed
from billing.domain.notices import places
from billing.domain.notices.instants import (
    both_clocks,
    day_text,
    instant_of,
    last_day_text,
    last_moment,
)
from billing.domain.notices.places import Place
from billing.domain.notices.saying import Told, say
from billing.models import Notice, NoticeKind, RequestCause
from credits.models import Customer, LicenseKind

Facts = Mapping[str, Any]

TONES: Mapping[str, str] = {NoticeKind.LICENSE_7: "warn", NoticeKind.TRIAL_15: "warn"}
"""Of those before the end; what will be short warns at once."""


def ends(notice: Notice) -> Told:
    """L-204 ends on 31 Mar 2027: 15,000 credits, 5,000 will be short."""
    facts = notice.facts
    license = facts["license"]
    sentences = [
        given_sentence(notice),
        stops_sentence(license),
        figure_sentence(facts),
        touched_sentence(facts),
        first_short_sentence(facts),
        renewal_sentence(facts),
        access_sentence(facts),
    ]
    is_short = facts["missing"] > 0
    tone = "warn" if is_short else TONES.get(notice.kind, "")
    return told_of(notice, title_ahead(facts), sentences, tone)


def ended(notice: Notice) -> Told:
    """L-204 ended on 31 Mar 2027: 15,000 credits, 5,000 are short."""
    facts = notice.facts
    license = facts["license"]
    sentences = [
        _("%(license)s gave %(customer)s %(credits)s credits. Its last day was %(day)s.")
        % {
            "license": license["label"],
            "customer": notice.customer,
            "credits": grouped(license["credits"]),
            "day": last_moment(instant_of(license["ends_at"])),
        },
        figure_now_sentence(facts),
        touched_now_sentence(facts),
        renewal_sentence(facts),
        access_sentence(facts),
    ]
    return told_of(notice, title_after(facts), sentences, "bad" if facts["missing"] > 0 else "")


def told_of(notice: Notice, title: str, sentences: list[str], tone: str) -> Told:
    """A notice that leads to its license."""
    license = notice.facts["license"]
    place = places.license_page(notice.customer, license["id"], license["label"])
    return say(title, sentences, place, tone=tone, steps=steps(notice.customer, notice.facts))


def steps(customer: Customer, facts: Facts) -> list[Place]:
    """What can be done: look ahead, ask for what will be missing, release."""
    missing = facts["missing"]
    wanted = missing or facts["renewal_missing"] or facts["license"]["credits"]
    ends_at = instant_of(facts["license"]["ends_at"])
    found = [places.forecast(customer)]
    if missing or facts["renewal"] is None or facts["renewal_missing"]:
        on = max(ends_at, instant_of(facts["as_of"]))
        cause = RequestCause.SHORTAGE if missing else RequestCause.OTHER
        found.append(places.request_credits(customer, wanted, on, cause))
    if missing:
        found.append(places.allocate(customer))
    return found


def title_ahead(facts: Facts) -> str:
    """What ends, when, and what it breaks."""
    is_trial = facts["license"]["kind"] == LicenseKind.TRIAL
    if facts["missing"] > 0:
        text = (
            _("Trial %(license)s ends on %(day)s: %(credits)s credits, %(missing)s will be short")
            if is_trial
            else _("%(license)s ends on %(day)s: %(credits)s credits, %(missing)s will be short")
        )
    elif facts["renewal_missing"] > 0:
        text = _(
            "%(license)s ends on %(day)s: %(credits)s credits, %(fewer)s of them are not renewed"
        )
    else:
        text = (
            _("Trial %(license)s ends on %(day)s: %(credits)s credits")
            if is_trial
            else _("%(license)s ends on %(day)s: %(credits)s credits")
        )
    return text % title_values(facts)


def title_after(facts: Facts) -> str:
    """What has ended, when, and what it broke."""
    text = (
        _("%(license)s ended on %(day)s: %(credits)s credits, %(missing)s are short")
        if facts["missing"] > 0
        else _("%(license)s ended on %(day)s: %(credits)s credits")
    )
    return text % title_values(facts)


def title_values(facts: Facts) -> dict[str, str]:
    """What the one line is made of."""
    license = facts["license"]
    return {
        "license": license["label"],
        "day": last_day_text(instant_of(license["ends_at"])),
        "credits": grouped(license["credits"]),
        "missing": grouped(facts["missing"]),
        "fewer": grouped(facts["renewal_missing"]),
    }


def given_sentence(notice: Notice) -> str:
    """Which credits end, and whose."""
    license = notice.facts["license"]
    text = {
        LicenseKind.TRIAL.value: _("Trial %(license)s gives %(customer)s %(credits)s credits."),
        LicenseKind.CONVERTED.value: _(
            "%(license)s gives %(customer)s %(credits)s credits, converted seats."
        ),
    }.get(license["kind"], _("%(license)s gives %(customer)s %(credits)s credits."))
    return text % {
        "license": license["label"],
        "customer": notice.customer,
        "credits": grouped(license["credits"]),
    }


def stops_sentence(license: Facts) -> str:
    """The last day, and the one instant at which the credits end."""
    ends_at = instant_of(license["ends_at"])
    return _("Its last day is %(day)s, end of day UTC: it stops on %(moment)s.") % {
        "day": last_day_text(ends_at),
        "moment": both_clocks(ends_at),
    }


def figure_sentence(facts: Facts) -> str:
    """What is valid, allocated and left from the end on, as it was known."""
    text = (
        _(
            "From then on %(valid)s credits are valid and %(allocated)s allocated, so %(missing)s "
            "are short. Nothing is switched off for that."
        )
        if facts["missing"] > 0
        else _(
            "From then on %(valid)s credits are valid and %(allocated)s allocated, so %(left)s "
            "are left."
        )
    )
    return text % figure_values(facts)


def figure_now_sentence(facts: Facts) -> str:
    """The same once it has ended."""
    text = (
        _(
            "Now %(valid)s credits are valid and %(allocated)s allocated, so %(missing)s are "
            "short. Nothing is switched off for that."
        )
        if facts["missing"] > 0
        else _("Now %(valid)s credits are valid and %(allocated)s allocated, so %(left)s are left.")
    )
    return text % figure_values(facts)


def figure_values(facts: Facts) -> dict[str, str]:
    """The figure of a notice."""
    return {
        "valid": grouped(facts["valid"]),
        "allocated": grouped(facts["allocated"]),
        "missing": grouped(facts["missing"]),
        "left": grouped(max(0, facts["valid"] - facts["allocated"])),
    }


def touched_sentence(facts: Facts) -> str:
    """Which features hold the credits that will be short."""
    if not facts["touched"]:
        return ""
    return _("It touches what holds credits then: %(features)s.") % {"features": touched(facts)}


def touched_now_sentence(facts: Facts) -> str:
    """The same once they are short."""
    if not facts["touched"]:
        return ""
    return _("It touches what holds credits: %(features)s.") % {"features": touched(facts)}


def touched(facts: Facts) -> str:
    """The features that hold most, each with its credits, and how many more there are."""
    names = [
        _("%(name)s (%(credits)s)") % {"name": one["name"], "credits": grouped(one["credits"])}
        for one in facts["touched"]
    ]
    if more := facts["touched_more"]:
        text = ngettext("%(count)s more feature", "%(count)s more features", more)
        names.append(text % {"count": grouped(more)})
    return listed(names)


def first_short_sentence(facts: Facts) -> str:
    """When credits are first short, where that is not at the end itself."""
    short = facts["short"]
    if short is None or short["at"] == facts["license"]["ends_at"]:
        return ""
    if short["at"] == facts["as_of"]:
        text = _("Credits are short already: %(missing)s on %(moment)s.")
    elif instant_of(short["at"]) < instant_of(facts["license"]["ends_at"]):
        text = _("Credits will be short already before that: %(missing)s from %(moment)s.")
    else:
        text = _("Credits will first be short on %(moment)s: %(missing)s.")
    return text % {
        "missing": grouped(short["missing"]),
        "moment": both_clocks(instant_of(short["at"])),
    }


def renewal_sentence(facts: Facts) -> str:
    """What follows the license, and what does not."""
    renewal = facts["renewal"]
    if renewal is None:
        is_trial = facts["license"]["kind"] == LicenseKind.TRIAL
        return "" if is_trial else _("No license renews it.")
    text = (
        _("%(license)s renews it from %(day)s with %(credits)s credits, %(fewer)s fewer.")
        if facts["renewal_missing"] > 0
        else _("%(license)s renews it only from %(day)s, with %(credits)s credits.")
    )
    return text % {
        "license": renewal["label"],
        "day": day_text(instant_of(renewal["starts_at"])),
        "credits": grouped(renewal["credits"]),
        "fewer": grouped(facts["renewal_missing"]),
    }


def access_sentence(facts: Facts) -> str:
    """When access ends, where the license is the last thing that gives it."""
    access = facts["access"]
    if access is None:
        return ""
    ends_at = instant_of(access["ends_at"])
    if not access["has_grace"]:
        return _("It is the last one: access ends with it, without grace.")
    return _(
        "It is the last one. Everything goes on working for 30 days of grace, until %(day)s, end "
        "of day UTC; access ends on %(moment)s unless credits are bought before."
    ) % {"day": last_day_text(ends_at), "moment": both_clocks(ends_at)}
