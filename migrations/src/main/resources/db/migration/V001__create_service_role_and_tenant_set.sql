-- The role that serves requests: it owns nothing and cannot bypass row-level security. LOGIN, because a role reached
-- only by SET ROLE cannot run distributed queries on Citus. Roles belong to the whole cluster, so two databases may be
-- migrating at once: losing that race is fine.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gesher_service') THEN
        CREATE ROLE gesher_service LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- A login that is not a superuser must be a member to drop to the role. A failure here is not final: whoever
-- administers the cluster may have granted it already, and the start of the application checks.
DO $$
BEGIN
    IF current_user <> 'gesher_service' AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT gesher_service TO %I', current_user);
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR internal_error THEN
        RAISE NOTICE 'gesher_service was not granted to %', current_user;
END
$$;

-- The tenants whose rows this transaction may touch: SET LOCAL gesher.tenants = 'uuid,uuid,…'. Not set: none.
CREATE FUNCTION gesher_tenants() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT string_to_array(nullif(current_setting('gesher.tenants', true), ''), ',')::uuid[] $$;

-- Puts a tenant table under the rules: forced row-level security and the serving role's rights. The policy reads the set
-- by a function (inlined, uses the index) and checks writes by strpos, since the array would be parsed for each row.
CREATE PROCEDURE gesher_make_tenant_table(name regclass, rights text)
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
        'CREATE POLICY tenant_isolation ON %s USING (tenant_id = any(gesher_tenants())) '
        || 'WITH CHECK (strpos(current_setting(''gesher.tenants'', true), tenant_id::text) > 0)', name);
    EXECUTE format('GRANT %s ON %s TO gesher_service', rights, name);
END
$$;
