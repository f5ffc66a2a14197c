"""Purge: in two steps, looked at again, never many at once, all or nothing (docs/rules.md#r13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from billing.domain.lifecycle import advance
from billing.domain.lifecycle.purge import TooManyDue, most, purge
from billing.models import CustomerLife, LifeEvent, LifeEventKind, Recorded
from credits import clock
from credits.domain.figures import standing
from credits.domain.legal_hold import SetLegalHold
from credits.domain.mail import relay
from credits.domain.post import post
from credits.domain.purging import Purge
from credits.domain.verify import verify_books
from credits.exceptions import CreditsError, NotAllowed
from credits.models import (
    Balance,
    Customer,
    LedgerEntry,
    License,
    Membership,
    Operation,
    OperationNote,
    OutgoingMail,
    User,
)
from tests.billing.access.story import TRIAL
from tests.billing.lifecycle.story import SOON, TICK, events, life, run
from tests.billing.story import Story, found_story, instant
from tests.factories import credits as make

pytestmark = pytest.mark.django_db

PURGE_FROM = "2026-05-31T00:00"
DAY_AFTER = "2026-06-01T00:00"
WAIT = timedelta(hours=24)


@pytest.fixture
def story(catalogue: None) -> Story:
    return gone(found_story())


def gone(story: Story, number: str = "GONE") -> Story:
    """A customer whose paid license ended with March, whose features hold credits, now locked."""
    story.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-03-31", number)
    story.allocate("2026-01-06T09:00", "email-core", 20)
    story.bundle("2026-01-06T10:00", 2)
    run("2026-05-01T00:00")
    return story


def hold(story: Story, when: str, by: User, *, is_held: bool) -> None:
    asked = make.asked(actor=by, reason="A court asks.")
    command = SetLegalHold(customer=story.customer, asked=asked, is_held=is_held)
    story.at(when, lambda: post(command))


def is_purged(story: Story) -> bool:
    return Balance.objects.filter(customer=story.customer, purged_at__isnull=False).exists()


def park(story: Story, at: datetime | None) -> None:
    """Park the books, or unpark them."""
    Balance.objects.filter(customer=story.customer).update(parked_at=at)


# Marked, and a day later purged


def test_it_takes_two_runs_a_day_apart(story: Story) -> None:
    assert run(instant(PURGE_FROM) - TICK)["marked"] == 0
    assert run(PURGE_FROM) | {"marked": 1, "purged": 0} == run_counts(PURGE_FROM, marked=0)
    assert life(story.customer).stage == Recorded.MARKED
    assert run(instant(DAY_AFTER) - TICK, late=SOON)["purged"] == 0
    assert run(DAY_AFTER, late=SOON)["purged"] == 1

    assert life(story.customer).stage == Recorded.PURGED
    assert [kind for kind, _ in events(story.customer)][-2:] == ["marked", "purged"]
    assert run("2026-06-02T00:00")["purged"] == 0


def run_counts(when: str, *, marked: int) -> dict[str, int]:
    """What a second run of a slot counts, with the first one's mark in place of its own."""
    found = run(when)
    assert found["marked"] == marked
    return {**found, "marked": 1}


@pytest.mark.parametrize(
    ("kind", "last_day", "marked"),
    [
        ("bought", "2026-03-31", "2026-05-31T00:00"),
        (TRIAL, "2026-03-31", "2026-05-01T00:00"),
        ("bought", "2028-02-29", "2028-04-30T00:00"),
    ],
)
def test_no_mark_before_60_days_after_a_paid_end_and_30_after_a_trials(
    catalogue: None, kind: str, last_day: str, marked: str
) -> None:
    story = found_story()
    story.buy("2026-01-05T09:00", 500, "2026-01-05", last_day, kind=kind)
    run(instant(marked) - timedelta(days=30))

    assert run(instant(marked) - TICK)["marked"] == 0
    assert run(marked)["marked"] == 1


def test_runs_without_a_mark_before_never_purge_however_late(story: Story) -> None:
    run("2027-05-31T00:00")

    assert not is_purged(story)
    assert run("2027-05-31T01:00")["purged"] == 0
    assert run("2027-06-01T00:00", late=SOON)["purged"] == 1


