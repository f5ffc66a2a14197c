"""The command names every broken invariant with its row, and says of whole books that they hold."""

from __future__ import annotations

import pytest
from django.core.management import CommandError
from django.db import connection

from credits.domain.verifying.checks import SHOWN, Batch
from credits.domain.verifying.levels import standing_reports
from credits.models import (
    Balance,
    Customer,
    DailyChange,
    FeatureRate,
    LedgerEntry,
    Level,
    License,
    Operation,
    UsageReport,
)
from tests.credits.verify.broken import run, tamper, unguarded, write_books

INVARIANTS = {"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I13", "I19"}


@pytest.fixture
def books(customer: Customer) -> Customer:
    write_books(customer)
    return customer


def operation(customer: Customer, kind: str) -> str:
    found = Operation.objects.filter(customer=customer, kind=kind).order_by("position").first()
    assert found is not None
    return str(found.public_id)


def broken(*arguments: str) -> dict[str, list[str]]:
    """The sentences under each invariant that the command calls broken."""
    code, lines = run("verify_books", *arguments)
    assert code == 1
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("I"):
            number = line.split()[0]
            current = found.setdefault(number, [])
        elif line.startswith("     "):
            current.append(line.strip())
    return {number: told for number, told in found.items() if told}


def test_whole_books_hold_line_by_line(books: Customer, other_customer: Customer) -> None:
    code, lines = run("verify_books")

    checked = [line for line in lines if line.startswith("I")]
    entries = LedgerEntry.objects.count()
    assert code == 0
    assert {line.split()[0] for line in checked} >= INVARIANTS
    assert all(line.endswith(": holds") for line in checked)
    assert any("2 customers" in line and f"{entries} entries" in line for line in checked)
    assert any("5,700 credits granted" in line for line in checked)
    assert lines[-2:] == [
        "Books that do not know the newest rates: 0",
        f"All {len(checked)} hold.",
    ]


def test_books_behind_in_rates_are_counted_and_not_called_broken(
    books: Customer, other_customer: Customer
) -> None:
    Balance.objects.filter(customer=other_customer).update(rates_through=0)

    code, lines = run("verify_books")

    assert code == 0
    assert "Books that do not know the newest rates: 1" in lines


def test_one_customer_is_named_by_slug_number_or_public_id(
    books: Customer, other_customer: Customer
) -> None:
    Balance.objects.filter(customer=other_customer).update(valid=1)

    for name in (books.slug, str(books.number), books.label.lower(), str(books.public_id)):
        assert run("verify_books", "--customer", name)[0] == 0
    assert run("verify_books", "--customer", other_customer.slug)[0] == 1
    with pytest.raises(CommandError, match="no customer nobody"):
        run("verify_books", "--customer", "nobody")


def test_a_balance_a_level_and_a_license_row_that_are_not_their_sums(books: Customer) -> None:
    Balance.objects.filter(customer=books).update(valid=52_000)
    License.objects.filter(customer=books, number=202).update(credits=701)
    Level.objects.filter(customer=books, feature__key="email-pro").update(credits=1)

    told = broken()["I1"]

    assert [sentence.partition(": ")[0] for sentence in told] == [
        f"Halden Energy ({books.label})"
    ] * 3
    assert "balance valid is 52,000, but its rows make 5,700" in told[0]
    assert "level of email-pro is 1 " in told[1]
    assert "L-202 credits is 701, but its rows make 700" in told[2]


def test_books_without_a_balance_row(books: Customer, other_customer: Customer) -> None:
    Balance.objects.filter(customer=other_customer).delete()

    assert broken()["I1"] == [
        f"Borealis Freight ({other_customer.label}): There is no balance row."
    ]


def test_an_entry_of_another_customer_s_operation(
    books: Customer, other_customer: Customer
) -> None:
    tamper(
        "credits_ledgerentry",
        "UPDATE credits_ledgerentry SET customer_id = %s, seq = 1"
        " WHERE customer_id = %s AND seq = 5",
        other_customer.pk,
        books.pk,
    )

    told = broken()

    assert any(f"Entry {other_customer.label}/1 belongs" in sentence for sentence in told["I2"])
    assert any(f"Entry {books.label}/6 has seq 6" in sentence for sentence in told["I3"])


def test_an_operation_recorded_before_the_one_before(books: Customer) -> None:
    tamper(
        "credits_operation",
        "UPDATE credits_operation SET recorded_at = recorded_at - interval '1 year'"
        " WHERE kind = 'release' AND customer_id = %s",
        books.pk,
    )

    told = broken()["I3"]

    assert len(told) == 1
    assert operation(books, "release") in told[0]


def test_a_changed_fact(books: Customer) -> None:
    tamper(
        "credits_usagereport",
        'UPDATE credits_usagereport SET quantities = \'{"email-core": "8"}\' WHERE operation_id ='
        " (SELECT id FROM credits_operation WHERE public_id = %s)",
        operation(books, "allocate"),
    )

    told = broken()

    assert len(told["I4"]) == 1
    assert operation(books, "allocate") in told["I4"][0]
    assert len(told["I6"]) == 1
    assert "email-core has 175 credits in the ledger" in told["I6"][0]
    assert "its facts make 200" in told["I6"][0]


