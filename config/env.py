"""Typed readers of the environment; no other module of the project's settings reads it.

Each reader takes the variable's name and an optional default, and raises ImproperlyConfigured
with one sentence that names the variable, its value and what is expected of it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

BASE_DIR = Path(__file__).resolve().parent.parent
YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}
QUEUE_SCHEMES = {"redis", "rediss", "redis+socket", "unix"}
POSTGRESQL_SCHEMES = {"postgres", "postgresql"}
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def supply(**values: str) -> None:
    """Give variables a value where the environment has none."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def text(name: str, default: str | None = None) -> str:
    """The value as it stands, without the spaces around it; an empty value counts as absent."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set, and it has no default.")
    return default


def secret(name: str, default: str | None = None, *, at_least: int = 1) -> str:
    """A secret from NAME, or from the file that NAME_FILE names; its value is never shown."""
    path = text(f"{name}_FILE", "")
    value = _content(f"{name}_FILE", path) if path else text(name, default)
    if len(value) < at_least:
        raise ImproperlyConfigured(
            f"{name} has {len(value)} characters, but it must have at least {at_least}."
        )
    return value


def secret_if_given(name: str, *, at_least: int = 1) -> str:
    """A secret that may be left out: then it is empty."""
    is_given = text(name, "") or text(f"{name}_FILE", "")
    return secret(name, at_least=at_least) if is_given else ""


def flag(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value not in YES | NO:
        raise _wrong(name, value, "yes or no (also true, false, on, off, 1, 0)")
    return value in YES


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    value = text(name, str(default))
    expected = f"a whole number from {minimum} to {maximum}"
    if not re.fullmatch("-?[0-9]{1,18}", value):
        raise _wrong(name, value, expected)
    number = int(value)
    if not minimum <= number <= maximum:
        raise _wrong(name, value, expected)
    return number


def guid(name: str, default: str | None = None) -> str:
    """An id such as 20e940b3-4c77-4b0b-9a53-9e16a1b010a7, in lower case; "" may be the default."""
    value = text(name, default).lower()
    if value and not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        raise _wrong(name, value, "an id such as 20e940b3-4c77-4b0b-9a53-9e16a1b010a7")
    return value


def together(**values: str) -> None:
    """Refuse values of which some are given and others are not."""
    missing = [name for name, value in values.items() if not value]
    if missing and len(missing) < len(values):
        raise ImproperlyConfigured(
            f"{', '.join(missing)} must be set as well: {', '.join(values)} go together."
        )


def words(name: str, default: str | None = None) -> list[str]:
    """A list written with commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def words_like(name: str, shape: str, expected: str) -> list[str]:
    """A list written with commas, perhaps empty, whose words all have one shape."""
    values = words(name, "")
    for value in values:
        if not re.fullmatch(shape, value):
            raise _wrong(name, value, expected)
    return values


def on_this_machine(name: str) -> str:
    """The address of a stand-in, such as http://127.0.0.1:5000, or "": never of anybody else."""
    value = text(name, "").rstrip("/")
    if value and not is_loopback(value):
        raise _wrong(
            name, _shown(value), "an address on this machine, such as http://127.0.0.1:5000"
        )
    return value


def away_or_here(name: str) -> str:
    """The address of a resource: by https, or on this machine by http; perhaps ""."""
    value = text(name, "")
    parts = _split(value)
    is_secure = parts is not None and parts.scheme == "https" and parts.hostname
    if value and not (is_secure and not parts.username) and not is_loopback(value):
        raise _wrong(
            name, _shown(value), "an address such as https://sqs.us-east-1.amazonaws.com/1/x"
        )
    return value


def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine by its number, which no name server can move."""
    parts = _split(url)
    return (
        parts is not None
        and parts.scheme in ("http", "https")
        and parts.hostname in ("127.0.0.1", "::1")
        and parts.username is None
    )


def choice(name: str, choices: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in choices:
        raise _wrong(name, value, "one of " + ", ".join(choices))
    return value


def folder(name: str, default: Path) -> Path:
    value = Path(text(name, str(default)))
    if not value.is_absolute():
        raise _wrong(name, str(value), "an absolute path")
    return value


def origins(name: str, default: str | None = None) -> list[str]:
    """Origins such as https://portal.example.com, written with commas."""
    values = words(name, default)
    for value in values:
        parts = _split(value)
        if parts is None or parts.scheme != "https" or not parts.netloc or parts.path:
            raise _wrong(name, value, "a list of origins such as https://portal.example.com")
    return values


def origin(name: str, default: str | None = None) -> str:
    """Scheme and host under which people open the portal, such as https://portal.example.com."""
    value = text(name, default).rstrip("/")
    parts = _split(value)
    if (
        parts is None
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
        or parts.path + parts.query + parts.fragment
    ):
        raise _wrong(name, _shown(value), "an address such as https://portal.example.com")
    return value


def mail(name: str = "EMAIL_URL", default: str | None = None) -> dict[str, Any]:
    """Django's settings for the mail server that a URL names, or for a folder of files.

    smtp sends in the clear, smtp+tls turns to TLS first (STARTTLS), smtp+ssl begins with it.
    User and password stand percent-encoded; NAME_FILE may name a file that holds the URL.
    """
    url = secret(name, default)
    parts = _split(url)
    if parts is not None and parts.scheme == "file" and parts.path.strip("/"):
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts is None or parts.scheme not in MAIL_PORTS or not parts.hostname or parts.path:
        raise _wrong(
            name,
            _shown(url),
            "smtp+tls://user:password@host:587, smtp+ssl://..., smtp://... or file:///folder",
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
    }


def database(name: str = "DATABASE_URL", default: str | None = None) -> dict[str, Any]:
    """Django's settings for the PostgreSQL database that a URL names.

    A socket folder is given as postgres://user@/name?host=/folder, as libpq does.
    """
    url = text(name, default)
    parts = _split(url)
    if parts is None or parts.scheme not in POSTGRESQL_SCHEMES or not parts.path.strip("/"):
        raise _wrong(name, _shown(url), "postgres://user:password@host:5432/database")
    settings = dict(Env.db_url_config(url))
    options = settings.setdefault("OPTIONS", {})
    settings["HOST"] = options.pop("host", settings["HOST"])
    settings["PORT"] = options.pop("port", settings["PORT"])
    return settings


def queue(name: str = "REDIS_URL", default: str | None = None) -> str:
    """The broker's URL as Celery spells it."""
    url = text(name, default)
    parts = _split(url)
    if parts is None or parts.scheme not in QUEUE_SCHEMES or not (parts.netloc or parts.path):
        raise _wrong(name, _shown(url), "redis://host:6379/0, rediss://... or unix:///socket")
    return url.replace("unix://", "redis+socket://", 1) if parts.scheme == "unix" else url


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(name, path, f"the path of a readable text file ({error})") from error


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def _shown(url: str) -> str:
    """The URL without its password."""
    head, at, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}:***@{tail}" if at and ":" in user else url


def _wrong(name: str, value: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}, but it must be {expected}.")
