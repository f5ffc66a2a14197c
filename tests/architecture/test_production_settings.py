"""Production settings: they pass Django's own deployment checks, and refuse what is unsafe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "pWc3-0vN8jqRz5Ty1mXk7LbGs2HdFu9Ae6CiQo4VrJtBnMxUy_wZ",
    "ALLOWED_HOSTS": "portal.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://portal.example.com",
    "DATABASE_URL": "postgres://portal_app@localhost/portal",
    "REDIS_URL": "redis://localhost:6379/0",
    "EMAIL_URL": "smtp+tls://portal:secret@mail.example.com",
    "DEFAULT_FROM_EMAIL": "portal@example.com",
    "PORTAL_URL": "https://portal.example.com",
}


def check_deploy(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath} | PRODUCTION | changes
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_passes_every_deployment_check() -> None:
    done = check_deploy()

    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set, and it has no default."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 characters, but it must have at least 50."),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set, and it has no default."),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS has '*', but it must list the hosts by name."),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set, and it has no default."),
        ({"REDIS_URL": ""}, "REDIS_URL is not set, and it has no default."),
        ({"EMAIL_URL": ""}, "EMAIL_URL is not set, and it has no default."),
        ({"EMAIL_URL": "mail.example.com"}, "EMAIL_URL is 'mail.example.com', but it must be smtp"),
        ({"DEFAULT_FROM_EMAIL": ""}, "DEFAULT_FROM_EMAIL is not set, and it has no default."),
        ({"PORTAL_URL": ""}, "PORTAL_URL is not set, and it has no default."),
        ({"PORTAL_CLOCK_FILE": "clock"}, "production runs on real time: unset it."),
        ({"AWS_MARKETPLACE_ENDPOINT": "http://127.0.0.1:5000"}, "production asks AWS itself"),
        ({"SECURE_SSL_REDIRECT": "maybe"}, "SECURE_SSL_REDIRECT is 'maybe', but it must be yes"),
        ({"CSRF_TRUSTED_ORIGINS": "portal.example.com"}, "must be a list of origins such as"),
    ],
)
def test_production_refuses_to_start_with_one_sentence(
    changes: dict[str, str], sentence: str
) -> None:
    done = check_deploy(**changes)

    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


def test_production_refuses_a_plain_setting_that_only_warns() -> None:
    """The check itself can fail: a redirect that is off is reported."""
    done = check_deploy(SECURE_SSL_REDIRECT="no")

    assert done.returncode != 0
    assert "security.W008" in done.stderr


def test_secret_key_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(PRODUCTION["SECRET_KEY"] + "\n", encoding="utf-8")

    done = check_deploy(SECRET_KEY="", SECRET_KEY_FILE=str(path))

    assert done.returncode == 0, done.stderr
