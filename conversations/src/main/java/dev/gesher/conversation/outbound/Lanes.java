package dev.gesher.conversation.outbound;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The lanes' rows, as far as others than their holder touch them. Always the first rows a
 * transaction locks, in key order: the holder of a lane locks it before it touches a message.
 */
public final class Lanes {
    private Lanes() {}

    /** When something of a lane's is due. */
    public record Due(TenantId tenant, Instant at) {}

    /** Locks the lanes of {@code phoneNumberIds} that exist. */
    public static void lock(Tx tx, Collection<String> phoneNumberIds) throws SQLException {
        tx.query(
                """
                SELECT phone_number_id FROM lanes WHERE phone_number_id = any(?)
                ORDER BY phone_number_id FOR UPDATE
                """,
                row -> row.text("phone_number_id"),
                Tx.texts(List.copyOf(phoneNumberIds)));
    }

    /**
     * Brings lanes' next due times forward, making lanes that do not exist. It always locks the
     * rows: skipping a lane that is due already would miss its holder, who may be about to find
     * nothing left and say so.
     *
     * @return the tenants whose lane is another's by now, whose holder will not see what they have
     *     due: for {@link LeftMessages#look}
     */
    public static List<TenantId> due(Tx tx, Map<String, Due> lanes) throws SQLException {
        if (lanes.isEmpty()) {
            return List.of();
        }
        var entries = List.copyOf(lanes.entrySet());
        var held =
                tx.query(
                        """
                        INSERT INTO lanes AS l (phone_number_id, tenant_id, next_due_at)
                        SELECT n.phone_number_id, n.tenant_id, n.due_at FROM unnest(?, ?, ?) AS n(phone_number_id, tenant_id, due_at)
                        ORDER BY n.phone_number_id
                        ON CONFLICT (phone_number_id) DO UPDATE SET next_due_at = least(l.next_due_at, excluded.next_due_at)
                        RETURNING phone_number_id, tenant_id
                        """,
                        row -> Map.entry(row.text("phone_number_id"), row.tenant()),
                        Tx.texts(entries.stream().map(Map.Entry::getKey).toList()),
                        Tx.tenants(
                                entries.stream().map(entry -> entry.getValue().tenant()).toList()),
                        Tx.instants(entries.stream().map(entry -> entry.getValue().at()).toList()));
        var holders = new HashMap<String, TenantId>();
        held.forEach(lane -> holders.put(lane.getKey(), lane.getValue()));
        return entries.stream()
                .filter(entry -> !entry.getValue().tenant().equals(holders.get(entry.getKey())))
                .map(entry -> entry.getValue().tenant())
                .toList();
    }
}
