-- Bodies and their changes by the day whose key encrypts them, so that a day is dropped whole, with its key. A partitioned
-- table cannot be made of one that is there, so what is there moves; see docs/decisions/0008 for replicas of before.
LOCK TABLE webhook_inbox, webhook_inbox_pending, webhook_changes, webhook_dead_letters IN ACCESS EXCLUSIVE MODE;
ALTER TABLE webhook_inbox RENAME TO webhook_inbox_before;
ALTER TABLE webhook_inbox_before RENAME CONSTRAINT webhook_inbox_pkey TO webhook_inbox_before_pkey;
ALTER TABLE webhook_inbox_pending RENAME TO webhook_inbox_pending_before;
ALTER TABLE webhook_inbox_pending_before RENAME CONSTRAINT webhook_inbox_pending_pkey TO webhook_inbox_pending_before_pkey;
ALTER TABLE webhook_changes RENAME TO webhook_changes_before;
ALTER TABLE webhook_changes_before RENAME CONSTRAINT webhook_changes_pkey TO webhook_changes_before_pkey;
ALTER TABLE webhook_changes_before RENAME CONSTRAINT webhook_changes_state_check TO webhook_changes_before_state_check;
ALTER INDEX webhook_changes_pending RENAME TO webhook_changes_before_pending;
ALTER INDEX webhook_changes_parked RENAME TO webhook_changes_before_parked;
ALTER TABLE webhook_dead_letters RENAME TO webhook_dead_letters_before;
ALTER TABLE webhook_dead_letters_before RENAME CONSTRAINT webhook_dead_letters_pkey TO webhook_dead_letters_before_pkey;

-- No identity: partitioned tables have had those since PostgreSQL 17 only.
CREATE SEQUENCE webhook_inbox_ids;
SELECT setval('webhook_inbox_ids',
    coalesce(pg_sequence_last_value(pg_get_serial_sequence('webhook_inbox_before', 'inbox_id')), 0) + 1, false);
GRANT USAGE ON SEQUENCE webhook_inbox_ids TO gesher_service;

CREATE TABLE webhook_inbox (
    key_day      integer NOT NULL,
    inbox_id     bigint NOT NULL DEFAULT nextval('webhook_inbox_ids'),
    delivery_id  uuid NOT NULL,
    received_at  timestamptz NOT NULL,
    body         bytea NOT NULL,
    correlation  text NOT NULL,
    PRIMARY KEY (key_day, inbox_id),
    UNIQUE (key_day, delivery_id)
) PARTITION BY LIST (key_day);
COMMENT ON TABLE webhook_inbox IS 'kind: platform. Every body Meta posted with a right signature, encrypted with the key of its day and never rewritten; dropped with that key.';
GRANT SELECT, INSERT ON webhook_inbox TO gesher_service;

-- Big bodies stand in a line of their own: an import must not keep a customer's message from being read.
CREATE TABLE webhook_inbox_pending (
    heavy     boolean NOT NULL,
    inbox_id  bigint NOT NULL,
    key_day   integer NOT NULL,
    bytes     integer NOT NULL,
    PRIMARY KEY (heavy, inbox_id)
);
COMMENT ON TABLE webhook_inbox_pending IS 'kind: platform. Bodies that are not yet split into their changes.';
GRANT SELECT, INSERT, DELETE ON webhook_inbox_pending TO gesher_service;

CREATE TABLE webhook_changes (
    key_day          integer NOT NULL,
    inbox_id         bigint NOT NULL,
    ordinal          integer NOT NULL,
    bucket           smallint NOT NULL,
    phone_number_id  text,
    waba_id          text,
    line             text NOT NULL GENERATED ALWAYS AS (coalesce(phone_number_id, waba_id, '')) STORED,
    field            text NOT NULL,
    later            boolean NOT NULL DEFAULT false,
    received_at      timestamptz NOT NULL,
    payload          bytea NOT NULL,
    correlation      text NOT NULL,
    state            text NOT NULL CHECK (state IN ('pending', 'applied', 'parked', 'dead', 'dropped', 'expired')),
    attempts         integer NOT NULL DEFAULT 0,
    error            text,
    tenant_id        uuid,
    settled_at       timestamptz,
    PRIMARY KEY (key_day, inbox_id, ordinal)
) PARTITION BY LIST (key_day);
COMMENT ON TABLE webhook_changes IS 'kind: platform. One row per change of a body, encrypted with the key of its day and dropped with it; each is applied on its own, those of one line (a number, else a WABA) in order, those that can wait (later) when there is room.';
-- By line, so that one that has enough in hand is passed over whole.
CREATE INDEX webhook_changes_pending ON webhook_changes (bucket, later, line, inbox_id, ordinal) WHERE state = 'pending';
CREATE INDEX webhook_changes_open ON webhook_changes (state, inbox_id, ordinal) WHERE state IN ('pending', 'parked', 'dead');
CREATE INDEX webhook_changes_parked ON webhook_changes (phone_number_id) WHERE state = 'parked';
GRANT SELECT, INSERT, UPDATE ON webhook_changes TO gesher_service;

