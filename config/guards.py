"""What a web or worker process checks before it serves anything."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

PRIVILEGES = """
    SELECT current_user,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
           pg_has_role(current_user, datdba, 'MEMBER')
               OR EXISTS (SELECT 1 FROM pg_class
                          WHERE relnamespace = 'public'::regnamespace
                            AND pg_has_role(current_user, relowner, 'MEMBER'))
      FROM pg_database
     WHERE datname = current_database()
"""


def refuse_privileged_role() -> None:
    """Raise ImproperlyConfigured where the process could change or drop what it must only read.

    The append-only tables are protected by grants, which bind neither an owner nor a superuser.
    """
    if not settings.REFUSE_PRIVILEGED_ROLE:
        return
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES)
        role, is_superuser, is_owner = cursor.fetchone()
    connection.close()
    if is_superuser or is_owner:
        raise ImproperlyConfigured(
            f"DATABASE_URL logs in as {role}, {'a superuser' if is_superuser else 'an owner'} of"
            f" the database, but web and worker must use the application role"
            f" ({settings.APP_ROLE}): see docs/roles.sql."
        )
