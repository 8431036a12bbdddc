CREATE TABLE contacts (
    tenant_id   uuid NOT NULL REFERENCES tenants,
    contact_id  uuid NOT NULL,
    name        bytea,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, contact_id)
);
COMMENT ON TABLE contacts IS 'kind: tenant. A person a tenant talks with, whatever addresses they are reached under; the name is encrypted.';
CALL gesher_make_tenant_table('contacts', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE contact_addresses (
    tenant_id   uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('phone', 'user_id')),
    address     text NOT NULL,
    contact_id  uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, address),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts,
    CHECK (kind <> 'phone' OR address ~ '^\+[1-9][0-9]{6,14}$')
);
COMMENT ON TABLE contact_addresses IS 'kind: tenant. Phone numbers (E.164) and business-scoped user ids of a contact.';
CREATE INDEX contact_addresses_by_contact ON contact_addresses (tenant_id, contact_id);
CALL gesher_make_tenant_table('contact_addresses', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE whatsapp_conversations (
    tenant_id          uuid NOT NULL REFERENCES tenants,
    conversation_id    uuid NOT NULL,
    contact_id         uuid NOT NULL,
    customer_phone     text,
    customer_user_id   text,
    customer_name      bytea,
    phone_number_id    text,
    window_opened_at   timestamptz,
    window_expires_at  timestamptz,
    last_message_at    timestamptz,
    message_count      bigint NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts,
    CHECK (customer_phone IS NOT NULL OR customer_user_id IS NOT NULL),
    CHECK ((window_opened_at IS NULL) = (window_expires_at IS NULL))
);
COMMENT ON TABLE whatsapp_conversations IS 'kind: tenant. One conversation per tenant and customer, with its customer service window (which belongs to phone_number_id); the name is encrypted.';
CREATE UNIQUE INDEX whatsapp_conversations_one_per_contact ON whatsapp_conversations (tenant_id, contact_id);
CREATE UNIQUE INDEX whatsapp_conversations_one_per_phone ON whatsapp_conversations (tenant_id, customer_phone);
CREATE UNIQUE INDEX whatsapp_conversations_one_per_user_id ON whatsapp_conversations (tenant_id, customer_user_id);
CREATE INDEX whatsapp_conversations_by_window ON whatsapp_conversations (tenant_id, window_expires_at);
CREATE INDEX whatsapp_conversations_by_recency ON whatsapp_conversations (tenant_id, last_message_at DESC, conversation_id);
CALL gesher_make_tenant_table('whatsapp_conversations', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE whatsapp_messages (
    tenant_id          uuid NOT NULL,
    message_id         uuid NOT NULL,
    seq                bigint GENERATED ALWAYS AS IDENTITY,
    direction          text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    conversation_id    uuid,
    contact_id         uuid,
    phone_number_id    text,
    type               text NOT NULL,
    content            bytea,
    media_id           text,
    template_name      text,
    template_language  text,
    recipient_phone    text,
    recipient_user_id  text,
    sender_phone       text,
    sender_user_id     text,
    wa_message_id      text,
    context_wa_message_id text,
    status             text NOT NULL CHECK (status IN ('received', 'blocked', 'pending', 'sent', 'failed', 'delivered', 'read')),
    stage              text NOT NULL CHECK (stage IN ('deferred', 'queued', 'sending', 'settling', 'done')),
    outcome            text CHECK (outcome IN ('unknown', 'held')),
    routing            text CHECK (routing IN ('auto', 'freeform', 'template')),
    route              text CHECK (route IN ('freeform', 'template')),
    fallback_after     integer NOT NULL DEFAULT 0,
    resent             boolean NOT NULL DEFAULT false,
    priority           smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 2),
    attempt            integer NOT NULL DEFAULT 0,
    retries            integer NOT NULL DEFAULT 0,
    reasons            text[] NOT NULL DEFAULT '{}',
    decision           jsonb,
    rule_version       integer,
    error_code         text,
    reference          text CHECK (length(reference) <= 128),
    client_id          text,
    correlation        text,
    accepted_at        timestamptz NOT NULL,
    not_before         timestamptz,
    expires_at         timestamptz,
    unknown_since      timestamptz,
    wa_timestamp       timestamptz,
    sent_at            timestamptz,
    delivered_at       timestamptz,
    read_at            timestamptz,
    played_at          timestamptz,
    failed_at          timestamptz,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES whatsapp_conversations,
    CHECK (stage = 'done' OR direction = 'outbound'),
    CHECK (phone_number_id IS NOT NULL OR status = 'blocked'),
    CHECK (direction = 'inbound' OR routing IS NOT NULL),
    CHECK (stage <> 'queued' OR not_before IS NOT NULL),
    CHECK ((stage = 'settling') = (outcome IS NOT NULL)),
    CHECK (status <> 'blocked' OR stage = 'done')
);
COMMENT ON TABLE whatsapp_messages IS 'kind: tenant. Messages in and out; stage is our work, status what is known of an outbound one; content is encrypted; seq is acceptance order.';
CREATE UNIQUE INDEX whatsapp_messages_by_wa_message_id ON whatsapp_messages (tenant_id, wa_message_id) WHERE wa_message_id IS NOT NULL;
CREATE INDEX whatsapp_messages_by_recipient ON whatsapp_messages (tenant_id, recipient_phone);
CREATE INDEX whatsapp_messages_by_conversation ON whatsapp_messages (tenant_id, conversation_id, seq);
CREATE INDEX whatsapp_messages_at_work ON whatsapp_messages (tenant_id, phone_number_id, stage, priority, seq) WHERE stage <> 'done';
CREATE INDEX whatsapp_messages_by_expiry ON whatsapp_messages (tenant_id, phone_number_id, expires_at) WHERE stage IN ('queued', 'deferred');
CREATE INDEX whatsapp_messages_at_work_by_contact ON whatsapp_messages (tenant_id, contact_id, seq) WHERE stage <> 'done';
CALL gesher_make_tenant_table('whatsapp_messages', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE whatsapp_message_attempts (
    tenant_id      uuid NOT NULL,
    message_id     uuid NOT NULL,
    attempt        integer NOT NULL CHECK (attempt > 0),
    lease_token    bigint NOT NULL,
    route          text NOT NULL CHECK (route IN ('freeform', 'template')),
    started_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    outcome        text CHECK (outcome IN ('accepted', 'held', 'retry', 'parked', 'window_closed', 'refused', 'unknown', 'not_sent', 'abandoned')),
    wa_message_id  text,
    error_code     text,
    fbtrace_id     text,
    PRIMARY KEY (tenant_id, message_id, attempt),
    FOREIGN KEY (tenant_id, message_id) REFERENCES whatsapp_messages
);
COMMENT ON TABLE whatsapp_message_attempts IS 'kind: tenant. Every call to Meta for a message, with what came of it.';
CREATE INDEX whatsapp_message_attempts_by_wa_message_id ON whatsapp_message_attempts (tenant_id, wa_message_id) WHERE wa_message_id IS NOT NULL;
CALL gesher_make_tenant_table('whatsapp_message_attempts', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE applied_changes (
    tenant_id   uuid NOT NULL,
    identity    bytea NOT NULL,
    applied_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, identity)
);
COMMENT ON TABLE applied_changes IS 'kind: tenant. Identities of webhook changes that were applied, so that a repetition changes nothing.';
CALL gesher_make_tenant_table('applied_changes', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE event_counters (
    tenant_id   uuid NOT NULL,
    counter_id  uuid NOT NULL,
    value       bigint NOT NULL,
    PRIMARY KEY (tenant_id, counter_id)
);
COMMENT ON TABLE event_counters IS 'kind: tenant. The last number given to an event of the tenant (counter_id is the tenant''s id) and of each conversation.';
CALL gesher_make_tenant_table('event_counters', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE events (
    tenant_id         uuid NOT NULL,
    tenant_seq        bigint NOT NULL,
    event_id          uuid NOT NULL,
    type              text NOT NULL,
    version           integer NOT NULL,
    at                timestamptz NOT NULL,
    conversation_id   uuid,
    conversation_seq  bigint,
    data              bytea NOT NULL,
    PRIMARY KEY (tenant_id, tenant_seq),
    UNIQUE (tenant_id, event_id),
    CHECK ((conversation_id IS NULL) = (conversation_seq IS NULL))
);
COMMENT ON TABLE events IS 'kind: tenant. What happened, for the tenant''s apps, in order of commits; data is encrypted.';
CALL gesher_make_tenant_table('events', 'SELECT, INSERT, UPDATE, DELETE');