CREATE TABLE webhook_dead_letters (
    key_day      integer NOT NULL,
    inbox_id     bigint NOT NULL,
    received_at  timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('dead', 'pending', 'dropped', 'expired')),
    attempts     integer NOT NULL DEFAULT 1,
    error        text NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (key_day, inbox_id)
);
COMMENT ON TABLE webhook_dead_letters IS 'kind: platform. Bodies that were signed and acknowledged but are no webhook of WhatsApp; pending while one is split once more.';
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_dead_letters TO gesher_service;

CREATE TABLE webhook_days (
    key_day    integer PRIMARY KEY,
    closed_at  timestamptz
);
COMMENT ON TABLE webhook_days IS 'kind: platform. The days (yyyymmdd) that have partitions of webhook_inbox and webhook_changes; closed_at is when the key of one was destroyed, and what is left of it is to be dropped.';
GRANT SELECT, UPDATE ON webhook_days TO gesher_service;

-- The serving role owns nothing, so these two run as the owner. They can do no more than their names say.
CREATE FUNCTION gesher_open_webhook_day(day integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE
    parent text;
BEGIN
    IF EXISTS (SELECT FROM webhook_days WHERE key_day = day) THEN
        RETURN;
    END IF;
    PERFORM make_date(day / 10000, day / 100 % 100, day % 100);
    PERFORM pg_advisory_xact_lock(hashtextextended('webhook-days', 0));
    IF EXISTS (SELECT FROM webhook_days WHERE key_day = day) THEN
        RETURN;
    END IF;
    FOREACH parent IN ARRAY ARRAY['webhook_inbox', 'webhook_changes'] LOOP
        -- Made and then attached: PARTITION OF would lock out everybody who reads or writes the others.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || '_' || day, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', parent, parent || '_' || day, day);
        EXECUTE format('COMMENT ON TABLE %I IS %L', parent || '_' || day, 'kind: platform. A day of ' || parent || '.');
        EXECUTE format('GRANT SELECT ON %I TO gesher_service', parent || '_' || day);
    END LOOP;
    INSERT INTO webhook_days (key_day) VALUES (day);
END
$$;
REVOKE ALL ON FUNCTION gesher_open_webhook_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gesher_open_webhook_day TO gesher_service;

-- Only of a day that is closed: what is dropped could not be read any more.
CREATE FUNCTION gesher_drop_webhook_day(day integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('webhook-days', 0));
    IF EXISTS (SELECT FROM webhook_days WHERE key_day = day AND closed_at IS NULL) THEN
        RAISE EXCEPTION 'the day % is not closed', day;
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %I', 'webhook_inbox_' || day);
    EXECUTE format('DROP TABLE IF EXISTS %I', 'webhook_changes_' || day);
    DELETE FROM webhook_dead_letters WHERE key_day = day;
    DELETE FROM webhook_days WHERE key_day = day;
END
$$;
REVOKE ALL ON FUNCTION gesher_drop_webhook_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gesher_drop_webhook_day TO gesher_service;

SELECT gesher_open_webhook_day(key_day)
FROM (SELECT key_day FROM webhook_inbox_before UNION SELECT key_day FROM webhook_changes_before) AS d;

INSERT INTO webhook_inbox (key_day, inbox_id, delivery_id, received_at, body, correlation)
SELECT key_day, inbox_id, delivery_id, received_at, body, correlation FROM webhook_inbox_before;
INSERT INTO webhook_inbox_pending (heavy, inbox_id, key_day, bytes)
SELECT octet_length(i.body) > 65536, inbox_id, i.key_day, octet_length(i.body)
FROM webhook_inbox_pending_before JOIN webhook_inbox_before i USING (inbox_id);
INSERT INTO webhook_changes (key_day, inbox_id, ordinal, bucket, phone_number_id, waba_id, field, later, received_at,
    payload, correlation, state, attempts, error, tenant_id, settled_at)
SELECT key_day, inbox_id, ordinal, bucket, phone_number_id, waba_id, field, field = 'history', received_at,
    payload, correlation, state, CASE WHEN state = 'dead' THEN 1 ELSE 0 END, error, tenant_id, settled_at
FROM webhook_changes_before;
INSERT INTO webhook_dead_letters (key_day, inbox_id, received_at, state, error, created_at)
SELECT i.key_day, inbox_id, i.received_at, 'dead', error, created_at
FROM webhook_dead_letters_before JOIN webhook_inbox_before i USING (inbox_id);
DROP TABLE webhook_inbox_before, webhook_inbox_pending_before, webhook_changes_before, webhook_dead_letters_before;
