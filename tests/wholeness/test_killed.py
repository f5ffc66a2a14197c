"""A purchase from any path is whole (license, ledger, audit, outbox) or absent, wherever killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from django.apps import apps
from django.db import connection

from billing.models import Purchase
from tests.clockwork import children
from tests.clockwork.state import APPS, broken
from tests.wholeness.conftest import Fresh
from tests.wholeness.paths import PATHS, Path
from tests.wholeness.scene import NOW

Counts = Mapping[str, int]


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_what_is_killed_is_whole_or_absent(path: Path, fresh: Fresh) -> None:
    clean = once(path, fresh)

    for moment in telling(clean.moments):
        killed_at(moment, path, fresh, clean)


@pytest.mark.nightly
@pytest.mark.parametrize("path", PATHS, ids=str)
def test_what_is_killed_at_every_moment_is_whole_or_absent(path: Path, fresh: Fresh) -> None:
    clean = once(path, fresh)

    for moment in range(1, len(clean.moments) + 1):
        killed_at(moment, path, fresh, clean)


class Clean:
    """What one run that nobody killed led to."""

    def __init__(self, before: Counts, after: Counts, moments: Sequence[str]) -> None:
        self.before = before
        self.after = after
        self.moments = moments


def once(path: Path, fresh: Fresh) -> Clean:
    database = prepared(path, fresh)
    before = rows()
    ended = children.run(path.act, database, NOW)
    assert not ended.error, ended.error
    after = rows()
    assert after != before, "it does nothing, so nothing is proved"
    assert_whole()
    assert not broken()
    return Clean(before, after, ended.moments)


def prepared(path: Path, fresh: Fresh) -> str:
    database = fresh()
    ended = children.run(path.prepare, database, NOW)
    assert not ended.error, ended.error
    return database


def telling(moments: Sequence[str]) -> list[int]:
    """Once all is written but not committed, and once it is: what a run of the suite looks at."""
    commits = [place for place, name in enumerate(moments, start=1) if name == "committed"]
    writes = [place for place, name in enumerate(moments, start=1) if name == "after write"]
    return sorted({writes[-1], commits[-1]})


def killed_at(moment: int, path: Path, fresh: Fresh, clean: Clean) -> None:
    database = prepared(path, fresh)

    ended = children.run(path.act, database, NOW, die_at=moment)

    assert ended.was_killed
    assert_whole()
    if not path.in_steps:
        assert rows() in (clean.before, clean.after)

    again = children.run(path.act, database, NOW)

    assert not again.error, again.error
    assert rows() == clean.after
    assert not broken()


def rows() -> Counts:
    """How many rows each table has."""
    tables = [
        model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()
    ]
    counted = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(counted)
        return dict(cursor.fetchall())


def assert_whole() -> None:
    """Each purchase has its operation with entries, and each of its lines a license with terms."""
    for purchase in Purchase.objects.select_related("operation"):
        lines = list(purchase.lines.select_related("license"))
        assert lines, purchase
        assert purchase.operation.entries.exists(), purchase
        for one in lines:
            assert one.license.customer_id == purchase.customer_id
            assert one.license.terms.exists(), one
