"""The door: tries are counted by account and by address, logged, and never locked out for good."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from credits import clock
from credits.domain.door_mail import moment
from credits.models import OutgoingMail, SecurityEvent, SecurityEventKind, User
from credits.web.address import client_address
from tests.factories import credits as make
from tests.races.racing import race

pytestmark = pytest.mark.django_db

LOGIN = reverse("credits:login")
WRONG = "wrong"
HERE = "198.51.100.7"
START = datetime(2026, 11, 25, 9, 0, 30, tzinfo=UTC)
At = Callable[[datetime], AbstractContextManager[None]]


@pytest.fixture
def owner() -> User:
    return make.make_user(email="owner@example.org", name="Owner")


def attempt(
    email: str = "owner@example.org", password: str = WRONG, *, ip: str = HERE, **headers: str
) -> Any:
    fields = {"username": email, "password": password}
    return Client().post(LOGIN, fields, REMOTE_ADDR=ip, headers=headers)


def kinds(**narrowed: Any) -> list[str]:
    events = SecurityEvent.objects.filter(**narrowed).order_by("pk")
    return list(events.values_list("kind", flat=True))


def test_the_sixth_try_is_not_looked_at_and_says_when_to_come_again(owner: User, at: At) -> None:
    with at(START):
        refused = [attempt() for _ in range(5)]
    with at(START + timedelta(minutes=3)):
        delayed = attempt(password=make.PASSWORD)

    assert {page.status_code for page in refused} == {200}
    assert delayed.status_code == 429
    assert delayed["Retry-After"] == str(12 * 60)
    assert "Try again after 09:16 UTC (in 12 min)." in delayed.content.decode()
    assert 'value="owner@example.org"' in delayed.content.decode()
    assert "_auth_user_id" not in delayed.client.session


def test_a_password_is_not_checked_where_the_try_is_delayed(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []

    def watched(request: Any, **credentials: Any) -> Any:
        checked.append(credentials["username"])
        return authenticate(request, **credentials)

    monkeypatch.setattr("django.contrib.auth.forms.authenticate", watched)

    for _ in range(8):
        attempt()

    assert len(checked) == 5


def test_nobody_is_locked_out_for_longer_than_the_sentence_says(owner: User, at: At) -> None:
    with at(START):
        for _ in range(5):
            attempt()
    with at(START + timedelta(minutes=14, seconds=59)):
        early = attempt(password=make.PASSWORD)
    with at(START + timedelta(minutes=15)):
        late = attempt(password=make.PASSWORD)

    assert early.status_code == 429
    assert late.status_code == 302


def test_delayed_tries_do_not_make_the_wait_longer(owner: User, at: At) -> None:
    with at(START):
        for _ in range(5):
            attempt()
    for minute in range(1, 15):
        with at(START + timedelta(minutes=minute)):
            attempt()
    with at(START + timedelta(minutes=15)):
        assert attempt(password=make.PASSWORD).status_code == 302


def test_a_correct_log_in_begins_the_accounts_count_anew(owner: User, at: At) -> None:
    with at(START):
        for _ in range(4):
            attempt()
    with at(START + timedelta(seconds=1)):
        assert attempt(password=make.PASSWORD).status_code == 302
    with at(START + timedelta(seconds=2)):
        again = [attempt() for _ in range(5)]
        delayed = attempt()

    assert {page.status_code for page in again} == {200}
    assert delayed.status_code == 429


def test_an_address_is_stopped_after_twenty_accounts_and_others_are_not(owner: User) -> None:
    for number in range(20):
        assert attempt(f"guess{number}@example.org").status_code == 200

    assert attempt(password=make.PASSWORD).status_code == 429
    assert attempt(password=make.PASSWORD, ip="198.51.100.8").status_code == 302


def test_an_own_log_in_does_not_clear_the_count_of_its_address(owner: User) -> None:
    for number in range(19):
        attempt(f"guess{number}@example.org")
    assert attempt(password=make.PASSWORD).status_code == 302
    attempt("guess19@example.org")

    assert attempt("guess20@example.org").status_code == 429


def test_an_ipv6_client_counts_by_its_network() -> None:
    for number in range(20):
        attempt(f"guess{number}@example.org", ip=f"2001:db8:0:1::{number + 1:x}")

    assert attempt("x@example.org", ip="2001:db8:0:1:ffff::1").status_code == 429
    assert attempt("x@example.org", ip="2001:db8:0:2::1").status_code == 200


@pytest.mark.parametrize(
    "written",
    ["OWNER@Example.org", "  owner@example.org ", "ｏｗｎｅｒ@example.org"],  # noqa: RUF001
)
def test_an_account_is_one_however_it_is_written(owner: User, written: str) -> None:
    for _ in range(5):
        attempt(written)

    assert attempt(password=make.PASSWORD).status_code == 429


def test_a_thousand_forged_addresses_are_one_client(owner: User, settings: Settings) -> None:
    settings.DOOR_TRIES_PER_ACCOUNT = 10_000

    statuses = [
        attempt(
            x_forwarded_for=f"203.0.113.{number % 256}, 10.{number // 256}.0.{number % 256}"
        ).status_code
        for number in range(1_000)
    ]

    assert statuses.count(200) == 20
    assert statuses.count(429) == 980
    assert set(SecurityEvent.objects.values_list("address", flat=True)) == {HERE}


def test_the_sixth_of_a_thousand_forged_addresses_is_refused(owner: User) -> None:
    statuses = [attempt(x_forwarded_for=f"203.0.113.{n}").status_code for n in range(12)]

    assert statuses == [200] * 5 + [429] * 7


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", HERE),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", HERE),
        (1, "", HERE),
        (1, "unknown", HERE),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_address_comes_from_the_configured_proxies_alone(
    settings: Settings, proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=HERE, headers={"x-forwarded-for": forwarded})

    assert client_address(request) == expected


def test_a_connection_without_address_is_counted_by_account_alone(owner: User) -> None:
    pages = [attempt(ip="") for _ in range(6)]

    assert [page.status_code for page in pages] == [200] * 5 + [429]
    assert set(SecurityEvent.objects.values_list("address", flat=True)) == {None}


def test_the_log_tells_who_got_in_was_refused_delayed_and_left(owner: User, at: At) -> None:
    for _ in range(6):
        attempt()
    with at(clock.now() + timedelta(minutes=16)):
        client = attempt(password=make.PASSWORD).client
        client.post(reverse("credits:logout"), REMOTE_ADDR=HERE)

    assert kinds() == ["log_in_refused"] * 5 + ["log_in_delayed", "logged_in", "logged_out"]
    assert kinds(user=owner) == ["logged_in", "logged_out"]
    assert set(SecurityEvent.objects.values_list("account", "address")) == {(owner.email, HERE)}


def test_a_storm_of_delayed_tries_writes_one_row_a_minute(owner: User, at: At) -> None:
    with at(START):
        for _ in range(30):
            attempt()
    with at(START + timedelta(minutes=2)):
        attempt()

    assert kinds(kind=SecurityEventKind.LOG_IN_DELAYED) == ["log_in_delayed"] * 2


def test_the_log_keeps_no_password_not_even_one_in_the_wrong_field(owner: User) -> None:
    attempt(password="walnut-secret-one")
    for typed in ("walnut-secret-two", "w@lnut-secret-three", "walnut secret four@"):
        attempt(typed, "owner@example.org")

    kept = str(list(SecurityEvent.objects.values()))
    assert len(kinds()) == 4
    assert "secret" not in kept


def test_what_is_no_address_is_counted_all_the_same() -> None:
    statuses = [attempt("administrator").status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]


@pytest.mark.parametrize(
    "typed", ["", " ", "a" * 300 + "@example.org", "\0", "ﬀ" * 200, "é@ü.example", "' OR 1=1 --"]
)
def test_no_input_breaks_the_door(typed: str) -> None:
    page = attempt(typed, "x" * 5_000)

    assert page.status_code in (200, 400)
    assert all(len(account) <= 254 for account in door_accounts())


def door_accounts() -> list[str]:
    return list(SecurityEvent.objects.values_list("account", flat=True))


def test_an_empty_field_is_no_try(owner: User) -> None:
    for _ in range(8):
        attempt(password="")

    assert kinds() == []
    assert attempt(password=make.PASSWORD).status_code == 302


def test_the_owner_is_told_once_an_hour_that_tries_wait(owner: User, at: At) -> None:
    for minutes in (0, 16, 70):
        with at(START + timedelta(minutes=minutes)):
            for _ in range(7):
                attempt()

    mails = OutgoingMail.objects.filter(kind="log-in-delayed").order_by("pk")
    assert [mail.created_at for mail in mails] == [START, START + timedelta(minutes=70)]
    assert mails[0].to == owner.email
    assert "further tries wait until 09:16 UTC" in mails[0].text
    assert reverse("credits:forgot-password") in mails[0].text


@pytest.mark.parametrize("account", ["nobody@example.org", "locked@example.org"])
def test_no_mail_goes_to_an_account_that_is_locked_or_not_there(account: str) -> None:
    make.make_user(email="locked@example.org", is_active=False)

    statuses = [attempt(account, make.PASSWORD).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]
    assert not OutgoingMail.objects.exists()


def test_known_and_unknown_accounts_are_delayed_in_the_same_words(owner: User, at: At) -> None:
    with at(START):
        for account in (owner.email, "nobody@example.org"):
            for _ in range(5):
                attempt(account)
        pages = [
            attempt(account).content.decode() for account in (owner.email, "nobody@example.org")
        ]

    sentences = {re.findall(r'role="alert">(.*?)</div>', page)[0] for page in pages}
    assert len(sentences) == 1


def test_the_support_desk_has_the_same_door(owner: User) -> None:
    sent = Client().get("/admin/")
    for _ in range(5):
        Client().post(sent["Location"], {"username": owner.email, "password": "wrong"})

    page = Client().post(sent["Location"], {"username": owner.email, "password": make.PASSWORD})

    assert sent["Location"].startswith(LOGIN)
    assert Client().post("/admin/login/", {"username": owner.email})["Location"].startswith(LOGIN)
    assert page.status_code == 429


@pytest.mark.django_db(transaction=True)
def test_tries_that_come_at_once_do_not_exceed_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = make.make_user(email="owner@example.org")
    checked: list[str] = []

    def counting(request: Any, **credentials: Any) -> None:
        checked.append(credentials["username"])

    monkeypatch.setattr("django.contrib.auth.forms.authenticate", counting)

    answers = race([lambda: attempt(owner.email)] * 16)

    statuses = sorted(getattr(answer, "status_code", 0) for answer in answers)
    assert statuses == [200] * 5 + [429] * 11, answers
    assert len(checked) == 5
    assert OutgoingMail.objects.filter(kind="log-in-delayed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_accounts_at_once_from_one_address_do_not_exceed_its_limit() -> None:
    def guess(number: int) -> Callable[[], Any]:
        return lambda: [attempt(f"guess{number}-{n}@example.org").status_code for n in range(4)]

    answers = race([guess(number) for number in range(8)])

    statuses = [status for answer in answers if isinstance(answer, list) for status in answer]
    assert (statuses.count(200), statuses.count(429)) == (20, 12), answers


def test_a_try_that_dies_half_way_counts_as_refused(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("django.contrib.auth.forms.authenticate", die)

    with pytest.raises(KeyboardInterrupt):
        attempt(password=make.PASSWORD)

    assert kinds() == ["log_in_refused"]


def test_the_desk_reads_the_log_and_finds_by_account_and_address(
    client_of: Callable[[User], Client], support: User, owner: User
) -> None:
    attempt()
    attempt("other@example.org", ip="203.0.113.77")
    attempt("third@example.org", ip="2001:db8:0:1::5")
    desk, address = client_of(support), reverse("admin:credits_securityevent_changelist")

    by_account = desk.get(address, {"q": "OWNER@"}).content.decode()
    by_address = desk.get(address, {"q": "203.0.113.77"}).content.decode()
    by_network = desk.get(address, {"q": "2001:db8:0:1::99"}).content.decode()

    assert "owner@example.org" in by_account
    assert "other@example.org" not in by_account
    assert "other@example.org" in by_address
    assert "owner@example.org" not in by_address
    assert "third@example.org" in by_network


def test_a_password_changed_at_the_desk_is_logged(support: User) -> None:
    client = Client()
    client.force_login(support)
    fields = {
        "old_password": make.PASSWORD,
        "new_password1": "another-walnut-orbit",
        "new_password2": "another-walnut-orbit",
    }

    client.post(reverse("admin:password_change"), fields | {"old_password": "wrong"})
    assert kinds() == []
    client.post(reverse("admin:password_change"), fields)

    assert kinds(user=support) == ["password_set"]


def test_moments_are_told_to_the_minute_after_which_a_try_is_looked_at() -> None:
    assert moment(START) == "09:01 UTC"
    assert moment(START.replace(second=0)) == "09:00 UTC"
