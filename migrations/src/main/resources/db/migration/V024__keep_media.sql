CREATE TABLE media (
    tenant_id           uuid NOT NULL REFERENCES tenants,
    media_id            uuid NOT NULL,
    message_id          uuid NOT NULL,
    phone_number_id     text NOT NULL,
    wa_media_id         text NOT NULL,
    type                text NOT NULL,
    state               text NOT NULL CHECK (state IN ('pending', 'stored', 'failed')),
    cause               text,
    tries               integer NOT NULL DEFAULT 0,
    last_error          text,
    next_try_at         timestamptz,
    details             bytea NOT NULL,
    object_key          bytea NOT NULL,
    mime_type           text,
    detected_mime_type  text,
    type_mismatch       boolean NOT NULL DEFAULT false,
    size_bytes          bigint CHECK (size_bytes >= 0),
    created_at          timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    stored_at           timestamptz,
    failed_at           timestamptz,
    PRIMARY KEY (tenant_id, media_id),
    CHECK ((state = 'stored') = (stored_at IS NOT NULL)),
    CHECK ((state = 'stored') = (size_bytes IS NOT NULL)),
    CHECK ((state = 'failed') = (failed_at IS NOT NULL)),
    CHECK ((state = 'failed') = (cause IS NOT NULL))
);
COMMENT ON TABLE media IS 'kind: tenant. Files that came with messages. What is in a file stands in the content storage, encrypted under object_key; that key and details (file name, hash, first address) are encrypted with the tenant''s key. Meta gives a file out until expires_at.';
CREATE INDEX media_by_message ON media (tenant_id, message_id);
CALL gesher_make_tenant_table('media', 'SELECT, INSERT, UPDATE, DELETE');