def test_whose_lock_is_found_late_is_marked_a_week_after(catalogue: None) -> None:
    """As by an installation that begins to record, years after access has ended."""
    story = found_story()
    story.buy("2026-01-05T09:00", 500, "2026-01-05", "2026-03-31")

    assert run("2028-01-01T00:00")["marked"] == 0
    assert run("2028-01-07T23:00")["marked"] == 0
    assert run("2028-01-08T00:00")["marked"] == 1
    assert run("2028-01-09T00:00", late=SOON)["purged"] == 1


def test_a_renewal_that_is_voided_before_it_began_leaves_a_week_to_think_better_of_it(
    story: Story,
) -> None:
    """Access ended long ago all at once, and nobody was told that a purge is near."""
    story.buy("2026-05-20T09:30", 10, "2026-08-01", "2027-07-31", "RENEWAL")
    run("2026-05-20T10:00")
    story.void(
        "2026-07-01T09:30", License.objects.get(purchase_line__purchase__order_number="RENEWAL")
    )

    assert run("2026-07-01T10:00")["marked"] == 0
    assert run("2026-07-08T09:00")["marked"] == 0
    assert run("2026-07-08T10:00")["marked"] == 1


def test_a_slot_made_up_later_does_not_shorten_the_wait_by_the_database_clock(
    story: Story,
) -> None:
    with clock.moved_to(instant("2026-06-20T00:00")):
        for slot in (PURGE_FROM, DAY_AFTER, "2026-06-19T00:00"):
            assert advance(instant(slot))["purged"] == 0

    assert life(story.customer).stage == Recorded.MARKED
    assert run("2026-06-21T00:00", late=-SOON)["purged"] == 0
    assert run("2026-06-21T00:00", late=SOON)["purged"] == 1


def test_a_mark_of_a_clock_that_ran_ahead_erases_nothing_early(story: Story) -> None:
    run("2026-05-31T01:00")
    assert life(story.customer).stage == Recorded.MARKED
    marked = instant("2026-05-01T00:00")
    CustomerLife.objects.update(marked_at=marked, marked_on=marked)
    early = instant("2026-05-30T12:00")

    with clock.moved_to(early):
        assert purge(story.customer.pk, early) is False
        # Nor by a slot that lies ahead of the clock, nor by the command itself.
        assert purge(story.customer.pk, instant(DAY_AFTER)) is False
        command = Purge(customer=story.customer, asked=make.asked(), as_of=instant(DAY_AFTER))
        with pytest.raises(NotAllowed):
            post(command)

    assert not is_purged(story)


# Looked at again


def test_a_renewal_between_the_mark_and_the_purge_keeps_everything(story: Story) -> None:
    run(PURGE_FROM)
    story.buy("2026-05-31T23:59:59", 1_000, "2026-06-10", "2027-05-31")

    assert run(DAY_AFTER, late=SOON)["purged"] == 0

    assert life(story.customer).stage == Recorded.ACTIVE
    assert events(story.customer)[-1] == ("restored", "2026-05-31T23:59:59")
    story.allocate("2026-06-11T10:00", "email-core", 21)


def test_a_renewal_after_everything_was_read_is_seen_by_the_statement_that_erases(
    story: Story,
) -> None:
    run(PURGE_FROM)
    story.buy("2026-05-31T23:00", 1_000, "2026-05-31", "2027-05-31")

    with clock.moved_to(instant(DAY_AFTER) + SOON), pytest.raises(NotAllowed):
        purge(story.customer.pk, instant(DAY_AFTER))

    assert not is_purged(story)
    assert Membership.objects.filter(customer=story.customer).exists()


def test_a_legal_hold_forbids_mark_and_purge_and_the_wait_begins_anew(
    story: Story, support: User
) -> None:
    run(PURGE_FROM)
    hold(story, "2026-05-31T10:00", support, is_held=True)

    assert run(DAY_AFTER, late=SOON) | {"purged": 0, "unmarked": 1} == run_held(DAY_AFTER)
    assert life(story.customer).stage == Recorded.LOCKED
    assert run("2026-08-01T00:00")["marked"] == 0
    hold(story, "2026-08-02T10:00", support, is_held=False)
    assert run("2026-08-02T11:00")["marked"] == 1
    assert run("2026-08-03T10:00")["purged"] == 0
    assert run("2026-08-03T11:00", late=SOON)["purged"] == 1


def run_held(when: str) -> dict[str, int]:
    found = run(when)
    assert found["unmarked"] == 0
    return {**found, "unmarked": 1}


