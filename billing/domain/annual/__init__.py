"""Annual credits: every figure of one customer at the boundary, and as known at it.

Shown figures come from one position; what is live and not shown yet stands beside it. Parts are
read when they are asked for, so that a fragment of the page costs no more than it shows.
"""

from billing.domain.annual.course import DEFAULT_SPAN, SPANS, Course, Point, Reach
from billing.domain.annual.lines import FeatureLine, LicenseLine, SolutionLine
from billing.domain.annual.outlook import Outlook, State
from billing.domain.annual.page import AnnualCredits
from billing.domain.annual.pending import Change, Pending

__all__ = [
    "DEFAULT_SPAN",
    "SPANS",
    "AnnualCredits",
    "Change",
    "Course",
    "FeatureLine",
    "LicenseLine",
    "Outlook",
    "Pending",
    "Point",
    "Reach",
    "SolutionLine",
    "State",
]
