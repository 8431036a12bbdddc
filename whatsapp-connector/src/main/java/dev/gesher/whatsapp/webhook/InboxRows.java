package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Group commit of received bodies: a row of the inbox and a narrow one that says it is pending. */
final class InboxRows implements BatchWriter.Batch<InboxRows.Body, Boolean> {
    private static final Meters.Sizes SIZES =
            Meters.sizes("gesher.webhook.batch.size", "Bodies of one commit");

    private final Wakeups wakeups;

    InboxRows(Wakeups wakeups) {
        this.wakeups = wakeups;
    }

    /**
     * A body as it will be stored.
     *
     * @param deliveryId makes storing it twice store it once
     * @param encrypted under the key of {@code day}, for {@link #place} of this delivery
     */
    record Body(
            UUID deliveryId,
            Instant receivedAt,
            LocalDate day,
            byte[] encrypted,
            String correlation) {}

    /** What a body's ciphertext is bound to. */
    static String place(UUID deliveryId) {
        return "webhook_inbox:" + deliveryId;
    }

    @Override
    public Set<TenantId> tenants(Body body) {
        return Set.of();
    }

    @Override
    public long bytes(Body body) {
        return body.encrypted().length;
    }

    @Override
    public List<Boolean> write(Tx tx, List<Body> bodies) throws SQLException {
        tx.update(
                """
                WITH stored AS (
                    INSERT INTO webhook_inbox (delivery_id, received_at, key_day, body, correlation)
                    SELECT * FROM unnest(?, ?, ?, ?, ?)
                    ON CONFLICT (key_day, delivery_id) DO NOTHING
                    RETURNING inbox_id, key_day, octet_length(body) AS bytes)
                INSERT INTO webhook_inbox_pending (heavy, inbox_id, key_day, bytes)
                SELECT bytes > 65536, inbox_id, key_day, bytes FROM stored
                """,
                Tx.uuids(bodies.stream().map(Body::deliveryId).toList()),
                Tx.instants(bodies.stream().map(Body::receivedAt).toList()),
                Tx.integers(bodies.stream().map(body -> KeyDay.stored(body.day())).toList()),
                Tx.byteArrays(bodies.stream().map(Body::encrypted).toList()),
                Tx.texts(bodies.stream().map(Body::correlation).toList()));
        tx.afterCommit(() -> {
            SIZES.add(bodies.size());
            wakeups.wake(Splitter.TOPIC);
        });
        return bodies.stream().map(body -> true).toList();
    }
}
