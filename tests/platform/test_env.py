"""The typed readers of the environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

NAME = "PORTAL_EXAMPLE"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(value: str) -> None:
        monkeypatch.setenv(NAME, value)

    return give


def test_text_strips_spaces_and_takes_an_empty_value_as_absent(
    given: Callable[[str], None],
) -> None:
    given("  value ")
    assert env.text(NAME) == "value"

    given("   ")
    assert env.text(NAME, "other") == "other"


def test_a_missing_variable_without_default_is_named() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=rf"^{NAME} is not set, and it has no default\.$"
    ):
        env.text(NAME)


def test_supply_leaves_what_is_there(given: Callable[[str], None]) -> None:
    given("mine")

    env.supply(**{NAME: "theirs"})

    assert env.text(NAME) == "mine"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((word, True) for word in ("yes", "TRUE", "1", "on")),
        *((word, False) for word in ("no", "False", "0", "off")),
    ],
)
def test_flag_knows_the_usual_words(
    given: Callable[[str], None], value: str, expected: bool
) -> None:
    given(value)

    assert env.flag(NAME, default=not expected) is expected


def test_flag_refuses_other_words(given: Callable[[str], None]) -> None:
    given("maybe")

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is 'maybe', but it must be yes or no"):
        env.flag(NAME, default=False)


@pytest.mark.parametrize("value", ["-10", "0", "10"])
def test_integer_takes_its_whole_range(given: Callable[[str], None], value: str) -> None:
    given(value)

    assert env.integer(NAME, 0, minimum=-10, maximum=10) == int(value)


@pytest.mark.parametrize("value", ["11", "-11", "1.5", "1e1", "٣", "1_0", "+1", "ten", "9" * 30])
def test_integer_refuses_everything_else(given: Callable[[str], None], value: str) -> None:
    given(value)

    with pytest.raises(ImproperlyConfigured, match="a whole number from -10 to 10"):
        env.integer(NAME, 0, minimum=-10, maximum=10)


def test_words_are_split_at_commas(given: Callable[[str], None]) -> None:
    given(" a, b ,,c ")

    assert env.words(NAME) == ["a", "b", "c"]


def test_choice_names_what_it_offers(given: Callable[[str], None]) -> None:
    given("loud")

    with pytest.raises(ImproperlyConfigured, match="must be one of INFO, DEBUG"):
        env.choice(NAME, ("INFO", "DEBUG"), "INFO")


def test_folder_must_be_absolute(given: Callable[[str], None]) -> None:
    given("static")

    with pytest.raises(ImproperlyConfigured, match="must be an absolute path"):
        env.folder(NAME, Path("/srv"))


def test_secret_from_a_file_that_is_missing_names_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", "/does/not/exist")

    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE is '/does/not/exist'"):
        env.secret(NAME)


def test_a_short_secret_is_not_shown(given: Callable[[str], None]) -> None:
    given("hunter2")

    with pytest.raises(ImproperlyConfigured) as caught:
        env.secret(NAME, at_least=50)
    assert "hunter2" not in str(caught.value)


def test_database_over_tcp(given: Callable[[str], None]) -> None:
    given("postgres://someone:p%40ss@db.example.com:6432/portal?sslmode=require")

    assert env.database(NAME) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "portal",
        "USER": "someone",
        "PASSWORD": "p@ss",
        "HOST": "db.example.com",
        "PORT": 6432,
        "OPTIONS": {"sslmode": "require"},
    }


def test_database_over_a_socket_keeps_the_folders_upper_case(given: Callable[[str], None]) -> None:
    given("postgres://portal_app@/portal?host=%2Fsrv%2FMy%2Frun")

    database = env.database(NAME)

    assert database["HOST"] == "/srv/My/run"
    assert database["OPTIONS"] == {}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://someone:secret@db/portal",
        "postgres://someone:secret@db",
        "sqlite:///portal.db",
        "nonsense",
        "postgres://someone:secret@db:port/portal",
        "postgres://s:secret@db:99999/p",
    ],
)
def test_another_database_is_refused_without_showing_the_password(
    given: Callable[[str], None], url: str
) -> None:
    given(url)

    with pytest.raises(ImproperlyConfigured, match="must be postgres://user:password@") as caught:
        env.database(NAME)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost:6379/1", "redis://localhost:6379/1"),
        ("rediss://queue.example.com", "rediss://queue.example.com"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
        ("redis+socket:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
    ],
)
def test_queue_is_spelled_as_celery_wants_it(
    given: Callable[[str], None], url: str, expected: str
) -> None:
    given(url)

    assert env.queue(NAME) == expected


@pytest.mark.parametrize("url", ["amqp://localhost", "localhost:6379", "redis://"])
def test_another_queue_is_refused(given: Callable[[str], None], url: str) -> None:
    given(url)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is "):
        env.queue(NAME)


@pytest.mark.parametrize(
    ("value", "port", "tls", "ssl"),
    [
        ("smtp://portal:p%40ss@mail.example.com", 25, False, False),
        ("smtp+tls://portal:p%40ss@mail.example.com", 587, True, False),
        ("smtp+ssl://portal:p%40ss@mail.example.com:4650", 4650, False, True),
    ],
)
def test_a_mail_server_is_named_by_a_url(
    given: Callable[[str], None], value: str, port: int, tls: bool, ssl: bool
) -> None:
    given(value)

    found = env.mail(NAME)

    assert found["EMAIL_HOST"] == "mail.example.com"
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("portal", "p@ss")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, tls, ssl)


def test_mail_may_go_to_a_folder(given: Callable[[str], None], tmp_path: Path) -> None:
    folder = tmp_path / "all mail"
    given(folder.as_uri())

    assert env.mail(NAME)["EMAIL_FILE_PATH"] == str(folder)


@pytest.mark.parametrize(
    "value",
    ["mail.example.com", "smtp://", "smtp://host:0", "http://host", "file://", "smtp://h/x"],
)
def test_what_is_no_mail_server_is_refused(given: Callable[[str], None], value: str) -> None:
    given(value)

    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.mail(NAME)


def test_a_refused_mail_server_does_not_show_its_password(given: Callable[[str], None]) -> None:
    given("imap://portal:walnut@mail.example.com")

    with pytest.raises(ImproperlyConfigured) as refused:
        env.mail(NAME)
    assert "walnut" not in str(refused.value)


@pytest.mark.parametrize("value", ["https://portal.example.com/", "http://localhost:8000"])
def test_an_origin_has_no_slash_at_its_end(given: Callable[[str], None], value: str) -> None:
    given(value)

    assert env.origin(NAME) == value.rstrip("/")


@pytest.mark.parametrize("value", ["portal.example.com", "https://a/b", "ftp://a", "https://x@a"])
def test_what_is_no_origin_is_refused(given: Callable[[str], None], value: str) -> None:
    given(value)

    with pytest.raises(ImproperlyConfigured, match="must be an address such as"):
        env.origin(NAME)


def test_a_secret_that_may_be_left_out_is_empty_then_and_checked_where_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    monkeypatch.delenv("TOKEN_FILE", raising=False)
    assert env.secret_if_given("TOKEN", at_least=16) == ""

    monkeypatch.setenv("TOKEN", "short")
    with pytest.raises(ImproperlyConfigured, match="at least 16"):
        env.secret_if_given("TOKEN", at_least=16)
    monkeypatch.setenv("TOKEN", "a-token-of-some-length")
    assert env.secret_if_given("TOKEN", at_least=16) == "a-token-of-some-length"


def test_words_of_one_shape(given: Callable[[str], None]) -> None:
    given("123456789012, 210987654321")
    assert env.words_like(NAME, "[0-9]{12}", "accounts") == ["123456789012", "210987654321"]

    given("123456789012, 12")
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is '12', but it must be accounts"):
        env.words_like(NAME, "[0-9]{12}", "accounts")


@pytest.mark.parametrize("value", ["", "http://127.0.0.1:5000/", "https://[::1]:5000"])
def test_a_stand_in_is_on_this_machine(given: Callable[[str], None], value: str) -> None:
    given(value)

    assert env.on_this_machine(NAME) == value.rstrip("/")


@pytest.mark.parametrize(
    "value",
    [
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost:5000",
        "http://10.0.0.1",
        "127.0.0.1:5000",
        "ftp://127.0.0.1",
    ],
)
def test_a_stand_in_elsewhere_is_refused(given: Callable[[str], None], value: str) -> None:
    given(value)

    with pytest.raises(ImproperlyConfigured, match="an address on this machine"):
        env.on_this_machine(NAME)


def test_a_resource_is_reached_by_https_or_is_on_this_machine(given: Callable[[str], None]) -> None:
    for value in ("https://sqs.us-east-1.amazonaws.com/1/x", "http://127.0.0.1:5000/1/x", ""):
        given(value)
        assert env.away_or_here(NAME) == value
    for value in ("http://sqs.us-east-1.amazonaws.com/1/x", "https://a@example.com/x", "queue"):
        given(value)
        with pytest.raises(ImproperlyConfigured, match="an address such as https://sqs"):
            env.away_or_here(NAME)


def test_guid_takes_an_id_in_any_case_or_none(given: Callable[[str], None]) -> None:
    given("20E940B3-4C77-4B0B-9A53-9E16A1B010A7")

    assert env.guid(NAME) == "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
    given("")
    assert env.guid(NAME, "") == ""


@pytest.mark.parametrize("value", ["contoso", "20e940b3", "{20e940b3-4c77-4b0b-9a53-9e16a1b010a7}"])
def test_guid_refuses_everything_else(given: Callable[[str], None], value: str) -> None:
    given(value)

    with pytest.raises(ImproperlyConfigured, match="must be an id such as"):
        env.guid(NAME)


def test_what_goes_together_is_given_together() -> None:
    env.together(FIRST="a", SECOND="b")
    env.together(FIRST="", SECOND="")

    with pytest.raises(
        ImproperlyConfigured, match=r"^SECOND must be set as well: FIRST, SECOND go together\.$"
    ):
        env.together(FIRST="a", SECOND="")
