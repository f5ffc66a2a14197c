"""What is proposed and explained of lines together: each saving against independent sums."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credits.domain.pricing import Quantity
from credits.models import Customer, User
from estimator.domain.estimates import Draft
from estimator.domain.proposals import after, completed_bundles, joins, missing_needs, overlaps
from estimator.domain.questions_file import OWN_FILE, read_file
from tests.estimator.page import ESSENTIALS, LogIn, body, new_url, send, text_in, value_of, words
from tests.estimator.priced import independent_level, open_on, rates_on

RATES = rates_on()
OPEN = frozenset(open_on())
TOGETHER = read_file(OWN_FILE).together
SEVERAL = ("endpoint-core", "endpoint-xdr", ESSENTIALS, "endpoint-pro")
USERS = ("ztsa-internet-access", "ztsa-ai-access", "ztsa-internet-ai-bundle", "email-core")

units = st.integers(0, 400).map(Decimal)
drafts = st.builds(Draft, st.dictionaries(st.sampled_from((*SEVERAL, *USERS)), units, min_size=1))


@settings(max_examples=150)
@given(drafts)
def test_a_proposal_says_exactly_what_it_changes_and_no_saving_raises_the_level(
    draft: Draft,
) -> None:
    saving = list(joins(draft, RATES, TOGETHER, OPEN))
    adding = list(completed_bundles(draft, RATES, OPEN))
    for one in (*saving, *adding):
        taken = after(draft, one.change, one.others[0])

        assert one.before == independent_level(draft.quantities)
        assert one.after == independent_level(taken.quantities)
    assert all(one.saving >= 0 for one in saving)
    assert all(0 <= one.cost < one.alone for one in adding)


@pytest.mark.parametrize(
    ("rate", "saves"), [(Decimal(65), 0), (Decimal(60), 500), (Decimal(70), None)]
)
def test_packages_in_one_save_what_the_rates_say(rate: Decimal, saves: int | None) -> None:
    packages = dict(RATES["endpoint-packages"])
    packages[ESSENTIALS] = type(packages[ESSENTIALS])("package", rate)
    draft = Draft({"endpoint-core": Decimal(100), "endpoint-xdr": Decimal(130)})

    found = list(joins(draft, RATES | {"endpoint-packages": packages}, TOGETHER, OPEN))

    assert [one.saving for one in found] == ([] if saves is None else [saves])
    for one in found:
        assert one.change == {"endpoint-core": None, "endpoint-xdr": 30, ESSENTIALS: 100}


def test_overlapping_packages_that_are_one_are_told_though_it_costs_more() -> None:
    draft = Draft({"endpoint-core": Decimal(100), "endpoint-xdr": Decimal(60)}, overlap=True)

    (one,) = joins(draft, RATES, TOGETHER, OPEN)

    assert (one.before, one.after) == (4_500, 60 * 65 + 40 * 45)
    assert one.change == {"endpoint-core": 100, "endpoint-xdr": None, ESSENTIALS: 60}
    assert not list(joins(after(draft, one.change), RATES, TOGETHER, OPEN))


@pytest.mark.parametrize(
    ("lines", "costs"),
    [
        ({"ztsa-internet-access": 120}, [("ztsa-ai-access", 3_000, 6_000)]),
        ({"ztsa-ai-access": 120}, [("ztsa-internet-access", 4_200, 7_200)]),
        ({"ztsa-internet-access": 120, "ztsa-ai-access": 0}, [("ztsa-ai-access", 3_000, 6_000)]),
        ({"ztsa-internet-access": 120, "ztsa-ai-access": 5}, []),
        ({"ztsa-internet-ai-bundle": 120}, []),
        ({"email-core": 120}, []),
    ],
)
def test_the_rest_of_a_bundle_costs_less_than_alone(
    lines: dict[str, int], costs: list[tuple[str, int, int]]
) -> None:
    quantities: dict[str, Quantity] = {key: Decimal(number) for key, number in lines.items()}

    found = list(completed_bundles(Draft(quantities), RATES, OPEN))

    assert [(one.feature, one.cost, one.alone) for one in found] == costs


def test_what_a_feature_needs_comes_with_its_number_only_in_the_same_unit() -> None:
    draft = Draft({"static": Decimal(256), "sandbox": Decimal(80)})
    rates = {"group": dict.fromkeys(("static", "sandbox"), RATES["ztsa-sandbox"]["ztsa-sandbox"])}
    rates["group"]["access"] = RATES["ztsa-private-access"]["ztsa-private-access"]
    requires = {"static": [["access"]], "sandbox": [["gone", "access"]]}
    names = {"static": "Mbps", "sandbox": "users", "access": "users"}

    found = list(missing_needs(draft, rates, requires, names, frozenset(draft.quantities)))

    assert [(one.others[0], one.units, one.cost) for one in found] == [
        ("static", Decimal(0), 0),
        ("sandbox", Decimal(80), 4_000),
    ]
    assert not list(missing_needs(draft, rates, requires, names, frozenset({"access"})))


def test_overlapping_packages_are_counted_both_ways() -> None:
    draft = Draft({ESSENTIALS: Decimal(310), "endpoint-pro": Decimal(10)})

    (count,) = overlaps(draft, RATES)

    assert count.keys == ("endpoint-pro", ESSENTIALS)
    assert count.within == {"endpoint-pro": 10, ESSENTIALS: 300}
    assert (count.credits_apart, count.credits_within) == (23_150, 22_500)


def test_the_overlap_of_packages_is_explained_with_numbers(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    lines = {ESSENTIALS: "310", "endpoint-pro": "10"}

    apart = text_in(send(client, url, lines), "extras")
    within = text_in(send(client, url, lines, overlap="on"), "extras")

    assert "So 310 × 65 + 10 × 300 = 23,150." in apart
    assert "300 × 65 + 10 × 300 = 22,500." in apart
    assert (
        "So the 10 with Pro package are among the 310 with Essentials package and counted as "
        "Pro package only: 300 × 65 + 10 × 300 = 22,500." in within
    )


@pytest.mark.parametrize("target", ["", "calculator"])
def test_the_rest_of_a_bundle_is_added_with_its_plan(
    customer: Customer, alice: User, client_of: LogIn, target: str
) -> None:
    client, url = client_of(alice), new_url(customer)
    lines = {"ztsa-internet-access": "120"}
    plan = {"growth.ztsa-internet-access": "10"}

    said = text_in(send(client, url, lines, **plan), "extras")
    act = "take:bundle:ztsa-ai-access:ztsa-internet-access"
    page = send(client, url, lines, act, target=target, **plan)

    assert (
        "Adding AI Secure Access to Internet Access costs 25 more per user, not 50: "
        "+3,000 for 120 users." in said
    )
    assert value_of(page, "units.ztsa-ai-access") == "120"
    assert value_of(page, "growth.ztsa-ai-access") == "10"
    assert text_in(page, "level") == "10,200"
    assert "counted as the bundle: 10,200 instead of 13,200, saves 3,000" in words(page)


def test_packages_that_another_holds_are_counted_as_it(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)
    lines = {"endpoint-core": "100", "endpoint-xdr": "100"}

    page = send(client, url, lines)
    taken = send(client, url, lines, "take:join:endpoint-essentials:endpoint-core")

    assert "Essentials package holds Core package and XDR for Endpoints" in words(page)
    assert value_of(taken, f"units.{ESSENTIALS}") == "100"
    assert 'name="units.endpoint-core"' not in body(taken)
    assert text_in(taken, "level") == text_in(page, "level") == "6,500"


def test_what_is_needed_is_said_with_its_reason_and_added(
    customer: Customer, alice: User, client_of: LogIn
) -> None:
    client, url = client_of(alice), new_url(customer)

    said = text_in(send(client, url, {"ztsa-sandbox": "120"}), "extras")
    act = "take:need:ztsa-internet-access:ztsa-sandbox"
    page = send(client, url, {"ztsa-sandbox": "120"}, act)

    assert (
        "Sandbox needs Internet Access. It analyzes files that pass through Internet Access. "
        "For 120 users: +7,200." in said
    )
    assert value_of(page, "units.ztsa-internet-access") == "120"
    assert "needs Internet Access" not in words(page)


@pytest.mark.parametrize(
    "act", ["take:", "take:bundle", "take:bundle:x:y", "take:join:endpoint-essentials:email-core"]
)
def test_a_proposal_that_is_none_changes_nothing(
    customer: Customer, alice: User, client_of: LogIn, act: str
) -> None:
    page = send(client_of(alice), new_url(customer), {"email-core": "12"}, act)

    assert page.status_code == 200
    assert value_of(page, "units.email-core") == "12"
    assert body(page).count('name="units.') == 1
