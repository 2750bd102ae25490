-- Tenants of ExOTA in PostgreSQL, schema version 1. For PostgreSQL 13 and later; docs/postgresql.md says how it is used.
--
--   psql -v ON_ERROR_STOP=1 -d exota -f schema.sql
--
-- A tenant is a row of exota.tenant, and each of its names one of exota.tenant_name. Columns are named as the keys of the tenants file
-- and mean the same; NULL is a key that is not there. Whoever reads sees exota.tenant_document alone.
BEGIN;

CREATE EXTENSION IF NOT EXISTS btree_gist;  -- the exclusion constraints below

CREATE SCHEMA exota;
COMMENT ON SCHEMA exota IS 'Tenants of ExOTA: who may relay mail from Exchange Online as which domain';

CREATE TABLE exota.schema_version (
    version integer NOT NULL,
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);
COMMENT ON TABLE exota.schema_version IS 'One row. A daemon refuses to start with a version that it does not read';
INSERT INTO exota.schema_version (version) VALUES (1);

CREATE TABLE exota.tenant (
    name text PRIMARY KEY
        CONSTRAINT name_is_fit CHECK (octet_length(name) BETWEEN 1 AND 128 AND name !~ '[[:cntrl:]]'),
    proofs text[] CHECK (cardinality(proofs) BETWEEN 1 AND 16),
    connector_clients text[] CHECK (cardinality(connector_clients) <= 1024),
    limits text[] CHECK (cardinality(limits) <= 16),
    alignment text CHECK (alignment IN ('strict', 'relaxed')),
    forwarding text CHECK (forwarding IN ('true', 'false', 'journal')),
    hybrid boolean,
    limit_action text CHECK (limit_action IN ('tempfail', 'reject')),
    recipients jsonb CHECK (jsonb_typeof(recipients) IN ('string', 'object')),
    mode text CHECK (mode IN ('enforce', 'defer', 'quarantine', 'monitor'))
);
COMMENT ON TABLE exota.tenant IS 'Tenants; NULL: the configuration of the daemon says what counts';
COMMENT ON COLUMN exota.tenant.name IS 'Yours; stands in log and metrics';
COMMENT ON COLUMN exota.tenant.proofs IS 'Sets of factors, any of which suffices: {"client-cert + dkim"}';
COMMENT ON COLUMN exota.tenant.connector_clients IS 'Addresses or prefixes behind the tenant''s connector';
COMMENT ON COLUMN exota.tenant.limits IS '{"1000 messages / hour"}; an empty array: none';
COMMENT ON COLUMN exota.tenant.alignment IS 'Of dkim-aligned';
COMMENT ON COLUMN exota.tenant.forwarding IS 'Whether the tenant may pass on mail of foreign authors; journal: journal reports only';
COMMENT ON COLUMN exota.tenant.hybrid IS 'A hybrid organisation';
COMMENT ON COLUMN exota.tenant.limit_action IS 'What a passed limit does';
COMMENT ON COLUMN exota.tenant.recipients IS 'How recipients are known: a word, or an object of domain and word';
COMMENT ON COLUMN exota.tenant.mode IS 'What becomes of a verdict that is not accept';

