CREATE TABLE tenants (
    tenant_id   uuid PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    locale      text NOT NULL DEFAULT 'he' CHECK (locale ~ '^[a-z]{2,3}(_[A-Z]{2})?$'),
    region      text NOT NULL DEFAULT 'IL' CHECK (region ~ '^[A-Z]{2}$'),
    on_unknown  text NOT NULL DEFAULT 'fail' CHECK (on_unknown IN ('fail', 'resend')),
    status      text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
COMMENT ON TABLE tenants IS 'kind: tenant. One business that uses Gesher; written under a set of its own new id.';
CALL gesher_make_tenant_table('tenants', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE tenant_directory (
    tenant_id   uuid PRIMARY KEY,
    created_at  timestamptz NOT NULL
);
COMMENT ON TABLE tenant_directory IS 'kind: directory. Which tenants exist, for questions across tenants.';
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_directory TO gesher_service;

CREATE TABLE api_clients (
    tenant_id    uuid NOT NULL REFERENCES tenants,
    client_id    text NOT NULL,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    secret_hash  bytea NOT NULL CHECK (length(secret_hash) = 32),
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    PRIMARY KEY (tenant_id, client_id),
    CHECK (client_id LIKE tenant_id::text || '.%')
);
COMMENT ON TABLE api_clients IS 'kind: tenant. Credentials of a tenant''s own apps; the secret is kept as SHA-256 of 256 random bits.';
CALL gesher_make_tenant_table('api_clients', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE tenant_keys (
    tenant_id        uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('data', 'prf', 'evidence', 'inbox_day')),
    version          integer NOT NULL CHECK (version > 0),
    wrapped          bytea NOT NULL,
    kek_fingerprint  text NOT NULL,
    created_at       timestamptz NOT NULL,
    retired_at       timestamptz,
    PRIMARY KEY (tenant_id, kind, version)
);
COMMENT ON TABLE tenant_keys IS 'kind: tenant. Tink keysets wrapped by the key-encryption key with tenant, kind and version as associated data; the platform''s own belong to the reserved tenant (inbox_day: version is yyyymmdd).';
CALL gesher_make_tenant_table('tenant_keys', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE secrets (
    tenant_id    uuid NOT NULL,
    provider     text NOT NULL,
    kind         text NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    ciphertext   bytea NOT NULL,
    key_version  integer NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    PRIMARY KEY (tenant_id, provider, kind, version)
);
COMMENT ON TABLE secrets IS 'kind: tenant. Access tokens, PINs and other secrets under the tenant''s data key; associated data: tenant, provider, kind, version.';
CALL gesher_make_tenant_table('secrets', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE audit_log (
    tenant_id  uuid NOT NULL,
    audit_id   uuid NOT NULL,
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    actor      text NOT NULL,
    action     text NOT NULL,
    object     text NOT NULL,
    detail     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, audit_id)
);
COMMENT ON TABLE audit_log IS 'kind: tenant. Who did what, when and what for; append-only for the serving role, never holds a secret.';
CREATE INDEX audit_log_by_seq ON audit_log (tenant_id, seq);
CALL gesher_make_tenant_table('audit_log', 'SELECT, INSERT');

CREATE TABLE jwt_keys (
    tenant_id   uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    kid         text NOT NULL,
    public_jwk  text NOT NULL,
    created_at  timestamptz NOT NULL,
    signs_from  timestamptz NOT NULL,
    retires_at  timestamptz,
    PRIMARY KEY (tenant_id, kid)
);
COMMENT ON TABLE jwt_keys IS 'kind: tenant. Public halves of the platform''s ES256 keys (reserved tenant); the private half is in secrets.';
CALL gesher_make_tenant_table('jwt_keys', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE idempotency_keys (
    tenant_id        uuid NOT NULL,
    client_id        text NOT NULL,
    method           text NOT NULL,
    path             text NOT NULL,
    idempotency_key  text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    fingerprint      bytea NOT NULL,
    state            text NOT NULL CHECK (state IN ('running', 'done')),
    holder           text,
    status_code      smallint,
    answer           bytea,
    object_id        uuid,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, client_id, method, path, idempotency_key),
    CHECK (state = 'running' OR status_code IS NOT NULL)
);
COMMENT ON TABLE idempotency_keys IS 'kind: tenant. Answers to POSTs that carried an Idempotency-Key, kept 24 h, encrypted; an operator''s belong to the reserved tenant.';
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant_id, created_at);
CALL gesher_make_tenant_table('idempotency_keys', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE deployment (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    mode             text NOT NULL CHECK (mode IN ('demo', 'production')),
    key_fingerprint  text NOT NULL,
    created_at       timestamptz NOT NULL
);
COMMENT ON TABLE deployment IS 'kind: platform. What this database belongs to: its mode and the fingerprint of its key-encryption key.';
GRANT SELECT, INSERT, UPDATE ON deployment TO gesher_service;

CREATE TABLE leases (
    lease_name  text PRIMARY KEY,
    holder      text,
    token       bigint NOT NULL DEFAULT 0,
    expires_at  timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE leases IS 'kind: platform. Who does a piece of shared work until when, by the database''s clock; the token grows with each holder.';
GRANT SELECT, INSERT, UPDATE, DELETE ON leases TO gesher_service;

CREATE TABLE timers (
    kind       text NOT NULL,
    tenant_id  uuid NOT NULL,
    object_id  uuid NOT NULL,
    due_at     timestamptz NOT NULL,
    PRIMARY KEY (kind, tenant_id, object_id)
);
COMMENT ON TABLE timers IS 'kind: directory. What is due when: the only way anything of a tenant happens at a time.';
CREATE INDEX timers_by_due ON timers (due_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO gesher_service;
