"""A file of units without units: what a person fills in (docs/rules.md#estimate-import)."""

from __future__ import annotations

import csv
import io

from credits.domain.usage_file import guarded
from estimator.domain.price_list import PriceList
from estimator.files.columns import ACCOUNT, FEATURE, FROM, GROWTH, KEY, RAMP, SOLUTION, UNIT, UNITS

HEADER = (KEY, SOLUTION, FEATURE, ACCOUNT, UNITS, UNIT, GROWTH, FROM, RAMP)


def template_text(prices: PriceList) -> str:
    """Every feature that takes allocations, in catalogue order, as CSV that any spreadsheet opens.

    It begins with a byte order mark: without it some spreadsheets take UTF-8 for something else.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for offer in prices.offers.values():
        if offer.is_open:
            feature = offer.feature
            known = {
                KEY: feature.key,
                SOLUTION: feature.group.solution.name,
                FEATURE: feature.name,
                UNIT: feature.unit_plural,
            }
            writer.writerow([guarded(known.get(column, "")) for column in HEADER])
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + out.getvalue()
