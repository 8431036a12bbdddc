-- Which keys, besides the one that wraps, still have to open something: a start without one of them is refused.
ALTER TABLE deployment ADD former_fingerprints text[] NOT NULL DEFAULT '{}';
COMMENT ON TABLE deployment IS 'kind: platform. What this database belongs to: its mode, the fingerprint of the key-encryption key that wraps, and of former ones that still open.';

-- A new key is in every replica's memory before anybody encrypts with it (database clock).
ALTER TABLE tenant_keys ADD encrypts_from timestamptz NOT NULL DEFAULT '-infinity';

CREATE TABLE key_holders (
    holder_id     uuid PRIMARY KEY,
    fingerprints  text[] NOT NULL,
    seen_at       timestamptz NOT NULL
);
COMMENT ON TABLE key_holders IS 'kind: platform. Running processes and the fingerprints of the key-encryption keys they have, by the database''s clock: a rotation waits for none that could not read what it writes.';
GRANT SELECT, INSERT, UPDATE, DELETE ON key_holders TO gesher_service;

CREATE TABLE key_rotations (
    rotation_id       uuid PRIMARY KEY,
    layer             text NOT NULL CHECK (layer IN ('key_encryption_key', 'data_keys')),
    tenant_id         uuid,
    destroy_old_keys  boolean NOT NULL DEFAULT false,
    state             text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    step              text NOT NULL CHECK (step IN ('make_keys', 'settle', 'reencrypt', 'rewrap')),
    after_tenant      uuid,
    after_column      text,
    after_row         text,
    keys_made_at      timestamptz,
    total             integer NOT NULL DEFAULT 0,
    done              integer NOT NULL DEFAULT 0,
    failed            integer NOT NULL DEFAULT 0,
    rows_done         bigint NOT NULL DEFAULT 0,
    rows_failed       bigint NOT NULL DEFAULT 0,
    requested_by      text NOT NULL,
    requested_at      timestamptz NOT NULL,
    started_at        timestamptz,
    finished_at       timestamptz,
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL))
);
COMMENT ON TABLE key_rotations IS 'kind: platform. Rotations of keys, with their progress in tenants (the platform counts as one) and the place where whoever goes on begins.';
CREATE UNIQUE INDEX key_rotations_one_under_way ON key_rotations (layer) WHERE finished_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON key_rotations TO gesher_service;
