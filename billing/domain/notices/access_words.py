"""Notices about access: that it has ended, that everything will be erased, that it was."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

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
from billing.models import Notice, RequestCause
from credits import clock
from credits.domain.access_state import Cause


def locked(notice: Notice) -> Told:
    """Access of Halden Energy ended on 30 Apr 2027."""
    facts, customer = notice.facts, notice.customer
    if facts["cause"] == Cause.SUSPENSION:
        return suspended(notice)
    ends_at, purge_from = instant_of(facts["ends_at"]), instant_of(facts["purge_from"])
    sentences = [
        cause_sentence(facts["cause"], instant_of(facts["valid_until"]), ends_at),
        _("From then on its pages show only what ended and how to go on."),
        _(
            "Everything is kept until %(day)s at least: licenses, allocations, history, estimates "
            "and members. What systems report is still taken down. After that it can be erased "
            "for good."
        )
        % {"day": ending(purge_from)},
        _("A purchase opens all pages at once, as they were."),
    ]
    return say(
        _("Access of %(customer)s ended on %(day)s") % {"customer": customer, "day": day(ends_at)},
        sentences,
        places.request_credits(customer, 0, cause=RequestCause.OTHER),
        tone="bad",
        steps=[places.what_ended(customer)],
    )


def suspended(notice: Notice) -> Told:
    """Access of Halden Energy is suspended since 30 Apr 2027."""
    ends_at = instant_of(notice.facts["ends_at"])
    sentences = [
        _(
            "The marketplace suspended the purchase on %(moment)s, and nothing else keeps the "
            "pages open. Usually a payment has failed."
        )
        % {"moment": both_clocks(ends_at)},
        _("The credits stay as they are, everything is kept, and nothing is erased because of it."),
        _(
            "Settle it at the marketplace: the pages open by themselves as soon as the marketplace "
            "says so. Another purchase opens them as well."
        ),
    ]
    return say(
        _("Access of %(customer)s is suspended since %(day)s")
        % {"customer": notice.customer, "day": day_text(ends_at)},
        sentences,
        places.what_ended(notice.customer),
        tone="bad",
    )


def purge_ahead(notice: Notice) -> Told:
    """Everything of Halden Energy can be erased from 31 May 2027 on."""
    facts, customer = notice.facts, notice.customer
    purge_from = instant_of(facts["purge_from"])
    sentences = [
        _("Access ended on %(ended)s. Everything is kept until %(day)s.")
        % {"ended": ending(instant_of(facts["ends_at"])), "day": ending(purge_from)},
        _(
            "From %(moment)s on it can be erased for good: names, members, estimates, notes, mails "
            "and files. Only the numbers stay."
        )
        % {"moment": both_clocks(purge_from)},
        _("A purchase before that opens all pages at once, as they were, and nothing is erased."),
    ]
    return say(
        _("Everything of %(customer)s can be erased from %(day)s on")
        % {"customer": customer, "day": day_text(purge_from)},
        sentences,
        places.request_credits(customer, 0, cause=RequestCause.OTHER),
        tone="bad",
        steps=[places.what_ended(customer)],
    )


def purged(notice: Notice) -> Told:
    """Everything of Halden Energy was erased."""
    sentences = [
        _("Names, members, estimates, notes, mails and files were erased for good on %(moment)s.")
        % {"moment": both_clocks(notice.at)},
        _("Only the numbers stay, without a name. This is the last mail about them."),
    ]
    title = _("Everything of %(customer)s was erased") % {"customer": notice.customer}
    return say(title, sentences, Place(_("Open the portal"), reverse("credits:home")), tone="bad")


def is_whole_day(ends_at: datetime) -> bool:
    """Whether what ends does so with a UTC day; a void ends at its own instant."""
    return ends_at == clock.start_of(clock.day_of(ends_at))


def day(ends_at: datetime) -> str:
    """The last day of what ends with it, or the day within which it ended."""
    return last_day_text(ends_at) if is_whole_day(ends_at) else day_text(ends_at)


def ending(ends_at: datetime) -> str:
    """The end as people say it: a last day, or the instant where it is not the end of one."""
    return last_moment(ends_at) if is_whole_day(ends_at) else both_clocks(ends_at)


def cause_sentence(cause: str, valid_until: datetime, ends_at: datetime) -> str:
    """What access has ended with."""
    values = {"last": ending(valid_until), "close": ending(ends_at)}
    if cause == Cause.LICENSE:
        text = _(
            "The last paid license ended on %(last)s, and the 30 days of grace after it on "
            "%(close)s."
        )
    elif cause == Cause.CONTRACT:
        text = _(
            "The pay-as-you-go contract ended on %(last)s, and the 30 days of grace after it on "
            "%(close)s."
        )
    elif cause == Cause.TRIAL:
        text = _("The trial ended on %(close)s. No grace follows a trial.")
    else:
        text = _("The last license was voided on %(close)s. No grace follows that.")
    return text % values
