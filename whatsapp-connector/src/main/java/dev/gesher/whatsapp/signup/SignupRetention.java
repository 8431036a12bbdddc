package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Retained;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Removes old links, attempts to connect and departures; what they came to is in the audit log. */
@Factory
final class SignupRetention {
    /** After the link's own half hour. */
    private static final Duration LINKS = Duration.ofDays(1);

    private static final Duration ATTEMPTS = Duration.ofDays(90);
    private static final Duration DEPARTURES = Duration.ofDays(90);

    @Singleton
    Retained links() {
        return new Retained(
                "connect_links", List.of("connect_links"), LINKS, SignupRetention::removeLinks);
    }

    @Singleton
    Retained attempts() {
        return new Retained(
                "connect_attempts",
                List.of("connect_attempts", "connect_attempt_steps"),
                ATTEMPTS,
                SignupRetention::removeAttempts);
    }

    @Singleton
    Retained departures() {
        return new Retained(
                "departures",
                List.of("connection_departures"),
                DEPARTURES,
                SignupRetention::removeDepartures);
    }

    private static int removeLinks(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM connect_links WHERE tenant_id = ? AND link_id = ANY (ARRAY(
                    SELECT link_id FROM connect_links WHERE tenant_id = ? AND expires_at < ?
                    LIMIT ? FOR UPDATE SKIP LOCKED))
                """,
                tenant,
                tenant,
                before,
                most);
    }

    /**
     * One that waits for somebody stays until it is abandoned, and the last that connected a number
     * as long as there is none after it: it tells whose the token is when the number is left.
     */
    private static int removeAttempts(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        var old =
                Tx.uuids(
                        tx.query(
                                """
                                SELECT a.attempt_id FROM connect_attempts a
                                WHERE a.tenant_id = ? AND a.updated_at < ?
                                  AND (a.final OR a.status IN ('done', 'abandoned'))
                                  AND (a.status <> 'done' OR EXISTS (
                                      SELECT FROM connect_attempts later
                                      WHERE later.tenant_id = a.tenant_id AND later.status = 'done'
                                        AND later.phone_number_id = a.phone_number_id
                                        AND (later.updated_at, later.attempt_id) > (a.updated_at, a.attempt_id)))
                                LIMIT ? FOR UPDATE OF a SKIP LOCKED
                                """,
                                row -> row.uuid("attempt_id"),
                                tenant,
                                before,
                                most));
        tx.update(
                "DELETE FROM connect_attempt_steps WHERE tenant_id = ? AND attempt_id = ANY(?)",
                tenant,
                old);
        return tx.update(
                "DELETE FROM connect_attempts WHERE tenant_id = ? AND attempt_id = ANY(?)",
                tenant,
                old);
    }

    /** One that is over, and not the last: that is told of the connection, and in a receipt. */
    private static int removeDepartures(Tx tx, TenantId tenant, Instant before, int most)
            throws SQLException {
        return tx.update(
                """
                DELETE FROM connection_departures WHERE tenant_id = ? AND departure_id = ANY (ARRAY(
                    SELECT d.departure_id FROM connection_departures d
                    WHERE d.tenant_id = ? AND d.ended_at < ?
                      AND EXISTS (
                          SELECT FROM connection_departures later
                          WHERE later.tenant_id = d.tenant_id
                            AND (later.started_at, later.departure_id) > (d.started_at, d.departure_id))
                    LIMIT ? FOR UPDATE OF d SKIP LOCKED))
                """,
                tenant,
                tenant,
                before,
                most);
    }
}
