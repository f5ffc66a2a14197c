"""What a publication holds: exactly what became visible in its hour, and it never changes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.domain.publication import publish_hours
from billing.domain.publication_content import (
    DAWN,
    HEADS,
    OFFICE,
    ROWS,
    SETTINGS,
    content_between,
)
from credits.domain.allocations import Allocate
from credits.domain.boundaries import HOUR, boundary_at
from credits.domain.commands import canonical, digest
from credits.domain.figures import Figure, figure, standing
from credits.domain.post import post
from credits.models import (
    GENESIS,
    Boundary,
    LedgerEntry,
    Operation,
    OperationNote,
    Publication,
    Role,
)
from tests.billing.annual.test_sums import tell
from tests.billing.publication.hours import problems, records, run, unlocked
from tests.billing.story import NOON, Story, found_story, instant
from tests.factories import credits as make

NINE = instant("2026-11-24T09:00")


def entries_of(now: str) -> dict[datetime, int]:
    """The number of entries of each hour that a run records."""
    before = {at for at, *_ in records()}
    run(now)
    return {at: entries for at, entries, *_ in records() if at not in before}


def head(story: Story, known: datetime) -> str:
    """The head of the customer's chain as of an instant."""
    chain = Operation.objects.filter(customer=story.customer, recorded_at__lte=known)
    return chain.latest("position").hash


def test_the_first_publication_holds_everything_visible_by_then(halden: Story) -> None:
    visible = [e for e in LedgerEntry.objects.all() if e.visible_at <= NINE]

    assert entries_of(NOON) == {NINE: len(visible)}
    assert len(visible) < LedgerEntry.objects.count()
    publication = Publication.objects.get()
    assert publication.heads == {str(halden.customer.public_id): head(halden, NINE)}


def test_the_chain_of_the_office_is_among_the_heads(halden: Story) -> None:
    office = Operation.objects.filter(customer=None).latest("position")

    publish_hours(office.recorded_at + 3 * HOUR)

    assert Publication.objects.get().heads[OFFICE] == office.hash


def test_every_entry_is_in_the_hour_in_which_both_clocks_let_it_count(halden: Story) -> None:
    run("2026-11-24T11:02")
    halden.buy("2026-11-24T11:30", 500, "2026-11-25", "2026-11-25")

    found = entries_of("2026-11-26T03:00")

    expected: dict[datetime, int] = dict.fromkeys(found, 0)
    for entry in LedgerEntry.objects.all():
        if NINE < entry.visible_at <= max(found):
            hour = entry.visible_at.replace(minute=0, second=0, microsecond=0)
            expected[hour if hour == entry.visible_at else hour + HOUR] += 1
    assert found == expected
    assert found[instant("2026-11-24T10:00")] > 0
    assert found[instant("2026-11-25T00:00")] == 1
    assert found[instant("2026-11-26T00:00")] == 1


def test_what_is_recorded_on_the_hour_belongs_to_the_hour_that_ends(story: Story) -> None:
    run(NOON)
    story.allocate("2026-11-24T10:00:00", "email-core", 251)
    story.allocate("2026-11-24T10:00:00.000001", "email-core", 252)

    assert list(entries_of("2026-11-24T13:00").values()) == [1, 1]


def test_a_quiet_hour_holds_nothing_and_is_chained_all_the_same(halden: Story) -> None:
    run("2026-11-24T13:02")
    run("2026-11-24T15:02")

    quiet = Publication.objects.order_by("boundary__at").last()

    assert quiet is not None
    assert (quiet.entries, quiet.heads) == (0, {})
    assert len({hash for *_, hash in records()}) == 3
    assert problems() == []


def test_a_quiet_hour_takes_no_more_statements_than_a_busy_one(halden: Story) -> None:
    run("2026-11-24T11:02")

    counts = []
    for now in ("2026-11-24T12:02", "2026-11-24T16:02"):
        run((instant(now) - HOUR).replace(tzinfo=None).isoformat())
        with CaptureQueriesContext(connection) as captured:
            run(now)
        counts.append(len(captured))

    assert Publication.objects.order_by("boundary__at")[1].entries > 0
    assert counts[0] == counts[1] < 25


