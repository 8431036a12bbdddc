CREATE TABLE meta_users (
    meta_user_id  text NOT NULL,
    tenant_id     uuid NOT NULL,
    PRIMARY KEY (meta_user_id, tenant_id)
);
COMMENT ON TABLE meta_users IS 'kind: directory. Which tenants were connected, or began to be, by which Meta user (the id that Meta gives our app): Meta''s callbacks name nobody else.';
CREATE INDEX meta_users_by_tenant ON meta_users (tenant_id);
GRANT SELECT, INSERT, DELETE ON meta_users TO gesher_service;

CREATE TABLE meta_user_deletions (
    confirmation_code  text PRIMARY KEY,
    request_id         uuid NOT NULL UNIQUE,
    meta_user_id       text,
    asked_at           timestamptz NOT NULL,
    done_at            timestamptz,
    CHECK (done_at IS NULL OR meta_user_id IS NULL)
);
COMMENT ON TABLE meta_user_deletions IS 'kind: platform. What Meta users asked to have deleted, by Meta''s time; the user''s id goes when it is done, and with it the last that we hold of them.';
GRANT SELECT, INSERT, UPDATE ON meta_user_deletions TO gesher_service;

-- Whom the tenants of today were connected by. The owner too sees a tenant's rows only under its set.
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT tenant_id FROM tenant_directory WHERE deleted_at IS NULL LOOP
        PERFORM set_config('gesher.tenants', tenant::text, true);
        INSERT INTO meta_users (meta_user_id, tenant_id)
        SELECT meta_user_id, tenant_id FROM whatsapp_connections WHERE tenant_id = tenant AND meta_user_id IS NOT NULL
        UNION
        SELECT meta_user_id, tenant_id FROM connect_attempts WHERE tenant_id = tenant AND meta_user_id IS NOT NULL
        ON CONFLICT DO NOTHING;
    END LOOP;
    PERFORM set_config('gesher.tenants', '', true);
END
$$;
