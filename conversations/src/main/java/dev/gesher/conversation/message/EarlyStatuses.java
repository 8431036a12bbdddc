package dev.gesher.conversation.message;

import dev.gesher.conversation.MessageId;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Statuses that came before their message was known: kept until whoever makes it known takes them,
 * in the transaction that does. Both hold the lane of the number, so that one sees the other.
 */
@Singleton
public final class EarlyStatuses {
    private final Clock clock;

    EarlyStatuses(Clock clock) {
        this.clock = clock;
    }

    /**
     * A status of nobody knows which message.
     *
     * @param sentAlong our id of the message and its attempt, if the status carries one
     */
    public record Early(TenantId tenant, StatusUpdate update, Optional<SentAlong> sentAlong) {}

    /** The id that we send along with a call. */
    public record SentAlong(UUID message, int attempt) {}

    /** An attempt of which Meta's id becomes known. */
    public record Known(MessageRows.Key message, int attempt, String waMessageId) {}

    private record Identity(TenantId tenant, String waMessageId, InboundSignal.Status status) {}

    /** Keeps statuses; one that is kept already stays as it is. */
    public void keep(Tx tx, List<Early> statuses) throws SQLException {
        var first = new LinkedHashMap<Identity, Early>();
        for (var each : statuses) {
            var update = each.update();
            first.putIfAbsent(
                    new Identity(each.tenant(), update.waMessageId(), update.status()), each);
        }
        if (first.isEmpty()) {
            return;
        }
        var list = List.copyOf(first.values());
        var now = clock.instant();
        tx.update(
                """
                INSERT INTO early_statuses (tenant_id, wa_message_id, status, at, message_id, attempt, error_code,
                    window_closed, billing, received_at)
                SELECT n.tenant_id, n.wa_message_id, n.status, n.at, n.message_id, n.attempt, n.error_code,
                    n.window_closed, n.billing::jsonb, ?
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, wa_message_id, status, at, message_id, attempt, error_code, window_closed, billing)
                ORDER BY n.tenant_id, n.wa_message_id, n.status
                ON CONFLICT DO NOTHING
                """,
                now,
                Tx.tenants(list.stream().map(Early::tenant).toList()),
                Tx.texts(list.stream().map(e -> e.update().waMessageId()).toList()),
                Tx.texts(list.stream().map(e -> name(e.update().status())).toList()),
                Tx.instants(list.stream().map(e -> e.update().at()).toList()),
                Tx.uuids(
                        list.stream()
                                .<@Nullable UUID>map(
                                        e -> e.sentAlong().map(SentAlong::message).orElse(null))
                                .toList()),
                Tx.integers(
                        list.stream()
                                .<@Nullable Integer>map(
                                        e -> e.sentAlong().map(SentAlong::attempt).orElse(null))
                                .toList()),
                Tx.texts(
                        list.stream()
                                .<@Nullable String>map(e ->
                                        e.update()
                                                .error()
                                                .map(InboundSignal.MetaError::code)
                                                .orElse(null))
                                .toList()),
                Tx.booleans(list.stream().map(e -> e.update().windowClosed()).toList()),
                Tx.texts(
                        list.stream()
                                .<@Nullable String>map(
                                        e -> Billing.of(e.update()).map(Billing::json).orElse(null))
                                .toList()));
    }

    /** Takes what is kept of attempts, in Meta's order. */
    public static List<StatusReport> take(Tx tx, Collection<Known> known) throws SQLException {
        if (known.isEmpty()) {
            return List.of();
        }
        var list = List.copyOf(known);
        var taken =
                new ArrayList<>(
                        tx.query(
                                """
                                WITH n AS (SELECT * FROM unnest(?, ?, ?, ?) AS n(tenant_id, message_id, attempt, known_as)),
                                found AS (
                                    SELECT n.*, e.wa_message_id, e.status FROM n JOIN early_statuses e
                                        ON e.tenant_id = n.tenant_id AND e.wa_message_id = n.known_as
                                    UNION
                                    SELECT n.*, e.wa_message_id, e.status FROM n JOIN early_statuses e
                                        ON e.tenant_id = n.tenant_id AND e.message_id = n.message_id AND e.attempt = n.attempt)
                                DELETE FROM early_statuses e USING found f
                                WHERE e.tenant_id = f.tenant_id AND e.wa_message_id = f.wa_message_id AND e.status = f.status
                                RETURNING f.tenant_id, f.message_id AS known_message_id, f.attempt AS known_attempt,
                                    e.wa_message_id, e.status, e.at, e.window_closed, e.error_code, e.billing
                                """,
                                EarlyStatuses::report,
                                Tx.tenants(list.stream().map(k -> k.message().tenant()).toList()),
                                Tx.uuids(list.stream().map(k -> k.message().id().value()).toList()),
                                Tx.integers(list.stream().map(Known::attempt).toList()),
                                Tx.texts(list.stream().map(Known::waMessageId).toList())));
        taken.sort(
                Comparator.comparing(StatusReport::at)
                        .thenComparing(StatusReport::status)
                        .thenComparing(StatusReport::waMessageId));
        return taken;
    }

    private static StatusReport report(Row row) throws SQLException {
        return new StatusReport(
                new MessageRows.Key(row.tenant(), new MessageId(row.uuid("known_message_id"))),
                row.integer("known_attempt"),
                row.text("wa_message_id"),
                InboundSignal.Status.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
                row.instant("at"),
                row.bool("window_closed"),
                Optional.ofNullable(row.nullableText("error_code")),
                Optional.ofNullable(row.nullableText("billing")).map(Billing::ofJson));
    }

    private static String name(InboundSignal.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }
}
