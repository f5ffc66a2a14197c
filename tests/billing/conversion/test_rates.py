"""Conversion rates are loaded whole or not at all, are only added, and never changed."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.domain.conversion.rates import (
    OWN_FILE,
    RatesRefused,
    load_conversion_rates,
    products,
    rate_on,
)
from billing.models import ConversionRate
from credits.exceptions import InvalidCommand
from credits.models import Operation

pytestmark = pytest.mark.django_db

HEADER = (
    "entitlement,entitlement_name,unit,unit_plural,credits,valid_from,valid_to,assumed,source,note"
)
OPEN = "sensor,Sensor,seat,seats,3,2020-01-01,,no,a page,"
ENDED = "sensor,Sensor,seat,seats,3,2020-01-01,2024-12-31,no,a page,"
NEWER = "sensor,Sensor,seat,seats,5,2025-01-01,,no,a page,"


def data(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


def test_the_products_own_rates_are_loaded_once() -> None:
    told = [StringIO(), StringIO()]
    for out in told:
        call_command("load_conversion_rates", stdout=out)

    lines = len(OWN_FILE.read_text(encoding="utf-8").splitlines()) - 1
    assert ConversionRate.objects.count() == lines
    assert [out.getvalue() for out in told] == [
        f"Loaded {lines} conversion rates.\n",
        "The conversion rates are up to date.\n",
    ]
    assert Operation.objects.filter(kind="load-conversion-rates").count() == 1


def test_mailboxes_are_worth_3_and_from_2025_on_5() -> None:
    load_conversion_rates(OWN_FILE.read_bytes())

    days = [date(2024, 12, 31), date(2025, 1, 1)]
    assert [rate_on("xdr-email-sensor", day).credits for day in days] == [3, 5]
    assert len({rate.product for rate in products()}) == len(products())
    newest = next(rate for rate in products() if rate.product == "xdr-email-sensor")
    assert newest.credits == 5


def test_a_later_rate_is_added_and_ends_the_open_one() -> None:
    load_conversion_rates(data(OPEN))
    load_conversion_rates(data(ENDED, NEWER))

    assert load_conversion_rates(data(ENDED, NEWER)) is None
    assert ConversionRate.objects.count() == 2
    assert [rate_on("sensor", date(year, 6, 1)).credits for year in (2024, 2025)] == [3, 5]


@pytest.mark.parametrize(
    "line", [OPEN.replace(",3,", ",4,"), OPEN.replace("Sensor", "Probe"), ENDED]
)
def test_a_rate_that_stands_is_never_changed(line: str) -> None:
    load_conversion_rates(data(OPEN))

    with pytest.raises(RatesRefused, match="line 2: Sensor has a rate from 2020-01-01 already"):
        load_conversion_rates(data(line))
    assert ConversionRate.objects.get().credits == 3


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "no lines below"),
        ((OPEN.replace("sensor,", "Sensor X,", 1),), "line 2: The entitlement must be"),
        ((OPEN.replace(",3,", ",0,"),), "line 2: The credits must be"),
        ((OPEN.replace(",3,", ",-1,"),), "line 2: The credits must be"),
        ((OPEN.replace(",3,", ",1e3,"),), "line 2: The credits must be"),
        ((OPEN.replace("2020-01-01", "01/02/2020"),), "line 2: Write the first day"),
        ((OPEN.replace(",no,", ",maybe,"),), "line 2: The column assumed"),
        ((OPEN.replace("a page", ""),), "line 2: The source must be"),
        ((ENDED.replace("2024-12-31", "2019-12-31"),), "line 2: The last day is before"),
        ((ENDED, NEWER.replace("2025-01-01", "2024-12-31")), "line 3: It overlaps"),
        ((OPEN, OPEN), "line 3: It overlaps"),
        ((ENDED, NEWER.replace("Sensor", "Probe")), "line 3: Name and unit differ"),
    ],
)
def test_a_bad_line_refuses_the_file(lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(RatesRefused, match=words):
        load_conversion_rates(data(*lines))
    assert not ConversionRate.objects.exists()
    assert not Operation.objects.filter(kind="load-conversion-rates").exists()


def test_every_problem_is_told_by_its_line() -> None:
    bad = [OPEN.replace(",3,", f",{wrong},") for wrong in ("0", "x", "")]

    with pytest.raises(RatesRefused) as refused:
        load_conversion_rates(data(*bad))
    assert [problem.line for problem in refused.value.problems] == [2, 3, 4]


def test_the_command_says_why_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(b"nothing\n1\n")

    with pytest.raises(CommandError, match="were not loaded"):
        call_command("load_conversion_rates", str(file))
    with pytest.raises(CommandError):
        call_command("load_conversion_rates", str(tmp_path / "missing.csv"))


def test_a_product_without_a_rate_on_the_day_names_the_newest() -> None:
    load_conversion_rates(data(ENDED))

    with pytest.raises(InvalidCommand, match="The newest is 3 from 2020-01-01"):
        rate_on("sensor", date(2025, 1, 1))
