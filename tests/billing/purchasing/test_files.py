"""Files of an order: only what they say they are, kept while a form is refused, never shown."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client

from billing.domain.drafts import enter_order
from billing.domain.file_kinds import kind_of, safe_name
from billing.domain.purchase_files import (
    MOST_BYTES,
    AttachFile,
    DetachFile,
    Upload,
    attach_file,
    detach_file,
    files_of,
    forget_given_up,
    keep_waiting,
    waiting,
)
from billing.models import PurchaseEvent, PurchaseFile
from credits import clock
from credits.domain.members import NoLongerAllowed
from credits.exceptions import InvalidCommand, NotAllowed, UnknownObject
from credits.models import Customer, Operation, User
from tests.billing.ordering import buy, order
from tests.billing.purchasing.typing_orders import PDF
from tests.factories import credits as make

pytestmark = pytest.mark.django_db


def package(part: str) -> bytes:
    """A zip file with one part."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as inside:
        inside.writestr(part, "<xml/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("order.pdf", PDF, "application/pdf"),
        ("ORDER.PDF", PDF, "application/pdf"),
        ("a.png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
        ("a.jpeg", b"\xff\xd8\xffrest", "image/jpeg"),
        ("a.txt", "Grüße".encode(), "text/plain"),
        ("a.csv", b"a,b", "text/plain"),
        ("a.eml", b"From: a@b.example\r\n\r\nHello", "message/rfc822"),
        ("a.pdf", b"MZ rest", None),
        ("a.exe", b"MZ rest", None),
        ("a.html", b"<script>", None),
        ("a.svg", b"<svg/>", None),
        ("pdf", PDF, None),
        ("a.pdf.exe", PDF, None),
        ("a.txt", b"\0binary", None),
        ("a.eml", b"no header at all", None),
        ("a.zip", b"PK\x03\x04", None),
        ("a.docx", b"PK\x03\x04 broken", None),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)
def test_a_file_is_what_both_its_name_and_its_bytes_say(
    name: str, content: bytes, kind: str | None
) -> None:
    assert kind_of(name, content) == kind


def test_packages_are_told_by_their_parts() -> None:
    assert "wordprocessing" in str(kind_of("a.docx", package("word/document.xml")))
    assert "spreadsheet" in str(kind_of("a.xlsx", package("xl/workbook.xml")))
    assert kind_of("a.docx", package("xl/workbook.xml")) is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\forms\\order.pdf", "order.pdf"),
        ('a"b\r\nc.pdf', "abc.pdf"),
        ("  \u202eorder.pdf ", "order.pdf"),
        ("...", "file"),
        ("x" * 200 + ".pdf", "x" * 116 + ".pdf"),
    ],
    ids=["path", "drive", "header", "direction", "dots", "long"],
)
def test_a_name_is_only_a_name(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


def test_what_was_chosen_belongs_to_the_order_that_is_recorded(
    customer: Customer, rep: User
) -> None:
    asked = make.asked(actor=rep)
    keep_waiting(customer, [Upload("order.pdf", PDF), Upload("again.pdf", PDF)], asked)

    purchase = enter_order(customer, order(), asked)

    assert [(one.name, one.form_key) for one in files_of(purchase)] == [("order.pdf", "")]
    assert not waiting(asked.key).exists()


@pytest.mark.parametrize(
    ("upload", "says"),
    [
        (Upload("a.pdf", b""), "empty"),
        (Upload("a.pdf", PDF + b"x" * MOST_BYTES), "5 MB"),
        (Upload("a.exe", b"MZ"), "not kept"),
    ],
    ids=["empty", "large", "kind"],
)
def test_what_is_not_taken_is_said(
    customer: Customer, rep: User, upload: Upload, says: str
) -> None:
    with pytest.raises(InvalidCommand, match=says):
        keep_waiting(customer, [Upload("b.pdf", PDF), upload], make.asked(actor=rep))

    assert not PurchaseFile.objects.exists()


def test_an_order_keeps_ten_files(customer: Customer, rep: User) -> None:
    asked = make.asked(actor=rep)
    keep_waiting(customer, [Upload(f"{n}.pdf", PDF + b"%d" % n) for n in range(10)], asked)

    with pytest.raises(InvalidCommand, match="10 files"):
        keep_waiting(customer, [Upload("11.pdf", PDF)], asked)

    assert PurchaseFile.objects.count() == 10


def test_what_was_given_up_goes_and_what_belongs_stays(customer: Customer, rep: User) -> None:
    asked = make.asked(actor=rep)
    keep_waiting(customer, [Upload("order.pdf", PDF)], asked)
    enter_order(customer, order(), asked)
    keep_waiting(customer, [Upload("lost.pdf", PDF)], make.asked(actor=rep))

    assert forget_given_up(clock.now() + timedelta(hours=23)) == {"files": 0}
    assert forget_given_up(clock.now() + timedelta(hours=25)) == {"files": 1}

    assert PurchaseFile.objects.get().name == "order.pdf"


def test_a_file_is_added_and_removed_with_the_history(customer: Customer, rep: User) -> None:
    purchase = buy(customer)
    command = AttachFile(
        customer=customer,
        asked=make.asked(actor=rep),
        purchase=purchase.public_id,
        upload=Upload("order.pdf", PDF),
    )
    attach_file(command)
    attach_file(command)
    with pytest.raises(NotAllowed):
        attach_file(
            AttachFile(
                customer=customer,
                asked=make.asked(actor=rep),
                purchase=purchase.public_id,
                upload=Upload("same.pdf", PDF),
            )
        )
    file = files_of(purchase).get()

    gone = DetachFile(
        customer=customer,
        asked=make.asked(actor=rep),
        purchase=purchase.public_id,
        file=file.public_id,
    )
    detach_file(gone)
    detach_file(gone)

    assert not files_of(purchase).exists()
    kinds = PurchaseEvent.objects.filter(purchase=purchase).values_list("kind", flat=True)
    assert list(kinds) == ["attached", "detached"]
    answers = Operation.objects.filter(kind__endswith="-file").values_list("answer", flat=True)
    assert "order.pdf" not in str(list(answers))


def test_files_are_added_by_who_corrects_purchases(
    customer: Customer, other_customer: Customer, alice: User, rep: User
) -> None:
    purchase = buy(other_customer)

    with pytest.raises(UnknownObject):
        attach_file(
            AttachFile(
                customer=customer,
                asked=make.asked(actor=rep),
                purchase=purchase.public_id,
                upload=Upload("order.pdf", PDF),
            )
        )
    with pytest.raises(NoLongerAllowed):
        attach_file(
            AttachFile(
                customer=customer,
                asked=make.asked(actor=alice),
                purchase=buy(customer, "SO-2").public_id,
                upload=Upload("order.pdf", PDF),
            )
        )


def test_a_file_is_handed_out_to_be_saved(customer: Customer, rep: User) -> None:
    asked = make.asked(actor=rep)
    keep_waiting(customer, [Upload("Bestellung März.pdf", PDF)], asked)
    purchase = enter_order(customer, order(), asked)
    file = files_of(purchase).get()
    client = Client()
    client.force_login(rep)

    page = client.get(f"/c/{customer.slug}/purchases/{purchase.public_id}/files/{file.public_id}/")

    assert page.content == PDF
    assert page["Content-Disposition"].startswith("attachment;")
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Content-Type"] == "application/pdf"