CREATE TABLE exota.tenant_name (
    kind text NOT NULL CHECK (kind IN ('tenant_id', 'organization', 'domain', 'dkim_domain')),
    name text NOT NULL,
    tenant text NOT NULL REFERENCES exota.tenant (name) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (tenant, kind, name),
    CONSTRAINT name_is_canonical CHECK (octet_length(name) <= 255 AND name ~ '^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$'),
    CONSTRAINT wildcards_are_domains CHECK (kind = 'domain' OR name !~ '^\*'),
    CONSTRAINT tenant_id_is_a_uuid
        CHECK (kind <> 'tenant_id' OR name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'),
    -- A name has one tenant; an organisation or DKIM domain of one is no domain of another. Checked at the end of a statement, so that a
    -- statement may move a name, and at the end of a transaction that says SET CONSTRAINTS ALL DEFERRED.
    CONSTRAINT tenant_id_of_one_tenant EXCLUDE USING gist (name WITH =, tenant WITH <>) WHERE (kind = 'tenant_id')
        DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT organization_of_one_tenant EXCLUDE USING gist (name WITH =, tenant WITH <>) WHERE (kind IN ('domain', 'organization'))
        DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT domain_of_one_tenant EXCLUDE USING gist (name WITH =, tenant WITH <>) WHERE (kind IN ('domain', 'dkim_domain'))
        DEFERRABLE INITIALLY IMMEDIATE
);
COMMENT ON TABLE exota.tenant_name IS 'Names of tenants, as A-labels in lower case without a final dot';
COMMENT ON COLUMN exota.tenant_name.kind IS 'tenant_id, organization, domain (also *.DOMAIN) or dkim_domain';

CREATE VIEW exota.tenant_document AS
SELECT t.name,
       (jsonb_strip_nulls(jsonb_build_object(
            'proofs', to_jsonb(t.proofs),
            'connector_clients', to_jsonb(t.connector_clients),
            'limits', to_jsonb(t.limits),
            'alignment', t.alignment,
            'forwarding', CASE t.forwarding WHEN 'journal' THEN to_jsonb(t.forwarding) ELSE to_jsonb(t.forwarding::boolean) END,
            'hybrid', t.hybrid,
            'limit_action', t.limit_action,
            'recipients', t.recipients,
            'mode', t.mode))
        || coalesce((SELECT jsonb_object_agg(k.kind || 's', k.names)
                     FROM (SELECT n.kind, jsonb_agg(n.name ORDER BY n.name) AS names
                           FROM exota.tenant_name AS n WHERE n.tenant = t.name GROUP BY n.kind) AS k), '{}'))::text AS document
FROM exota.tenant AS t;
COMMENT ON VIEW exota.tenant_document IS 'Each tenant as an object of the tenants file: what ExOTA reads';

-- Recipients of authoritative domains (recipients.source = "postgresql"); without that setting nobody reads them.
CREATE TABLE exota.recipient (
    address text PRIMARY KEY
        CONSTRAINT address_is_canonical
        CHECK (octet_length(address) <= 254 AND address = lower(address COLLATE "C")
               AND address ~ '^[^[:cntrl:]]*@[a-z0-9_-]+(\.[a-z0-9_-]+)*$')
);
COMMENT ON TABLE exota.recipient IS 'Addresses that exist, in lower case, their domains as A-labels; @DOMAIN: all of its addresses';

-- What ExOTA reads. Where your addresses are in tables of your own, replace it: CREATE OR REPLACE VIEW exota.recipient_address AS SELECT …
CREATE VIEW exota.recipient_address AS SELECT address FROM exota.recipient;
COMMENT ON VIEW exota.recipient_address IS 'A row for each address that exists: ExOTA asks WHERE address IN (…)';

-- Daemons LISTEN on exota_tenants. The payload is the name of the tenant that changed; an empty one means: read everything.
CREATE FUNCTION exota.tell_of_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        PERFORM pg_notify('exota_tenants', '');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('exota_tenants', to_jsonb(OLD) ->> TG_ARGV[0]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('exota_tenants', to_jsonb(NEW) ->> TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION exota.tell_of_change() IS 'Tells daemons which tenant changed; its argument is the column that has the name';

CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON exota.tenant
    FOR EACH ROW EXECUTE FUNCTION exota.tell_of_change('name');
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON exota.tenant_name
    FOR EACH ROW EXECUTE FUNCTION exota.tell_of_change('tenant');
CREATE TRIGGER tell_all AFTER TRUNCATE ON exota.tenant FOR EACH STATEMENT EXECUTE FUNCTION exota.tell_of_change();
CREATE TRIGGER tell_all AFTER TRUNCATE ON exota.tenant_name FOR EACH STATEMENT EXECUTE FUNCTION exota.tell_of_change();
CREATE TRIGGER tell_all AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON exota.schema_version
    FOR EACH STATEMENT EXECUTE FUNCTION exota.tell_of_change();

-- Changes that come by logical replication, or under session_replication_role = replica, are told of as well.
ALTER TABLE exota.tenant ENABLE ALWAYS TRIGGER tell, ENABLE ALWAYS TRIGGER tell_all;
ALTER TABLE exota.tenant_name ENABLE ALWAYS TRIGGER tell, ENABLE ALWAYS TRIGGER tell_all;
ALTER TABLE exota.schema_version ENABLE ALWAYS TRIGGER tell_all;

COMMIT;
