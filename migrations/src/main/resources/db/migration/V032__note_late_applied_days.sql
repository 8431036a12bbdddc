-- When something of a day was last applied after the day had ended, to within some minutes: what is in the way of closing a
-- day is found without reading it. Days of before may have been applied late, or will be by an older replica: they are
-- kept as if it were now.
ALTER TABLE webhook_days ADD COLUMN applied_late_at timestamptz;
UPDATE webhook_days SET applied_late_at = now() WHERE closed_at IS NULL;
COMMENT ON TABLE webhook_days IS 'kind: platform. The days (yyyymmdd) that have partitions of webhook_inbox and webhook_changes; applied_late_at is when something of one was last applied after its end, closed_at when its key was destroyed, and what is left of it is to be dropped.';

-- Also never before Meta's seven days are over by the database's clock: no mistake of the caller's shortens them.
CREATE OR REPLACE FUNCTION gesher_drop_webhook_day(day integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('webhook-days', 0));
    IF EXISTS (SELECT FROM webhook_days WHERE key_day = day AND closed_at IS NULL) THEN
        RAISE EXCEPTION 'the day % is not closed', day;
    END IF;
    IF make_date(day / 10000, day / 100 % 100, day % 100) + 8 > (now() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'the day % is not over for long enough', day;
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %I', 'webhook_inbox_' || day);
    EXECUTE format('DROP TABLE IF EXISTS %I', 'webhook_changes_' || day);
    DELETE FROM webhook_dead_letters WHERE key_day = day;
    DELETE FROM webhook_days WHERE key_day = day;
END
$$;
