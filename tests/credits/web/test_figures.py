from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from credits.templatetags import figures

END = datetime(2027, 4, 1, tzinfo=UTC)


def write(source: str, **context: object) -> str:
    return Template("{% load figures %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (52_000, "52,000"),
        (999_999_999, "999,999,999"),
        (-1_450, "\u22121,450"),
        (-999_999_999, "\u2212999,999,999"),
        (0, "0"),
        (-0, "0"),
        (None, "\u2013"),
    ],
)
def test_credits_are_whole_grouped_and_have_a_true_minus(value: int | None, text: str) -> None:
    assert write("{{ value|credits }}", value=value) == text


def test_digits_are_grouped_as_the_reader_is_used_to() -> None:
    with translation.override("de"):
        assert write("{{ value|credits }}", value=1_234_567) == "1.234.567"


@pytest.mark.parametrize(
    ("value", "text"),
    [(650, "+650"), (-650, "\u2212650"), (0, "0"), (123_456_789, "+123,456,789"), (None, "\u2013")],
)
def test_a_change_carries_its_sign(value: int | None, text: str) -> None:
    assert write("{{ value|signed }}", value=value) == text


def test_a_balance_below_zero_says_so_in_a_word() -> None:
    assert write("{{ value|balance }}", value=-1_450) == (
        '<span class="neg">\u22121,450 short</span>'
    )
    assert write("{{ value|balance }}", value=12_900) == "12,900"
    assert write("{{ value|balance }}", value=0) == "0"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (38_450, 52_000, "73.9\u00a0%"),
        (1, 2_000, "0.1\u00a0%"),
        (0, 52_000, "0.0\u00a0%"),
        (52_000, 52_000, "100.0\u00a0%"),
        (999_999_999, 1, "99,999,999,900.0\u00a0%"),
        (5, 0, "\u2013"),
        (5, -10, "\u2013"),
    ],
)
def test_a_share_has_one_decimal_rounded_half_up(part: int, whole: int, text: str) -> None:
    assert write("{{ part|percent:whole }}", part=part, whole=whole) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("300.000"), "300"),
        (Decimal("12.50"), "12.5"),
        (Decimal("1000000"), "1,000,000"),
        (Decimal("1E+3"), "1,000"),
        (Decimal("0.00"), "0"),
        (2_200, "2,200"),
        (None, "\u2013"),
    ],
)
def test_a_quantity_has_no_trailing_zeros(value: Decimal | int | None, text: str) -> None:
    assert write("{{ value|units }}", value=value) == text


def test_an_instant_is_written_in_utc_with_the_readers_zone_in_its_title() -> None:
    at = datetime(2026, 11, 24, 9, 41, tzinfo=UTC)

    with timezone.override(ZoneInfo("Europe/Berlin")):
        text = write("{{ at|instant }}", at=at)

    assert text == (
        '<time datetime="2026-11-24T09:41:00Z" title="24 Nov 2026, 10:41 CET">'
        "24 Nov 2026, 09:41 UTC</time>"
    )


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    at = datetime(2026, 11, 24, 1, 30, tzinfo=ZoneInfo("Asia/Tokyo"))

    assert "23 Nov 2026, 16:30 UTC" in write("{{ at|instant }}", at=at)
    assert "16:30 UTC" in write("{{ at|hour }}", at=at)


def test_a_term_is_said_by_its_last_day() -> None:
    assert ">31 Mar 2027, end of day UTC</time>" in write("{{ at|last_day }}", at=END)
    assert ">31 Mar 2027</time>" in write("{{ at|last_date }}", at=END)
    assert 'datetime="2027-04-01T00:00:00Z"' in write("{{ at|last_day }}", at=END)


def test_the_last_day_of_a_leap_february() -> None:
    assert "29 Feb 2028" in write("{{ at|last_date }}", at=datetime(2028, 3, 1, tzinfo=UTC))


def test_a_day_is_a_date_or_the_utc_day_of_an_instant() -> None:
    late = datetime(2026, 11, 24, 23, 59, tzinfo=ZoneInfo("America/New_York"))

    assert write("{{ d|day }}", d=date(2027, 3, 31)) == (
        '<time datetime="2027-03-31">31 Mar 2027</time>'
    )
    assert ">25 Nov 2026</time>" in write("{{ d|day }}", d=late)


@pytest.mark.parametrize("name", ["instant", "hour", "last_day", "last_date", "day"])
def test_no_instant_is_a_dash(name: str) -> None:
    assert write("{{ at|" + name + " }}", at=None) == "\u2013"


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (datetime(2026, 11, 24, 9, tzinfo=UTC), "128 days left"),
        (datetime(2027, 3, 30, 23, 59, 59, tzinfo=UTC), "2 days left"),
        (datetime(2027, 3, 31, tzinfo=UTC), "last day"),
        (datetime(2027, 3, 31, 23, 59, 59, 999999, tzinfo=UTC), "last day"),
        (END, "ended"),
        (datetime(2024, 1, 1, tzinfo=UTC), "1,186 days left"),
    ],
)
def test_days_left_count_the_last_day_to_its_end(now: datetime, text: str) -> None:
    assert figures.days_left(END, now) == text


def test_what_a_filter_writes_is_escaped_once() -> None:
    assert write("{{ word|default:x }}{{ n|balance }}", word="", x="<b>", n=-1) == (
        '&lt;b&gt;<span class="neg">\u22121 short</span>'
    )
