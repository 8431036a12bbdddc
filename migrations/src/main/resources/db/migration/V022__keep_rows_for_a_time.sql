-- Jobs of the platform that run by the clock, one process at a time (db-scheduler's table).
CREATE TABLE scheduled_tasks (
    task_name             text NOT NULL,
    task_instance         text NOT NULL,
    task_data             bytea,
    execution_time        timestamptz NOT NULL,
    picked                boolean NOT NULL,
    picked_by             text,
    last_success          timestamptz,
    last_failure          timestamptz,
    consecutive_failures  integer,
    last_heartbeat        timestamptz,
    version               bigint NOT NULL,
    priority              smallint,
    PRIMARY KEY (task_name, task_instance)
);
COMMENT ON TABLE scheduled_tasks IS 'kind: platform. Jobs of the platform that run by the clock: when the next run of each is due, and which process is at it.';
GRANT SELECT, INSERT, UPDATE, DELETE ON scheduled_tasks TO gesher_service;

-- An event's own time may be Meta's, months back: how long it is kept counts from when it was written.
ALTER TABLE events ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();

-- The audit log only grows, except that what is older than two years may go: all of a tenant's, and of the platform's the
-- openings of its own secrets, which are written by the minute. What operators did stays for good. The database's clock:
-- no mistake of the caller shortens it.
CREATE OR REPLACE FUNCTION gesher_keep_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    platform constant uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    IF OLD.at < now() - interval '731 days' AND (OLD.tenant_id <> platform OR OLD.action = 'secret.opened') THEN
        RETURN OLD;
    END IF;
    IF OLD.tenant_id <> platform AND EXISTS (
        SELECT FROM tenant_directory d WHERE d.tenant_id = OLD.tenant_id AND d.deleted_at IS NOT NULL)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
END
$$;
