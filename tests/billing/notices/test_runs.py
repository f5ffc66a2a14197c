"""A slot may run late, again, at once and for customers that break: each thing is told once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.domain.notices import send_notices, sending, terms
from billing.models import Notice, NoticeKind, WatchedState
from credits import clock
from credits.domain.jobs import JobFailed, job_named
from credits.models import Customer, OutgoingMail
from tests.billing.notices.slots import choose, morning, run, run_at, told
from tests.billing.story import Story, found_story, instant
from tests.races.racing import race

CORE = "email-core"
NUMBERS = count(1)
"""Of orders: each is used once, whichever customer's."""

MOST_QUERIES, QUIET_QUERIES = 40, 8

DAYS = [morning("2026-03-20") + timedelta(days=n) for n in range(20)]


def eventful(name: str = "Halden Energy") -> Story:
    """Ends, a shortage, its end, low levels and late facts, within twenty days."""
    story = found_story(name)
    story.numbers = NUMBERS
    story.buy("2026-01-05T09:00", 20_000, "2026-01-05", "2026-03-31")
    story.buy("2026-01-06T09:00", 100_000, "2026-01-06", "2026-04-19")
    story.buy("2026-01-07T09:00", 10_000, "2026-01-07", "2028-12-31")
    story.allocate("2026-03-20T09:00", CORE, 4_600)
    return story


LATER = [
    ("2026-03-22T13:00", 4_900),
    ("2026-03-25T13:00", 5_300),
    ("2026-03-28T09:00", 100),
    ("2026-04-03T09:00", 4_300),
]


def live_through(story: Story, run_slots: bool) -> None:
    """The events of the days, with each day's slot where it is run in time."""
    acts = [(instant(when), when, units) for when, units in LATER]
    for as_of in DAYS:
        for at, when, units in acts:
            if as_of - clock.DAY < at <= as_of:
                story.allocate(when, CORE, units)
        if as_of == morning("2026-03-27"):
            choose(story, "2026-03-26T12:00", 60, 30, 5, days_ahead=20)
        if run_slots:
            run_at(as_of)


def record(story: Story) -> list[tuple[datetime, str, dict[str, Any]]]:
    """What was told, by slot."""
    notices = Notice.objects.filter(customer=story.customer).order_by("at", "kind", "pk")
    return [(one.at, one.kind, one.facts) for one in notices]


def mailed(story: Story) -> set[tuple[str, str]]:
    """The mails of notices by key and, of a balance, subject: an end is told as known by now."""
    mails = OutgoingMail.objects.filter(customer=story.customer, kind__in=NoticeKind.values)
    return {(mail.key, "" if "license" in mail.kind else mail.subject) for mail in mails}


def test_catching_up_tells_what_an_uninterrupted_run_tells(catalogue: None) -> None:
    story = eventful()
    live_through(story, run_slots=True)
    in_time = record(story)
    states = set(WatchedState.objects.values_list("state", "level", "holds", "since"))
    mails = mailed(story)
    OutgoingMail.objects.all().delete()
    Notice.objects.all().delete()
    WatchedState.objects.all().delete()

    with clock.moved_to(DAYS[-1] + timedelta(hours=9)):
        for as_of in DAYS:
            send_notices(as_of)

    late = record(story)
    assert [(at, kind) for at, kind, _ in late] == [(at, kind) for at, kind, _ in in_time]
    of_states = [one for one in in_time if "license" not in one[1]]
    assert [one for one in late if "license" not in one[1]] == of_states
    assert {kind for _at, kind, _facts in of_states} >= {
        "negative",
        "negative-over",
        "short-ahead",
        "low-balance",
    }
    assert set(WatchedState.objects.values_list("state", "level", "holds", "since")) == states
    assert mailed(story) == mails


def test_a_slot_again_tells_nothing_again(catalogue: None) -> None:
    story = eventful()
    run("2026-03-21")
    run("2026-04-01")
    before = record(story), OutgoingMail.objects.count()

    assert set(run("2026-04-01").values()) == {0}

    assert (record(story), OutgoingMail.objects.count()) == before


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_five_at_once_tell_everything_once(catalogue: None) -> None:
    stories = [eventful(f"Customer {n}") for n in range(4)]
    with clock.moved_to(morning("2026-03-20")):
        send_notices(morning("2026-03-20"))

    results = race([lambda: send_notices(morning("2026-04-01"))] * 5)

    assert not [one for one in results if isinstance(one, Exception)]
    assert sum(one["license notices"] for one in results if isinstance(one, dict)) == 4
    for story in stories:
        kinds = Counter(told(story.customer))
        assert kinds["license-ended"] == 1
        assert set(kinds.values()) == {1}
        mornings = {notice.at for notice in Notice.objects.filter(customer=story.customer)}
        mails = OutgoingMail.objects.filter(customer=story.customer, kind__in=NoticeKind.values)
        assert mails.count() == len(mornings)


def test_one_customers_failure_stops_no_other(
    catalogue: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = [eventful(f"Customer {n}") for n in range(3)]
    facts_of = terms.facts_of

    def broken(due: terms.Due, known: terms.Known) -> dict[str, Any]:
        if due.license.customer_id == stories[1].customer.pk:
            raise RuntimeError("no facts")
        return facts_of(due, known)

    monkeypatch.setattr(terms, "facts_of", broken)
    with pytest.raises(JobFailed, match="Notices failed for 1 customers"):
        run("2026-04-01")
    assert [told(story.customer).count("license-ended") for story in stories] == [1, 0, 1]

    monkeypatch.undo()
    run("2026-04-01")
    assert [told(story.customer).count("license-ended") for story in stories] == [1, 1, 1]


def test_a_batch_costs_the_same_queries_however_many_customers(catalogue: None) -> None:
    counts = []
    for size in (2, 8):
        while Customer.objects.count() < size:
            eventful(f"Customer {Customer.objects.count()}")
        Notice.objects.all().delete()
        OutgoingMail.objects.all().delete()
        WatchedState.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run("2026-03-25")
        assert Notice.objects.filter(kind="license-7").count() == size
        counts.append(len(queries))

    assert counts[0] == counts[1] <= MOST_QUERIES


def test_a_quiet_day_costs_little(catalogue: None) -> None:
    eventful()

    with CaptureQueriesContext(connection) as queries:
        assert run("2026-02-10") == {}

    assert len(queries) <= QUIET_QUERIES


def test_the_slot_is_a_job_of_the_registry() -> None:
    assert job_named(sending.JOB).due_at(instant("2026-04-01T00:00")) == morning("2026-04-01")