def test_a_changed_rate_in_the_office_s_chain(books: Customer) -> None:
    rate = FeatureRate.objects.get(feature__key="email-sensor")
    tamper(
        "credits_featurerate",
        "UPDATE credits_featurerate SET credits = credits + 1 WHERE id = %s",
        rate.pk,
    )

    assert broken()["I4"] == [
        f"{rate.operation}, one of its facts or one of its entries was changed."
    ]


def test_a_head_that_is_not_the_chain_s_end(books: Customer) -> None:
    Balance.objects.filter(customer=books).update(chain_head="1" * 64)

    assert "does not end at the head" in broken()["I4"][0]


def test_an_operation_that_does_not_say_through_what_it_came(books: Customer) -> None:
    tamper(
        "credits_operation",
        "UPDATE credits_operation SET source = '' WHERE kind = 'release' AND customer_id = %s",
        books.pk,
    )

    assert broken()["I5"] == [
        f"Halden Energy ({books.label}): release {operation(books, 'release')} has no source."
    ]


def test_an_undo_of_an_undo(books: Customer) -> None:
    tamper(
        "credits_operation",
        "UPDATE credits_operation SET reverses_id = (SELECT id FROM credits_operation WHERE"
        " public_id = %s) WHERE kind = 'allocate' AND position ="
        " (SELECT max(position) FROM credits_operation WHERE customer_id = %s)",
        operation(books, "undo"),
        books.pk,
    )

    assert any("undoes an undo" in sentence for sentence in broken()["I6"])


def test_a_feature_that_holds_less_than_nothing(books: Customer) -> None:
    tamper(
        "credits_ledgerentry",
        "UPDATE credits_ledgerentry SET credits = credits - 1000 WHERE customer_id = %s"
        " AND feature_id = (SELECT id FROM credits_feature WHERE key = 'email-core')"
        " AND credits > 0",
        books.pk,
    )

    assert "email-core has -825 credits" in broken()["I7"][0]


def test_a_day_that_is_not_the_sum_of_its_entries(books: Customer) -> None:
    DailyChange.objects.filter(customer=books, day="2025-06-15", side="valid").update(credits=1)

    assert broken() == {
        "I8": [
            f"Halden Energy ({books.label}): The daily change of valid on 2025-06-15 is 1,"
            " but its rows make 5,000."
        ]
    }


def test_credits_that_were_granted_and_are_nowhere(books: Customer) -> None:
    tamper(
        "credits_ledgerentry",
        "DELETE FROM credits_ledgerentry WHERE side = 'valid' AND seq = 1 AND customer_id = %s",
        books.pk,
    )

    assert any("L-201 is valid, so it gives 5,000" in sentence for sentence in broken()["I9"])


def test_a_key_that_made_two_operations(books: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE credits_operation DROP CONSTRAINT credits_operation_key_once")
    tamper(
        "credits_operation",
        "UPDATE credits_operation SET key = 'twice' WHERE customer_id = %s AND position <= 2",
        books.pk,
    )

    assert "Key 'twice' of test was used 2 times" in broken()["I10"][0]


def test_a_term_that_ends_before_it_starts(books: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE credits_licenseterm DROP CONSTRAINT credits_term_ends_after_start"
        )
    tamper(
        "credits_licenseterm",
        "UPDATE credits_licenseterm SET until = at - interval '1 day' WHERE credits = 700",
    )

    assert "L-202 starts on 2025-07-05 and ends 2025-07-04" in broken()["I13"][0]


def test_a_statement_made_twice_by_one_operation(books: Customer) -> None:
    with unguarded("credits_usagereport"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO credits_usagereport"
            " (operation_id, customer_id, group_id, quantities, revision, by_hand, at)"
            " SELECT operation_id, customer_id, group_id, quantities, revision, by_hand, at"
            " FROM credits_usagereport WHERE operation_id ="
            " (SELECT id FROM credits_operation WHERE public_id = %s)",
            [operation(books, "allocate")],
        )

    told = broken()["I13"]

    assert len(told) == 1
    assert operation(books, "allocate") in told[0]
    assert "says two things about email-core" in told[0]


def test_a_feature_on_pay_as_you_go_that_holds_credits(books: Customer) -> None:
    tamper(
        "credits_featurechoice",
        "UPDATE credits_featurechoice SET billing_model = 'payg' WHERE is_on AND customer_id = %s",
        books.pk,
    )

    assert "ztsa-ai-access is on pay-as-you-go" in broken()["I19"][0]


def test_of_many_broken_rows_the_first_are_named_and_the_rest_counted(books: Customer) -> None:
    DailyChange.objects.bulk_create(
        DailyChange(customer=books, side="valid", day=f"1990-01-{day:02}", credits=1)
        for day in range(1, SHOWN + 4)
    )

    told = broken()["I8"]

    assert len(told) == SHOWN + 1
    assert told[-1] == "and 3 more."


def test_reports_are_filled_with_every_column(books: Customer) -> None:
    names = {column.attname for column in UsageReport._meta.concrete_fields}

    reports = list(standing_reports(Batch.of([books])))

    assert {name for report in reports for name in vars(report)} - {"_state"} == names
    assert sorted(reports, key=lambda report: report.pk) == list(
        UsageReport.objects.filter(customer=books).standing().order_by("pk")
    )
