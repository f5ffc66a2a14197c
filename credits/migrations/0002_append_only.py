from django.db import migrations

TABLES = (
    "credits_operation",
    "credits_licenseterm",
    "credits_usagereport",
    "credits_featurechoice",
    "credits_featurerate",
    "credits_ledgerentry",
)

# TG_OP is tested before anything else, so that no operation can fall through; ENABLE ALWAYS,
# so that session_replication_role = replica does not walk past. No setting opens the door.
FUNCTION = """
CREATE FUNCTION credits_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are written once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END;
$$
"""


def triggers(table: str) -> str:
    return f"""
        CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def no_triggers(table: str) -> str:
    return f"""
        DROP TRIGGER {table}_no_change ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};
    """


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION credits_refuse_change()"),
        *(migrations.RunSQL(triggers(table), no_triggers(table)) for table in TABLES),
    ]
