"""What the application role may do, as one table: the second guard of append-only rows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections

APPEND_ONLY_TABLES = (
    "credits_operation",
    "credits_licenseterm",
    "credits_usagereport",
    "credits_featurechoice",
    "credits_featurerate",
    "credits_ledgerentry",
    "credits_boundary",
    "credits_publication",
)
"""Rows that are inserted and read, never changed: operations, facts, ledger, boundaries."""

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
APPEND = "SELECT, INSERT"


def apply_grants(using: str = "default", **_: Any) -> None:
    """Give the application role its rights on every table, where the role exists.

    Run after each migration by the owner. An installation with one role only (a developer's
    own database) has no such role and keeps the owner's rights.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.APP_ROLE])
        if cursor.fetchone() is None:
            return
        role = connections[using].ops.quote_name(settings.APP_ROLE)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tableowner = current_user"
        )
        for (table,) in cursor.fetchall():
            rights = APPEND if table in APPEND_ONLY_TABLES else EVERYTHING
            name = connections[using].ops.quote_name(table)
            cursor.execute(f"REVOKE ALL ON {name} FROM {role}")
            cursor.execute(f"GRANT {rights} ON {name} TO {role}")
