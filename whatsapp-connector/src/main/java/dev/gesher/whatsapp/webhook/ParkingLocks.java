package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.Collection;
import java.util.stream.Stream;

/**
 * Keeps parking a number's changes and fetching them back when it is bound from missing each other.
 */
final class ParkingLocks {
    private ParkingLocks() {}

    /** Locks numbers and accounts in order, until the transaction ends. */
    static void take(Tx tx, Collection<String> numbers, Collection<String> wabas)
            throws SQLException {
        var names =
                Stream.concat(numbers.stream(), wabas.stream().map(waba -> "waba:" + waba))
                        .distinct()
                        .sorted()
                        .toList();
        for (var name : names) {
            tx.query(
                    "SELECT pg_advisory_xact_lock(hashtextextended('webhook-parked:' || ?, 0))::text AS locked",
                    row -> true,
                    name);
        }
    }
}
