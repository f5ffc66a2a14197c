"""A rate is entered 48 hours ahead or with a reason, with the checks of the catalogue's file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from credits import clock
from credits.domain.allocations import Undo
from credits.domain.catalogue import is_news, load_catalogue, offers
from credits.domain.catalogue_file import CatalogueError, read_catalogue
from credits.domain.figures import figure
from credits.domain.post import bring_up_to_rates, post, post_office
from credits.domain.rate_entry import EnterRate
from credits.domain.rates import customers_behind
from credits.domain.verify import verify_books, verify_chain
from credits.exceptions import CreditsError, InvalidCommand, KeyConflict, NotAllowed
from credits.models import (
    AllocationGroup,
    Customer,
    Feature,
    FeatureRate,
    LedgerEntry,
    Operation,
    User,
)
from tests.cast import CATALOGUE
from tests.credits.domain.catalogue_text import cells, text_of
from tests.credits.rates.entering import enter, row
from tests.factories import credits as make

MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)
FIRST = date(2027, 3, 1)
NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def present(catalogue: None) -> Iterator[None]:
    with clock.moved_to(NOW):
        yield


@pytest.fixture
def holder(customer: Customer) -> Customer:
    """Holds 10 users of Email Core at 25."""
    make.grant(customer, 1_000, date(2027, 1, 1), date(2027, 12, 31))
    make.allocate(customer, "email-core", 10)
    return customer


def allocated(customer: Customer, at: datetime) -> int:
    return figure(customer, at=at, known=datetime.max.replace(tzinfo=UTC)).allocated


def test_a_rate_entered_exactly_48_hours_ahead_needs_no_reason() -> None:
    with clock.moved_to(MIDNIGHT - timedelta(hours=48)):
        answer = enter(FIRST)

    rate = answer.operation.rates.get()
    assert (rate.at, rate.credits, rate.closes_at) == (MIDNIGHT, Decimal(30), None)
    assert answer.data["correction"] is False
    assert verify_chain(None) == []


def test_one_microsecond_later_it_is_a_correction_and_needs_a_reason() -> None:
    with clock.moved_to(MIDNIGHT - timedelta(hours=48) + timedelta(microseconds=1)):
        with pytest.raises(InvalidCommand, match="correction") as refused:
            enter(FIRST)
        answer = enter(FIRST, reason="Announced in time, forgotten here.")

    assert refused.value.field == "reason"
    assert answer.data["correction"] is True
    assert answer.operation.note.text == "Announced in time, forgotten here."


def test_the_first_rate_of_a_feature_may_start_any_day() -> None:
    old = Feature.objects.get(key="email-core").group
    group = AllocationGroup.objects.create(key="mail", name="Mail", solution=old.solution)
    Feature.objects.create(
        key="mail", name="Mail", group=group, unit="user", unit_plural="users", position=900
    )

    answer = enter(date(2020, 1, 1), feature="mail")

    assert answer.data["correction"] is False
    assert FeatureRate.objects.get(feature__key="mail").at == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_future_rate_is_booked_ahead_for_its_day(holder: Customer) -> None:
    enter(FIRST)
    assert list(customers_behind().filter(pk=holder.pk)) == [holder]

    bring_up_to_rates(holder)

    assert not customers_behind().filter(pk=holder.pk).exists()
    assert allocated(holder, MIDNIGHT - SECOND) == 250
    assert allocated(holder, MIDNIGHT) == 300
    assert verify_books(holder) == []


def test_a_further_rate_for_the_same_day_corrects_it(holder: Customer) -> None:
    enter(FIRST)
    bring_up_to_rates(holder)

    enter(FIRST, credits=Decimal(28))
    bring_up_to_rates(holder)

    assert allocated(holder, MIDNIGHT) == 280
    assert verify_books(holder) == []


def test_the_rate_before_entered_for_the_same_day_takes_a_change_back(holder: Customer) -> None:
    enter(FIRST)
    bring_up_to_rates(holder)
    enter(FIRST, credits=Decimal(25))
    bring_up_to_rates(holder)

    assert allocated(holder, MIDNIGHT) == 250
    assert sum(e.credits for e in LedgerEntry.objects.filter(effective_at=MIDNIGHT)) == 0
    assert verify_books(holder) == []


def test_a_correction_in_the_past_reprices_every_statement_since(holder: Customer) -> None:
    with clock.moved_to(NOW + timedelta(days=20)):
        make.allocate(holder, "email-core", 20)
    with clock.moved_to(NOW + timedelta(days=40)):
        enter(date(2027, 1, 15), reason="The price list was right, we were not.")
        bring_up_to_rates(holder)

    assert allocated(holder, datetime(2027, 1, 14, 23, tzinfo=UTC)) == 250
    assert allocated(holder, datetime(2027, 1, 15, tzinfo=UTC)) == 300
    assert allocated(holder, NOW + timedelta(days=21)) == 600
    assert verify_books(holder) == []


def test_a_rate_before_a_known_later_one_ends_where_that_begins(holder: Customer) -> None:
    enter(date(2027, 6, 1), credits=Decimal(40))
    enter(FIRST)
    bring_up_to_rates(holder)

    assert allocated(holder, MIDNIGHT) == 300
    assert allocated(holder, datetime(2027, 6, 1, tzinfo=UTC)) == 400
    assert verify_books(holder) == []


def test_a_rate_long_before_the_first_report_reads_nothing_older(holder: Customer) -> None:
    enter(date(2001, 1, 1), credits=Decimal(1), reason="For the record.")
    bring_up_to_rates(holder)

    assert not Operation.objects.filter(customer=holder, kind="apply-rates").exists()
    assert verify_books(holder) == []


def test_choices_without_reports_book_nothing(customer: Customer) -> None:
    make.allocate(customer, "email-core", 10)
    done = Operation.objects.get(customer=customer, kind="allocate")
    post(Undo(customer=customer, asked=make.asked(), operation=done.public_id))

    enter(date(2027, 1, 1), reason="late")
    bring_up_to_rates(customer)

    assert not Operation.objects.filter(customer=customer, kind="apply-rates").exists()
    assert verify_books(customer) == []


def test_a_double_post_enters_one_rate() -> None:
    before = FeatureRate.objects.count()

    first, second = enter(FIRST, key="once"), enter(FIRST, key="once")

    assert (first.repeated, second.repeated) == (False, True)
    assert second.operation == first.operation
    assert FeatureRate.objects.count() == before + 1


def test_a_key_used_for_another_rate_is_refused() -> None:
    enter(FIRST, key="once")

    with pytest.raises(KeyConflict):
        enter(FIRST, key="once", credits=Decimal(31))


def test_the_same_rate_under_another_key_says_nothing_new() -> None:
    enter(FIRST)

    with pytest.raises(InvalidCommand, match="entered before") as refused:
        enter(FIRST)

    assert refused.value.field == "valid_from"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"feature": "no-such"}, "feature", "no such feature"),
        ({"credits": Decimal(0)}, "credits", "above zero"),
        ({"credits": Decimal("NaN")}, "credits", "a number such as"),
        ({"credits": Decimal("-1")}, "credits", "a number such as"),
        ({"credits": Decimal("1.00001")}, "credits", "4 decimals"),
        ({"block": Decimal(500)}, "block", "Enter 1"),
        ({"model": "free"}, "credits", "Enter 0"),
        ({"model": "anything"}, "model", "one of"),
        ({"model": "tiered", "block": Decimal(500)}, "cap", "most an account"),
        ({"cap": 9}, "cap", "Leave this empty"),
        ({"parts": ("email-pro", "email-sensor")}, "parts", "Leave this empty"),
        ({"model": "bundle", "parts": ("email-pro", "email-sensor")}, "parts", "same group"),
        ({"valid_to": date(2027, 2, 28)}, "valid_to", "or later"),
        ({"source": ""}, "source", "required"),
        ({"assumed": True}, "note", "required"),
        ({"source": "one\u2028two"}, "source", "printable"),
        ({"model": "usage_reservation"}, "model", "new feature"),
        ({"valid_from": date(1999, 12, 31)}, "valid_from", "a date from"),
    ],
)
def test_what_the_file_would_refuse_is_refused_here_too_at_its_field(
    fields: dict[str, Any], field: str, words: str
) -> None:
    before = FeatureRate.objects.count()

    with pytest.raises(CreditsError, match=words) as refused:
        enter(FIRST, **fields)

    assert refused.value.field == field
    assert FeatureRate.objects.count() == before


def test_a_package_does_not_leave_its_group_by_a_change_of_model() -> None:
    with pytest.raises(InvalidCommand, match="fits its group") as refused:
        enter(FIRST, feature="endpoint-core", unit="e", unit_plural="e", model="per_unit")

    assert refused.value.field == "model"


def test_a_features_model_may_change(holder: Customer) -> None:
    enter(FIRST, model="volume_pack", block=Decimal(500), credits=Decimal(1_000))
    bring_up_to_rates(holder)

    assert allocated(holder, MIDNIGHT) == 1_000
    assert verify_books(holder) == []


def test_a_part_stays_a_part_when_the_bundles_rate_changes(customer: Customer) -> None:
    parts = ("ztsa-internet-access", "ztsa-ai-access")
    fields: dict[str, Any] = {
        "feature": "ztsa-internet-ai-bundle",
        "model": "bundle",
        "credits": Decimal(90),
    }

    enter(FIRST, parts=parts, **fields)

    assert FeatureRate.objects.get(feature__key=fields["feature"], at=MIDNIGHT).parts == [*parts]
    with pytest.raises(InvalidCommand, match="not ztsa-internet-ai-bundle"):
        enter(FIRST, parts=(parts[0], "ztsa-internet-ai-bundle"), **fields)


def test_the_last_day_closes_the_feature_from_the_next_midnight() -> None:
    enter(FIRST, valid_to=date(2027, 3, 31))

    def is_open(at: datetime) -> bool:
        return next(o.is_open for o in offers(at) if o.feature.key == "email-core")

    assert is_open(datetime(2027, 3, 31, 23, 59, tzinfo=UTC))
    assert not is_open(datetime(2027, 4, 1, tzinfo=UTC))


def test_the_catalogue_file_does_not_take_back_what_was_entered_by_hand() -> None:
    text = CATALOGUE.read_text(encoding="utf-8")
    first = FeatureRate.objects.get(feature__key="email-core").at.date()
    enter(first, reason="The file is wrong.", credits=Decimal(26))

    assert not is_news(read_catalogue(text))
    assert load_catalogue(text) is None


def test_the_catalogue_file_says_otherwise_once_it_changes_itself() -> None:
    stated = [cells("mail", credits="25", valid_from="2027-01-01")]
    load_catalogue(text_of(*stated))
    enter(date(2027, 1, 1), feature="mail", reason="Wrong", credits=Decimal(26))
    assert load_catalogue(text_of(*stated)) is None

    load_catalogue(text_of(cells("mail", credits="27", valid_from="2027-01-01")))

    newest = FeatureRate.objects.filter(feature__key="mail").latest("pk")
    assert newest.credits == 27


def test_the_file_refuses_a_change_to_a_reservation_as_well() -> None:
    lines = [
        cells("cloud", model="usage_reservation", credits="5", valid_to="2026-12-31"),
        cells("cloud", model="per_unit", credits="5", valid_from="2027-01-01"),
    ]

    with pytest.raises(CatalogueError, match="usage_reservation as on line 2"):
        read_catalogue(text_of(*lines))


def test_only_who_enters_rates_may(support: User, alice: User) -> None:
    for who in (support, alice):
        with pytest.raises(NotAllowed):
            post_office(EnterRate(asked=make.asked(actor=who), row=row(FIRST)))
