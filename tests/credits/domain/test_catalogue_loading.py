"""The catalogue's file brought into the books, and its rates booked to those who hold a feature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from credits import clock
from credits.domain.catalogue import load_catalogue, offers
from credits.domain.catalogue_file import CatalogueError
from credits.domain.figures import figure
from credits.domain.post import bring_up_to_rates
from credits.domain.rates import customers_behind
from credits.domain.verify import verify_books, verify_chain
from credits.exceptions import NotAllowed
from credits.models import Customer, Feature, FeatureRate, LedgerEntry, Operation, Solution
from tests.cast import CATALOGUE
from tests.credits.domain.acts import DAY, NOON, allocate, held, trace, undo
from tests.credits.domain.catalogue_text import Cells, cells, text_of
from tests.factories import credits as make

LATER = datetime(2027, 8, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.moved_to(NOON):
        yield


@pytest.fixture
def reader(catalogue: None) -> Customer:
    """A customer with ten users of a feature at 25 credits each."""
    load_catalogue(text_of(*mail()))
    customer = make.make_customer()
    allocate(customer, "mail-core", 10)
    return customer


def mail(*, until: str = "", credits: str = "25") -> list[Cells]:
    return [cells(valid_to=until, credits=credits), cells("mail-pro", credits="105")]


def later(credits: str = "40", day: str = "2027-08-01") -> list[Cells]:
    """The same file with another rate of one feature from a day on."""
    return [*mail(until="2027-07-31"), cells(valid_from=day, credits=credits)]


def test_loading_the_catalogue_twice_changes_nothing(catalogue: None) -> None:
    text = CATALOGUE.read_text(encoding="utf-8")
    before = (
        Operation.objects.count(),
        list(FeatureRate.objects.order_by("pk").values()),
        list(Feature.objects.order_by("pk").values()),
    )

    assert load_catalogue(text) is None

    after = (
        Operation.objects.count(),
        list(FeatureRate.objects.order_by("pk").values()),
        list(Feature.objects.order_by("pk").values()),
    )
    assert after == before


def test_a_bad_line_is_named_and_nothing_is_half_loaded(catalogue: None) -> None:
    features, operations = Feature.objects.count(), Operation.objects.count()
    bad = text_of(cells("new-one"), cells("new-two", credits="-5"), cells("new-three"))

    with pytest.raises(CatalogueError, match="line 3, credits"):
        load_catalogue(bad)

    assert Feature.objects.count() == features
    assert Operation.objects.count() == operations
    assert not Solution.objects.filter(key="mail").exists()


def test_a_feature_keeps_its_group_and_nothing_else_of_such_a_file_is_loaded(
    reader: Customer,
) -> None:
    rates = FeatureRate.objects.count()
    other = [
        cells(group="mail-packages", group_name="Packages", model="package"),
        cells("mail-pro", credits="106"),
    ]

    with pytest.raises(NotAllowed, match="mail-core"):
        load_catalogue(text_of(*other))

    assert FeatureRate.objects.count() == rates
    assert Feature.objects.get(key="mail-core").group.key == "mail-core"


def test_a_new_name_is_taken_over_without_a_new_rate(reader: Customer) -> None:
    rates = FeatureRate.objects.count()

    load_catalogue(text_of(cells(feature_name="Mail, core"), cells("mail-pro", credits="105")))

    assert Feature.objects.get(key="mail-core").name == "Mail, core"
    assert FeatureRate.objects.count() == rates


def test_a_feature_that_the_file_leaves_out_stays(reader: Customer) -> None:
    load_catalogue(text_of(*mail()[1:]))

    assert held(reader, "mail-core") == 250
    assert "mail-core" in {offer.feature.key for offer in offers(NOON)}


def test_a_later_rate_is_booked_when_it_is_entered_for_the_day_it_starts(reader: Customer) -> None:
    load_catalogue(text_of(*later()))
    assert reader in customers_behind()

    bring_up_to_rates(reader)

    assert reader not in customers_behind()
    assert held(reader, "mail-core") == 250
    assert held(reader, "mail-core", LATER) == 400
    entry = LedgerEntry.objects.filter(customer=reader).latest("seq")
    assert (entry.credits, entry.effective_at) == (150, LATER)
    assert entry.operation.kind == "apply-rates"
    assert verify_books(reader) == []


def test_bringing_up_to_rates_twice_writes_once(reader: Customer) -> None:
    load_catalogue(text_of(*later()))
    bring_up_to_rates(reader)
    before = trace(reader)

    bring_up_to_rates(reader)

    assert trace(reader) == before


def test_a_customer_who_does_not_hold_the_feature_gets_no_entry(reader: Customer) -> None:
    other = make.make_customer()
    load_catalogue(text_of(*later()))

    bring_up_to_rates(other)

    assert not LedgerEntry.objects.filter(customer=other).exists()
    assert not Operation.objects.filter(customer=other).exists()
    assert other not in customers_behind()


def test_any_command_books_the_rates_that_are_behind_first(reader: Customer) -> None:
    load_catalogue(text_of(*later()))

    allocate(reader, "mail-pro", 1)

    kinds = list(
        Operation.objects.filter(customer=reader)
        .order_by("position")
        .values_list("kind", flat=True)
    )
    assert kinds == ["allocate", "apply-rates", "allocate"]
    assert held(reader, "mail-core", LATER) == 400


def test_a_correction_of_a_rate_reprices_what_was_held_since(reader: Customer) -> None:
    with clock.moved_to(NOON + 40 * DAY):
        load_catalogue(text_of(*mail(credits="30")))
        bring_up_to_rates(reader)

        assert held(reader, "mail-core") == 300
        assert held(reader, "mail-core", NOON + DAY) == 300
        assert verify_books(reader) == []


def test_what_was_known_before_a_correction_stays_known(reader: Customer) -> None:
    with clock.moved_to(NOON + 40 * DAY):
        known = clock.now()
        load_catalogue(text_of(*mail(credits="30")))
        with clock.moved_to(NOON + 41 * DAY):
            bring_up_to_rates(reader)

    assert figure(reader, at=known, known=known).allocated == 250


def test_an_undo_after_a_later_rate_takes_its_part_along(reader: Customer) -> None:
    done = allocate(reader, "mail-core", 20)
    load_catalogue(text_of(*later()))
    bring_up_to_rates(reader)

    undo(reader, done)

    assert held(reader, "mail-core", LATER) == 400
    assert verify_books(reader) == []


def test_a_rate_with_fractions_and_its_block_survive_the_books(catalogue: None) -> None:
    load_catalogue(text_of(cells("tiny", model="throughput_block", credits="0.25", block="0.5")))
    rate = FeatureRate.objects.get(feature__key="tiny")

    assert (rate.credits, rate.block) == (Decimal("0.25"), Decimal("0.5"))
    assert verify_chain(None) == []


def test_offers_are_what_is_in_force_in_the_order_of_the_catalogue(catalogue: None) -> None:
    before = {offer.feature.key: offer for offer in offers(datetime(2025, 11, 10, 23, tzinfo=UTC))}
    after = {offer.feature.key: offer for offer in offers(datetime(2025, 11, 11, tzinfo=UTC))}

    assert before["endpoint-advanced-protection"].is_open
    assert not after["endpoint-advanced-protection"].is_open
    assert before["endpoint-pro-without-xdr"].rate.credits == 280
    assert after["endpoint-pro-without-xdr"].rate.credits == 300
    assert next(iter(before)) == "endpoint-core"
