CREATE TABLE connection_departures (
    tenant_id        uuid NOT NULL REFERENCES tenants,
    departure_id     uuid NOT NULL,
    waba_id          text NOT NULL,
    phone_number_id  text NOT NULL,
    cause            text NOT NULL,
    actor            text NOT NULL,
    unsubscribed     text,
    revoked          text,
    tries            integer NOT NULL DEFAULT 0,
    run_token        bigint NOT NULL DEFAULT 0,
    run_until        timestamptz NOT NULL DEFAULT '-infinity',
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    PRIMARY KEY (tenant_id, departure_id)
);
COMMENT ON TABLE connection_departures IS 'kind: tenant. Connections that were ended: what came of each step at Meta (null: not yet), until the number is let go; run_token and run_until (database clock) let one process go on at a time.';
CREATE UNIQUE INDEX connection_departures_one_at_a_time ON connection_departures (tenant_id) WHERE ended_at IS NULL;
CALL gesher_make_tenant_table('connection_departures', 'SELECT, INSERT, UPDATE, DELETE');
