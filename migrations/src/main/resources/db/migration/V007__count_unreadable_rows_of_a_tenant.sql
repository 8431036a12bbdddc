-- The old keys of a tenant of whom something could not be read are kept.
ALTER TABLE key_rotations ADD rows_failed_here bigint NOT NULL DEFAULT 0;
