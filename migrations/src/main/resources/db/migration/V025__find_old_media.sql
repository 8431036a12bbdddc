SET lock_timeout = 0; -- waits, and nobody waits for it
DROP INDEX CONCURRENTLY IF EXISTS media_by_age;
CREATE INDEX CONCURRENTLY media_by_age ON media (tenant_id, created_at);