def test_the_order_of_ids_is_that_of_their_text(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT array_agg(id::text ORDER BY id) =
                   array_agg(id::text ORDER BY id::text COLLATE "C")
              FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 1000)) AS made
            """
        )
        assert cursor.fetchone() == (True,)
    assert OFFICE > "f" * 36


def test_the_window_is_read_by_its_two_indexes(halden: Story) -> None:
    window = {"before": NINE, "through": NINE + HOUR}
    select = ROWS.replace("COPY (", "").replace(") TO STDOUT", "")

    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(f"EXPLAIN {select}", window)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "credits_entry_recorded" in plan
    assert "credits_entry_due" in plan
    assert "BitmapAnd" not in plan
    assert "Seq Scan" not in plan


def test_a_ledger_that_was_never_analyzed_is_not_read_as_a_whole(halden: Story) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'credits_operation'::regclass")
        cursor.execute(SETTINGS)
        cursor.execute(
            f"EXPLAIN {HEADS}", {"before": NINE, "through": NINE + HOUR, "office": OFFICE}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "credits_operation_recorded" in plan
    assert "Seq Scan" not in plan


def test_the_hash_is_that_of_the_canonical_text(halden: Story) -> None:
    run("2026-11-24T11:02")
    run("2026-11-24T12:02")

    for publication in Publication.objects.select_related("boundary"):
        before = DAWN if publication.previous_hash == GENESIS else publication.boundary.at - HOUR
        with transaction.atomic():
            content = content_between(before, publication.boundary.at)
        said = {
            "through": publication.boundary.at,
            "entries": content.entries,
            "heads": publication.heads,
        }
        text = canonical(said)
        assert publication.hash == digest(publication.previous_hash, text, content.rows_hash)
    assert len(publication.heads) == 1


def test_an_operation_that_booked_nothing_moves_the_head(halden: Story) -> None:
    run("2026-11-24T13:02")
    newcomer = make.make_user(name="Jonas Weil")
    halden.at("2026-11-24T12:30", lambda: make.make_member(halden.customer, newcomer, Role.VIEWER))

    run("2026-11-24T16:02")

    heads = {at: found for at, _entries, found, _hash in records()}
    here = str(halden.customer.public_id)
    assert heads[instant("2026-11-24T13:00")] == {here: head(halden, NINE + 8 * HOUR)}
    assert heads[instant("2026-11-24T12:00")] == {}


def test_a_writer_after_the_boundary_does_not_change_the_head_of_it(halden: Story) -> None:
    before = head(halden, NINE)
    halden.allocate("2026-11-24T11:10", "email-core", 252)

    run(NOON)

    assert Publication.objects.get().heads[str(halden.customer.public_id)] == before


def test_late_facts_go_to_the_next_publication_and_change_none(halden: Story) -> None:
    run("2026-11-24T12:02")
    before = records()
    halden.buy("2026-11-24T12:10", 9_000, "2026-11-01", "2027-10-31")

    assert problems() == []
    found = entries_of("2026-11-24T16:02")

    assert records()[: len(before)] == before
    assert found[instant("2026-11-24T13:00")] == 1
    assert problems() == []


@pytest.mark.parametrize("seed", range(6))
def test_what_was_shown_never_changes_and_with_what_is_pending_it_is_live(
    catalogue: None, seed: int
) -> None:
    """Random histories, told and published hour by hour."""
    chance = random.Random(seed)
    story = found_story(when="2026-05-31T00:00")
    start = datetime(2026, 6, 1, tzinfo=UTC)
    shown: dict[datetime, Figure] = {}
    now = start
    for _ in range(14):
        now += timedelta(minutes=chance.randrange(5, 300))
        minute = int((now - start).total_seconds() // 60)
        tell(story, [(minute, random_act(chance))])
        now += timedelta(minutes=chance.randrange(0, 200))
        publish_hours(now)
        stands = standing(story.customer, now=now)
        assert stands.boundary == boundary_at(now)
        if not stands.unpublished:
            shown[stands.shown.at] = stands.shown.figure
        assert stands.shown.figure.balance + stands.pending_balance == stands.live.figure.balance
        sums = [figure(story.customer, at=at, known=at) for at in (now, *shown)]
        assert sums == [stands.live.figure, *shown.values()]

    assert len(shown) > 3
    assert problems() == []
    entries = LedgerEntry.objects.all()
    visible = sum(entry.visible_at <= boundary_at(now) for entry in entries)
    assert sum(count for _at, count, *_ in records()) == visible


def random_act(chance: random.Random) -> tuple[str, str | int, int]:
    acts: list[tuple[str, str | int, int]] = [
        ("allocate", "email-core", chance.randrange(900)),
        ("allocate", "email-sensor", chance.randrange(900)),
        ("release", "email-core", 0),
        ("undo", "", chance.randrange(6)),
        ("buy", chance.randrange(-40, 5), chance.randrange(1, 60)),
        ("void", "", chance.randrange(4)),
        ("reduce", "", chance.randrange(4)),
    ]
    return chance.choice(acts)


# The check


CHANGES = {
    "an amount": ("credits_ledgerentry", "credits = credits + 1", ["hash"]),
    "an instant": (
        "credits_ledgerentry",
        "effective_at = effective_at - interval '1 microsecond'",
        ["hash"],
    ),
    "a head": ("credits_operation", "hash = repeat('a', 64)", ["heads", "hash"]),
}


@pytest.mark.parametrize(("table", "change", "found"), CHANGES.values(), ids=CHANGES)
def test_the_check_names_the_hour_that_was_changed_and_no_other(
    halden: Story, table: str, change: str, found: list[str]
) -> None:
    run("2026-11-24T11:02")
    run("2026-11-24T15:02")
    assert problems() == []

    with unlocked(table), connection.cursor() as cursor:
        statement = "UPDATE THIS SET CHANGE WHERE recorded_at = '2026-11-24 09:41Z'"
        cursor.execute(statement.replace("THIS", table).replace("CHANGE", change))
        assert cursor.rowcount == 1

    said = problems()
    assert all(line.startswith("2026-11-24 10:00: ") for line in said)
    assert [word for word in ("entries", "heads", "hash") if word in " ".join(said)] == found
    with pytest.raises(CommandError, match="2026-11-24 10:00"):
        call_command("verify_publications")
    with pytest.raises(CommandError, match="2026-11-24 10:00"):
        call_command("verify_publications", hour=instant("2026-11-24T10:00"))
    call_command("verify_publications", hour=instant("2026-11-24T11:00"))


def test_the_check_counts_a_row_that_was_taken_away(halden: Story) -> None:
    run("2026-11-24T11:02")
    run("2026-11-24T15:02")

    with unlocked("credits_ledgerentry"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM credits_ledgerentry WHERE recorded_at = '2026-11-24 09:41Z'")

    assert problems()[0] == "2026-11-24 10:00: 0 entries became visible, 1 were recorded."


def test_the_check_names_a_record_that_was_changed_or_taken_away(halden: Story) -> None:
    run("2026-11-24T11:02")
    run("2026-11-24T15:02")

    with unlocked("credits_publication"), connection.cursor() as cursor:
        ten = [Boundary.objects.get(at=NINE + HOUR).pk]
        cursor.execute("UPDATE credits_publication SET entries = 7 WHERE boundary_id = %s", ten)
        assert problems() == ["2026-11-24 10:00: 1 entries became visible, 7 were recorded."]
        cursor.execute("DELETE FROM credits_publication WHERE boundary_id = %s", ten)

    assert [line[:16] for line in problems()[:2]] == ["2026-11-24 10:00", "2026-11-24 11:00"]
    assert "closed, and not recorded" in problems()[0]
    assert "does not follow the record before" in problems()[1]


def test_the_check_names_a_chain_whose_head_is_another(halden: Story) -> None:
    run("2026-11-24T11:02")
    chain = str(halden.customer.public_id)

    with unlocked("credits_publication"), connection.cursor() as cursor:
        cursor.execute('UPDATE credits_publication SET heads = heads || \'{"office": "0"}\'')
        assert problems() == [
            "2026-11-24 09:00: the heads of the chains are not those recorded (office)."
        ]
        cursor.execute("UPDATE credits_publication SET heads = '{}'")

    assert problems() == [
        f"2026-11-24 09:00: the heads of the chains are not those recorded ({chain})."
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("closed_at = at + interval '1 hour'", "10:00: closed at 2026-11-24 11:00:00, before"),
        ("at = at + interval '10 minutes'", "10:10: the hours before it were never closed"),
    ],
)
def test_the_check_names_a_boundary_that_was_changed(halden: Story, change: str, said: str) -> None:
    run("2026-11-24T11:02")
    run("2026-11-24T15:02")

    with unlocked("credits_boundary"), connection.cursor() as cursor:
        statement = "UPDATE credits_boundary SET CHANGE WHERE at = %s"
        cursor.execute(statement.replace("CHANGE", change), [NINE + HOUR])

    assert problems()[0].startswith(f"2026-11-24 {said}")


def test_what_is_erased_of_a_note_leaves_the_check_as_it_is(halden: Story) -> None:
    asked = make.asked(reason="For the branch in Bergen.")
    command = Allocate(
        customer=halden.customer,
        asked=asked,
        group="email-core",
        quantities={"email-core": Decimal(3)},
    )
    halden.at("2026-11-24T09:50", lambda: post(command))
    run("2026-11-24T15:02")

    assert OperationNote.objects.filter(operation__customer=halden.customer).delete()[0] == 1

    assert problems() == []


def test_the_check_tells_of_an_hour_that_was_never_closed(
    halden: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    run("2026-11-24T11:02")

    with pytest.raises(CommandError, match="2026-11-24 05:00 was never closed"):
        call_command("verify_publications", "--hour=2026-11-24T05:00")
    call_command("verify_publications", "--hour=2026-11-24T09:00")
    assert "is what the ledger makes of it" in capsys.readouterr().out
