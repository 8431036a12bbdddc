SET lock_timeout = 0; -- waits, and nobody waits for it
DROP INDEX CONCURRENTLY IF EXISTS whatsapp_messages_by_acceptance;
CREATE INDEX CONCURRENTLY whatsapp_messages_by_acceptance ON whatsapp_messages (tenant_id, accepted_at);
DROP INDEX CONCURRENTLY IF EXISTS applied_changes_by_time;
CREATE INDEX CONCURRENTLY applied_changes_by_time ON applied_changes (tenant_id, applied_at);
DROP INDEX CONCURRENTLY IF EXISTS audit_log_by_time;
CREATE INDEX CONCURRENTLY audit_log_by_time ON audit_log (tenant_id, at);
