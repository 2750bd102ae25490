-- Who may do what with schema exota (schema.sql). These roles cannot log in: grant them to users of yours.
--
--   psql -v ON_ERROR_STOP=1 -d exota -f roles.sql
--   CREATE ROLE exota LOGIN PASSWORD '…' IN ROLE exota_reader;      -- for `exota serve`
--   REVOKE CONNECT, TEMPORARY ON DATABASE exota FROM PUBLIC;         -- who may connect may also NOTIFY
--   GRANT CONNECT ON DATABASE exota TO exota_reader, exota_writer;
--   CREATE ROLE provisioning LOGIN PASSWORD '…' IN ROLE exota_writer;   -- for `exota tenant`, or your customer database
BEGIN;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exota_reader') THEN
        CREATE ROLE exota_reader NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exota_writer') THEN
        CREATE ROLE exota_writer NOLOGIN IN ROLE exota_reader;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA exota TO exota_reader;
GRANT SELECT ON exota.schema_version, exota.tenant_document, exota.recipient_address TO exota_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON exota.tenant, exota.tenant_name, exota.recipient TO exota_writer;

COMMIT;
