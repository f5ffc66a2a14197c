"""800 days in 8 zones for 200 licenses, against an oracle that only counts days (rules R1, R13).

Both clock changes of two years and 29 February 2028 lie within. Session and reader stand in each
zone in turn; a day of a page there is the instant of its local midnight.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections
from django.utils import timezone

from billing.domain.lifecycle import advance
from billing.domain.notices.terms import due_of
from billing.domain.notices.windows import Window
from billing.models import CustomerLife, Recorded
from credits import clock
from credits.domain.access_state import Held, access_rule, held_by, with_held
from credits.domain.licenses import GrantLicenses, Lot
from credits.domain.post import post
from credits.domain.terms import term
from credits.models import Customer, License, LicenseKind
from tests import oracle_access as oracle
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

FIRST = datetime(2027, 11, 1)
DAYS = 800
BOUGHT_AT = datetime(2027, 10, 1, 9, 41, tzinfo=UTC)
MORNING = timedelta(hours=6)

CHANGES = {
    "UTC": ("2028-03-12T02:30", "2028-11-05T01:30"),
    "America/New_York": ("2028-03-12T02:30", "2028-11-05T01:30"),
    "Europe/London": ("2028-03-26T01:30", "2028-10-29T01:30"),
    "Europe/Berlin": ("2028-03-26T02:30", "2028-10-29T02:30"),
    "Pacific/Auckland": ("2028-09-24T02:30", "2028-04-02T02:30"),
    "Asia/Kathmandu": ("2028-03-26T02:30", "2028-10-29T02:30"),
    "Australia/Lord_Howe": ("2028-10-01T02:15", "2028-04-02T01:45"),
    "Pacific/Apia": ("2028-04-02T02:30", "2028-09-24T02:30"),
}
"""The zones, each with a wall clock in a missing hour and in a doubled one, where it has them."""

PLAIN = (
    ("2028-02-29T00:30", "2029-02-27T23:59:59"),
    ("2028-02-29T23:30", "2029-02-28T23:30"),
    ("2028-02-28T23:59:59", "2028-02-29T23:59:59"),
    ("2027-11-29T00:30", "2028-02-28T23:30"),
    ("2027-11-30T23:30", "2028-02-29T00:30"),
    ("2027-12-31T23:59:59", "2028-01-31T23:59:59"),
    ("2028-01-29T00:30", "2028-04-28T23:30"),
    ("2028-01-30T23:30", "2028-04-29T23:59:59"),
    ("2028-01-31T00:30", "2029-01-30T23:59:59"),
    ("2027-12-01T00:00", "2027-12-31T23:59:59.999999"),
    ("2028-03-01T00:00", "2028-05-31T00:30"),
    ("2028-07-01T12:00", "2029-06-30T23:59:59"),
    ("2027-10-15T00:30", "2027-11-02T23:30"),
    ("2028-10-31T23:30", "2029-10-30T23:59:59"),
    ("2028-05-31T00:30", "2028-06-30T23:30"),
    ("2029-02-28T23:30", "2030-02-27T23:59:59"),
    ("2028-12-31T00:30", "2029-03-31T23:59:59"),
)
"""First and last instant as somebody wrote them down: month ends, 29 February, 23:30 and 00:30."""

PAIRED = 5
"""So many customers of a zone hold two licenses, one after or beside the other."""


def written() -> list[oracle.Written]:
    """25 licenses in each of the 8 zones; every fourth a trial."""
    found = []
    for place, (zone, (missing, doubled)) in enumerate(CHANGES.items()):
        terms = [
            *PLAIN,
            (missing, "2028-12-15T23:59:59"),
            (doubled, "2028-12-15T00:30"),
            ("2027-11-15T23:30", missing),
            ("2027-11-15T00:30", doubled),
            (missing, "2029-03-24T23:30"),
            (doubled, "2029-10-27T23:59:59"),
            (min(missing, doubled), max(missing, doubled)),
            ("2028-02-01T00:30", missing),
        ]
        for number, (first, last) in enumerate(terms):
            customer = number // 2 if number < 2 * PAIRED else number - PAIRED
            found.append(
                oracle.Written(
                    customer=100 * place + customer,
                    zone=zone,
                    first=datetime.fromisoformat(first),
                    last=datetime.fromisoformat(last),
                    is_trial=number % 4 == 3,
                )
            )
    return found


WRITTEN = written()


def lot(one: oracle.Written) -> Lot:
    """A marketplace's term as the books hold it: whole UTC days, in the customer's favor."""
    first, last = (
        clock.day_of(wall.replace(tzinfo=ZoneInfo(one.zone)).astimezone(UTC))
        for wall in (one.first, one.last)
    )
    starts_at, ends_at = term(first, last)
    kind = LicenseKind.TRIAL if one.is_trial else LicenseKind.BOUGHT
    return Lot(credits=10, starts_at=starts_at, ends_at=ends_at, kind=kind)


@pytest.fixture
def licenses(catalogue: None) -> dict[int, oracle.Written]:
    """All of them bought before the first day, by their keys."""
    by_customer: dict[int, list[oracle.Written]] = defaultdict(list)
    for one in WRITTEN:
        by_customer[one.customer].append(one)
    found: dict[int, oracle.Written] = {}
    with clock.moved_to(BOUGHT_AT):
        for own in by_customer.values():
            customer = make.make_customer()
            lots = [lot(one) for one in own]
            post(GrantLicenses(customer=customer, asked=make.asked(), lots=lots))
            keys = customer.licenses.order_by("number").values_list("pk", flat=True)
            found |= dict(zip(keys, own, strict=True))
    return found


@contextmanager
def standing_in(zone: str) -> Iterator[None]:
    """The database's session and the reader both in a zone."""
    with timezone.override(zone):
        set_session_zone(zone)
        try:
            yield
        finally:
            set_session_zone(None)


