-- What every process must hear soon of others' changes: what it keeps in memory about a tenant is no longer so.
-- Whoever reads asks for everything from the oldest transaction that was still running when it read before, since the
-- order of numbers is not the order of commits.
CREATE TABLE notices (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind       text NOT NULL,
    tenant_id  uuid NOT NULL,
    object     text NOT NULL DEFAULT ''
);
COMMENT ON TABLE notices IS 'kind: directory. What processes tell each other to forget, written with the change; removed after an hour.';
CREATE INDEX notices_by_xid ON notices (xid);
CREATE INDEX notices_by_time ON notices (at);
GRANT SELECT, INSERT, DELETE ON notices TO gesher_service;

-- An older version reads a deleted tenant as a suspended one: nothing is sent for it.
ALTER TABLE tenants
    ADD COLUMN status_reason text CHECK (length(status_reason) <= 200),
    ADD COLUMN status_since  timestamptz,
    ADD COLUMN deleted_at    timestamptz;

ALTER TABLE tenant_directory ADD COLUMN deleted_at timestamptz;
CREATE INDEX tenant_directory_by_time ON tenant_directory (created_at, tenant_id) WHERE deleted_at IS NULL;
