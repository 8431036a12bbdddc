package dev.gesher.app.health;

import dev.gesher.tenant.db.TenantScope;
import jakarta.inject.Singleton;

/** Asks the database for a sign of life. */
@Singleton
final class DatabaseProbe {
    private final TenantScope scope;

    DatabaseProbe(TenantScope scope) {
        this.scope = scope;
    }

    boolean answers() {
        try {
            return scope.platform(tx ->
                    tx.one("SELECT 1 AS alive", row -> row.integer("alive") == 1).orElse(false));
        } catch (RuntimeException away) {
            return false;
        }
    }
}