@pytest.mark.parametrize(
    ("by", "reason", "is_held", "said"),
    [
        ("support", " ", True, "Say why"),
        ("support", "A court asks.", False, "It is so already"),
        ("rep", "A court asks.", True, "Only support"),
        ("nobody", "A court asks.", True, "Only support"),
    ],
)
def test_a_hold_is_refused(
    story: Story, support: User, rep: User, by: str, reason: str, is_held: bool, said: str
) -> None:
    actor = {"support": support, "rep": rep}.get(by)
    asked = make.asked(actor=actor, reason=reason)

    with pytest.raises(CreditsError, match=said):
        post(SetLegalHold(customer=story.customer, asked=asked, is_held=is_held))


def test_parked_books_are_neither_marked_nor_purged(story: Story) -> None:
    park(story, instant("2026-05-01T00:00"))
    assert run(PURGE_FROM)["marked"] == 0
    park(story, None)
    run("2026-06-01T00:00")
    park(story, instant("2026-06-01T10:00"))

    assert run("2026-06-02T00:00")["purged"] == 0

    assert life(story.customer).stage == Recorded.LOCKED


# Never many at once


@pytest.fixture
def four(story: Story) -> list[Story]:
    return [story, *(gone(found_story(f"Gone {n}"), f"GONE-{n}") for n in range(3))]


def test_more_than_a_few_wait_for_a_persons_word(
    four: list[Story], capsys: pytest.CaptureFixture[str]
) -> None:
    run(PURGE_FROM)

    assert most() == 3 < len(four)
    with pytest.raises(TooManyDue, match="4 customers are due for purge"):
        run(DAY_AFTER, late=SOON)
    assert not any(is_purged(story) for story in four)

    with clock.moved_to(instant(DAY_AFTER) + SOON):
        call_command("purge")
        listed = capsys.readouterr().out
        assert "Halden Energy: access ended 2026-05-01" in listed
        assert not any(is_purged(story) for story in four)
        call_command("purge", "--yes")
    assert all(is_purged(story) for story in four)
    assert "Purged 4." in capsys.readouterr().out
    assert run(DAY_AFTER, late=SOON)["purged"] == 0


