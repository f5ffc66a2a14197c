import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from credits.models import Solution
from credits.models.catalogue import COLORS
from credits.web.geometry.labels import CROWDED, Labels, Place, Plot, Stroke, halves, thirds
from credits.web.geometry.scales import WIDE, nice_ticks, text_width, time_ticks
from credits.web.svg import (
    NARROW,
    Mark,
    Part,
    Series,
    StepChart,
    Term,
    capacity_bar,
    donut,
    folded,
    step_chart,
    timeline,
)

SHEETS = ("tokens.css", "portal.css")

PARTS = [
    Part("Endpoint Security", 19_500, "s1", short="Endpoint"),
    Part("Email Security", 6_450, "s2", short="Email"),
    Part("Sandbox", 2_500, "s5"),
]


def day(year: int, month: int, of_month: int = 1) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


START, NOW, END = day(2025, 12), day(2026, 11, 24), day(2027, 11, 24)
VALID = [(day(2025, 6), 22_000), (day(2026, 9), 52_000), (day(2027, 4), 37_000)]
ALLOCATED = [(day(2025, 12), 9_800), (day(2026, 10), 38_450)]


def value(text: str) -> float:
    return float(text.removesuffix("%"))


def chart(marks: Sequence[Mark] = (), start: datetime = START, end: datetime = END) -> StepChart:
    return step_chart(
        [Series("valid", "valid", VALID), Series("allocated", "allocated", ALLOCATED)],
        start=start,
        now=NOW,
        end=end,
        marks=marks,
        label="Valid and allocated",
        difference="balance",
    )


@pytest.mark.parametrize(
    ("lowest", "highest"),
    [(0, 52_000), (0, 1), (0, 3), (0, 999_999_999), (-1_450, 13_550), (-39_100, -200), (0, 0)],
)
def test_ticks_are_even_whole_and_hold_zero_and_all_values(lowest: int, highest: int) -> None:
    ticks = nice_ticks(lowest, highest)

    assert 0 in ticks
    assert ticks[0] <= lowest
    assert ticks[-1] >= highest
    assert len({b - a for a, b in pairwise(ticks)}) == 1
    assert 2 <= len(ticks) <= 7


def test_the_axis_of_the_pictures() -> None:
    assert nice_ticks(0, 52_000) == [0, 20_000, 40_000, 60_000]


@pytest.mark.parametrize("days", [3, 31, 62, 90, 365, 730, 1_100, 4_000, 20_000])
@pytest.mark.parametrize("width", [NARROW - 50, WIDE, 900])
def test_labels_of_the_time_axis_never_touch(days: int, width: int) -> None:
    ticks = time_ticks(START, START + timedelta(days=days), width)

    assert ticks
    spans = []
    for tick in ticks:
        x, size = value(tick.at) / 100 * width, text_width(tick.text)
        left = {"start": x, "middle": x - size / 2, "end": x - size}[tick.anchor]
        spans.append((left, left + size))
    assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_the_year_is_named_where_it_changes() -> None:
    ticks = time_ticks(START, END, WIDE, stacked=True)

    assert [t.under for t in ticks if t.under] == ["2026", "2027"]
    assert all(re.fullmatch("[A-Z][a-z]{2}", t.text) for t in ticks)


def test_the_bar_is_as_long_as_what_is_valid() -> None:
    bar = capacity_bar(PARTS, 52_000)

    assert [s.width for s in bar.segments] == ["37.5%", "12.4%", "4.81%"]
    assert bar.free is not None
    assert bar.free.text == "free 23,550"
    assert value(bar.free.x) + value(bar.free.width) == pytest.approx(100, abs=0.02)
    assert bar.whole.text == "52,000 valid"
    assert bar.limit == bar.over_text == ""
    assert bar.label == (
        "52,000 valid: Endpoint Security 19,500, Email Security 6,450, Sandbox 2,500, free 23,550"
    )


def test_a_bar_above_100_percent_marks_its_limit_and_names_the_shortfall() -> None:
    bar = capacity_bar(PARTS, 20_000)

    assert bar.free is None
    assert bar.limit == "70.3%"
    assert value(bar.limit) + value(bar.over_width) == pytest.approx(100, abs=0.02)
    assert bar.over_text == "\u22128,450 short"
    assert bar.segments[-1].fits == "never"
    assert "\u22128,450 short" in bar.label


@pytest.mark.parametrize("whole", [1, 1_000, 5_000, 14_000, 20_000, 28_000, 999_999])
def test_the_texts_under_the_bar_never_meet_on_a_phone(whole: int) -> None:
    bar = capacity_bar([Part("All", 1_000_000, "s1")], whole)

    x, size = value(bar.whole.x) / 100 * NARROW + bar.whole.dx, text_width(bar.whole.text)
    left, right = (x, x + size) if bar.whole.anchor == "start" else (x - size, x)
    assert left >= text_width("0")
    assert right <= NARROW - text_width(bar.over_text)


