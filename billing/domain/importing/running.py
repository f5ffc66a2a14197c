"""Entering a checked file of orders: whole or not at all, once, with progress to be seen.

The orders are entered by a worker, in one transaction. How far it has come is written beside that
transaction, over a connection of its own, so that a page can show it before all of it is there.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.domain.importing.checking import Plan, PlannedOrder, plan_import
from billing.domain.purchases import record_purchase
from billing.domain.requests import check_right
from billing.models import ImportState, PurchaseImport
from credits import clock
from credits.domain.commands import Asked
from credits.domain.locks import lock_customers
from credits.domain.people import Right
from credits.exceptions import CreditsError, NotAllowed
from credits.models import User

logger = logging.getLogger(__name__)

STEP = 20
"""Orders between two notes of the progress."""

KEPT = timedelta(days=7)
"""So long a file waits for its confirmation, and is remembered by its name and its problems."""

FORGOTTEN = "forgotten file"
"""What a file is called then: its own name may be a customer's, and so may words of problems."""

LOCK = 7302
"""Family of advisory locks: one worker at a file."""

NAME_LENGTH = 120


def check_import(data: bytes, name: str, user: User) -> tuple[PurchaseImport, Plan]:
    """Check a file and keep it for the confirmation; with problems nothing can be confirmed."""
    plan = plan_import(data, user)
    found = PurchaseImport(
        name=name[-NAME_LENGTH:],
        sha256=hashlib.sha256(data).hexdigest(),
        content=text_of(data) if not plan.problems else "",
        uploaded_by=user,
        uploaded_at=clock.now(),
    )
    note_plan(found, plan)
    found.save()
    return found, plan


def plan_again(found: PurchaseImport) -> Plan:
    """What a kept file comes to as things are now."""
    return plan_import(found.content.encode(), found.uploaded_by)


def note_plan(found: PurchaseImport, plan: Plan) -> None:
    """Write into the row what the file comes to."""
    found.separator, found.lines = plan.separator, plan.lines
    found.orders, found.credits = len(plan.orders), plan.credits
    found.already = len(plan.already)
    found.problems = [[problem.line, problem.text] for problem in plan.problems]


def confirm_import(found: PurchaseImport, user: User) -> None:
    """Let a worker enter a file that was checked; asked twice, it is entered once.

    Raises NotAllowed for another person's file, for one with problems, and for one that brings
    nothing.
    """
    if found.uploaded_by_id != user.pk or found.problems or not found.orders:
        raise NotAllowed(_("There is nothing to enter. Upload the file again."))
    PurchaseImport.objects.filter(pk=found.pk, state=ImportState.CHECKED).update(
        state=ImportState.WAITING
    )


def discard_import(found: PurchaseImport) -> None:
    """Forget a file that was not confirmed."""
    PurchaseImport.objects.filter(pk=found.pk, state=ImportState.CHECKED).update(
        state=ImportState.DISCARDED, content="", finished_at=clock.now()
    )


def run_imports() -> dict[str, int]:
    """Enter every file that waits, also one that a killed worker left; how many orders."""
    forget_old()
    waiting = PurchaseImport.objects.filter(state__in=(ImportState.WAITING, ImportState.RUNNING))
    keys = waiting.order_by("uploaded_at").values_list("public_id", flat=True)
    return {"orders": sum(run_import(public_id) for public_id in list(keys))}


def forget_old() -> None:
    """Forget what a week ago was uploaded; what waits for a worker is not touched."""
    old = PurchaseImport.objects.filter(uploaded_at__lt=clock.now() - KEPT)
    old.filter(state=ImportState.CHECKED).update(
        state=ImportState.DISCARDED, finished_at=clock.now()
    )
    over = (ImportState.DONE, ImportState.FAILED, ImportState.DISCARDED)
    old.filter(state__in=over).exclude(name=FORGOTTEN).update(
        content="", name=FORGOTTEN, problems=[]
    )


def run_import(public_id: UUID) -> int:
    """Enter one file; how many orders. 0 where it is done, or another worker is at it.

    It is checked once more: what does not hold any more fails the file with its problems, and
    then nothing of it is entered.
    """
    with progress(public_id) as note:
        try:
            with transaction.atomic():
                return enter(public_id, note)
        except CreditsError as refusal:
            fail(public_id, refusal)
            return 0


def enter(public_id: UUID, note: Any) -> int:
    """Enter all orders of a file that waits, in the transaction that is open."""
    if not is_alone(public_id):
        return 0
    found = PurchaseImport.objects.select_related("uploaded_by").get(public_id=public_id)
    if found.state not in (ImportState.WAITING, ImportState.RUNNING):
        return 0
    note(0)
    plan = plan_again(found)
    if not plan.problems:
        record(found, plan, note)
    note_plan(found, plan)
    found.state = ImportState.FAILED if plan.problems else ImportState.DONE
    found.done = len(plan.orders)
    found.content, found.finished_at = "", clock.now()
    found.save()
    logger.info("import_%s import=%s orders=%d", found.state, public_id, found.done)
    return found.done


def record(found: PurchaseImport, plan: Plan, note: Any) -> None:
    """Record the orders of a plan, each under a key of the file's own."""
    lock_customers(planned.customer.pk for planned in plan.orders)
    for place, planned in enumerate(plan.orders, start=1):
        asked = asked_for(found, planned)
        check_right(asked, planned.customer, Right.ENTER_PURCHASES)
        record_purchase(planned.customer, planned.order, asked)
        if place % STEP == 0:
            note(place)


def asked_for(found: PurchaseImport, planned: PlannedOrder) -> Asked:
    """Who asks for an order of a file, and under which key."""
    return Asked(
        source="import",
        key=f"{found.public_id}/{planned.number}",
        actor=found.uploaded_by,
    )


def fail(public_id: UUID, refusal: CreditsError) -> None:
    """Keep why a file could not be entered, though its check found nothing."""
    logger.warning("import_failed import=%s reason=%s", public_id, refusal.code)
    PurchaseImport.objects.filter(public_id=public_id).exclude(state=ImportState.DONE).update(
        state=ImportState.FAILED,
        problems=[[0, refusal.message]],
        done=0,
        content="",
        finished_at=clock.now(),
    )


def is_alone(public_id: UUID) -> bool:
    """Whether no other worker is at this file; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK, str(public_id)])
        row: tuple[bool] = cursor.fetchone()
    return row[0]


@contextmanager
def progress(public_id: UUID) -> Iterator[Any]:
    """A function that notes how many orders were entered, at once and for everybody to see.

    It stands beside the transaction, which nobody else can see into; it never decides anything.
    """
    beside = connection.copy()

    def note(done: int) -> None:
        with beside.cursor() as cursor:
            cursor.execute(
                "UPDATE billing_purchaseimport SET state = %s, done = %s "
                "WHERE public_id = %s AND state IN (%s, %s)",
                [ImportState.RUNNING, done, public_id, ImportState.WAITING, ImportState.RUNNING],
            )

    try:
        yield note
    finally:
        beside.close()


def text_of(data: bytes) -> str:
    """The text of a file that was read without a problem."""
    return data.decode("utf-8-sig")
