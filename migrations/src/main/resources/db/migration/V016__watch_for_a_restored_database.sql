-- A database that was restored is an older copy of itself: what it holds as queued may have been sent long ago. Each life
-- of the database is a generation, and a process that notices a new one holds all sending until an operator's word.
CREATE TABLE database_generations (
    number         integer PRIMARY KEY CHECK (number > 0),
    generation_id  uuid NOT NULL UNIQUE,
    place          text NOT NULL,
    ticks          bigint NOT NULL CHECK (ticks > 0),
    restored       boolean NOT NULL,
    began_at       timestamptz NOT NULL,
    prepared_at    timestamptz
);
COMMENT ON TABLE database_generations IS 'kind: platform. The lives of this database: its server, name and timeline (place) and how often a process has looked at it (ticks); a file outside its backups remembers the same, so that an older copy is told from the newest.';
GRANT SELECT, INSERT, UPDATE ON database_generations TO gesher_service;

CREATE TABLE sending_hold (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    cause        text NOT NULL CHECK (cause IN ('restored', 'operator')),
    since        timestamptz NOT NULL,
    released_at  timestamptz
);
COMMENT ON TABLE sending_hold IS 'kind: platform. The latest time when nothing was to be sent for anybody; released_at is empty while that lasts.';
GRANT SELECT, INSERT, UPDATE ON sending_hold TO gesher_service;

-- Asked in the very statement that renews a lane's lease, so that it costs no round trip.
CREATE FUNCTION gesher_sending_is_held() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT FROM sending_hold WHERE released_at IS NULL) $$;

-- The server's identifier, the database's and the timeline: a dump or a copy differs in the first two, a recovery to a
-- point in time and a promoted standby in the last. What a provider keeps to itself counts as one constant word.
CREATE FUNCTION gesher_database_place() RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    server text := '-';
    timeline text := '-';
BEGIN
    BEGIN
        SELECT system_identifier::text INTO server FROM pg_control_system();
    EXCEPTION
        WHEN insufficient_privilege OR feature_not_supported THEN NULL;
    END;
    BEGIN
        timeline := substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);
    EXCEPTION
        WHEN insufficient_privilege OR feature_not_supported THEN NULL;
    END;
    RETURN server || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) || ' ' || timeline;
END
$$;
