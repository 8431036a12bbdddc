-- How Meta charges for a message, as its statuses told; where a message that our API did not accept came from; when its
-- writer changed it or took it back.
ALTER TABLE whatsapp_messages
    ADD COLUMN billing jsonb,
    ADD COLUMN source text CHECK (source IN ('app', 'history')),
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN revoked_at timestamptz;

CREATE TABLE early_statuses (
    tenant_id      uuid NOT NULL REFERENCES tenants,
    wa_message_id  text NOT NULL,
    status         text NOT NULL CHECK (status IN ('sent', 'delivered', 'read', 'played', 'failed')),
    at             timestamptz NOT NULL,
    message_id     uuid,
    attempt        integer,
    error_code     text,
    window_closed  boolean NOT NULL,
    billing        jsonb,
    received_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, wa_message_id, status),
    CHECK ((message_id IS NULL) = (attempt IS NULL))
);
COMMENT ON TABLE early_statuses IS 'kind: tenant. Statuses whose message is not known yet, until it is; never shown.';
CREATE INDEX early_statuses_by_message ON early_statuses (tenant_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX early_statuses_by_age ON early_statuses (tenant_id, received_at);
CALL gesher_make_tenant_table('early_statuses', 'SELECT, INSERT, UPDATE, DELETE');
