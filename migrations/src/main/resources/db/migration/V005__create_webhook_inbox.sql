CREATE TABLE webhook_inbox (
    inbox_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id  uuid NOT NULL UNIQUE,
    received_at  timestamptz NOT NULL,
    key_day      integer NOT NULL,
    body         bytea NOT NULL,
    correlation  text NOT NULL
);
COMMENT ON TABLE webhook_inbox IS 'kind: platform. Every body Meta posted with a right signature, encrypted with the key of its day and never rewritten.';
GRANT SELECT, INSERT, DELETE ON webhook_inbox TO gesher_service;

CREATE TABLE webhook_inbox_pending (
    inbox_id  bigint PRIMARY KEY
);
COMMENT ON TABLE webhook_inbox_pending IS 'kind: platform. Bodies that are not yet split into their changes.';
GRANT SELECT, INSERT, DELETE ON webhook_inbox_pending TO gesher_service;

CREATE TABLE webhook_changes (
    inbox_id         bigint NOT NULL,
    ordinal          integer NOT NULL,
    bucket           smallint NOT NULL,
    phone_number_id  text,
    waba_id          text,
    field            text NOT NULL,
    received_at      timestamptz NOT NULL,
    key_day          integer NOT NULL,
    payload          bytea NOT NULL,
    correlation      text NOT NULL,
    state            text NOT NULL CHECK (state IN ('pending', 'applied', 'parked', 'dead', 'dropped', 'expired')),
    error            text,
    tenant_id        uuid,
    settled_at       timestamptz,
    PRIMARY KEY (inbox_id, ordinal)
);
COMMENT ON TABLE webhook_changes IS 'kind: platform. One row per change of a body, encrypted with the key of its day; each is applied on its own.';
CREATE INDEX webhook_changes_pending ON webhook_changes (bucket, inbox_id, ordinal) WHERE state = 'pending';
CREATE INDEX webhook_changes_parked ON webhook_changes (phone_number_id) WHERE state = 'parked';
CREATE INDEX webhook_changes_dead ON webhook_changes (inbox_id, ordinal) WHERE state = 'dead';
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_changes TO gesher_service;

CREATE TABLE webhook_dead_letters (
    inbox_id    bigint PRIMARY KEY,
    error       text NOT NULL,
    created_at  timestamptz NOT NULL
);
COMMENT ON TABLE webhook_dead_letters IS 'kind: platform. Bodies that were signed and acknowledged but are no webhook of WhatsApp.';
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_dead_letters TO gesher_service;
