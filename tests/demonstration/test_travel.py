"""Sixty days of the demonstration: what its jobs told, ended, locked and erased, and when.

The days pass as `manage.py travel` lets them pass, with a stop each morning after six.
Of the hours, few are published: that the others are not makes no page wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from billing.domain.notices.telling import is_said
from billing.domain.notices.words import told
from billing.domain.publication import publish_hours
from billing.domain.publication_check import verify_publications
from billing.domain.purchases import LineOrder, Order, record_purchase
from billing.models import Channel, LifeEvent, Notice, NoticeKind
from config.demonstration.replay import LogIn
from config.demonstration.stories import REP, STORIES
from config.development.travel import stops_between
from credits import clock
from credits.domain.commands import Asked
from credits.domain.figures import standing
from credits.domain.jobs import job_named, run_slot
from credits.domain.mail import relay
from credits.domain.members import recipients_of
from credits.domain.verify import verify_books
from credits.models import Balance, Boundary, Customer, JobRun, OutgoingMail, Side, User
from tests.demonstration.conftest import NOW
from tests.demonstration.reading import text_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LAST = 60
END = NOW + LAST * DAY
JOBS = ("advance-lifecycle", "send-notices", "send-digests")
PUBLISHED = 2
"""Up to this day every hour is published; the pages of later ones are late, and not wrong."""
RENEWED = 22
"""The day on which Torvik, locked two days before, buys again."""

LOOKED_AT = {
    "meridian-clinics": (12, 13),
    "torvik-tools": (19, 20, 22, 23),
    "fenwick-robotics": (24, 25),
    "saltmarsh-press": (1,),
}
"""The days, counted from the first start, on whose morning an admin opens Annual credits."""

STORY = {
    "halden-energy": [(38, "license-90")],
    "borealis-freight": [(30, "negative-over"), (51, "license-90")],
    "meridian-clinics": [(6, "license-7"), (13, "license-ended"), (13, "negative")],
    "quill-and-ember": [],
    "torvik-tools": [
        (20, "locked"),
        (RENEWED + 1, "negative-over"),
        (RENEWED + 1, "low-balance"),
    ],
    "saltmarsh-press": [(10, "purge-ahead")],
    "fenwick-robotics": [(10, "trial-15"), (25, "locked"), (48, "purge-ahead")],
}
"""What each customer is told on which day."""


@dataclass
class Seen:
    """What somebody saw who was there on each of the days."""

    pages: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    """Status and text of the pages that were looked at, by customer and day."""
    told: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """Day and kind of the notices of each customer, also of those that a purge erased."""


@pytest.fixture(scope="module")
def seen(customers: dict[str, Customer], django_db_blocker: Any) -> Iterator[Seen]:
    """Sixty days pass, and some mornings somebody looks."""
    seen = Seen()
    with django_db_blocker.unblock(), transaction.atomic():
        for morning in stops_between(NOW, END):
            if morning.hour:
                with clock.moved_to(morning):
                    pass_time(morning)
                    look(seen, day_of(morning))
                    for slug, customer in customers.items():
                        seen.told[slug] += notices(customer, since=morning - DAY)
        yield seen
        transaction.set_rollback(True)


def pass_time(instant: datetime) -> None:
    """What the jobs do at a stop, and what one person does."""
    if day_of(instant) <= PUBLISHED:
        publish_hours(instant)
    for name in JOBS:
        job = job_named(name)
        slot = job.newest_due(instant)
        if instant - job.due_at(slot) < DAY:
            assert run_slot(job, slot), JobRun.objects.get(job=name, slot=slot).problem
    relay(instant)


def look(seen: Seen, day: int) -> None:
    """Open a page as an admin of each customer that is looked at on a day; one then renews."""
    for slug, days in LOOKED_AT.items():
        if day in days:
            client = Client()
            client.force_login(User.objects.get(email=admin_of(slug)))
            answer = client.get(f"/c/{slug}/annual-credits/")
            seen.pages[slug, day] = answer.status_code, text_of(answer.content.decode())
    if day == RENEWED:
        renew(Customer.objects.get(slug="torvik-tools"))


def renew(torvik: Customer) -> None:
    """The sales desk enters what the locked customer has bought."""
    today = clock.day_of(clock.now())
    lot = LineOrder(credits=12_000, first_day=today, last_day=today + 364 * DAY)
    order = Order(order_number="SO-123001", channel=Channel.SALES, lines=[lot])
    rep = User.objects.get(email=REP)
    record_purchase(torvik, order, Asked(source="portal", key="renewal", actor=rep))


def day_of(instant: datetime) -> int:
    """A day, counted from the day of the first start."""
    return (clock.day_of(instant) - clock.day_of(NOW)).days


def admin_of(slug: str) -> str:
    return next(story.people[0][0] for story in STORIES if story.slug == slug)


@pytest.fixture(scope="module")
def customers(people: list[LogIn], django_db_blocker: Any) -> dict[str, Customer]:
    """The customers by the names in their addresses, which a purge takes from them."""
    slugs = [story.slug for story in STORIES]
    with django_db_blocker.unblock():
        return {one.slug: one for one in Customer.objects.filter(slug__in=slugs)}


def mail_of(customer: Customer, kind: str) -> str:
    """The text of the newest mail of a kind."""
    return OutgoingMail.objects.filter(customer=customer, kind=kind).latest("pk").text


def notices(customer: Customer, since: datetime = NOW) -> list[tuple[int, str]]:
    """The notices of a customer after an instant, but those of a week: day and kind."""
    told = Notice.objects.filter(customer=customer, at__gt=since).exclude(kind=NoticeKind.WEEKLY)
    return [(day_of(notice.at), notice.kind) for notice in told.order_by("pk")]


def events(customer: Customer) -> list[tuple[int, str]]:
    """What was recorded of a customer from the first start on, by the day from which it is so."""
    found = LifeEvent.objects.filter(customer=customer, at__gt=NOW).order_by("at", "pk")
    return [(day_of(event.at), event.kind) for event in found]


def test_small_customers_are_told_what_happens_to_them_on_its_day(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    assert {slug: seen.told[slug] for slug in STORY} == STORY


def test_the_huge_customer_is_told_of_each_license(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    corvane = customers["corvane-group"]
    told = Counter(seen.told["corvane-group"])
    ends = [day_of(license.ends_at) for license in corvane.licenses.all()]

    for kind, days in (("90", 90), ("30", 30), ("7", 7)):
        due = Counter(end - days for end in ends if 0 < end - days <= LAST)
        assert {day: told[day, f"license-{kind}"] for day in due} == due
    assert sum(told[day, "license-ended"] for day in set(ends)) == sum(0 < d <= LAST for d in ends)


def test_each_notice_went_out_by_mail_on_its_day_to_each_recipient(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    found = Notice.objects.filter(at__gt=NOW).select_related("customer").order_by("pk")
    purged = Balance.objects.filter(purged_at__isnull=False).values("customer")
    mornings: dict[tuple[Customer, datetime], list[Notice]] = defaultdict(list)
    for notice in found.exclude(customer__in=purged):
        if notice.kind != NoticeKind.WEEKLY:
            mornings[notice.customer, notice.at].append(notice)
    of_notices = OutgoingMail.objects.filter(kind__in=NoticeKind.values)
    for (customer, at), together in mornings.items():
        mails = of_notices.filter(key__startswith=f"{together[0].key}/")
        assert {mail.to for mail in mails} == {person.email for person in recipients_of(customer)}
        assert {day_of(mail.sent_at) for mail in mails if mail.sent_at} == {day_of(at)}
        titles = [told(one).title for one in together if not is_said(one, together)]
        assert all(title in mail.text for mail in mails for title in titles)
    assert not of_notices.filter(sent_at=None).exists()
    assert sum(len(together) for together in mornings.values()) > 40


def test_nothing_that_happened_before_the_first_start_is_mailed(seen: Seen) -> None:
    assert not OutgoingMail.objects.filter(created_at__lte=NOW).exists()
    assert Notice.objects.filter(at__lte=NOW).count() > 50


def test_a_license_ends_and_the_balance_falls_below_zero_for_a_reason_that_is_told(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    _status, before = seen.pages["meridian-clinics", 12]
    _status, after = seen.pages["meridian-clinics", 13]
    cause = "license L-201 with 26,000 ended on 6 Dec 2026."

    assert "First short: −2,460 on 7 Dec 2026 , when L-201 ends" in before
    assert "With them the balance is −2,460" in after
    assert "hourly updates were missed" in after
    negative = Notice.objects.get(customer=customers["meridian-clinics"], kind="negative")
    assert f"Cause: {cause}" in told(negative).sentences
    ended = mail_of(customers["meridian-clinics"], "license-ended")
    assert "L-201 ended on 6 Dec 2026: 26,000 credits, 2,460 are short" in ended
    ahead = mail_of(customers["meridian-clinics"], "license-7")
    assert "it stops on 7 Dec 2026, 00:00 UTC" in ahead


def test_grace_ends_in_a_lock_and_a_purchase_opens_all_pages_again(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    torvik = customers["torvik-tools"]

    assert "These pages close on 13 Dec 2026, end of day UTC" in seen.pages["torvik-tools", 19][1]
    for day in (20, RENEWED):
        status, text = seen.pages["torvik-tools", day]
        assert (status, "Everything until 12 Jan 2027, end of day UTC" in text) == (403, True)
    assert "12 Jan 2027" in mail_of(torvik, "locked")

    status, text = seen.pages["torvik-tools", RENEWED + 1]
    assert (status, "With them the balance is 885" in text) == (200, True)
    assert events(torvik) == [(20, "locked"), (RENEWED, "started"), (RENEWED, "restored")]


def test_access_ends_with_a_trial_and_what_is_purged_is_gone(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    assert seen.pages["fenwick-robotics", 24][0] == 200
    assert "No grace follows a trial." in seen.pages["fenwick-robotics", 25][1]

    for slug, marked in (("saltmarsh-press", 17), ("fenwick-robotics", 55)):
        purged = Balance.objects.get(customer=customers[slug]).purged_at
        assert purged is not None
        assert marked < day_of(purged) <= marked + 2
        assert not User.objects.filter(email=admin_of(slug)).exists()


def test_what_is_shown_and_pending_is_what_is_live(
    seen: Seen, customers: dict[str, Customer]
) -> None:
    for customer in customers.values():
        now = standing(customer, now=END)
        for side, live, shown in (
            (Side.VALID, now.live.figure.valid, now.shown.figure.valid),
            (Side.ALLOCATED, now.live.figure.allocated, now.shown.figure.allocated),
        ):
            pending = sum(row.credits for row in now.pending if row.side == side)
            assert now.unpublished or shown + pending == live


def test_the_books_and_what_was_published_hold(seen: Seen, customers: dict[str, Customer]) -> None:
    with clock.moved_to(END):
        problems = {slug: verify_books(customer) for slug, customer in customers.items()}
        assert not any(problems.values()), problems
        assert list(verify_publications()) == []
    assert Boundary.objects.count() > (PUBLISHED - 1) * 24


@pytest.mark.nightly
def test_a_real_journey_tells_the_same(
    people: list[LogIn], customers: dict[str, Customer], settings: Any, tmp_path: Path
) -> None:
    """With every hour and each night's jobs, by the command itself; nobody renews meanwhile."""
    settings.CLOCK_FILE = str(tmp_path / "clock_offset")
    clock.store_offset(NOW - clock.machine())
    said = StringIO()

    call_command("travel", f"+{LAST}d", stdout=said)

    untouched = STORY.keys() - {"torvik-tools"}
    assert {slug: notices(customers[slug]) for slug in untouched} == {
        slug: STORY[slug] for slug in untouched
    }
    assert "Torvik Tools: Access ended" in said.getvalue()
    assert list(verify_publications()) == []
