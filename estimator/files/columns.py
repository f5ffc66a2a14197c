"""The headings of an estimate's spreadsheet and CSV, by which both are read again.

They are part of the format and are not translated: a file that was written in one language is read
in any other. The sheet and the CSV have the same columns in the same order. Those in INPUTS are
read; all others are what follows from them, and are never read.

- A row belongs to the feature of its key; without a key, to the feature of that name in that
  solution. A feature whose accounts are priced apart has a row for each of them, all with one plan.
- A row without units is nothing yet: a bundle that only follows from its parts has one.
- In the sheet the heading stands below a block of settings: a label of SETTINGS in the column
  Solution, its value in the column Feature beside it. They are of the sheet alone, and not read.
"""

from __future__ import annotations

SHEET, MONTHS_SHEET, RATES_SHEET, HELP_SHEET = "Estimate", "Months", "Rates", "Read me"

KEY = "Feature key"
SOLUTION = "Solution"
FEATURE = "Feature"
ACCOUNT = "Account"
UNITS = "Units"
UNIT = "Unit"
GROWTH = "Growth % a year"
FROM = "From month"
RAMP = "Ramp months"
CREDITS = "Credits"
ARITHMETIC = "How it is counted"
MODEL = "Model"
RATE = "Rate"
BLOCK = "Block"
CAP = "Cap"
COUNTED = "Counted"
BLOCKS = "Blocks"

COLUMNS = (
    KEY,
    SOLUTION,
    FEATURE,
    ACCOUNT,
    UNITS,
    UNIT,
    GROWTH,
    FROM,
    RAMP,
    CREDITS,
    ARITHMETIC,
    MODEL,
    RATE,
    BLOCK,
    CAP,
    COUNTED,
    BLOCKS,
)

INPUTS = (KEY, SOLUTION, FEATURE, ACCOUNT, UNITS, GROWTH, FROM, RAMP)
"""What is read of a row. A month is the first of its days, as a date or as 2027-04."""

NAME = "Name"
YEARS = "Term in years"
OVERLAP = "Packages overlap"
RESERVE_PERCENT = "Reserve, percent"
RESERVE_CREDITS = "Reserve, credits"

SETTINGS = (NAME, YEARS, OVERLAP, RESERVE_PERCENT, RESERVE_CREDITS)
"""What is said of the whole estimate."""

YES, NO = "Yes", "No"
"""Whether packages of one group were stated for the same units."""
