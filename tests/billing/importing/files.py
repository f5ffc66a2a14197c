"""Files of orders as people make them."""

from __future__ import annotations

from billing.domain.importing.running import check_import, confirm_import, run_import
from billing.models import PurchaseImport
from credits.models import User

HEADER = "customer,order number,credits,first day,last day"


def file_of(*lines: str, header: str = HEADER) -> bytes:
    """A file with a header and lines."""
    return "\n".join([header, *lines, ""]).encode()


def entered(data: bytes, user: User) -> PurchaseImport:
    """A file that was uploaded, confirmed and entered."""
    found, plan = check_import(data, "orders.csv", user)
    assert not plan.problems, plan.problems
    confirm_import(found, user)
    run_import(found.public_id)
    found.refresh_from_db()
    return found
