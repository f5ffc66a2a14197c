"""The outbox: written with its cause, once; sent at least once, and repeated only after a kill."""

from __future__ import annotations

import smtplib
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.db import connections, transaction
from pytest_django import Settings

from credits import clock
from credits.domain import mail
from credits.domain.mail import LEASE, draft_mail, relay, save_mail
from credits.domain.people import Invite
from credits.domain.post import post
from credits.exceptions import InvalidCommand
from credits.models import Customer, Membership, Operation, OutgoingMail, User
from credits.tasks import relay_outbox
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = pytest.mark.django_db


class Recording(BaseEmailBackend):
    """A mail server that takes everything, and remembers it."""

    taken: list[Any] = []

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        type(self).taken += [message.message()["Message-ID"] for message in email_messages]
        return len(email_messages)


class Killed(Recording):
    """Takes the mail, and then the process dies."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        super().send_messages(email_messages)
        raise SystemExit("killed")


class Down(BaseEmailBackend):
    """Nobody answers."""

    tries = 0

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        type(self).tries += 1
        raise ConnectionRefusedError(111, "Connection refused\0 by 10.0.0.1")


class Picky(Recording):
    """Knows no mailbox but one."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        [message] = email_messages
        if message.to != ["good@example.org"]:
            raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"no such mailbox " * 50)})
        return super().send_messages(email_messages)


@pytest.fixture(autouse=True)
def fresh() -> None:
    Recording.taken = []
    Down.tries = 0


@pytest.fixture
def reader() -> User:
    return make.make_user(email="reader@example.org")


def use(settings: Settings, backend: type[BaseEmailBackend]) -> None:
    settings.EMAIL_BACKEND = f"{backend.__module__}.{backend.__name__}"


def write(reader: User, key: str = "one", **fields: Any) -> OutgoingMail:
    save_mail(
        draft_mail(
            key=key,
            kind=fields.pop("kind", "log-in-delayed"),
            recipient=reader,
            subject=fields.pop("subject", "A subject"),
            template="credits/mail/log_in_delayed",
            context={"until": "09:16 UTC", "minutes": 15, "forgot_url": "http://x/", **fields},
        )
    )
    return OutgoingMail.objects.get(key=key)


def only_mail() -> EmailMultiAlternatives:
    [sent] = outbox.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    return sent


def test_one_cause_makes_one_mail(reader: User) -> None:
    first = write(reader)
    again = write(reader, subject="Another")

    assert again.pk == first.pk
    assert again.subject == "A subject"


def test_a_mail_goes_out_once_with_text_and_html_and_its_own_id(reader: User) -> None:
    row = write(reader)

    assert [relay(clock.now()) for _ in range(3)] == [1, 0, 0]

    sent = only_mail()
    assert sent.to == ["reader@example.org"]
    assert "wait until 09:16 UTC" in sent.body
    assert "<html" in str(sent.alternatives[0][0])
    assert sent.message()["Message-ID"] == f"<{row.public_id}@localhost>"
    row.refresh_from_db()
    assert row.sent_at is not None
    assert (row.attempts, row.problem) == (1, "")


def test_a_mail_waits_until_it_is_due(reader: User) -> None:
    row = write(reader)
    OutgoingMail.objects.update(due_at=row.created_at + timedelta(hours=1))

    assert relay(row.created_at + timedelta(minutes=59)) == 0
    assert relay(row.created_at + timedelta(hours=1)) == 1


def test_a_subject_is_one_line_and_fits(reader: User) -> None:
    row = write(reader, subject="Two\r\nBcc: x@example.org " + "long " * 100)

    assert relay(clock.now()) == 1
    assert len(row.subject) == 200
    assert "\n" not in row.subject
    assert outbox.outbox[0].message()["Bcc"] is None


def test_a_mail_that_is_undone_with_its_cause_was_never_written(reader: User) -> None:
    with transaction.atomic():
        write(reader)
        transaction.set_rollback(True)

    assert not OutgoingMail.objects.exists()


