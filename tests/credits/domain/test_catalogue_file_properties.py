from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from credits.domain.catalogue_file import (
    MODELS,
    CatalogueError,
    CatalogueFile,
    FeatureRow,
    GroupRow,
    RateRow,
    SolutionRow,
    read_catalogue,
)
from tests.credits.domain.catalogue_text import cells, text_of

# A value that the file can hold, canonical so that it reads back as it was.
words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60)
numbers = st.decimals(min_value="0.0001", max_value=999999999, places=4, allow_nan=False)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2200, 1, 1))
reserved = st.just("usage_reservation")
others = sorted(MODELS - {"free", "tiered", "package", "bundle", "usage_reservation"})
# A feature does not change between a reservation and another model.
models_of_a_feature = st.just(reserved) | st.just(st.sampled_from(others))


@st.composite
def rates_of_a_feature(draw: st.DrawFn, key: str) -> list[RateRow]:
    starts = sorted(draw(st.lists(days, min_size=1, max_size=3, unique=True)))
    models = draw(models_of_a_feature)
    rates = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        model = draw(models)
        blocks = model in {"throughput_block", "volume_pack", "usage_reservation"}
        latest = following - timedelta(days=1) if following else draw(st.none() | st.just(start))
        assumed = draw(st.booleans())
        rates.append(
            RateRow(
                feature=key,
                model=model,
                unit=draw(words),
                unit_plural=draw(words),
                credits=draw(numbers),
                block=draw(numbers) if blocks else Decimal(1),
                cap=None,
                parts=(),
                valid_from=start,
                valid_to=latest,
                assumed=assumed,
                source=draw(words),
                note=draw(words) if assumed else "",
                line=0,
            )
        )
    return rates


@st.composite
def catalogues(draw: st.DrawFn) -> CatalogueFile:
    """Any catalogue of features priced alone, each needing only earlier ones."""
    features: list[FeatureRow] = []
    rates: list[RateRow] = []
    for number in range(draw(st.integers(1, 4))):
        of_feature = draw(rates_of_a_feature(f"f-{number}"))
        earlier = [feature.key for feature in features]
        needs = st.lists(st.sampled_from(earlier), min_size=1, max_size=2).map(tuple)
        features.append(
            FeatureRow(
                key=f"f-{number}",
                name=f"{number} {draw(words)}",
                solution="only",
                group=f"g-{number}",
                unit=of_feature[-1].unit,
                unit_plural=of_feature[-1].unit_plural,
                requires=tuple(draw(st.lists(needs, max_size=2))) if earlier else (),
                payg=draw(st.sampled_from(["yes", "no", "unknown"])),
                retention_days=draw(st.none() | st.integers(1, 999999999)),
            )
        )
        rates += of_feature
    return CatalogueFile(
        solutions=(SolutionRow("only", draw(words)),),
        groups=tuple(GroupRow(feature.group, draw(words), "only") for feature in features),
        features=tuple(features),
        rates=tuple(replace(rate, line=line) for line, rate in enumerate(rates, start=2)),
    )


def written(catalogue: CatalogueFile, newline: str) -> str:
    features = {feature.key: feature for feature in catalogue.features}
    groups = {group.key: group for group in catalogue.groups}
    solutions = {solution.key: solution for solution in catalogue.solutions}
    lines = []
    for rate in catalogue.rates:
        feature = features[rate.feature]
        lines.append(
            {
                "solution": feature.solution,
                "solution_name": solutions[feature.solution].name,
                "group": feature.group,
                "group_name": groups[feature.group].name,
                "feature": feature.key,
                "feature_name": feature.name,
                "unit": rate.unit,
                "unit_plural": rate.unit_plural,
                "model": rate.model,
                "credits": format(rate.credits, "f"),
                "block": format(rate.block, "f"),
                "cap": "",
                "parts": "",
                "requires": " ".join("|".join(need) for need in feature.requires),
                "payg": feature.payg,
                "retention_days": str(feature.retention_days or ""),
                "valid_from": str(rate.valid_from),
                "valid_to": str(rate.valid_to or ""),
                "assumed": "yes" if rate.assumed else "no",
                "source": rate.source,
                "note": rate.note,
            }
        )
    return text_of(*lines, newline=newline)


@given(catalogue=catalogues(), newline=st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_reads_back_the_same(catalogue: CatalogueFile, newline: str) -> None:
    assert read_catalogue(written(catalogue, newline)) == catalogue


def read_or_refused(text: str) -> CatalogueFile | CatalogueError:
    try:
        return read_catalogue(text)
    except CatalogueError as error:
        return error


@given(text=st.text() | st.text(alphabet='",\n\r;abc-01 \x00').map(text_of().__add__))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    result = read_or_refused(text)

    assert result.problems if isinstance(result, CatalogueError) else result.rates


def is_one_line(value: str) -> bool:
    """A line break in a cell is refused for the whole line, before its cells are looked at."""
    return not {"\r", "\n"} & set(value)


@given(
    value=st.text(max_size=12).filter(is_one_line)
    | st.sampled_from(["NaN", "Infinity", "-0", "1e5", "\uff14\uff15", "0", "45.50"])
    | st.from_regex(r"[0-9.eE+_-]{1,8}", fullmatch=True)
)
def test_credits_are_read_exactly_or_refused_at_their_cell(value: str) -> None:
    result = read_or_refused(text_of(cells("hub"), cells(credits=value)))

    if isinstance(result, CatalogueError):
        assert [(problem.line, problem.column) for problem in result.problems] == [(3, "credits")]
    else:
        assert result.rates[1].credits == Decimal(value.strip())
        assert 0 < result.rates[1].credits < 10**9
        assert set(value.strip()) <= set("0123456789.")