def set_session_zone(zone: str | None) -> None:
    """Let the connection's session stand in a zone, as the setting of a database would; or UTC."""
    own = connections["default"]
    own.settings_dict["TIME_ZONE"] = zone
    for name in ("timezone", "timezone_name"):
        vars(own).pop(name, None)
    own.ensure_timezone()


def session_zone() -> str:
    """Where the database's session stands."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW TimeZone")
        return str(cursor.fetchone()[0])


def midnights(zone: str) -> list[datetime]:
    """The instants at which the days of a zone begin there."""
    return [(FIRST + timedelta(days=n)).replace(tzinfo=ZoneInfo(zone)) for n in range(DAYS)]


def number_of(at: datetime) -> int:
    """An instant as the oracle counts."""
    since = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


VALID = """
SELECT day.number - 1, entry.license_id
FROM generate_series(%(first)s::timestamp, %(first)s::timestamp + %(days)s * interval '1 day',
    interval '1 day') WITH ORDINALITY day(midnight, number)
JOIN credits_ledgerentry entry
    ON entry.side = 'valid' AND entry.effective_at <= day.midnight::timestamptz
WHERE entry.license_id = ANY(%(licenses)s)
GROUP BY 1, 2 HAVING sum(entry.credits) > 0
"""


def test_the_list_of_licenses_is_as_long_and_as_varied_as_it_says() -> None:
    assert len(WRITTEN) == 200
    assert len({one.zone for one in WRITTEN}) == 8
    assert {one.is_trial for one in WRITTEN} == {True, False}
    missing = datetime(2028, 3, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert missing.astimezone(UTC).astimezone(missing.tzinfo).hour == 3
    doubled = datetime(2028, 10, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert doubled.utcoffset() != doubled.replace(fold=1).utcoffset()


@pytest.mark.parametrize("zone", CHANGES)
def test_thirty_days_are_utc_days_in_whatever_zone_an_end_was_read(zone: str) -> None:
    end = datetime(2028, 3, 20, tzinfo=UTC).astimezone(ZoneInfo(zone))
    held = Held(first=end - clock.DAY, license=end)

    assert access_rule(held, end).ends_at == datetime(2028, 4, 19, tzinfo=UTC)
    assert access_rule(held, end).purge_from == datetime(2028, 5, 19, tzinfo=UTC)


def test_no_license_day_is_wrong_in_any_zone(
    licenses: dict[int, oracle.Written], capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, looked_at = 0, 0

    for zone in CHANGES:
        days = midnights(zone)
        numbers = [number_of(at) for at in days]
        with standing_in(zone):
            assert session_zone() == zone
            wrong += validity_wrong(licenses, numbers)
            wrong += stages_wrong(licenses, days, numbers)
            wrong += notices_wrong(licenses)
        looked_at += len(licenses) * len(days)

    with capsys.disabled():
        sys.stdout.write(f"\n{looked_at:,} license-days in {len(CHANGES)} zones: {wrong} wrong\n")
    assert (looked_at, wrong) == (200 * DAYS * 8, 0)


def validity_wrong(licenses: dict[int, oracle.Written], numbers: Sequence[int]) -> int:
    """License-days on which the ledger says valid and the oracle does not, or the reverse."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"first": FIRST, "days": DAYS - 1, "licenses": list(licenses)}
        cursor.execute(VALID, values)
        found = set(cursor.fetchall())
    expected = {
        (place, pk)
        for place, at in enumerate(numbers)
        for pk, one in licenses.items()
        if oracle.is_valid(one, at)
    }
    return len(found ^ expected)