def test_a_relay_killed_between_sending_and_marking_repeats_once_under_the_same_id(
    reader: User, settings: Settings
) -> None:
    row, now = write(reader), clock.now()
    use(settings, Killed)
    with pytest.raises(SystemExit):
        relay(now)
    use(settings, Recording)

    during = relay(now + LEASE / 2)
    after = [relay(now + LEASE + timedelta(minutes=minute)) for minute in range(3)]

    assert during == 0
    assert after == [1, 0, 0]
    assert len(Recording.taken) == 2
    assert set(Recording.taken) == {f"<{row.public_id}@localhost>"}


def test_a_failure_is_kept_counted_and_tried_again_later_and_later(
    reader: User, settings: Settings
) -> None:
    row, now = write(reader), clock.now()
    use(settings, Down)
    waited = []
    for _ in range(12):
        assert relay(now) == 0
        row.refresh_from_db()
        waited.append(row.due_at - now)
        now = row.due_at

    minutes = [int(wait.total_seconds()) // 60 for wait in waited]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert row.attempts == 12
    assert row.problem == ("ConnectionRefusedError [Errno 111] Connection refused by 10.0.0.1")
    use(settings, Recording)
    assert relay(now) == 1
    row.refresh_from_db()
    assert row.problem == ""


def test_a_server_that_does_not_answer_is_asked_once_a_run(
    reader: User, settings: Settings
) -> None:
    for number in range(5):
        write(reader, str(number))
    use(settings, Down)

    relay(clock.now())

    assert Down.tries == 1
    assert sorted(OutgoingMail.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]


def test_a_mailbox_that_is_refused_keeps_no_other_waiting(reader: User, settings: Settings) -> None:
    write(reader, "first")
    write(make.make_user(email="good@example.org"), "second")
    use(settings, Picky)

    assert relay(clock.now()) == 1

    refused = OutgoingMail.objects.get(key="first")
    assert refused.sent_at is None
    assert refused.problem.startswith("SMTPRecipientsRefused")
    assert len(refused.problem) == 200


def test_no_transaction_is_open_while_the_server_is_talked_to(
    reader: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(reader)
    before = len(connections["default"].savepoint_ids)
    seen = []
    monkeypatch.setattr(
        "django.core.mail.message.EmailMessage.send",
        lambda self: seen.append(len(connections["default"].savepoint_ids)),
    )

    relay(clock.now())

    assert seen == [before]


def test_a_run_has_an_end(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "AT_ONCE", 3)
    for number in range(5):
        write(reader, str(number))

    assert [relay(clock.now()) for _ in range(3)] == [3, 2, 0]


def test_who_waits_for_a_link_does_not_wait_behind_the_mail_of_a_morning(reader: User) -> None:
    for number in range(3):
        write(reader, str(number))
    write(reader, "link", kind="password-reset", subject="Link")

    relay(clock.now())

    assert [sent.subject for sent in outbox.outbox] == ["Link", *["A subject"] * 3]


def test_the_task_relays(reader: User) -> None:
    write(reader)

    with clock.moved_to(clock.now()):
        assert [relay_outbox(), relay_outbox()] == [1, 0]
    assert not OutgoingMail.objects.filter(sent_at=None).exists()


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_relay_is_claiming_is_skipped(settings: Settings) -> None:
    reader = make.make_user(email="reader@example.org")
    held, other = write(reader, "held"), write(reader, "other")
    use(settings, Recording)
    is_held, released = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            OutgoingMail.objects.select_for_update().get(pk=held.pk)
            is_held.set()
            released.wait(timeout=30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(timeout=30)
    try:
        sent = relay(clock.now())
    finally:
        released.set()
        holder.join(timeout=30)

    assert sent == 1
    assert Recording.taken == [f"<{other.public_id}@localhost>"]
    assert relay(clock.now()) == 1


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_many_relays_at_once_send_each_mail_once(settings: Settings) -> None:
    reader = make.make_user(email="reader@example.org")
    for number in range(40):
        write(reader, str(number))
    use(settings, Recording)
    now = clock.now()

    results = race([lambda: relay(now)] * 8)

    assert sum(result for result in results if isinstance(result, int)) == 40, results
    assert set(Counter(Recording.taken).values()) == {1}
    assert len(Recording.taken) == 40


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_one_cause_written_by_many_at_once_is_one_mail() -> None:
    reader = make.make_user(email="reader@example.org")

    results = race([lambda: write(reader).pk] * 8)

    assert len(set(results)) == 1, results
    assert OutgoingMail.objects.count() == 1


# Invitations


def invite(customer: Customer, email: str, **fields: Any) -> Any:
    role = fields.pop("role", "viewer")
    return post(Invite(customer=customer, asked=make.asked(**fields), email=email, role=role))


def test_a_new_member_gets_a_link_and_learns_by_whom_and_for_what(
    customer: Customer, alice: User
) -> None:
    OutgoingMail.objects.all().delete()
    invite(customer, "new@example.org", actor=alice)

    relay(clock.now())

    sent = only_mail()
    assert sent.subject == "Your way into the credits of Halden Energy"
    assert "You were made viewer of Halden Energy" in sent.body
    assert "By Alice Brandt, alice@example.org." in sent.body
    assert "http://localhost:8000/set-password/" in sent.body
    assert "http://localhost:8000/set-password/" in str(sent.alternatives[0][0])
    assert OutgoingMail.objects.get().customer == customer


def test_the_same_invitation_sent_again_writes_no_second_mail(customer: Customer) -> None:
    for _ in range(3):
        invite(customer, "new@example.org", key="one-invitation")

    assert OutgoingMail.objects.count() == 1


def test_inviting_again_sends_another_link_to_who_has_no_password_yet(customer: Customer) -> None:
    invite(customer, "new@example.org")
    invite(customer, "new@example.org", role="admin")

    assert OutgoingMail.objects.filter(kind="invitation").count() == 2


def test_a_member_with_a_password_is_told_once_and_gets_no_link(customer: Customer) -> None:
    make.make_user(email="known@example.org")
    invite(customer, "known@example.org")
    invite(customer, "known@example.org", role="admin")

    relay(clock.now())

    sent = only_mail()
    assert "Log in with the password you have" in sent.body
    assert "/set-password/" not in sent.body


def test_a_locked_person_gets_no_mail(customer: Customer) -> None:
    make.make_user(email="locked@example.org", is_active=False)
    invite(customer, "locked@example.org")

    assert not OutgoingMail.objects.exists()


def test_an_invitation_that_is_refused_writes_nothing(customer: Customer) -> None:
    before = Operation.objects.count()
    with pytest.raises(InvalidCommand):
        invite(customer, "no address")

    assert not OutgoingMail.objects.exists()
    assert Operation.objects.count() == before


def test_an_invitation_that_is_undone_leaves_no_mail(customer: Customer) -> None:
    with transaction.atomic():
        invite(customer, "new@example.org")
        written = OutgoingMail.objects.count()
        transaction.set_rollback(True)

    assert written == 1
    assert not OutgoingMail.objects.exists()
    assert not Membership.objects.filter(user__email="new@example.org").exists()


def test_a_name_that_looks_like_markup_is_told_as_it_is(catalogue: None) -> None:
    odd = make.make_customer(name='<b>Odd</b> & "Sons" {set-password-link}')
    make.make_user(email="known@example.org")
    invite(odd, "known@example.org")

    relay(clock.now())

    sent = only_mail()
    assert '<b>Odd</b> & "Sons" {set-password-link}' in sent.body
    html = str(sent.alternatives[0][0])
    assert "&lt;b&gt;Odd&lt;/b&gt; &amp;" in html
    assert "/set-password/" not in html


def test_the_command_line_still_prints_the_link(
    customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("invite", customer.slug, "new@example.org")

    assert "new@example.org sets a password at /set-password/" in capsys.readouterr().out
    assert OutgoingMail.objects.get().to == "new@example.org"


def test_plain_text_goes_out_in_short_lines_and_an_address_whole() -> None:
    address = f"https://portal.example/{'x' * 90}"
    long = "Essentials package, " * 9
    written = f"{long.strip()}\n\n- {long.strip()}\n  {address}\nSee it:\n{address}\n"

    lines = mail.wrapped(written).split("\n")

    assert all(len(line) <= 76 for line in lines if "://" not in line)
    assert [line.strip() for line in lines if "://" in line] == [address, address]
    assert " ".join(" ".join(lines).split()) == " ".join(written.split())
    assert mail.wrapped("short\n\nlines\n") == "short\n\nlines\n"
