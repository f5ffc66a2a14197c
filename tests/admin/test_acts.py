"""What support does without changing credits: checks, notices and invitations sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.domain.publication import close_boundary, publish
from billing.models import Notice, NoticeKind
from credits import clock
from credits.domain.boundaries import boundary_at
from credits.models import (
    LedgerEntry,
    Membership,
    Operation,
    OutgoingMail,
    Role,
    User,
)
from tests.access.world import World
from tests.admin.pages import key_of, text_of
from tests.billing.notices_pages.telling import tell
from tests.credits.verify.broken import tamper
from tests.factories import credits as make

WHY = "The customer asked on the phone"


@pytest.fixture
def desk(world: World) -> Client:
    return world.client("support")


def act_url(record: Any, name: str) -> str:
    return reverse(
        f"admin:{record._meta.app_label}_{record._meta.model_name}_{name}", args=[record.pk]
    )


def do(client: Client, url: str, **sent: str) -> Any:
    """Send the form of an act; answers with the page that follows."""
    data = {"form_key": key_of(client, url), "reason": WHY} | sent
    answer = client.post(url, data)
    return client.get(answer["Location"]) if answer.status_code == 303 else answer


def mails_of(operation: Operation) -> list[str]:
    found = OutgoingMail.objects.filter(operation=operation).order_by("to")
    return list(found.values_list("to", flat=True))


# A notice


def test_a_notice_goes_to_those_who_get_notices_today(world: World, desk: Client) -> None:
    customer = world.own.customer
    notice = tell(customer)
    dora = make.make_user(email="dora@example.org", name="Dora Lind")
    make.make_member(customer, dora, Role.ADMIN)

    page = do(desk, act_url(notice, "resend"))

    operation = Operation.objects.get(kind="resend-notice")
    assert mails_of(operation) == ["alice@example.org", "dora@example.org"]
    assert operation.note.text == WHY
    assert "Mails on their way: 2." in text_of(page)
    assert Notice.objects.filter(pk=notice.pk).count() == 1


def test_a_notice_is_sent_once_per_form_and_again_by_another(world: World, desk: Client) -> None:
    notice = tell(world.own.customer)
    url = act_url(notice, "resend")
    sent = {"form_key": key_of(desk, url), "reason": WHY}

    for _ in range(2):
        assert desk.post(url, sent).status_code == 303
    assert OutgoingMail.objects.filter(operation__kind="resend-notice").count() == 1
    do(desk, url)
    assert OutgoingMail.objects.filter(operation__kind="resend-notice").count() == 2


@pytest.mark.parametrize(
    ("kind", "count"), [(NoticeKind.LOCKED, 1), (NoticeKind.LOW_BALANCE, 0)], ids=str
)
def test_while_locked_only_what_tells_of_it_is_sent_again(
    world: World, desk: Client, kind: NoticeKind, count: int
) -> None:
    with clock.moved_to(clock.now() + timedelta(days=240)):
        ended = clock.now().isoformat()
        facts: dict[str, Any] = {
            "cause": "license",
            "valid_until": ended,
            "ends_at": ended,
            "purge_from": ended,
        }
        notice = tell(world.own.customer, kind, **facts)

        page = do(desk, act_url(notice, "resend"))

    assert OutgoingMail.objects.filter(operation__kind="resend-notice").count() == count
    assert ("only the mails that tell of that" in text_of(page)) is not bool(count)


def test_a_notice_nobody_gets_is_refused(world: World, desk: Client) -> None:
    notice = tell(world.own.customer)
    User.objects.filter(memberships__customer=world.own.customer).update(is_active=False)

    page = do(desk, act_url(notice, "resend"))

    assert page.status_code == 422
    assert "Nobody who can log in gets" in text_of(page)
    assert not Operation.objects.filter(kind="resend-notice").exists()


def test_a_notice_names_the_mails_that_told_it(world: World, desk: Client) -> None:
    notice = tell(world.own.customer)
    do(desk, act_url(notice, "resend"))

    story = text_of(desk.get(reverse("admin:billing_notice_change", args=[notice.pk])))

    assert "alice@example.org" in story
    assert "Send again" in story


# An invitation


def test_an_invitation_is_sent_again_to_who_has_not_come(
    world: World, desk: Client, at: Callable[..., Any]
) -> None:
    customer = world.own.customer
    make.make_member(customer, make.make_user(email="new@example.org"), Role.VIEWER)
    member = Membership.objects.get(customer=customer, user__email="new@example.org")
    story = reverse("admin:credits_membership_change", args=[member.pk])
    assert "Send the invitation again" in text_of(desk.get(story))

    too_soon = do(desk, act_url(member, "invite-again"))
    with at(clock.now() + timedelta(minutes=11)):
        sent = do(desk, act_url(member, "invite-again"))

    assert "The next can be sent" in text_of(too_soon)
    assert "The invitation is on its way" in text_of(sent)
    assert Operation.objects.get(kind="invite-again").note.text == WHY
    assert OutgoingMail.objects.filter(to="new@example.org").count() == 2


def test_no_invitation_for_who_has_come(world: World, desk: Client) -> None:
    Membership.objects.filter(user__email="alice@example.org").update(since=None)
    member = Membership.objects.get(user__email="alice@example.org")
    story = reverse("admin:credits_membership_change", args=[member.pk])

    page = do(desk, act_url(member, "invite-again"))

    assert "Send the invitation again" not in text_of(desk.get(story))
    assert page.status_code == 422
    assert not Operation.objects.filter(kind="invite-again").exists()


# Checks


def test_books_that_are_whole_are_said_to_be(world: World, desk: Client) -> None:
    customer = world.own.customer
    entries = LedgerEntry.objects.filter(customer=customer).count()

    page = do(desk, act_url(customer, "check"))

    assert "Checked: everything adds up." in text_of(page)
    operation = Operation.objects.get(kind="check-books")
    assert (operation.answer, operation.note.text) == ({"broken": 0}, WHY)
    assert LedgerEntry.objects.filter(customer=customer).count() == entries


def test_books_that_are_broken_are_said_to_be(world: World, desk: Client) -> None:
    customer = world.own.customer
    tamper(
        "credits_balance",
        "UPDATE credits_balance SET valid = valid + 1 WHERE customer_id = %s",
        customer.pk,
    )

    page = do(desk, act_url(customer, "check"))

    assert "does not add up" in text_of(page)
    assert Operation.objects.get(kind="check-books").answer["broken"] > 0
    customer.standing.refresh_from_db()
    assert customer.standing.parked_at is None, "the nightly check parks, a person's does not"


CHECK = reverse("admin:publication-check")


@pytest.mark.parametrize(
    ("recorded", "words"),
    [(True, "Checked: everything adds up."), (False, "closed, and not recorded")],
    ids=["whole", "broken"],
)
def test_a_published_hour_is_checked_again(
    world: World, desk: Client, recorded: bool, words: str
) -> None:
    at = clock.now() + timedelta(hours=3)
    with clock.moved_to(at):
        boundary = close_boundary(boundary_at(at), at)
        assert boundary is not None
        if recorded:
            publish(boundary, at)

        page = do(desk, CHECK, boundary=f"{boundary.at:%Y-%m-%d %H:%M}")

    assert words in text_of(page)
    operation = Operation.objects.get(kind="check-publication")
    assert operation.answer["broken"] == int(not recorded)
    assert operation.note.text == WHY


@pytest.mark.parametrize("boundary", ["", "yesterday", "2026-13-01 09:00"])
def test_an_hour_that_is_none_is_said_at_its_field(
    world: World, desk: Client, boundary: str
) -> None:
    page = do(desk, CHECK, boundary=boundary)

    assert page.status_code == 422
    assert page.context["form"].errors["boundary"]
    assert not Operation.objects.filter(kind="check-publication").exists()


def test_an_hour_that_was_never_closed_is_said_to_be(world: World, desk: Client) -> None:
    assert "was never closed" in text_of(do(desk, CHECK, boundary="2020-01-01 09:00"))


@pytest.mark.parametrize("name", ["check", "view-as"])
def test_an_act_without_a_reason_is_not_done(world: World, desk: Client, name: str) -> None:
    count = Operation.objects.count()

    page = do(desk, act_url(world.own.customer, name), reason=" ")

    assert page.status_code == 422
    assert page.context["form"].errors["reason"]
    assert Operation.objects.count() == count


@pytest.mark.parametrize("name", ["check", "view-as"])
def test_an_act_needs_the_key_of_its_own_form(world: World, desk: Client, name: str) -> None:
    count = Operation.objects.count()
    member = str(world.people["admin"].public_id)  # type: ignore[union-attr]
    foreign = key_of(desk, act_url(world.other.customer, name))

    page = do(desk, act_url(world.own.customer, name), form_key=foreign, member=member)

    assert page.status_code == 422
    assert Operation.objects.count() == count
