"""What every test stands on: the database, the browser, and what is left out by default."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import blocking_manager_key

pytest_plugins = ["tests.cast"]

# Playwright's own event loop runs beside Django's ORM in the same thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

TESTS = Path(__file__).parent
BROWSER = os.environ.get("PORTAL_BROWSER") or shutil.which("chromium") or ""
LONG = ("queries", "planted", "clockwork", "wholeness", "properties", "demonstration", "browser")
"""Folders of the tests that take long, which are begun first."""

NO_BROWSER = "there is no Chromium: ./portal test finds or fetches one"

# A database answers when it answers; the suite as a whole has a time limit instead.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    nightly = [item for item in items if item.get_closest_marker("nightly")]
    if nightly and not os.environ.get("PORTAL_NIGHTLY"):
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in nightly]
    browser = [item for item in items if needs_browser(item)]
    if browser and not BROWSER:
        if os.environ.get("CI"):
            raise pytest.UsageError(NO_BROWSER)
        for item in browser:
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))
    items.sort(key=turn)


def turn(item: pytest.Item) -> int:
    """When a test's folder has its turn; inside it the order stays."""
    folder = item.path.relative_to(TESTS).parts[0]
    return LONG.index(folder) if folder in LONG else len(LONG)


def needs_browser(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("browser") is not None or "browser" in fixtures


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": BROWSER,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ],
    }


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let Django empty the append-only tables of the test database between browser tests.

    Only the TRUNCATE triggers are disabled, and only here: no setting of the product opens them.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table, trigger in find_truncate_triggers():
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{trigger}"')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Load the catalogue again after a test that emptied the database, for all that follow."""
    yield
    empties = "transactional_db" in getattr(item, "fixturenames", ()) or is_transactional(item)
    if empties and nextitem is not None:
        with item.config.stash[blocking_manager_key].unblock():
            # Not before: it reads the models, which pytest-django makes ready.
            from tests.cast import load_if_emptied

            load_if_emptied()


def is_transactional(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return marker is not None and bool(marker.kwargs.get("transaction"))


@pytest.fixture
def truncate_triggers(db: None) -> list[tuple[str, str]]:
    """Table and trigger of all that keep an append-only table from being emptied."""
    return find_truncate_triggers()


def find_truncate_triggers() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            r" WHERE NOT tgisinternal AND tgname LIKE '%\_no\_truncate' ORDER BY relname, tgname"
        )
        return list(cursor.fetchall())
