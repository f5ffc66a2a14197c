"""The quote as a PDF: every figure of the statement in it, names as they are, one or two pages."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal

import pytest

from credits.domain.catalogue import Offer
from credits.domain.pricing import Quantity
from credits.models import Customer, User
from credits.templatetags.figures import credits_text
from estimator.domain.estimates import Draft
from estimator.domain.plans import Plan, Reserve
from estimator.domain.price_list import PriceList, read_price_list
from estimator.domain.statement import Statement, version_statement
from estimator.files import FILES
from estimator.files.quote_words import MOST_ACCOUNTS, quote_words
from estimator.models import Estimate, EstimateVersion
from tests.estimator.page import ESSENTIALS, NOW
from tests.estimator.pdf_text import Pdf

INTERNET, AI = "ztsa-internet-access", "ztsa-ai-access"
MARKUP = "#panic(\"x\") $a^2$ *b* _c_ [d] @e <f> 'h' \\i `j` //k /*l*/ = -- ... ~ #{1+1}"


@pytest.fixture
def prices(catalogue: None) -> PriceList:
    return read_price_list(NOW)


def calculated(prices: PriceList, draft: Draft, **told: str) -> Statement:
    """What a visitor typed."""
    known = {"name": "", "label": "", "customer": "", **told}
    return Statement(version=0, at=NOW, draft=draft, prices=prices, **known)


def units(number: int) -> Quantity:
    return Decimal(number)


def quote_of(statement: Statement) -> Pdf:
    return Pdf(FILES["pdf"].write(statement))


def test_a_saved_version_is_told_with_its_number_its_customer_and_its_sum(
    estimate: Estimate,
) -> None:
    version = EstimateVersion.objects.select_related("estimate__customer").get()
    statement = version_statement(version)

    found = quote_of(statement)

    assert len(found.pages) == 1
    for said in (
        "Credits & Billing",
        "Credit estimate",
        "E-1, version 1",
        "Prepared for Halden Energy",
        "Plan 2027",
        "Rates as of 25 Nov 2026, 09:30 UTC",
        "Essentials package 100 endpoints 100 × 65 6,500",
        "Core package 500 users 500 × 25 12,500",
        "Level to hold 19,000",
        "Later changes of rates do not change this version.",
        "Page 1 of 1",
    ):
        assert said in found.text, said


def test_the_lines_of_a_quote_and_its_reserve_add_up_to_its_level(prices: PriceList) -> None:
    quantities = {
        ESSENTIALS: units(310),
        INTERNET: units(100),
        AI: units(100),
        "cloud-risk": {"production": Decimal(2200), "test": Decimal(12)},
    }
    statement = calculated(prices, Draft(quantities, years=3, reserve=Reserve(0, Decimal(10))))

    words = quote_words(statement)
    lines = [line for solution in words["solutions"] for line in solution["lines"]]
    held = [int(line["credits"].replace(",", "")) for line in lines if line["credits"] != "–"]
    in_use, reserve = (int(one["credits"].replace(",", "")) for one in words["sums"])
    text = quote_of(statement).text

    assert sum(held) == in_use == statement.in_use
    assert in_use + reserve == statement.priced.level == int(words["level"].replace(",", ""))
    assert "Internet + AI bundle apart 11,000, saves 2,500 100 × 85 8,500" in text
    assert "counted in Internet + AI bundle –" in text
    assert "Reserve, kept free 10 % of the lines" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "production 2,200 resources 2,200 → 5 blocks × 1,000" in text


def test_a_level_that_changes_is_told_with_its_highest_and_its_credit_years(
    prices: PriceList,
) -> None:
    growing = {ESSENTIALS: Plan(growth=Decimal(10), starts_on=date(2027, 4, 1), ramp=6)}
    statement = calculated(prices, Draft({ESSENTIALS: units(600)}, years=2, plans=growing))

    words = quote_words(statement)
    text = quote_of(statement).text.replace("\N{NO-BREAK SPACE}", " ")
    by_month = {
        (year["name"], month): level
        for year in words["years"]
        for month, level in enumerate(year["months"], start=1)
    }

    assert "+10 % a year, from Apr 2027, over 6 months" in text
    assert f"Highest within the term {credits_text(statement.course.highest.level)} from" in text
    assert f"Credit-years {credits_text(statement.course.credit_years)} highest of each" in text
    assert by_month["2026", 10] == ""
    assert by_month["2026", 11] == "0"
    assert by_month["2027", 4] == "6,500"
    assert len([level for level in by_month.values() if level]) == len(statement.course.months)


def test_few_changes_are_listed_by_their_days(prices: PriceList) -> None:
    later = {ESSENTIALS: Plan(starts_on=date(2027, 4, 1))}
    statement = calculated(prices, Draft({ESSENTIALS: units(100)}, years=2, plans=later))

    words = quote_words(statement)

    assert words["years"] == []
    assert words["steps"] == [
        {"day": "25 Nov 2026", "level": "0"},
        {"day": "1 Apr 2027", "level": "6,500"},
    ]
    assert "25 Nov 2026 1 Apr 2027 0 6,500" in quote_of(statement).text


def test_a_visitors_calculation_names_nobody_and_says_that_it_is_not_saved(
    prices: PriceList,
) -> None:
    found = quote_of(calculated(prices, Draft({ESSENTIALS: units(100)})))

    assert "Prepared for" not in found.text
    assert "Version" not in found.text
    assert "This calculation is not saved." in found.text
    assert "Highest within the term" not in found.text
    assert "6,500" in found.text


@pytest.mark.parametrize(
    "name",
    [MARKUP, "W" * 120, "Zażółć Þórður Имя Όνομα", '"}{\\"a\\": 1}'],
    ids=["markup", "without-a-space", "letters-of-others", "of-the-data"],
)
def test_names_stand_in_a_quote_as_they_were_typed(prices: PriceList, name: str) -> None:
    draft = Draft({"cloud-risk": {name[:100]: Decimal(5)}})

    found = quote_of(calculated(prices, draft, name=name, label="E-1", customer=name))

    assert found.glued.count("".join(name.split())) >= 2
    assert "".join(name[:100].split()) in found.glued


@pytest.mark.parametrize(
    "name",
    [
        "名前 생산 ไทย \N{GRINNING FACE} \ue000",
        # Broken between any two of its letters, this once stopped the typesetter for good.
        "\u0008\u01db\u00fc\u2fdc\uf8dc\u284c\U000146dc\u1046\u081c\u88cf\u007d\U00013b13\u1757\U00018951"
        "\ue54c\uf6ce\u0de7\U00011a04\u5f4a\u204a\U0001144a\ufb9b\u065e\uf62e\u2064\U00013bb0\uff27\u0173"
        "\U0001854a\u0647\u2025\u0380\u6cd4\u2fb9\U000186c4\u203f\U00016a3c\u1155\u00e1\U0001885e",
    ],
    ids=["several-scripts", "any-characters"],
)
def test_letters_that_no_font_has_do_not_stop_a_quote(prices: PriceList, name: str) -> None:
    draft = Draft({"cloud-risk": {name: Decimal(5)}})

    found = quote_of(calculated(prices, draft, name=name, customer=name))

    assert "Level to hold 1,000" in found.text


def test_the_same_statement_gives_the_same_bytes_and_another_other_ones(
    prices: PriceList,
) -> None:
    draft = Draft({ESSENTIALS: units(100)})

    first = FILES["pdf"].write(calculated(prices, draft, name="Plan"))

    assert FILES["pdf"].write(calculated(prices, draft, name="Plan")) == first
    assert FILES["pdf"].write(calculated(prices, draft, name="Plans")) != first
    assert b"/CreationDate(D:20261125093000Z)" in first
    assert b"/Author" not in first


def test_the_dates_of_a_quote_are_those_of_its_version(
    estimate: Estimate, customer: Customer, alice: User
) -> None:
    version = EstimateVersion.objects.select_related("estimate__customer").get()
    version.saved_at -= timedelta(days=1)

    written = FILES["pdf"].write(version_statement(version))

    assert b"/CreationDate(D:20261124093000Z)" in written
    assert alice.name not in Pdf(written).text


def test_accounts_beyond_the_first_are_counted_and_not_named(prices: PriceList) -> None:
    accounts = {f"account {n}": Decimal(1) for n in range(MOST_ACCOUNTS + 3)}
    statement = calculated(prices, Draft({"cloud-risk": accounts}))

    text = quote_of(statement).text

    assert f"account {MOST_ACCOUNTS - 1} " in text
    assert f"account {MOST_ACCOUNTS} " not in text
    assert "and 3 more accounts" in text


def test_many_lines_with_many_accounts_name_fewer_of_each(prices: PriceList) -> None:
    many = multiplied(prices, 100, "tiered")
    accounts = {f"account {n}": Decimal(1) for n in range(50)}

    words = quote_words(calculated(many, Draft(dict.fromkeys(many.offers, accounts))))
    lines = [line for solution in words["solutions"] for line in solution["lines"]]

    assert {len(line["accounts"]) for line in lines} == {4}
    assert {line["rest"] for line in lines} == {"and 46 more accounts"}


@pytest.mark.parametrize(("lines", "most"), [(25, 1), (60, 2), (400, 12)])
def test_a_quote_is_short_and_its_head_comes_again_on_every_page(
    prices: PriceList, lines: int, most: int
) -> None:
    many = multiplied(prices, lines)
    draft = Draft({key: units(10) for key in many.offers})

    statement = calculated(many, draft)
    found = quote_of(statement)

    assert len(statement.lines) == lines
    assert len(found.pages) <= most
    assert all("How it is counted" in page for page in found.pages)
    assert f"Page {len(found.pages)} of {len(found.pages)}" in found.pages[-1]
    assert f"Level to hold {credits_text(statement.priced.level)}" in found.pages[-1]


def multiplied(prices: PriceList, lines: int, model: str = "per_unit") -> PriceList:
    """A catalogue of so many features: those of a model again and again."""
    plain = [
        offer for offer in prices.offers.values() if offer.is_open and offer.rate.model == model
    ]
    offers, rates = {}, {}
    for place in range(lines):
        offer = deepcopy(plain[place % len(plain)])
        feature, rate = offer.feature, offer.rate
        feature.pk = feature.group.pk = place + 1
        feature.key = feature.group.key = f"feature-{place}"
        rate.feature = feature
        offers[feature.key] = Offer(feature, rate, is_open=True)
        rates[feature.key] = [rate]
    return PriceList(NOW, offers, rates)


def test_everything_a_quote_says_is_text(prices: PriceList) -> None:
    words = quote_words(calculated(prices, Draft({ESSENTIALS: units(100)}), name=MARKUP))

    assert json.loads(json.dumps(words)) == words
    assert words["name"] == MARKUP
