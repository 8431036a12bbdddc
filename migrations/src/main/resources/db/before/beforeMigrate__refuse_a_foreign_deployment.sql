-- A demo that is pointed at production's database by mistake must not migrate it first and find out then.
DO $$
BEGIN
    IF to_regclass('deployment') IS NOT NULL THEN
        IF EXISTS (SELECT FROM deployment WHERE mode <> '${mode}') THEN
            RAISE EXCEPTION 'the database belongs to another deployment' USING ERRCODE = 'GE001';
        END IF;
    END IF;
END
$$;
