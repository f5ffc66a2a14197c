"""Any mail can be looked at beforehand, filled from a real customer; nothing is written."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlsafe_base64_encode

from billing.domain.requests import AnswerRequest, answer_request
from billing.models import NoticeKind
from credits import clock
from credits.domain.mail import LINK
from credits.domain.mail_previews import Audience, people_of, previews
from credits.models import Balance, Customer, OperationNote, OutgoingMail, User
from tests.access.probing import stored
from tests.access.world import World
from tests.admin.pages import links_of, text_of
from tests.architecture.modules import Module, modules
from tests.factories import credits as make

PAGE = "/admin/mail/"
WRITERS = {"draft_mail", "draft"}
product = cache(modules)
HOSTILE = '<script>alert(1)</script>" onload="x {{ 7 }} %(name)s'


@pytest.fixture
def desk(world: World) -> Client:
    return world.client("support")


def seen(client: Client, kind: str, customer: Customer, **more: str) -> Any:
    return client.get(PAGE, {"kind": kind, "customer": customer.label, **more})


# Every kind of mail has a preview


def kinds_written(module: Module) -> Iterator[str]:
    """The kinds that a module's calls name; "?" for one that is computed."""
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        for keyword in node.keywords:
            if keyword.arg == "kind" and node.func.id in WRITERS:
                is_said = isinstance(keyword.value, ast.Constant)
                yield keyword.value.value if is_said else "?"  # type: ignore[attr-defined]


COMPUTED = {
    # The two of INVITATIONS.
    "credits/domain/invitations.py",
    # Whatever `draft` is called with, which is counted above.
    "billing/domain/order_mail.py",
    "billing/domain/request_mail.py",
    "estimator/domain/hand_over_mail.py",
}
"""Modules that write mail of a kind that is not named in the call."""


def test_every_kind_of_mail_that_is_written_can_be_previewed() -> None:
    written = {module.name: set(kinds_written(module)) for module in product()}
    named = {kind for kinds in written.values() for kind in kinds} - {"?"}

    assert {name for name, kinds in written.items() if "?" in kinds} == COMPUTED
    assert named | {"invitation", "membership"} | set(NoticeKind.values) == set(previews())


