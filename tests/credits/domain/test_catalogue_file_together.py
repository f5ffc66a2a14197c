import pytest

from credits.domain.catalogue_file import read_catalogue
from tests.credits.domain.catalogue_text import Cells, cells, places, refusal, text_of


def bundle(**given: str) -> list[Cells]:
    """Two features and the bundle in place of both, in one group."""
    group = {"group": "access", "group_name": "Access"}
    return [
        cells("internet", **group),
        cells("ai", **group),
        cells("both", **(group | {"model": "bundle", "parts": "internet ai"} | given)),
    ]


@pytest.mark.parametrize(
    ("until", "again", "is_refused"),
    [
        ("2024-06-30", "2024-07-01", False),
        ("2024-06-30", "2024-08-01", False),
        ("2024-06-30", "2024-06-30", True),
        ("2024-06-30", "2024-02-01", True),
        ("2024-06-30", "2024-01-01", True),
        ("", "2024-07-01", True),
    ],
)
def test_rates_of_a_feature_never_overlap(until: str, again: str, is_refused: bool) -> None:
    text = text_of(cells(valid_to=until), cells(valid_from=again, credits="30"))

    if is_refused:
        assert places(refusal(text)) == [(3, "valid_from")]
        assert "line 2" in str(refusal(text))
    else:
        assert len(read_catalogue(text).rates) == 2


def test_an_overlap_is_found_whatever_the_order_of_the_lines() -> None:
    later = cells(valid_from="2024-07-01", credits="30")

    error = refusal(text_of(later, cells(valid_to="2024-07-01")))

    assert places(error) == [(2, "valid_from")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("feature_name", "Another"),
        ("requires", "hub"),
        ("payg", "yes"),
        ("retention_days", "30"),
        ("solution_name", "Another"),
        ("group_name", "Another"),
    ],
)
def test_lines_of_a_feature_agree_on_what_is_not_its_rate(column: str, value: str) -> None:
    first = cells(valid_to="2024-12-31")
    second = cells(valid_from="2025-01-01", **{column: value})

    error = refusal(text_of(first, cells("hub", solution="net"), second))

    assert (4, column) in places(error)
    assert "as on line 2" in str(error)


def test_a_feature_with_two_groups_is_refused() -> None:
    first = cells(valid_to="2024-12-31")
    second = cells(valid_from="2025-01-01", group="other", group_name="Other")

    assert places(refusal(text_of(first, second))) == [(3, "group")]


def test_a_group_with_two_solutions_is_refused() -> None:
    packages = {"group": "packages", "group_name": "Packages", "model": "package"}
    elsewhere = {"solution": "net", "solution_name": "Network"}

    error = refusal(text_of(cells("one", **packages), cells("two", **packages, **elsewhere)))

    assert places(error) == [(3, "solution")]


def test_features_of_a_solution_differ_in_name_and_those_of_two_need_not() -> None:
    same = cells("two", feature_name="mail-CORE")
    elsewhere = same | {"solution": "net", "solution_name": "Network"}

    assert places(refusal(text_of(cells(), same))) == [(3, "feature_name")]
    assert len(read_catalogue(text_of(cells(), elsewhere)).features) == 2


def test_a_bundle_names_its_parts() -> None:
    read = read_catalogue(text_of(*bundle()))

    assert [rate.parts for rate in read.rates] == [(), (), ("internet", "ai")]
    assert len(read.groups) == 1


@pytest.mark.parametrize(
    "parts", ["", "internet", "internet internet", "internet both", "internet x"]
)
def test_a_bundle_without_two_other_parts_is_refused(parts: str) -> None:
    assert places(refusal(text_of(*bundle(parts=parts)))) == [(4, "parts")]


def test_a_part_from_another_group_is_refused() -> None:
    error = refusal(text_of(*bundle(parts="internet mail-core"), cells()))

    assert places(error) == [(4, "parts")]
    assert "the same group" in str(error)


def test_a_group_mixes_neither_bundle_nor_packages_with_other_features() -> None:
    group = {"group": "access", "group_name": "Access"}

    mixed = refusal(text_of(*bundle(), cells("odd", **group)))
    half = refusal(text_of(cells("one", model="package", **group), cells("two", **group)))

    assert places(mixed) == [(2, "group")]
    assert places(half) == [(2, "group")]


def test_several_packages_share_a_group() -> None:
    packages = {"group": "packages", "group_name": "Packages", "model": "package"}

    read = read_catalogue(text_of(cells("core", **packages), cells("pro", **packages)))

    assert [feature.group for feature in read.features] == ["packages", "packages"]


def test_features_that_need_each_other_are_refused() -> None:
    error = refusal(
        text_of(
            cells("one", requires="two"),
            cells("two", requires="three"),
            cells("three", requires="one"),
            cells("four"),
        )
    )

    assert places(error) == [(2, "requires"), (3, "requires"), (4, "requires")]


def test_an_alternative_opens_a_circle_of_needs() -> None:
    read = read_catalogue(
        text_of(cells("one", requires="two|free"), cells("two", requires="one"), cells("free"))
    )

    assert read.features[0].requires == (("two", "free"),)


def test_only_a_free_feature_costs_nothing() -> None:
    read = read_catalogue(text_of(cells(model="free", credits="0")))

    assert read.rates[0].credits == 0
    assert places(refusal(text_of(cells(model="free", credits="5")))) == [(2, "credits")]


def test_an_assumption_needs_a_note() -> None:
    assert places(refusal(text_of(cells(assumed="yes")))) == [(2, "note")]


def test_tiers_need_a_cap() -> None:
    steps = cells(model="tiered", credits="1000", block="500")

    assert places(refusal(text_of(steps))) == [(2, "cap")]
    assert read_catalogue(text_of(steps | {"cap": "8000"})).rates[0].cap == 8000


def test_a_name_of_120_characters_is_read() -> None:
    read = read_catalogue(text_of(cells(feature_name="n" * 120)))

    assert read.features[0].name == "n" * 120
