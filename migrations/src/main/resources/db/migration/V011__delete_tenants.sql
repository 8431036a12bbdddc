CREATE TABLE tenant_deletions (
    tenant_id          uuid PRIMARY KEY,
    receipt_id         uuid NOT NULL UNIQUE,
    requested_by       text NOT NULL,
    requested_at       timestamptz NOT NULL,
    keys_destroyed_at  timestamptz,
    rows_deleted_at    timestamptz,
    unsubscribed       text,
    revoked            text,
    quiet_from         timestamptz,
    next_look_at       timestamptz
);
COMMENT ON TABLE tenant_deletions IS 'kind: platform. Receipts of deleted tenants, and how far their deletion is; by the database''s clock quiet_from is when the last rows may have come, next_look_at when somebody goes on (null: it is over). Holds no personal data.';
CREATE INDEX tenant_deletions_at_work ON tenant_deletions (next_look_at) WHERE next_look_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON tenant_deletions TO gesher_service;

-- Deletes some rows of a deleted tenant from every tenant table that no other refers to still, and says how many: none
-- once nothing is left. The tables are those that the catalogue knows, so that none is forgotten.
CREATE FUNCTION gesher_delete_tenant_rows(deleted uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    one record;
    referring regclass;
    is_referred_to boolean;
    gone bigint;
    total bigint := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM tenant_directory WHERE tenant_id = deleted AND deleted_at IS NOT NULL) THEN
        RAISE EXCEPTION 'tenant % is not deleted', deleted;
    END IF;
    <<tables>>
    FOR one IN
        SELECT c.oid, c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND obj_description(c.oid, 'pg_class') LIKE 'kind: tenant.%'
        ORDER BY c.relname
    LOOP
        FOR referring IN
            SELECT DISTINCT f.conrelid::regclass FROM pg_constraint f
            WHERE f.contype = 'f' AND f.confrelid = one.oid AND f.conrelid <> one.oid
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE tenant_id = $1)', referring)
                INTO is_referred_to USING deleted;
            CONTINUE tables WHEN is_referred_to;
        END LOOP;
        EXECUTE format(
            'DELETE FROM %1$s WHERE tenant_id = $1 '
            || 'AND ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2))', one.name)
            USING deleted, most;
        GET DIAGNOSTICS gone = ROW_COUNT;
        total := total + gone;
    END LOOP;
    RETURN total;
END
$$;

-- The audit log only grows, except that a deleted tenant's own goes with the rest of it; the platform's never does.
-- (A cluster that does not run triggers on distributed tables has to do without: nothing but the function above deletes.)
CREATE FUNCTION gesher_keep_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.tenant_id <> '00000000-0000-0000-0000-000000000000' AND EXISTS (
        SELECT FROM tenant_directory d WHERE d.tenant_id = OLD.tenant_id AND d.deleted_at IS NOT NULL)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_log_only_grows BEFORE DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION gesher_keep_audit();
GRANT DELETE ON audit_log TO gesher_service;