def test_a_bar_of_nothing_is_empty() -> None:
    bar = capacity_bar([], 0)

    assert (bar.segments, bar.free, bar.limit) == ((), None, "")


def test_a_bar_with_nothing_valid_is_all_overflow() -> None:
    bar = capacity_bar(PARTS, 0)

    assert (bar.limit, bar.over_width) == ("0%", "100%")


def test_a_text_is_shown_only_from_the_width_that_holds_it() -> None:
    bar = capacity_bar(
        [Part("Endpoint", 890, "s1"), Part("A", 100, "s2"), Part("B", 10, "s3")], 1000
    )

    assert [s.fits for s in bar.segments] == ["", "from-620", "never"]


def test_slices_go_round_largest_first_and_their_shares_are_whole() -> None:
    ring = donut(list(reversed(PARTS)), label="Allocated by solution")

    assert [s.value for s in ring.slices] == [19_500, 6_450, 2_500]
    assert sum(s.share for s in ring.slices) == pytest.approx(100)
    assert ring.center == "28,450"
    assert ring.slices[0].path.startswith("M75 3A72 72 0 1 1")


def test_beyond_eight_slices_the_rest_is_one() -> None:
    parts = [Part(f"Solution {i}", 100 - i, f"s{i % 8 + 1}") for i in range(12)]

    ring = donut(parts, label="Allocated")

    assert len(ring.slices) == 9
    assert ring.slices[-1].label == "Other"
    assert ring.slices[-1].css == "other"
    assert sum(s.value for s in ring.slices) == ring.total == sum(p.value for p in parts)


def test_a_single_slice_is_a_whole_ring() -> None:
    ring = donut([Part("All", 5, "s1"), Part("None", 0, "s2")], label="Allocated")

    assert len(ring.slices) == 1
    assert ring.slices[0].path == ring.nothing


def test_a_ring_of_nothing_has_no_slices() -> None:
    ring = donut([], label="Allocated")

    assert (ring.slices, ring.center, ring.label) == ((), "0", "Allocated")


def test_levels_hold_until_they_change_and_part_at_now() -> None:
    valid = chart().lines[0]

    assert valid.past == "M0 126.5H378.98V26.5H495.16"
    assert valid.future.startswith("M495.16 26.5H")
    assert valid.future.endswith("H1000")


def test_a_level_from_before_the_range_leads_it() -> None:
    drawn = chart(start=day(2026, 1))

    assert drawn.lines[0].past.startswith("M0 126.5")


def test_all_of_a_range_in_the_past_has_no_future() -> None:
    drawn = chart(start=day(2025, 12), end=day(2026, 5))

    assert [line.future for line in drawn.lines] == ["", ""]
    assert drawn.now == ""


def test_all_of_a_range_ahead_has_no_past() -> None:
    drawn = chart(start=day(2027, 1), end=day(2027, 6))

    assert [line.past for line in drawn.lines] == ["", ""]


def test_the_axis_starts_at_zero_and_holds_a_negative_level() -> None:
    drawn = step_chart(
        [Series("balance", "valid", [(START, 13_550), (day(2027, 4), -1_450)])],
        start=START,
        now=NOW,
        end=END,
        label="Balance",
    )

    assert {"0", "\u22125,000"} <= {row.text for row in drawn.rows}


def test_a_point_tells_the_exact_figures_and_their_instant() -> None:
    texts = [p.text for p in chart([Mark(day(2027, 4), 37_000, "L-204 ends", "warn")]).points]

    assert "1 Apr 2027: valid 37,000, allocated 38,450, balance \u22121,450 (L-204 ends)" in texts


def test_one_point_is_reached_by_the_tab_key_and_it_is_now() -> None:
    points = chart().points

    assert [p.text[:11] for p in points if p.first] == ["24 Nov 2026"]
    assert [p.text for p in chart(end=day(2026, 2)).points if p.first]


def test_a_long_history_keeps_its_largest_changes_and_stays_small() -> None:
    levels = [(START + timedelta(days=i), 1_000 + i % 2) for i in range(700)]
    levels[350] = (levels[350][0], 900_000)

    drawn = step_chart(
        [Series("valid", "valid", levels)], start=START, now=NOW, end=END, label="Valid"
    )

    assert len(drawn.points) == 16
    assert any("900,000" in p.text for p in drawn.points)


