"""A password by mail: the same answer for every address, a link that works once, for a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail as outbox
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from credits import clock
from credits.domain.links import set_password_parts
from credits.domain.mail import relay
from credits.models import OutgoingMail, SecurityEvent, User
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = pytest.mark.django_db

FORGOT, SENT = reverse("credits:forgot-password"), reverse("credits:forgot-password-sent")
LOGIN = reverse("credits:login")
NEW = "another-walnut-orbit"
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
At = Callable[[datetime], AbstractContextManager[None]]


@pytest.fixture
def owner() -> User:
    return make.make_user(email="owner@example.org", name="Owner")


def ask(email: str = "owner@example.org", **environment: str) -> Any:
    return Client().post(FORGOT, {"email": email}, **environment)  # type: ignore[arg-type]


def mailed_link() -> str:
    """The path in the newest mail with a link that went out."""
    relay(clock.now())
    bodies = "\n".join(str(mail.body) for mail in reversed(outbox.outbox))
    found = re.search(r"http://localhost:8000(/set-password/\S+)", bodies)
    assert found
    return found[1]


def choose(client: Client, link: str, password: str = NEW) -> Any:
    page = client.get(link, follow=True)
    fields = {"new_password1": password, "new_password2": password}
    return client.post(page.request["PATH_INFO"], fields)


def test_a_forgotten_password_is_set_by_the_link_in_the_mail(owner: User) -> None:
    client = Client()
    assert FORGOT in client.get(LOGIN).content.decode()

    asked = client.post(FORGOT, {"email": " Owner@Example.org "}, follow=True)
    done = choose(client, mailed_link())
    inside = client.post(LOGIN, {"username": owner.email, "password": NEW})

    assert "If this address has an account, a mail is on its way." in asked.content.decode()
    assert outbox.outbox[-1].to == [owner.email]
    assert done["Location"] == LOGIN
    assert inside["Location"] == "/"
    kinds = SecurityEvent.objects.order_by("pk").values_list("kind", "account")
    assert list(kinds) == [
        ("reset_asked", owner.email),
        ("password_set", owner.email),
        ("logged_in", owner.email),
    ]


@pytest.mark.parametrize("address", ["nobody@example.org", "locked@example.org"])
def test_the_answer_does_not_tell_whether_there_is_an_account(owner: User, address: str) -> None:
    make.make_user(email="locked@example.org", is_active=False)
    ask()
    SecurityEvent.objects.all().delete()

    with CaptureQueriesContext(
        connection,
    ) as known:
        yes = ask()
    with CaptureQueriesContext(connection) as unknown:
        no = ask(address)

    assert (yes.status_code, yes["Location"]) == (no.status_code, no["Location"]) == (302, SENT)
    written = [query["sql"] for query in known if "credits_outgoingmail" in query["sql"]]
    assert len(known) - len(written) == len(unknown)
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {owner.email}


def test_who_never_had_a_password_gets_a_link_as_well(owner: User) -> None:
    owner.set_unusable_password()
    owner.save(update_fields=["password"])

    ask()
    choose(Client(), mailed_link())

    owner.refresh_from_db()
    assert owner.check_password(NEW)


def test_a_link_works_once(owner: User) -> None:
    ask()
    link = mailed_link()
    choose(Client(), link)

    again = Client().get(link, follow=True).content.decode()

    assert "This link has ended" in again
    assert FORGOT in again


def test_a_link_ends_after_its_time(owner: User, settings: Settings) -> None:
    ask()
    link = mailed_link()
    settings.PASSWORD_RESET_TIMEOUT = -1

    page = Client().get(link, follow=True).content.decode()

    assert "This link has ended" in page
    assert FORGOT in page


def test_a_log_in_ends_the_links_that_were_sent_before(owner: User) -> None:
    ask()
    link = mailed_link()
    Client().post(LOGIN, {"username": owner.email, "password": make.PASSWORD})

    assert "This link has ended" in Client().get(link, follow=True).content.decode()


def test_the_link_of_a_person_who_was_locked_is_dead(owner: User) -> None:
    ask()
    link = mailed_link()
    User.objects.filter(pk=owner.pk).update(is_active=False)

    assert "This link has ended" in Client().get(link, follow=True).content.decode()


def test_whoever_was_locked_before_the_mail_went_out_gets_none(owner: User) -> None:
    ask()
    User.objects.filter(pk=owner.pk).update(is_active=False)

    assert relay(clock.now()) == 0
    assert OutgoingMail.objects.get().problem.startswith("ValueError The account is gone")


def test_no_row_holds_a_link(owner: User) -> None:
    ask()
    link = mailed_link()

    row = OutgoingMail.objects.get()
    assert link.split("/")[3] not in row.text + row.html + row.subject
    assert "/set-password/" not in row.text + row.html


def test_a_new_password_ends_every_session(owner: User) -> None:
    inside = Client()
    inside.post(LOGIN, {"username": owner.email, "password": make.PASSWORD})
    assert inside.get("/").status_code == 200
    ask()
    choose(Client(), mailed_link())

    assert inside.get("/")["Location"].startswith(LOGIN)


def test_a_new_password_ends_the_wait_of_its_owner(owner: User, at: At) -> None:
    with at(START):
        for _ in range(6):
            page = Client().post(LOGIN, {"username": owner.email, "password": "wrong"})
    assert page.status_code == 429
    with at(START + timedelta(minutes=1)):
        ask()
        choose(Client(), mailed_link())
    with at(START + timedelta(minutes=2)):
        inside = Client().post(LOGIN, {"username": owner.email, "password": NEW})

    assert inside.status_code == 302


def test_what_changed_meanwhile_is_not_overwritten(owner: User) -> None:
    ask()
    client = Client()
    page = client.get(mailed_link(), follow=True)
    User.objects.filter(pk=owner.pk).update(name="New Name")

    fields = {"new_password1": NEW, "new_password2": NEW}
    client.post(page.request["PATH_INFO"], fields)

    owner.refresh_from_db()
    assert owner.name == "New Name"
    assert owner.check_password(NEW)


@pytest.mark.parametrize("password", ["", "short", "password", "12345678901", "owner@example.org"])
def test_a_weak_password_is_refused_at_its_field(owner: User, password: str) -> None:
    ask()
    page = choose(Client(), mailed_link(), password)

    assert page.status_code == 200
    assert 'class="error"' in page.content.decode()
    owner.refresh_from_db()
    assert owner.check_password(make.PASSWORD)


def test_the_sixth_mail_in_a_quarter_of_an_hour_is_not_sent(owner: User, at: At) -> None:
    with at(START):
        statuses = [ask().status_code for _ in range(6)]
        unknown = [ask("nobody@example.org").status_code for _ in range(6)]
    with at(START + timedelta(minutes=15)):
        later = ask().status_code

    assert statuses == unknown == [302] * 5 + [429]
    assert later == 302
    assert OutgoingMail.objects.count() == 6


def test_one_address_asks_for_twenty_accounts_and_no_more() -> None:
    statuses = [ask(f"person{n}@example.com", REMOTE_ADDR="198.51.100.7") for n in range(21)]

    assert [page.status_code for page in statuses] == [302] * 20 + [429]
    page = statuses[-1]
    assert "Too many tries" in page.content.decode()
    assert int(page["Retry-After"]) > 0


def test_asking_for_mail_does_not_delay_the_log_in(owner: User) -> None:
    for _ in range(6):
        ask()

    inside = Client().post(LOGIN, {"username": owner.email, "password": make.PASSWORD})
    assert inside.status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "no-address",
        "a@b",
        "a" * 300 + "@example.org",
        "two@example.org,x@example.org",
        "x@example.org\r\nBcc: y@example.org",
        "²@²",
        "' OR 1=1 --",
        "<script>@x.org",
    ],
)
def test_what_is_no_address_gets_a_sentence_at_its_place(typed: str) -> None:
    page = ask(typed)

    assert page.status_code == 200
    assert 'id="id_email_error"' in page.content.decode()
    assert not SecurityEvent.objects.exists()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("typed", ["\0@example.org", "\ud800@example.org"])
def test_what_is_no_text_is_refused(typed: str) -> None:
    body = b"email=" + typed.encode("utf-8", "surrogatepass")

    page = Client().post(FORGOT, body, content_type="application/x-www-form-urlencoded")

    assert page.status_code == 400


@pytest.mark.parametrize("user", ["x", "AA", "MQ%00", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", "-" * 500])
@pytest.mark.parametrize("token", ["y", "set-password", "c-" + "0" * 32, "é"])
def test_a_made_up_link_has_ended(user: str, token: str) -> None:
    page = Client().get(f"/set-password/{user}/{token}/")

    assert page.status_code in (200, 400)
    if page.status_code == 200:
        assert "This link has ended" in page.content.decode()


def test_a_link_leads_to_the_portal_whatever_host_was_asked(
    owner: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PORTAL_URL = "https://portal.example.com"

    ask(HTTP_HOST="evil.example")
    relay(clock.now())

    body = str(outbox.outbox[-1].body)
    assert "https://portal.example.com/set-password/" in body
    assert "evil.example" not in body


@pytest.mark.django_db(transaction=True)
def test_of_many_who_send_one_link_at_once_one_sets_the_password() -> None:
    owner = make.make_user(email="owner@example.org")
    link = reverse("credits:set-password", kwargs=set_password_parts(owner))

    def page() -> tuple[Client, str]:
        client = Client()
        return client, client.get(link, follow=True).request["PATH_INFO"]

    def send(opened: tuple[Client, str], number: int) -> Callable[[], Any]:
        fields = dict.fromkeys(("new_password1", "new_password2"), f"{NEW}-{number}")
        return lambda: opened[0].post(opened[1], fields)

    answers = race([send(page(), number) for number in range(6)])

    assert sorted(getattr(answer, "status_code", 0) for answer in answers) == [200] * 5 + [302]
    assert SecurityEvent.objects.filter(kind="password_set").count() == 1
    owner.refresh_from_db()
    assert not default_token_generator.check_token(owner, link.split("/")[3])
