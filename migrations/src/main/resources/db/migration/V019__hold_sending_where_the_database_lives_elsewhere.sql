-- A process that goes on over a failover or a restore must send nothing before it has looked: the place tells at once.
CREATE OR REPLACE FUNCTION gesher_sending_is_held() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
        SELECT EXISTS (SELECT FROM sending_hold WHERE released_at IS NULL)
            OR coalesce(
                gesher_database_place() <> (SELECT place FROM database_generations ORDER BY number DESC LIMIT 1), false)
    $$;
