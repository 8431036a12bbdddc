-- Without statistics the planner takes all rows of a tenant for a handful, and may fetch each of a batch's rows by an index on
-- the tenant alone. Autovacuum looks once a minute, which is long for a table that grows from nothing under load (a new
-- installation, a new day's partition). Whoever serves may therefore have tables analyzed that have grown sixfold since
-- they last were; the function belongs to their owner, and gives way to whoever holds a lock.
CREATE FUNCTION gesher_analyze_grown_tables(least_rows bigint) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '50ms'
    AS $$
DECLARE
    grown regclass;
    analyzed text[] := '{}';
BEGIN
    FOR grown IN
        SELECT s.relid::regclass FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
        WHERE c.relnamespace = 'public'::regnamespace
          AND pg_has_role(current_user, c.relowner, 'USAGE')
          AND s.n_mod_since_analyze >= greatest(least_rows, 5 * greatest(c.reltuples, 0))
    LOOP
        BEGIN
            EXECUTE format('ANALYZE %s', grown);
            analyzed := analyzed || grown::text;
        EXCEPTION
            -- Somebody holds it, or a day's partition went since it was listed.
            WHEN lock_not_available OR undefined_table OR syntax_error THEN NULL;
        END;
    END LOOP;
    RETURN analyzed;
END
$$;
REVOKE ALL ON FUNCTION gesher_analyze_grown_tables(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gesher_analyze_grown_tables(bigint) TO gesher_service;