def unnamed(module: Module) -> Iterator[str]:
    """The calls that write mail without naming its kind, as they stand in the source."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            is_named = any(keyword.arg == "kind" for keyword in node.keywords)
            if node.func.id in WRITERS | {"OutgoingMail"} and not is_named:
                yield ast.unparse(node).partition("(")[2]


def test_mail_whose_kind_is_not_named_is_that_of_a_notice() -> None:
    found = {call for module in product() for call in unnamed(module)}

    assert found == {
        "**mail_of(notice, person))",
        "**mail_of_all(told_together, person))",
        # The first of these once more, where support sends it again.
        "**told | {'key': key, 'operation': operation})",
    }


def test_a_new_kind_of_mail_would_be_found_out() -> None:
    class Written(Module):
        tree = ast.parse('save_mail(draft_mail(key="x", kind="forgotten"))')

    assert set(kinds_written(Written(product()[0].path))) == {"forgotten"}


# The page


def test_every_kind_answers_with_a_mail_or_a_sentence_and_nothing_is_written(
    world: World, desk: Client
) -> None:
    before, found = stored(), {}
    for kind in previews():
        response = seen(desk, kind, world.own.customer)
        assert response.status_code == 200
        text = text_of(response)
        is_mail = "Subject" in text
        assert is_mail != ("there is no such mail" in text or "Nobody would get" in text), kind
        found[kind] = is_mail

    assert stored() == before
    assert {kind for kind, is_mail in found.items() if is_mail} >= {
        "invitation",
        "membership",
        "password-reset",
        "log-in-delayed",
        "request-asked",
        "license-30",
    }
    assert not found["books-alarm"]


def test_the_mail_is_shown_with_recipient_text_and_html(world: World, desk: Client) -> None:
    response = seen(desk, "request-asked", world.own.customer)

    text = text_of(response)
    assert "Halden Energy asks for 5,400 credits" in text
    assert "Rina Holm, rep@vendor.example (UTC)" in text
    page = response.content.decode()
    framed = re.search(r'<iframe[^>]* sandbox=""[^>]* srcdoc="([^"]*)"', page)
    assert framed is not None
    inner = html.unescape(framed[1])
    assert inner.startswith("<!doctype html>")
    assert "asks for 5,400 credits" in inner
    assert "Nothing is attached." in text


def test_what_would_be_written_is_what_is_shown(world: World, desk: Client) -> None:
    written = OutgoingMail.objects.get(kind="request-asked", customer=world.own.customer)

    page = seen(desk, "request-asked", world.own.customer).content.decode()

    assert html.escape(written.text).strip() in page.replace("&#39;", "&#x27;")


def test_the_answer_is_shown_to_who_may_get_it(world: World, desk: Client) -> None:
    customer, rep = world.own.customer, world.people["rep"]
    assert "there is no such mail" in text_of(seen(desk, "request-answered", customer))
    ask = make.asked(actor=rep, reason="A quote follows.")
    answer_request(
        AnswerRequest(customer=customer, asked=ask, public_id=world.own.request.public_id)
    )

    alice, bob = world.people["admin"], world.people["viewer"]
    assert alice is not None
    assert bob is not None
    first = text_of(seen(desk, "request-answered", customer))
    assert "A quote follows." in first
    assert "To Alice Brandt, alice@example.org" in first
    chosen = text_of(seen(desk, "request-answered", customer, to=str(bob.public_id)))
    assert "To Bob Nygaard, bob@example.org" in chosen


def test_a_link_that_sets_a_password_is_a_placeholder(world: World, desk: Client) -> None:
    for kind in ("invitation", "password-reset"):
        page = seen(desk, kind, world.own.customer).content.decode()

        assert LINK in page
        assert "/set-password/" not in page
        for person in User.objects.all():
            assert f"/{urlsafe_base64_encode(str(person.pk).encode())}/" not in page


def test_a_hostile_name_is_words_in_every_mail(world: World, desk: Client) -> None:
    Customer.objects.filter(pk=world.own.customer.pk).update(name=HOSTILE)
    customer = Customer.objects.get(pk=world.own.customer.pk)

    for kind in previews():
        page = seen(desk, kind, customer).content.decode()
        assert "<script>alert" not in page, kind
        for framed in re.findall(r'srcdoc="([^"]*)"', page):
            assert "<script>alert" not in html.unescape(framed), kind


def test_a_customer_without_anything_or_anybody_is_told_so(desk: Client) -> None:
    empty = make.make_customer(name="Empty")

    for kind, preview in previews().items():
        response = seen(desk, kind, empty)
        assert response.status_code == 200
        if preview.audience is Audience.MEMBERS:
            assert "Nobody would get this mail: Empty has no such people." in text_of(response)


def test_an_erased_customer_has_nobody_and_no_words(world: World, desk: Client) -> None:
    customer = world.own.customer
    OperationNote.objects.filter(operation__customer=customer).delete()
    customer.memberships.all().delete()
    Balance.objects.filter(customer=customer).update(purged_at=clock.now())

    for kind, preview in previews().items():
        text = text_of(seen(desk, kind, customer))
        assert "halden grows" not in text
        if preview.audience is Audience.MEMBERS:
            assert "Nobody would get this mail" in text


def test_a_notice_with_dates_shows_its_calendar_file(world: World, desk: Client) -> None:
    text = text_of(seen(desk, NoticeKind.LICENSE_30, world.own.customer))

    assert "Attachment: dates.ics BEGIN:VCALENDAR" in text
    assert "L-201" in text


def test_what_is_not_there_is_said(world: World, desk: Client) -> None:
    for kind, customer, said in (
        ("membership", "", "Customer : This field is required."),
        ("nothing", "C-1", "Select a valid choice."),
        ("membership", "no such", "No customer is called so."),
        ("membership", "e", "Several customers fit. Choose one:"),
        ("membership", "x" * 300, "at most 200 characters"),
    ):
        response = desk.get(PAGE, {"kind": kind, "customer": customer})

        assert response.status_code == 200
        assert said in text_of(response)


def test_of_several_customers_one_is_chosen_by_a_link(world: World, desk: Client) -> None:
    page = desk.get(PAGE, {"kind": "membership", "customer": "e"})
    query = urlencode({"kind": "membership", "customer": world.own.customer.label})

    assert f"{PAGE}?{query}" in links_of(page)
    assert "Halden Energy" in text_of(desk.get(f"{PAGE}?{query}"))


def test_a_whole_name_means_that_customer_alone(desk: Client) -> None:
    make.make_customer(name="Nord")
    make.make_customer(name="Nordlicht")

    assert "Several" not in text_of(desk.get(PAGE, {"kind": "membership", "customer": "nord"}))


def test_a_recipient_who_is_not_among_them_is_nobody(world: World, desk: Client) -> None:
    carol = world.people["stranger"]
    assert carol is not None

    text = text_of(seen(desk, "membership", world.own.customer, to=str(carol.public_id)))

    assert "To Alice Brandt, alice@example.org" in text
    assert carol.email not in text


def test_support_and_operators_open_it(world: World) -> None:
    for who in ("support", "operator", "root"):
        client = world.client(who)

        assert seen(client, "membership", world.own.customer).status_code == 200
        assert PAGE in links_of(client.get("/admin/"))
        assert reverse("admin:credits_outgoingmail_changelist") in links_of(client.get("/admin/"))


def test_catalogue_managers_do_not(world: World) -> None:
    client = world.client("catalogue")

    assert client.get(PAGE).status_code == 403
    assert PAGE not in links_of(client.get("/admin/"))


def test_the_frame_cannot_do_anything(world: World, desk: Client) -> None:
    response = seen(desk, "membership", world.own.customer)

    page = response.content.decode()
    assert page.count("<iframe") == page.count('sandbox=""') == 1
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


def test_who_is_offered_as_recipient(world: World) -> None:
    customer = world.own.customer

    def names(audience: Audience) -> list[str]:
        return [person.email for person in people_of(customer, audience)]

    assert names(Audience.MEMBERS) == ["alice@example.org", "bob@example.org"]
    assert names(Audience.SALES) == ["rep@vendor.example", "manager@vendor.example"]
    assert set(names(Audience.DESK)) == {"support@vendor.example", "operator@vendor.example"}


# The outbox


def test_the_outbox_shows_what_did_not_go_out(world: World, desk: Client) -> None:
    url = reverse("admin:credits_outgoingmail_changelist")
    mail = OutgoingMail.objects.filter(customer=world.own.customer).first()
    assert mail is not None
    OutgoingMail.objects.filter(pk=mail.pk).update(attempts=2, problem="SMTPDataError full box")

    assert "SMTPDataError full box" in text_of(desk.get(url, {"state": "failed"}))
    assert "SMTPDataError" not in text_of(desk.get(url, {"state": "sent"}))
    assert mail.to in text_of(desk.get(url, {"q": mail.to}))
    told = desk.get(reverse("admin:credits_outgoingmail_change", args=[mail.pk]))
    assert "SMTPDataError full box" in text_of(told)
    assert " ".join(mail.text.split()[:8]) in text_of(told)


def test_a_mail_is_read_and_never_changed(
    world: World, client_of: Callable[[User], Client]
) -> None:
    operator = world.people["operator"]
    assert operator is not None
    client, before = client_of(operator), stored()
    mail = OutgoingMail.objects.order_by("pk")[0]
    url = reverse("admin:credits_outgoingmail_change", args=[mail.pk])

    assert client.get(url).status_code == 200
    assert client.post(url, {"to": "x@example.org"}).status_code == 403

    assert stored() == before
