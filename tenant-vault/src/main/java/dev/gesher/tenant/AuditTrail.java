package dev.gesher.tenant;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Reads the audit trail. */
public interface AuditTrail {
    /**
     * What was done, newest first: with the tenant's own things, or for {@link TenantId#PLATFORM}
     * by the operator and with the platform's.
     *
     * @param limit 1 to {@link Cursor#MOST}
     * @throws Page.BadCursorException if the cursor is none of this list's
     */
    Page<Entry> list(TenantId tenant, Optional<String> cursor, int limit);

    /** One act; see {@link AuditLog#record} for the meaning. */
    record Entry(
            Instant at, String actor, String action, String object, Map<String, String> detail) {}
}
