"""The settings' own promises, and the guards that stand on them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from config.guards import refuse_privileged_role
from config.logs import KeyValueFormatter
from config.schedule import BEAT_SCHEDULE

ROOT = Path(__file__).resolve().parents[2]


def test_time_is_utc_everywhere() -> None:
    assert settings.USE_TZ
    assert settings.TIME_ZONE == settings.CELERY_TIMEZONE == "UTC"


def test_a_message_comes_back_only_after_its_task_has_surely_ended() -> None:
    visibility = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]

    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT
    for task in own_tasks():
        hard = task.time_limit or settings.CELERY_TASK_TIME_LIMIT
        assert (task.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT) < hard
        assert visibility >= 3 * hard, task.name


def test_no_task_is_put_off_for_longer_than_ten_minutes() -> None:
    for task in own_tasks():
        is_retried = getattr(task, "autoretry_for", ())
        assert not is_retried or task.default_retry_delay <= 600, task.name


def own_tasks() -> list[Any]:
    """Every task of the project, from the registry."""
    current_app.loader.import_default_modules()
    return [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]


def test_celery_is_set_up_by_the_settings() -> None:
    configuration = current_app.conf

    assert configuration.task_acks_late
    assert configuration.task_reject_on_worker_lost
    assert configuration.worker_prefetch_multiplier == 1
    assert configuration.accept_content == ["json"]
    assert configuration.result_backend is None


@pytest.mark.parametrize("entry", BEAT_SCHEDULE.values(), ids=BEAT_SCHEDULE.keys())
def test_every_scheduled_task_exists(entry: dict[str, Any]) -> None:
    current_app.loader.import_default_modules()

    assert entry["task"] in current_app.tasks


@pytest.mark.django_db
def test_an_owner_or_superuser_is_refused_where_production_asks(
    settings: Settings,
) -> None:
    settings.REFUSE_PRIVILEGED_ROLE = True

    with pytest.raises(ImproperlyConfigured, match="must use the application role"):
        refuse_privileged_role()


@pytest.mark.django_db
def test_the_application_role_is_let_in(settings: Settings) -> None:
    settings.REFUSE_PRIVILEGED_ROLE = True
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE portal_app")

    refuse_privileged_role()


def test_a_development_installation_may_use_any_role(settings: Settings) -> None:
    settings.REFUSE_PRIVILEGED_ROLE = False

    # No database is marked for this test, so a query would fail it.
    refuse_privileged_role()


@pytest.mark.django_db
@pytest.mark.parametrize("module", ["config.wsgi", "config.asgi"])
def test_a_production_process_ends_at_once_with_the_wrong_role(module: str) -> None:
    database = connection.settings_dict
    server = f"host={quote(str(database['HOST']), safe='')}&port={database['PORT']}"
    login = f"{database['USER']}:{quote(database['PASSWORD'], safe='')}"
    environment = {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": "pWc3-0vN8jqRz5Ty1mXk7LbGs2HdFu9Ae6CiQo4VrJtBnMxUy_wZ",
        "ALLOWED_HOSTS": "portal.example.com",
        "DATABASE_URL": f"postgres://{login}@/{database['NAME']}?{server}",
        "REDIS_URL": "redis://localhost",
        "EMAIL_URL": "smtp://localhost",
        "DEFAULT_FROM_EMAIL": "portal@example.com",
        "PORTAL_URL": "https://portal.example.com",
    }

    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "web and worker must use the application role" in done.stderr


@pytest.mark.parametrize(("process", "limited"), [("web", True), ("other", False)])
def test_requests_have_time_limits_in_the_database(process: str, limited: bool) -> None:
    script = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS'])"
    environment = {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PORTAL_PROCESS": process,
    }

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True
    )

    assert (b"statement_timeout=15s" in done.stdout) is limited


def test_a_log_line_stays_one_line_and_is_in_utc() -> None:
    record = logging.LogRecord(
        "credits", logging.INFO, __file__, 1, "rate_booked customer=%s", ("a\nforged b=1",), None
    )
    record.created = 0.25

    assert KeyValueFormatter().format(record) == (
        "at=1970-01-01T00:00:00.250+00:00 level=INFO logger=credits"
        " rate_booked customer=a\\nforged b=1"
    )


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/marketplace/link/aB-_9/", "/marketplace/link/-/"),
        (f"/shared/{'0f9a' * 8}.aB-_9/file.pdf", "/shared/-/file.pdf"),
        ("/c/shared/estimates/", "/c/shared/estimates/"),
    ],
)
def test_a_right_that_stands_in_an_address_is_written_in_no_log(path: str, written: str) -> None:
    record = logging.LogRecord(
        "django.request",
        logging.WARNING,
        __file__,
        1,
        "Gone: %s",
        (path,),
        None,
    )

    assert KeyValueFormatter().format(record).endswith(f"Gone: {written}")


def test_static_files_pass_the_storage_that_production_uses(tmp_path: Path) -> None:
    """It fails where a file names another one, such as a source map, that is not there."""
    environment = {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SECRET_KEY": "any",
        "DATABASE_URL": "postgres://nobody@/none",
        "REDIS_URL": "redis://localhost",
        "STATIC_ROOT": str(tmp_path),
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "staticfiles.json").exists()


def test_tests_serve_static_files_under_their_own_names() -> None:
    assert settings.STORAGES["staticfiles"]["BACKEND"].endswith(StaticFilesStorage.__name__)
