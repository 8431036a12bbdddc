-- One row for each thing that Meta tells about an account or a number, so that one rule serves them all: what is told
-- acts only if it is newer than what is known.
CREATE TABLE account_states (
    tenant_id   uuid NOT NULL REFERENCES tenants,
    subject_id  text NOT NULL,
    kind        text NOT NULL,
    value       text NOT NULL,
    previous    text,
    detail      text,
    at          timestamptz NOT NULL,
    until       timestamptz,
    PRIMARY KEY (tenant_id, subject_id, kind)
);
COMMENT ON TABLE account_states IS 'kind: tenant. What Meta told last about a WABA or a number (subject_id), by kind, with Meta''s time; what a connection''s verification read back later wins over it.';
CALL gesher_make_tenant_table('account_states', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE account_suspicions (
    tenant_id        uuid NOT NULL REFERENCES tenants,
    suspicion_id     uuid NOT NULL,
    waba_id          text NOT NULL,
    phone_number_id  text NOT NULL,
    kind             text NOT NULL,
    told_at          timestamptz NOT NULL,
    tries            integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, suspicion_id),
    UNIQUE (tenant_id, waba_id, kind)
);
COMMENT ON TABLE account_suspicions IS 'kind: tenant. What Meta told that would end or bring back a connection and that no call to Graph has confirmed or refuted yet; removed by the answer, which the audit keeps.';
CALL gesher_make_tenant_table('account_suspicions', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE whatsapp_templates (
    tenant_id           uuid NOT NULL REFERENCES tenants,
    template_id         text NOT NULL,
    waba_id             text NOT NULL,
    name                text NOT NULL,
    language            text NOT NULL,
    status              text,
    status_at           timestamptz,
    reason              text,
    quality             text,
    quality_at          timestamptz,
    category            text,
    category_at         timestamptz,
    announced_category  text,
    announced_from      timestamptz,
    components_at       timestamptz,
    PRIMARY KEY (tenant_id, template_id)
);
COMMENT ON TABLE whatsapp_templates IS 'kind: tenant. What Meta told about templates (template_id and language as Meta writes them), each with the time when Meta told it.';
CREATE INDEX whatsapp_templates_by_name ON whatsapp_templates (tenant_id, waba_id, name);
CALL gesher_make_tenant_table('whatsapp_templates', 'SELECT, INSERT, UPDATE, DELETE');