def stages_wrong(
    licenses: dict[int, oracle.Written], days: Sequence[datetime], numbers: Sequence[int]
) -> int:
    """License-days on which access stands elsewhere than the oracle says."""
    wrong = 0
    for pk, own in by_customer(licenses).items():
        held = held_by(with_held(Customer.objects.filter(pk=pk)).get())
        for at, number in zip(days, numbers, strict=True):
            if access_rule(held, at).stage != oracle.stage(own, number):
                wrong += len(own)
    return wrong


def notices_wrong(licenses: dict[int, oracle.Written]) -> int:
    """License-days of which another notice is due than the oracle says, at 06:00 UTC.

    A stretch of days on which the oracle knows of nothing is asked about as one long window.
    """
    first = oracle.microseconds(FIRST, "UTC") // oracle.DAY
    wrong = 0
    for license in License.objects.filter(pk__in=licenses):
        told = [oracle.notices(licenses[license.pk], first + n) for n in range(DAYS)]
        ends = [n + 1 for n in range(DAYS) if told[n] or n + 1 == DAYS or told[n + 1]]
        for begin, end in pairwise([0, *ends]):
            due = due_of(license, Window(slot(begin - 1), slot(end - 1)))
            wrong += (end - begin) * (([str(due.kind)] if due else []) != told[begin])
    return wrong


def slot(place: int) -> datetime:
    """When the notices of a day are written, counted from the first."""
    return FIRST.replace(tzinfo=UTC) + place * clock.DAY + MORNING


def by_customer(licenses: dict[int, oracle.Written]) -> dict[int, list[oracle.Written]]:
    """The oracle's licenses of each customer."""
    found: dict[int, list[oracle.Written]] = defaultdict(list)
    owners = License.objects.filter(pk__in=licenses).values_list("pk", "customer_id")
    for pk, customer in owners:
        found[customer].append(licenses[pk])
    return found


def recorded_wrong(licenses: dict[int, oracle.Written], days: Sequence[int]) -> int:
    """Customer-days after whose run another stage is recorded than the oracle says.

    Each day's run stands in another zone. All are under a legal hold, so that nobody is purged
    on the way.
    """
    Customer.objects.update(held_at=BOUGHT_AT)
    owners, zones, wrong = by_customer(licenses), list(CHANGES), 0
    for place in days:
        as_of = FIRST.replace(tzinfo=UTC) + place * clock.DAY
        with clock.moved_to(as_of), standing_in(zones[place % len(zones)]):
            advance(as_of)
        stages = dict(CustomerLife.objects.values_list("pk", "stage"))
        assert Recorded.MARKED not in stages.values()
        at = number_of(as_of)
        wrong += sum(stages[pk] != oracle.stage(own, at) for pk, own in owners.items())
    return wrong


def days_around(day: str, before: int, after: int) -> range:
    """The places of the days around one, counted from the first."""
    place = (datetime.fromisoformat(day) - FIRST).days
    return range(place - before, place + after)


def test_no_recorded_stage_is_wrong_around_29_february_and_the_clock_changes(
    licenses: dict[int, oracle.Written], capsys: pytest.CaptureFixture[str]
) -> None:
    around = [
        *days_around("2028-02-29", 8, 8),
        *days_around("2028-03-26", 7, 15),
        *days_around("2028-10-29", 4, 8),
    ]

    wrong = recorded_wrong(licenses, around)

    with capsys.disabled():
        told = f"{len(around)} daily runs over {len(licenses)} licenses: {wrong} stages wrong"
        sys.stdout.write(f"\n{told}\n")
    assert wrong == 0


@pytest.mark.nightly
def test_no_recorded_stage_is_wrong_through_800_daily_runs(
    licenses: dict[int, oracle.Written], capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = recorded_wrong(licenses, range(DAYS))

    with capsys.disabled():
        sys.stdout.write(
            f"\n{DAYS} daily runs over {len(licenses)} licenses: {wrong} stages wrong\n"
        )
    assert wrong == 0
