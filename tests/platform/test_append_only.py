"""The tests' database is as closed as the product's, but for one kind of trigger."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction


def test_only_the_truncate_triggers_are_disabled_in_tests(
    truncate_triggers: list[tuple[str, str]],
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'D' ORDER BY tgname")
        disabled = {name for (name,) in cursor.fetchall()}

    assert disabled == {trigger for _, trigger in truncate_triggers}
    assert disabled


def test_with_its_trigger_enabled_again_no_append_only_table_is_emptied(
    truncate_triggers: list[tuple[str, str]],
) -> None:
    for table, trigger in truncate_triggers:
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{trigger}"')
            with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
                cursor.execute(f'TRUNCATE "{table}" CASCADE')
