-- Two roles: `salescontrol_owner` owns the tables and migrates them; `salescontrol_app` reads and writes rows and can change
-- nothing about the tables, so no bug and no stolen connection of the application can switch a guard off.
-- Run as a superuser, connected to the database of the product; running it again changes nothing:
--   psql -v owner_password=… -v app_password=… -f deploy/postgres/roles.sql DATABASE
\set ON_ERROR_STOP on
\if :{?owner_password} \else \set owner_password '' \endif
\if :{?app_password} \else \set app_password '' \endif

SELECT 'CREATE ROLE salescontrol_owner LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'salescontrol_owner') \gexec
SELECT 'CREATE ROLE salescontrol_app LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'salescontrol_app') \gexec
SELECT format('ALTER ROLE salescontrol_owner PASSWORD %L', :'owner_password') WHERE :'owner_password' <> '' \gexec
SELECT format('ALTER ROLE salescontrol_app PASSWORD %L', :'app_password') WHERE :'app_password' <> '' \gexec

-- One query that got stuck must not stop the others (abuse 72): it ends after half a minute, and whoever waits for its lock is
-- told to try again after ten seconds. A transaction that says nothing for a minute belongs to a process that hangs.
ALTER ROLE salescontrol_app SET statement_timeout = '30s';
ALTER ROLE salescontrol_app SET lock_timeout = '10s';
ALTER ROLE salescontrol_app SET idle_in_transaction_session_timeout = '60s';

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO salescontrol_owner;
GRANT USAGE ON SCHEMA public TO salescontrol_app;

-- Whatever the owner makes later, the application may read and write; TRUNCATE is left out on purpose.
ALTER DEFAULT PRIVILEGES FOR ROLE salescontrol_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO salescontrol_app;
ALTER DEFAULT PRIVILEGES FOR ROLE salescontrol_owner GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO salescontrol_app;