def test_the_cap_counts_the_customers_there_are_and_none_that_was_purged(
    four: list[Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.domain.lifecycle.purge.PERCENT", 100)
    monkeypatch.setattr("billing.domain.lifecycle.purge.FEW", 0)
    assert most() == 4 == Customer.objects.count()

    Balance.objects.filter(customer=four[0].customer).update(purged_at=instant(DAY_AFTER))

    assert most() == 3


def test_one_customers_failure_stops_nobody_else(
    four: list[Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    four[3].buy("2026-05-20T10:00", 10, "2026-05-20", "2027-05-19", "LATE")
    run(PURGE_FROM)
    monkeypatch.setattr(settings, "ERASERS", [*settings.ERASERS, f"{__name__}.failing"])
    FAILS_FOR.add(four[0].customer.pk)

    with pytest.raises(Exception, match="1 customers went wrong"):
        run(DAY_AFTER, late=SOON)

    assert [is_purged(story) for story in four] == [False, True, True, False]
    assert Membership.objects.filter(customer=four[0].customer).exists()
    FAILS_FOR.clear()
    assert run("2026-06-01T01:00")["purged"] == 1


FAILS_FOR: set[int] = set()


def failing(customer: Customer) -> None:
    """An eraser that fails for some."""
    if customer.pk in FAILS_FOR:
        raise RuntimeError("killed here")


# What a purge does


@pytest.fixture
def purged(story: Story) -> Story:
    run(PURGE_FROM)
    run(DAY_AFTER, late=SOON)
    assert is_purged(story)
    return story


def test_everything_is_released_and_the_numbers_stay(story: Story) -> None:
    before = list(LedgerEntry.objects.filter(customer=story.customer).values())
    held = standing(story.customer, now=instant(PURGE_FROM)).live.figure.allocated
    assert held > 0
    run(PURGE_FROM)
    run(DAY_AFTER, late=SOON)

    after = list(LedgerEntry.objects.filter(customer=story.customer).values())
    assert after[: len(before)] == before
    operation = Operation.objects.get(customer=story.customer, kind="purge")
    assert {row["operation_id"] for row in after[len(before) :]} == {operation.pk}
    assert sum(row["credits"] for row in after[len(before) :]) == -held
    assert standing(story.customer, now=instant(DAY_AFTER)).live.figure.allocated == 0


def test_the_books_still_verify_to_the_last_hash(purged: Story) -> None:
    assert not OperationNote.objects.filter(operation__customer=purged.customer).exists()
    assert verify_books(Customer.objects.get(pk=purged.customer.pk)) == []


def test_nobody_has_it_any_more_and_nothing_can_be_written(purged: Story) -> None:
    customer = Customer.objects.get(pk=purged.customer.pk)

    assert customer.name == f"Purged customer {customer.label}"
    assert customer.slug == f"purged-c-{customer.number}"
    person = User.objects.get(pk=purged.admin.pk)
    assert (person.name, person.is_active) == ("Erased person", False)
    assert person.email == f"erased-{person.public_id}@erased.invalid"
    assert not person.has_usable_password()
    with pytest.raises(NotAllowed, match="erased for good"):
        purged.buy("2026-06-05T10:00", 10, "2026-06-05", "2027-06-04")


def test_a_second_purge_is_the_same_act(purged: Story) -> None:
    CustomerLife.objects.update(stage=Recorded.MARKED)
    before = Operation.objects.count()

    assert run("2026-06-03T00:00")["purged"] == 0
    with clock.moved_to(instant("2026-06-03T00:00")):
        assert purge(purged.customer.pk, instant("2026-06-03T00:00")) is False

    assert Operation.objects.count() == before
    assert LifeEvent.objects.filter(kind=LifeEventKind.PURGED).count() == 1


def test_the_last_mail_goes_out_and_is_blanked_by_the_next_run(
    purged: Story, mailoutbox: list[Any]
) -> None:
    written = OutgoingMail.objects.get(customer=purged.customer)
    assert written.to == purged.admin.email
    assert "Halden Energy" in written.subject

    assert run("2026-06-01T01:00")["blanked"] == 0
    relay(instant("2026-06-01T02:00"))
    assert [mail.to for mail in mailoutbox] == [[purged.admin.email]]
    assert run("2026-06-01T03:00")["blanked"] == 1

    written.refresh_from_db()
    assert (written.subject, written.text, written.html) == ("", "", "")
    assert written.to.endswith("@erased.invalid")
    assert run("2026-06-01T04:00")["blanked"] == 0


def test_a_member_of_another_customer_and_staff_keep_their_accounts(
    story: Story, rep: User, support: User
) -> None:
    other = found_story("Borealis Freight")
    make.make_member(other.customer, story.admin, "viewer")
    make.make_member(story.customer, support, "viewer")
    make.assign_rep(story.customer, rep)
    run(PURGE_FROM)
    run(DAY_AFTER, late=SOON)

    for person in (story.admin, rep, support):
        email = person.email
        person.refresh_from_db()
        assert (person.email, person.is_active) == (email, True)
    assert not Membership.objects.filter(customer=story.customer).exists()
    assert Membership.objects.filter(customer=other.customer, user=story.admin).exists()


def test_who_acted_for_another_customer_goes_on_being_named_there(story: Story) -> None:
    other = found_story("Borealis Freight")
    other.buy("2026-01-05T09:00", 1_000, "2026-01-05", "2026-12-31", "STAYS")
    clerk = make.make_user(name="Former Clerk", email="clerk@vendor.example")
    for customer in (story.customer, other.customer):
        with clock.moved_to(instant("2026-01-07T09:00")):
            make.allocate(customer, "email-core", 1, actor=clerk)
    run(PURGE_FROM)
    run(DAY_AFTER, late=SOON)

    clerk.refresh_from_db()
    assert is_purged(story)
    assert clerk.name == "Former Clerk"


def test_a_purge_that_is_killed_in_the_middle_leaves_nothing_half(story: Story) -> None:
    run(PURGE_FROM)
    before = dump()
    FAILS_FOR.add(story.customer.pk)

    for last in range(len(settings.ERASERS) + 1):
        erasers = [*settings.ERASERS[:last], f"{__name__}.failing"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(settings, "ERASERS", erasers)
            with clock.moved_to(instant(DAY_AFTER) + SOON), pytest.raises(RuntimeError):
                purge(story.customer.pk, instant(DAY_AFTER))
        assert dump() == before
    FAILS_FOR.clear()


def dump() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')  # noqa: S608
            found[table] = [row for (row,) in cursor.fetchall()]
    return found
