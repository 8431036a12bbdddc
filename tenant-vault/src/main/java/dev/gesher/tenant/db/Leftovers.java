package dev.gesher.tenant.db;

import jakarta.inject.Singleton;
import java.time.Duration;

/**
 * Removes what processes have told each other and read long since, and the marks of processes that
 * have ended; an hour old by the database's clock, which wrote their times.
 */
@Singleton
final class Leftovers implements PlatformJob {
    private static final int AT_ONCE = 1_000;

    private final TenantScope scope;

    Leftovers(TenantScope scope) {
        this.scope = scope;
    }

    @Override
    public String name() {
        return "leftovers";
    }

    @Override
    public Duration every() {
        return Duration.ofMinutes(10);
    }

    @Override
    public boolean round() {
        int notices =
                scope.platform(tx ->
                        tx.update(
                                """
                                DELETE FROM notices WHERE seq IN (
                                    SELECT seq FROM notices WHERE at < now() - interval '1 hour'
                                    ORDER BY at LIMIT ?)
                                """,
                                AT_ONCE));
        int leases =
                scope.platform(tx ->
                        tx.update(
                                """
                                DELETE FROM leases WHERE lease_name IN (
                                    SELECT lease_name FROM leases
                                    WHERE lease_name LIKE '%?%' AND expires_at < clock_timestamp() - interval '1 hour'
                                    LIMIT ? FOR UPDATE SKIP LOCKED)
                                """,
                                AT_ONCE));
        return notices == AT_ONCE || leases == AT_ONCE;
    }
}
