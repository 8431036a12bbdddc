package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.Collection;

/**
 * Keeps parking a number's changes and fetching them back when it is bound from missing each other.
 */
final class ParkingLocks {
    private ParkingLocks() {}

    /** Locks the numbers in order, until the transaction ends. */
    static void take(Tx tx, Collection<String> numbers) throws SQLException {
        for (var number : numbers.stream().distinct().sorted().toList()) {
            tx.query(
                    "SELECT pg_advisory_xact_lock(hashtextextended('webhook-parked:' || ?, 0))::text AS locked",
                    row -> true,
                    number);
        }
    }
}
