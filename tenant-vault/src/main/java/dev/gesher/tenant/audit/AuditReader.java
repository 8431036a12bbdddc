package dev.gesher.tenant.audit;

import dev.gesher.tenant.AuditTrail;
import dev.gesher.tenant.Cursor;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Optional;

/** Reads the audit trail. */
@Singleton
final class AuditReader implements AuditTrail {
    private static final String LIST = "u1";

    private final TenantScope scope;

    AuditReader(TenantScope scope) {
        this.scope = scope;
    }

    private record Placed(long seq, Entry entry) {}

    @Override
    public Page<Entry> list(TenantId tenant, Optional<String> cursor, int limit) {
        Cursor.checkLimit(limit);
        long before =
                cursor.map(text -> seq(Cursor.read(LIST, text).name())).orElse(Long.MAX_VALUE);
        var rows =
                scope.in(
                        tenant,
                        tx ->
                                tx.query(
                                        """
                                        SELECT seq, at, actor, action, object,
                                            ARRAY(SELECT key FROM jsonb_each_text(detail) ORDER BY key) AS keys,
                                            ARRAY(SELECT value FROM jsonb_each_text(detail) ORDER BY key) AS values
                                        FROM audit_log WHERE tenant_id = ? AND seq < ?
                                        ORDER BY seq DESC LIMIT ?
                                        """,
                                        AuditReader::placed,
                                        tenant,
                                        before,
                                        limit + 1));
        var page =
                Cursor.page(
                        LIST,
                        rows,
                        limit,
                        last -> new Cursor(last.entry().at(), Long.toString(last.seq())));
        return new Page<>(page.data().stream().map(Placed::entry).toList(), page.nextCursor());
    }

    private static Placed placed(Row row) throws SQLException {
        var detail = new LinkedHashMap<String, String>();
        var keys = row.texts("keys");
        var values = row.texts("values");
        for (int n = 0; n < keys.size(); n++) {
            detail.put(keys.get(n), values.get(n));
        }
        return new Placed(
                row.longInteger("seq"),
                new Entry(
                        row.instant("at"),
                        row.text("actor"),
                        row.text("action"),
                        row.text("object"),
                        detail));
    }

    private static long seq(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new Page.BadCursorException();
        }
    }
}
