"""Files of an order: kept under the form's key until it is recorded, then its own.

Later ones are added and removed by commands of their own (docs/rules.md#files).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing.domain.file_kinds import kind_of, safe_name
from billing.domain.order_changes.events import change, keep_event
from billing.domain.requests import check_right
from billing.models import (
    DraftState,
    Purchase,
    PurchaseDraft,
    PurchaseEventKind,
    PurchaseFile,
)
from credits import clock
from credits.domain.books import Books
from credits.domain.commands import Asked, Command, Decision
from credits.domain.judging import refuse_purged
from credits.domain.locks import lock_customers
from credits.domain.people import Right
from credits.domain.post import clean_key, post
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer

MOST_BYTES = 5 * 1024 * 1024
MOST_FILES = 10
FORGOTTEN = timedelta(days=1)
"""What waits for a form longer than this was given up."""

FIELD = "files"


@dataclass(frozen=True)
class Upload:
    """A file as it came: its name as it was sent, and its bytes."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """What tells two files apart."""
        return hashlib.sha256(self.content).hexdigest()


def checked(upload: Upload) -> tuple[str, str]:
    """A file's safe name and its content type. Raises InvalidCommand for what is not taken."""
    name = safe_name(upload.name)
    if not upload.content:
        raise InvalidCommand(_("%(name)s is empty.") % {"name": name}, field=FIELD)
    if len(upload.content) > MOST_BYTES:
        raise InvalidCommand(
            _("%(name)s is larger than 5 MB, so it was not kept.") % {"name": name}, field=FIELD
        )
    kind = kind_of(name, upload.content)
    if kind is None:
        raise InvalidCommand(
            _(
                "%(name)s is not kept. A PDF, PNG or JPEG, text, a mail (.eml), .docx and .xlsx "
                "are taken, if they hold what their name says."
            )
            % {"name": name},
            field=FIELD,
        )
    return name, kind


@transaction.atomic
def keep_waiting(
    customer: Customer | None,
    uploads: Sequence[Upload],
    asked: Asked,
    draft: PurchaseDraft | None = None,
) -> None:
    """Keep files under the form's key until it is saved or sent: a draft's are changed with it.

    So what another person looks at stays what was submitted. The same file twice is kept once.
    Raises InvalidCommand for a file that is not taken, and for too many. What was given up longer
    than a day ago goes.
    """
    forget(clock.now() - FORGOTTEN)
    if customer is not None:
        lock_customers([customer.pk])
        refuse_purged(customer)
    known = waiting(asked.key, draft)
    have = set(known.values_list("sha256", flat=True))
    for upload in uploads:
        name, kind = checked(upload)
        if upload.sha256 in have:
            continue
        if len(have) >= MOST_FILES:
            raise too_many()
        have.add(upload.sha256)
        PurchaseFile.objects.create(
            customer=customer,
            form_key=clean_key(asked.key),
            name=name,
            content_type=kind,
            size=len(upload.content),
            sha256=upload.sha256,
            content=upload.content,
            uploaded_by=asked.actor,
            uploaded_at=clock.now(),
        )


def too_many() -> InvalidCommand:
    """The refusal of the eleventh file."""
    return InvalidCommand(
        _("An order keeps up to %(most)d files.") % {"most": MOST_FILES}, field=FIELD
    )


def forget(before: datetime) -> int:
    """Delete what waits for a form since before an instant; drafts keep theirs."""
    given_up = PurchaseFile.objects.filter(purchase__isnull=True, uploaded_at__lt=before)
    return given_up.exclude(form_key__startswith="draft/").delete()[0]


def forget_given_up(as_of: datetime) -> dict[str, int]:
    """The day's cleaning: files whose form was never sent (docs/rules.md#files)."""
    return {"files": forget(as_of - FORGOTTEN)}


def waiting(key: str, draft: PurchaseDraft | None = None) -> QuerySet[PurchaseFile]:
    """What waits for a form's order, or for its draft's, without the bytes."""
    place = Q(form_key=clean_key(key)) if key else Q(pk=None)
    if draft is not None:
        place |= Q(form_key=place_of(draft))
    return PurchaseFile.objects.filter(place, purchase__isnull=True).defer("content")


def place_of(draft: PurchaseDraft) -> str:
    """Under which key the files of a draft wait."""
    return f"draft/{draft.public_id}"


def drop_one(key: str, public_id: UUID, draft: PurchaseDraft | None = None) -> None:
    """Take back a file that waits for this form; no other.

    Those of a draft that waits for a second look, or is closed, stay as they are.
    """
    is_open = draft is not None and draft.state in (DraftState.DRAFT, DraftState.REFUSED)
    waiting(key, draft if is_open else None).filter(public_id=public_id).delete()


