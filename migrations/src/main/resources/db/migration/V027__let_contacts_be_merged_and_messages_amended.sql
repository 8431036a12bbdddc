-- By Meta's clock, since when an address is its contact's, and when it ceased to be (a number that its owner has left may be
-- somebody else's by now); and the business number that saw it, since user ids compare within one portfolio only. None for
-- what only we have dialled.
ALTER TABLE contact_addresses
    ADD COLUMN since timestamptz,
    ADD COLUMN released_at timestamptz,
    ADD COLUMN seen_by text;

-- The name in the address book of the business's app, which counts for less than the customer's own.
ALTER TABLE contacts
    ADD COLUMN app_name bytea,
    ADD COLUMN app_contact_at timestamptz;

-- The advertisement that the customer came from last, and until when answers to them are free: price only. A conversation
-- whose number is somebody else's by now may be left without an address.
ALTER TABLE whatsapp_conversations
    DROP CONSTRAINT whatsapp_conversations_check,
    ADD COLUMN referral jsonb,
    ADD COLUMN referral_at timestamptz,
    ADD COLUMN free_entry_expires_at timestamptz,
    ADD CHECK ((referral IS NULL) = (referral_at IS NULL));

CREATE TABLE contact_merges (
    tenant_id             uuid NOT NULL,
    from_contact_id       uuid NOT NULL,
    into_contact_id       uuid NOT NULL,
    from_conversation_id  uuid,
    why                   text NOT NULL CHECK (why IN ('seen_together', 'number_changed', 'user_id_changed', 'same_number')),
    merged_at             timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, from_contact_id),
    FOREIGN KEY (tenant_id, into_contact_id) REFERENCES contacts
);
COMMENT ON TABLE contact_merges IS 'kind: tenant. Contacts that turned out to be one person; from_contact_id and from_conversation_id are no more.';
CREATE INDEX contact_merges_by_conversation ON contact_merges (tenant_id, from_conversation_id) WHERE from_conversation_id IS NOT NULL;
CREATE INDEX contact_merges_by_into ON contact_merges (tenant_id, into_contact_id);
CALL gesher_make_tenant_table('contact_merges', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE contact_suppressions (
    tenant_id   uuid NOT NULL,
    contact_id  uuid NOT NULL,
    scope       text NOT NULL CHECK (scope IN ('marketing')),
    suppressed  boolean NOT NULL,
    cause       text NOT NULL,
    since       timestamptz NOT NULL,
    source      text,
    PRIMARY KEY (tenant_id, contact_id, scope),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts
);
COMMENT ON TABLE contact_suppressions IS 'kind: tenant. What a contact told Meta that it does or does not want, the newest word by Meta''s time; source is the signup or the message it was about.';
CALL gesher_make_tenant_table('contact_suppressions', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE message_amendments (
    tenant_id               uuid NOT NULL REFERENCES tenants,
    amendment_id            uuid NOT NULL,
    wa_message_id           text NOT NULL,
    original_wa_message_id  text NOT NULL,
    kind                    text NOT NULL CHECK (kind IN ('edit', 'revoke')),
    from_customer           boolean NOT NULL,
    at                      timestamptz NOT NULL,
    content                 bytea,
    applied                 boolean NOT NULL,
    received_at             timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, amendment_id),
    UNIQUE (tenant_id, wa_message_id)
);
COMMENT ON TABLE message_amendments IS 'kind: tenant. Edits and revocations of messages by who wrote them; one that came before its message is not applied yet. The content is encrypted, and goes when the message is revoked.';
CREATE INDEX message_amendments_by_age ON message_amendments (tenant_id, received_at);
CREATE INDEX message_amendments_by_original ON message_amendments (tenant_id, original_wa_message_id);
CALL gesher_make_tenant_table('message_amendments', 'SELECT, INSERT, UPDATE, DELETE');
