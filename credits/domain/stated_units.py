"""The newest report of every group: what a customer's units are, whoever stated them."""

from __future__ import annotations

from datetime import datetime

from credits.models import Customer, UsageReport

# From the newest report of each group on, by the index: a system's reports of years are not read.
IN_FORCE = """
SELECT report.* FROM credits_allocationgroup g CROSS JOIN LATERAL (
    SELECT fact.* FROM credits_usagereport fact
    WHERE customer_id = %(customer)s AND group_id = g.id AND at <= %(at)s
        AND NOT EXISTS (
            SELECT FROM credits_operation reversal WHERE reversal.reverses_id = fact.operation_id)
    ORDER BY at DESC, revision DESC, operation_id DESC, id DESC LIMIT 1
) report
"""


def reports_in_force(customer: Customer, at: datetime) -> dict[int, UsageReport]:
    """By group the report in force at an instant, as the books know it now; one query.

    The same as `UsageReport.objects.filter(customer=...).first_in_force(at)`, at the cost of the
    groups and not of the reports.
    """
    found = UsageReport.objects.raw(IN_FORCE, {"customer": customer.pk, "at": at})
    return {report.group_id: report for report in found}
