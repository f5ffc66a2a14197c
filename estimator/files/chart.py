"""The level to hold as steps, beside the years of the sheet Months."""

from __future__ import annotations

from django.utils.translation import gettext as _

from estimator.files.layout import Layout
from estimator.files.page import Page
from estimator.files.places import DAY_ROW, FIRST_MONTH, HELD_ROW, MOST_ROW
from estimator.files.styles import CHART, MONTH, WHOLE

WIDTH, ROW_HEIGHT = 860, 20


def draw_levels(page: Page, layout: Layout) -> None:
    """Draw it. Folded months are left out, as spreadsheet programs do."""
    last = FIRST_MONTH + len(layout.segments) - 1
    chart = page.book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": _("Level to hold"),
            "categories": [page.name, DAY_ROW - 1, FIRST_MONTH, DAY_ROW - 1, last],
            "values": [page.name, HELD_ROW - 1, FIRST_MONTH, HELD_ROW - 1, last],
            "gap": 0,
            "fill": {"color": CHART},
            "border": {"none": True},
        }
    )
    small = {"size": 8}
    chart.set_title({"name": _("Level to hold"), "name_font": {"size": 10}})
    chart.set_legend({"none": True})
    chart.set_x_axis({"num_format": MONTH, "text_axis": True, "num_font": small})
    chart.set_y_axis({"num_format": WHOLE, "min": 0, "num_font": small})
    chart.set_size({"width": WIDTH, "height": ROW_HEIGHT * (layout.years + 3)})
    words = _("The level to hold from month to month, as in the row of that name")
    place = {"x_offset": 12, "description": words}
    page.sheet.insert_chart(MOST_ROW - 1, FIRST_MONTH + 1, chart, place)
