"""Foreign keys and migrations point down, like everything else."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from credits.grants import APPEND_ONLY_TABLES
from tests.architecture.modules import APPS


@pytest.mark.parametrize("app", APPS)
def test_foreign_keys_point_to_the_own_app_or_one_below(app: str) -> None:
    above = set(APPS[APPS.index(app) + 1 :])

    upward = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and field.related_model._meta.app_label in above
    ]

    assert upward == []


@pytest.mark.parametrize("app", APPS)
def test_migrations_depend_on_the_own_app_or_one_below(app: str) -> None:
    above = set(APPS[APPS.index(app) + 1 :])
    loader = MigrationLoader(None, ignore_no_migrations=True)

    upward = [
        (migration.name, dependency)
        for (label, _), migration in (loader.disk_migrations or {}).items()
        if label == app
        for dependency in (*migration.dependencies, *migration.run_before)
        if dependency[0] in above
    ]

    assert upward == []


@pytest.mark.parametrize("app", APPS)
def test_what_the_books_touch_is_never_deleted_in_passing(app: str) -> None:
    cascading = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.remote_field.on_delete is models.CASCADE
        and model._meta.db_table.startswith("credits_")
    ]

    assert cascading == []


@pytest.mark.parametrize("app", APPS)
def test_every_constraint_is_named_by_its_app(app: str) -> None:
    names = [
        constraint.name
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    ]

    assert [name for name in names if not name.startswith(f"{app}_")] == []


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_triggers_of_the_migrations_are_on_every_append_only_table_and_always_fire() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname, tgenabled FROM pg_trigger"
            " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
        )
        found = {(table, trigger): enabled for table, trigger, enabled in cursor.fetchall()}

    for table in APPEND_ONLY_TABLES:
        assert found[table, f"{table}_no_change"] == "A"
        # The test session disables this kind alone, to empty its own database.
        assert found[table, f"{table}_no_truncate"] in "AD"
