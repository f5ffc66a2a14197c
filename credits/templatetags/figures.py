"""Filters that write credits, shares and instants the same way on every page."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils import timezone
from django.utils.dateformat import format as date_text
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
SPACE = "\N{NO-BREAK SPACE}"
DAY = "j M Y"
MOMENT = "j M Y, H:i"
LICENSE_NUMBER = re.compile(r"\b(L-[0-9]+)\b")


def grouped(value: int | Decimal) -> str:
    """Digits grouped for the reader's locale, a true minus, never minus zero."""
    text = number_format(-value if value < 0 else value, force_grouping=True)
    return f"{MINUS}{text}" if value < 0 else text


@register.filter(name="credits")
def credits_text(value: int | None) -> str:
    """52,000 or -1,450 with a true minus; a dash where there is no figure."""
    return NOTHING if value is None else grouped(int(value))


@register.filter
def signed(value: int | None) -> str:
    """A change: +650, -650 with a true minus, or 0."""
    if value is None:
        return NOTHING
    return f"+{grouped(int(value))}" if value > 0 else grouped(int(value))


@register.filter
def balance(value: int | None) -> str:
    """A balance: below zero it also says so in a word."""
    if value is None or value >= 0:
        return credits_text(value)
    return format_html('<span class="neg">{} {}</span>', grouped(int(value)), _("short"))


@register.filter
def percent(part: int, whole: int) -> str:
    """One decimal, rounded half up: 73.9 %. There is no share of nothing."""
    if whole <= 0:
        return NOTHING
    return rounded(Decimal(part) / Decimal(whole) * 100)


@register.filter
def as_percent(share: float) -> str:
    """A share that is a percentage already, written like `percent`."""
    return rounded(Decimal(str(share)))


def rounded(share: Decimal) -> str:
    tenths = share.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{grouped(tenths)}{SPACE}%"


@register.filter
def units(value: Decimal | int | None) -> str:
    """A quantity without trailing zeros: 300, 12.5."""
    if value is None:
        return NOTHING
    text = f"{Decimal(value):f}"
    return grouped(Decimal(text.rstrip("0").rstrip(".") if "." in text else text))


def time_tag(at: datetime, text: str) -> SafeString:
    """A `<time>` whose title tells the same instant in the reader's zone."""
    own = timezone.localtime(at)
    title = f"{date_text(own, MOMENT)} {own.tzname()}"
    machine = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', machine, title, text)


@register.filter
def instant(at: datetime | None) -> str:
    """24 Nov 2026, 09:41 UTC."""
    if at is None:
        return NOTHING
    return time_tag(at, f"{date_text(at.astimezone(UTC), MOMENT)} UTC")


@register.filter
def hour(at: datetime | None) -> str:
    """09:00 UTC, where the day is plain."""
    return NOTHING if at is None else time_tag(at, f"{at.astimezone(UTC):%H:%M} UTC")


@register.filter
def unbroken(text: str) -> SafeString:
    """A sentence in which the number of a license, L-204, never breaks at its hyphen."""
    parts = LICENSE_NUMBER.split(str(text))
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="nb">{}</span>', part) if i % 2 else part,)
            for i, part in enumerate(parts)
        ),
    )


@register.filter
def own_time(at: datetime | None) -> str:
    """The same instant on the reader's clock: 11:00, with its day where that is another.

    Nothing where the reader's clock shows UTC.
    """
    if at is None or not (own := timezone.localtime(at)).utcoffset():
        return ""
    is_same_day = own.date() == at.astimezone(UTC).date()
    return date_text(own, "H:i" if is_same_day else "j M, H:i")


@register.filter
def last_day(ends_at: datetime | None) -> str:
    """The end of a term as people say it: 31 Mar 2027, end of day UTC."""
    if ends_at is None:
        return NOTHING
    return time_tag(ends_at, _("%(day)s, end of day UTC") % {"day": last_day_text(ends_at)})


@register.filter
def ending(ends_at: datetime | None) -> str:
    """The end of access: a last day where it is 00:00 UTC, the instant where one was voided."""
    if ends_at is None or ends_at.astimezone(UTC).time() == time.min:
        return last_day(ends_at)
    return instant(ends_at)


@register.filter
def last_date(ends_at: datetime | None) -> str:
    """The last day of a term where its heading already says that it is usable to the end."""
    return NOTHING if ends_at is None else time_tag(ends_at, last_day_text(ends_at))


def last_day_text(ends_at: datetime) -> str:
    """A term stops at 00:00 UTC, so its last day is the one before."""
    return date_text(ends_at.astimezone(UTC) - timedelta(microseconds=1), DAY)


@register.filter
def day(value: date | datetime | None) -> str:
    """31 Mar 2027: a date, or the UTC day of an instant."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return time_tag(value, date_text(value.astimezone(UTC), DAY))
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_text(value, DAY))


@register.filter
def days_left(ends_at: datetime, now: datetime) -> str:
    """128 days left; the last one has a name of its own."""
    left = (ends_at - now) / timedelta(days=1)
    if left <= 0:
        return _("ended")
    days = -int(-left // 1)
    if days == 1:
        return _("last day")
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": grouped(days)}
