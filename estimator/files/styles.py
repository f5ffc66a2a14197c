"""How the cells of an estimate's spreadsheet look."""

from __future__ import annotations

from typing import Any

WHOLE, DAY, MONTH = "#,##0", "yyyy-mm-dd", "yyyy-mm"
WHOLE_OR_NONE = '#,##0;-#,##0;"–"'
INK, QUIET, LINE, INPUT_INK = "#182433", "#55637A", "#C9D3E6", "#1F3FA8"
CHART = "#5B7FD9"
HEAD_FILL, INPUT_FILL, SUM_FILL, LATER_FILL = "#E8EDF8", "#FFF8DD", "#F1F4FB", "#F2F2F2"

BASE: dict[str, Any] = {"font_color": INK, "valign": "top"}
INPUT: dict[str, Any] = {
    "bg_color": INPUT_FILL,
    "font_color": INPUT_INK,
    "border": 1,
    "border_color": LINE,
    "locked": False,
}
SUM: dict[str, Any] = {"bold": True, "bg_color": SUM_FILL, "top": 1, "top_color": LINE}

STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "valign": "vcenter"},
    "quiet": {"font_color": QUIET},
    "wrap": {"text_wrap": True},
    "words": {"font_color": QUIET, "text_wrap": True},
    "head": {
        "bold": True,
        "text_wrap": True,
        "bg_color": HEAD_FILL,
        "bottom": 1,
        "bottom_color": LINE,
    },
    "head_right": {
        "bold": True,
        "text_wrap": True,
        "align": "right",
        "bg_color": HEAD_FILL,
        "bottom": 1,
        "bottom_color": LINE,
    },
    "head_day": {
        "bold": True,
        "align": "right",
        "num_format": DAY,
        "bg_color": HEAD_FILL,
        "bottom": 1,
        "bottom_color": LINE,
    },
    "section": {"bold": True, "bottom": 1, "bottom_color": LINE},
    "text": {},
    # Stays a text even when a person edits the cell.
    "risky": {"quote_prefix": True},
    "label": {"font_color": QUIET},
    "result_label": {"font_color": QUIET, "align": "right"},
    "whole": {"num_format": WHOLE},
    "whole_or_none": {"num_format": WHOLE_OR_NONE},
    "number": {"num_format": "General"},
    "share": {"num_format": "0.0%"},
    "day": {"num_format": DAY, "align": "left"},
    "month": {"num_format": MONTH, "align": "right"},
    "sum": {**SUM, "num_format": WHOLE},
    "sum_text": SUM,
    "result": {"num_format": WHOLE},
    "level": {"bold": True, "font_size": 14, "num_format": WHOLE, "bg_color": SUM_FILL},
    "level_label": {"bold": True, "font_size": 14, "align": "right"},
    "input_text": {**INPUT, "align": "left"},
    "input_risky": {**INPUT, "align": "left", "quote_prefix": True},
    "input_whole": {**INPUT, "num_format": WHOLE, "align": "right"},
    "input_number": {**INPUT, "num_format": "General", "align": "right"},
    "input_left": {**INPUT, "num_format": "General", "align": "left"},
    "input_left_whole": {**INPUT, "num_format": WHOLE, "align": "left"},
    "input_month": {**INPUT, "num_format": MONTH, "align": "right"},
    "later": {"font_color": QUIET, "bg_color": LATER_FILL},
}
"""By name; each on top of BASE. `later` is put over cells beyond the term."""