def test_a_chart_without_levels_draws_its_axis_only() -> None:
    drawn = step_chart([Series("valid", "valid", [])], start=START, now=NOW, end=END, label="Valid")

    assert drawn.lines[0].past == drawn.lines[0].future == ""
    assert drawn.points == ()
    assert [row.text for row in drawn.rows] == ["0", "1"]


@pytest.mark.parametrize("month", [1, 6, 11])
@pytest.mark.parametrize("year", [2026, 2027])
def test_the_name_of_a_mark_stays_inside_the_plot_of_a_phone(year: int, month: int) -> None:
    drawn = chart([Mark(day(year, month), 37_000, "L-204 ends, \u22121,450", "warn")])

    lines = [label for label in drawn.labels if label.css == "warn"]
    assert " ".join(label.text for label in lines) == "L-204 ends, \u22121,450"
    room = NARROW - drawn.gutter
    for label in lines:
        x, size = value(label.x) / 100 * room + label.dx, text_width(label.text)
        left = x - size if label.anchor == "end" else x
        assert left >= -5
        assert left + size <= room + 12


def test_a_mark_beside_another_gives_way_or_is_left_unnamed() -> None:
    marks = [Mark(day(2027, 4), 37_000, f"License {i} ends", "warn") for i in range(9)]
    drawn = chart([*marks, Mark(day(2027, 4), 37_000, "short by 1,450", "short")])

    names = [label.text for label in drawn.labels]
    assert len(drawn.dots) == 10
    assert "short by" in names or "short by 1,450" in names
    assert sum(name.startswith("License") for name in names) <= 3


def test_a_text_avoids_lines_where_it_can() -> None:
    line = Stroke(0, 250, 91, 93)
    labels = Labels([Plot(250, [line])], top=0, bottom=200)

    labels.add("short", "", [Place(10, 0, 95, "start"), Place(10, 0, 80, "start")])

    assert labels.placed[0].y == "80"


def test_a_text_breaks_near_its_middle() -> None:
    assert halves("L-204 ends, \u22121,450") == ["L-204 ends,", "\u22121,450"]
    assert halves("L-204") == ["L-204"]


def test_terms_are_clipped_to_the_range_and_others_left_out() -> None:
    early = Term("L-1", "", "", day(2020, 1), day(2021, 1), "5", "ended")
    running = Term("L-2", "", "", day(2020, 1), day(2030, 1), "5,000", "left")

    lanes = timeline([early, running], start=START, now=NOW, end=END, label="Licenses").lanes

    assert [lane.term.name for lane in lanes] == ["L-2"]
    assert (lanes[0].x, lanes[0].width) == ("0%", "100%")


@pytest.mark.parametrize(
    ("start", "end", "css", "anchor"),
    [
        (day(2026, 1), day(2027, 6), "inside", "start"),
        (day(2026, 1), day(2026, 1, 10), "outside", "start"),
        (day(2027, 11, 10), day(2027, 11, 20), "outside", "end"),
    ],
)
def test_the_text_of_a_short_term_stands_beside_it(
    start: datetime, end: datetime, css: str, anchor: str
) -> None:
    term = Term("L-1", "", "", start, end, "15,000", "left")

    lane = timeline([term], start=START, now=NOW, end=END, label="Licenses").lanes[0]

    assert (lane.text_css, lane.text_anchor) == (css, anchor)


def test_the_templates_draw_what_they_are_given_without_style_or_script() -> None:
    pages = [
        render_to_string("includes/_capacity_bar.html", {"bar": capacity_bar(PARTS, 20_000)}),
        render_to_string(
            "includes/_donut.html", {"donut": donut(PARTS, below="73.9 %", label="Allocated")}
        ),
        render_to_string(
            "includes/_step_chart.html",
            {"chart": chart([Mark(day(2027, 4), 37_000, "L-204 ends", "warn")])},
        ),
        render_to_string(
            "includes/_timeline.html",
            {
                "timeline": timeline(
                    [Term("L-204", "rep", "#", START, END, "15,000", "left", "warn", "soon")],
                    start=START,
                    now=NOW,
                    end=END,
                    label="Licenses",
                )
            },
        ),
    ]

    for page in pages:
        assert not re.search(r"\sstyle=|<script|\son\w+=", page)
    assert 'role="img"' in pages[0]
    assert "s1" in pages[1]
    assert "Endpoint Security" in pages[1]
    assert pages[2].count('tabindex="0"') == 1


def test_names_are_escaped() -> None:
    evil = [Part("<script>", 5, "s1")]

    assert "<script>" not in render_to_string(
        "includes/_donut.html", {"donut": donut(evil, label="<b>")}
    )
    assert "<script>" not in render_to_string(
        "includes/_capacity_bar.html", {"bar": capacity_bar(evil, 9)}
    )


