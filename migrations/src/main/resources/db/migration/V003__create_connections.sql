CREATE TABLE whatsapp_connections (
    tenant_id             uuid PRIMARY KEY REFERENCES tenants,
    waba_id               text,
    phone_number_id       text,
    display_phone_number  text,
    business_name         text,
    status                text NOT NULL CHECK (status IN ('pending', 'active', 'disconnected', 'invalid')),
    status_cause          text,
    status_since          timestamptz NOT NULL,
    verified_at           timestamptz,
    meta_user_id          text,
    token_expires_at      timestamptz,
    coexistence           boolean NOT NULL DEFAULT false,
    quality_rating        text,
    messaging_limit_tier  text,
    throughput_level      text,
    name_status           text,
    number_status         text,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL
);
COMMENT ON TABLE whatsapp_connections IS 'kind: tenant. The one WhatsApp number a tenant is connected with; its token is in secrets.';
CALL gesher_make_tenant_table('whatsapp_connections', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE number_bindings (
    phone_number_id  text NOT NULL,
    waba_id          text NOT NULL,
    tenant_id        uuid NOT NULL,
    held_from        timestamptz NOT NULL,
    held_to          timestamptz,
    PRIMARY KEY (phone_number_id, tenant_id, held_from),
    CHECK (held_to IS NULL OR held_to >= held_from)
);
COMMENT ON TABLE number_bindings IS 'kind: directory. Which tenant held which number and WABA from when to when; the open rows decide races between tenants.';
CREATE UNIQUE INDEX number_bindings_one_holder_per_number ON number_bindings (phone_number_id) WHERE held_to IS NULL;
CREATE UNIQUE INDEX number_bindings_one_holder_per_waba ON number_bindings (waba_id) WHERE held_to IS NULL;
CREATE UNIQUE INDEX number_bindings_one_number_per_tenant ON number_bindings (tenant_id) WHERE held_to IS NULL;
CREATE INDEX number_bindings_by_waba ON number_bindings (waba_id, held_from);
GRANT SELECT, INSERT, UPDATE, DELETE ON number_bindings TO gesher_service;

CREATE TABLE lanes (
    phone_number_id      text PRIMARY KEY,
    tenant_id            uuid NOT NULL,
    holder               text,
    token                bigint NOT NULL DEFAULT 0,
    lease_expires_at     timestamptz NOT NULL DEFAULT '-infinity',
    next_due_at          timestamptz,
    messages_per_second  integer NOT NULL DEFAULT 80 CHECK (messages_per_second > 0),
    parked_cause         text,
    parked_since         timestamptz,
    CHECK ((parked_cause IS NULL) = (parked_since IS NULL))
);
COMMENT ON TABLE lanes IS 'kind: directory. One sending lane per business phone number: its lease (database clock), its next due time, why it is parked.';
CREATE INDEX lanes_by_due ON lanes (next_due_at) WHERE next_due_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON lanes TO gesher_service;

CREATE TABLE connect_links (
    tenant_id     uuid NOT NULL REFERENCES tenants,
    link_id       text NOT NULL,
    secret_hash   bytea NOT NULL CHECK (length(secret_hash) = 32),
    session_hash  bytea CHECK (length(session_hash) = 32),
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, link_id)
);
COMMENT ON TABLE connect_links IS 'kind: tenant. Links to the connect page and the browser session they were exchanged for; both kept as hashes, 30 minutes.';
CALL gesher_make_tenant_table('connect_links', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE connect_attempts (
    tenant_id        uuid NOT NULL REFERENCES tenants,
    attempt_id       uuid NOT NULL,
    source           text NOT NULL CHECK (source IN ('embedded_signup', 'system_user_token')),
    step             text NOT NULL CHECK (step IN ('exchange', 'inspect', 'verify', 'bind', 'subscribe', 'register', 'sync', 'read_back', 'done')),
    status           text NOT NULL CHECK (status IN ('running', 'choose_number', 'needs_pin', 'failed', 'abandoned', 'done')),
    waba_id          text,
    phone_number_id  text,
    wanted_waba_id   text,
    wanted_phone_number_id text,
    granted_wabas    text,
    choices          text,
    meta_user_id     text,
    token_expires_at timestamptz,
    coexistence      boolean NOT NULL DEFAULT false,
    failure_code     text,
    failure_detail   text,
    final            boolean NOT NULL DEFAULT false,
    retry_after      timestamptz,
    pin_needed       boolean NOT NULL DEFAULT false,
    run_token        bigint NOT NULL DEFAULT 0,
    run_until        timestamptz NOT NULL DEFAULT '-infinity',
    created_by       text NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, attempt_id)
);
COMMENT ON TABLE connect_attempts IS 'kind: tenant. One run of the signup saga: where it stands and, when it failed, why; its token is in secrets, stored before anything else. What is wanted came from a browser and is checked; run_token and run_until (database clock) let one process run it at a time.';
CREATE INDEX connect_attempts_by_time ON connect_attempts (tenant_id, created_at);
CALL gesher_make_tenant_table('connect_attempts', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE connect_attempt_steps (
    tenant_id   uuid NOT NULL,
    attempt_id  uuid NOT NULL,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    step        text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('started', 'succeeded', 'failed', 'skipped')),
    code        text,
    at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, attempt_id, seq),
    FOREIGN KEY (tenant_id, attempt_id) REFERENCES connect_attempts
);
COMMENT ON TABLE connect_attempt_steps IS 'kind: tenant. Every step of a signup, with its outcome.';
CALL gesher_make_tenant_table('connect_attempt_steps', 'SELECT, INSERT, UPDATE, DELETE');
