package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Rows of tenants that are removed when they have been kept long enough: a bean per kind. Every
 * kind stands in docs/configuration.md, and a test holds the two together.
 *
 * @param kind names it in metrics
 * @param tables whose rows these are
 * @param kept how long, by the injected clock
 */
public record Retained(String kind, List<String> tables, Duration kept, Removal removal) {
    /** Removes some of what is old. */
    public interface Removal {
        /**
         * Removes at most {@code most} rows (what hangs on them aside) of {@code tenant} that are
         * older than {@code before}, passing over what others hold; returns how many.
         */
        int remove(Tx tx, TenantId tenant, Instant before, int most) throws SQLException;
    }
}