def test_a_text_that_is_told_elsewhere_is_left_out_of_a_crowd() -> None:
    crowd = [Stroke(x, x + 2, 0, 200) for x in range(0, 250, 12)]
    labels = Labels([Plot(250, crowd)], top=0, bottom=200)
    places = [Place(20, 7, 90, "start")]

    labels.add("L-204 ends", "", places, most=CROWDED)
    labels.add("L-205 ends", "warn", places)

    assert [label.text for label in labels.placed] == ["L-205 ends"]


def test_a_text_stands_where_it_reads_on_each_width() -> None:
    wide = Stroke(60, 130, 80, 95)
    labels = Labels([Plot(250, []), Plot(600, [wide])], top=0, bottom=200)

    labels.add("valid", "", [Place(10, 7, 90, "start"), Place(10, 7, 150, "start")])

    assert [label.y for label in labels.placed] == ["150"]


def test_beyond_eight_parts_the_smallest_are_one() -> None:
    parts = [Part(f"Solution {n}", 100 - n, f"s{n}") for n in range(1, 9)]
    parts += [Part("Ninth", 500, "other", url="/9/"), Part("Tenth", 1, "other")]

    found = folded(parts, "Other")

    assert [p.label for p in found] == [*(f"Solution {n}" for n in range(1, 9)), "Other"]
    assert found[-1].value == 501
    assert [p.label for p in found[-1].members] == ["Ninth", "Tenth"]
    assert sum(p.value for p in found) == sum(p.value for p in parts)


def test_a_single_part_without_a_color_keeps_its_name() -> None:
    parts = [Part("A", 10, "s1"), Part("Ninth", 500, "other", url="/9/")]

    assert [(p.label, p.url) for p in folded(parts, "Other")] == [("A", ""), ("Ninth", "/9/")]


def test_each_part_of_the_bar_is_named_in_it_or_below_it() -> None:
    parts = [Part("Large", 900, "s1"), Part("Middle", 90, "s2"), Part("Tiny", 1, "s3")]

    bar = capacity_bar(parts, 1_000)

    assert [(s.fits, s.key) for s in bar.segments] == [
        ("", ""),
        ("from-940", "until-940"),
        ("never", "always"),
    ]
    assert bar.has_keys
    assert not capacity_bar(parts[:1], 900).has_keys


def test_what_is_short_is_hatched_and_its_parts_are_named_below() -> None:
    bar = capacity_bar([Part("Email", 150, "s1")], 100)

    assert (bar.over_text, bar.limit) == ("\N{MINUS SIGN}50 short", "66.67%")
    assert [s.key for s in bar.segments] == ["always"]


def test_steps_are_as_high_as_they_are_asked_to_be() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    series = [Series("valid", "valid", [(at, 100)])]

    chart = step_chart(series, start=at, now=at, end=at + timedelta(days=90), label="x", area=250)

    assert (chart.bottom, chart.height) == (268, 312)
    assert max(float(row.at) for row in chart.rows) == 268


def test_the_largest_of_many_solutions_are_told_apart_by_color() -> None:
    solutions = [Solution(name=f"Solution {n}", position=n) for n in range(1, 12)]
    parts = [Part(one.name, 10 * one.position, one.color) for one in solutions]

    found = folded(parts, "Other")

    assert [p.label for p in found] == [*(f"Solution {n}" for n in range(11, 3, -1)), "Other"]
    assert len({p.css for p in found}) == len(found)


def test_every_color_of_a_solution_is_in_the_style_sheets() -> None:
    colors = [Solution(position=n).color for n in range(1, 40)]
    sheets = [Path(settings.BASE_DIR, "static/css", name).read_text() for name in SHEETS]

    assert set(colors) == {f"s{n}" for n in range(1, COLORS + 1)}
    for color in set(colors):
        assert f"--{color}: " in sheets[0]
        assert f".sw.{color} " in sheets[1]
        assert f".fill-{color} " in sheets[1]


def test_a_text_that_is_too_wide_in_two_lines_stands_in_three() -> None:
    text = "L-204 and L-208 end, −5,574"
    to_the_left = Stroke(0, 145, 0, 200)
    labels = Labels([Plot(230, [to_the_left])], top=0, bottom=200)

    labels.add(text, "warn", [Place(65, -7, 90, "end"), Place(65, 7, 90, "start")])

    assert [label.text for label in labels.placed] == thirds(text)
    assert {label.anchor for label in labels.placed} == {"start"}
    assert thirds(text) == ["L-204 and", "L-208 end,", "−5,574"]
