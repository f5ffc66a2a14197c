"""Geometry of the portal's charts: numbers in, frozen dataclasses of numbers and strings out.

A page calls one function per chart and hands the answer to the include of the same name:

    bar = capacity_bar([Part("Endpoint Security", 19_500, "s1", short="Endpoint")], whole=52_000)
    {% include "includes/_capacity_bar.html" with bar=bar %}

    donut(parts, below="73.9 % of valid", label="Allocated credits by solution")
    {% include "includes/_donut.html" with donut=donut heading="Solution" %}

    step_chart([Series("valid", "valid", points), Series("allocated", "allocated", points)],
               start=..., now=..., end=..., marks=[Mark(at, 37_000, "L-204 ends", "warn")],
               label="Valid and allocated credits", difference="balance")
    {% include "includes/_step_chart.html" with chart=chart %}

    timeline([Term("L-204", "15,000 · rep", url, starts_at, ends_at, "15,000", "128 days left")],
             start=..., now=..., end=..., label="Licenses by expiry")
    {% include "includes/_timeline.html" with timeline=timeline %}

Horizontal positions are percentages and vertical ones pixels, so that one drawing fits every width
while its text keeps its size. Where a text's room must be judged, it is judged at `NARROW`, the
width on the smallest phone: what fits there fits everywhere.
"""

from credits.web.geometry.bars import CapacityBar, Part, Segment, capacity_bar, folded
from credits.web.geometry.rings import Donut, Slice, donut
from credits.web.geometry.scales import NARROW, nice_ticks, time_ticks
from credits.web.geometry.steps import Mark, Series, StepChart, step_chart
from credits.web.geometry.terms import Lane, Term, Timeline, timeline

__all__ = [
    "NARROW",
    "CapacityBar",
    "Donut",
    "Lane",
    "Mark",
    "Part",
    "Segment",
    "Series",
    "Slice",
    "StepChart",
    "Term",
    "Timeline",
    "capacity_bar",
    "donut",
    "folded",
    "nice_ticks",
    "step_chart",
    "time_ticks",
    "timeline",
]