def hold_for_draft(draft: PurchaseDraft, key: str) -> None:
    """Let what was chosen in a form wait with the draft that was saved of it."""
    mine = PurchaseFile.objects.filter(form_key=clean_key(key), purchase__isnull=True)
    mine.update(form_key=place_of(draft), customer=draft.customer)


def drop_waiting(draft: PurchaseDraft) -> None:
    """Delete the files of a draft that was discarded."""
    waiting("", draft).delete()


def attach_waiting(purchase: Purchase, key: str = "", draft: PurchaseDraft | None = None) -> None:
    """Give an order that was recorded the files that waited for it, in its transaction."""
    waiting(key, draft).update(purchase=purchase, customer=purchase.customer, form_key="")


def files_of(purchase: Purchase) -> QuerySet[PurchaseFile]:
    """The files of an order, without their bytes."""
    return PurchaseFile.objects.filter(purchase=purchase).defer("content").order_by("pk")


def one_file(customer: Customer, purchase: UUID, public_id: UUID) -> PurchaseFile:
    """A file of one of the customer's orders. Raises UnknownObject for anybody else's."""
    found = PurchaseFile.objects.filter(
        customer=customer, purchase__customer=customer, purchase__public_id=purchase
    )
    one = found.filter(public_id=public_id).first()
    if one is None:
        raise UnknownObject(_("There is no such file."))
    return one


@dataclass(frozen=True, kw_only=True)
class AttachFile(Command):
    """Add a file to an order that is recorded.

    Raises InvalidCommand for a file that is not taken or one too many, UnknownObject for another
    customer's order, NoLongerAllowed for who may not correct purchases.
    """

    kind: ClassVar[str] = "attach-file"

    purchase: UUID
    upload: Upload

    def content(self) -> Mapping[str, Any]:
        return {"purchase": self.purchase, "sha256": self.upload.sha256}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.CORRECT_PURCHASES)
        purchase = one_purchase(books.customer, self.purchase)
        checked(self.upload)
        known = files_of(purchase)
        if known.filter(sha256=self.upload.sha256).exists():
            raise NotAllowed(_("The order has this file already."), field=FIELD)
        if known.count() >= MOST_FILES:
            raise too_many()
        # Never the file's name: what a hash covers cannot be erased.
        return Decision(
            answer={"purchase": str(self.purchase), "sha256": self.upload.sha256},
            subject=purchase.order_number,
        )


@dataclass(frozen=True, kw_only=True)
class DetachFile(Command):
    """Remove a file from an order; its bytes are deleted. Raises as AttachFile does."""

    kind: ClassVar[str] = "detach-file"

    purchase: UUID
    file: UUID

    def content(self) -> Mapping[str, Any]:
        return {"purchase": self.purchase, "file": self.file}

    def decide(self, books: Books) -> Decision:
        check_right(self.asked, books.customer, Right.CORRECT_PURCHASES)
        found = one_file(books.customer, self.purchase, self.file)
        purchase = one_purchase(books.customer, self.purchase)
        return Decision(
            answer={"purchase": str(self.purchase), "sha256": found.sha256},
            subject=purchase.order_number,
        )


@transaction.atomic
def attach_file(command: AttachFile) -> Purchase:
    """Add a file to an order, exactly once per key, and keep that in its history."""
    answer = post(command)
    purchase = one_purchase(command.customer, command.purchase)
    if not answer.repeated:
        name, kind = checked(command.upload)
        PurchaseFile.objects.create(
            customer=command.customer,
            purchase=purchase,
            name=name,
            content_type=kind,
            size=len(command.upload.content),
            sha256=command.upload.sha256,
            content=command.upload.content,
            uploaded_by=command.asked.actor,
            uploaded_at=answer.operation.recorded_at,
        )
        changes = [change("file", "", name)]
        keep_event(purchase, answer.operation, PurchaseEventKind.ATTACHED, changes)
    return purchase


@transaction.atomic
def detach_file(command: DetachFile) -> Purchase:
    """Remove a file of an order, exactly once per key, and keep that in its history."""
    answer = post(command)
    purchase = one_purchase(command.customer, command.purchase)
    if not answer.repeated:
        found = one_file(command.customer, command.purchase, command.file)
        changes = [change("file", found.name, "")]
        keep_event(purchase, answer.operation, PurchaseEventKind.DETACHED, changes)
        found.delete()
    return purchase


def one_purchase(customer: Customer, public_id: UUID) -> Purchase:
    """A customer's order. Raises UnknownObject for anybody else's."""
    found = Purchase.objects.filter(customer=customer, public_id=public_id).first()
    if found is None:
        raise UnknownObject(_("There is no such order."))
    return found
