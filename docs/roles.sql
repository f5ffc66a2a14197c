-- The two roles and the database. Run it as a superuser with psql, as often as you like:
--     psql --dbname=postgres --file=docs/roles.sql
-- then give both roles a password with \password portal_owner and \password portal_app.
--
-- portal_owner owns the schema and runs `manage.py migrate`; nothing else logs in with it.
-- portal_app is what web, worker and beat use. Migrations grant it what it may do: on the
-- append-only tables SELECT and INSERT, and no more.

\set ON_ERROR_STOP on

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        CREATE ROLE portal_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        CREATE ROLE portal_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS;
    END IF;
END
$$;

ALTER ROLE portal_owner SET timezone = 'UTC';
ALTER ROLE portal_app SET timezone = 'UTC';
ALTER ROLE portal_app SET lock_timeout = '3s';
ALTER ROLE portal_app SET statement_timeout = '15s';
ALTER ROLE portal_app SET idle_in_transaction_session_timeout = '30s';

SELECT 'CREATE DATABASE portal OWNER portal_owner ENCODING ''UTF8'' TEMPLATE template0'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'portal')
\gexec

REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal_app;

\connect portal

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO portal_app;
