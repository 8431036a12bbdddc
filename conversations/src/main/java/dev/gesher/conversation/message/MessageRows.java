package dev.gesher.conversation.message;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Receipt;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rows of our messages: read and locked, moved by {@link Transitions}, and written back with
 * one guarded statement.
 */
public final class MessageRows {
    private MessageRows() {}

    /** A message with its tenant. */
    public record Key(TenantId tenant, MessageId id) {}

    /** Locks messages of ours, in key order; one that does not exist is left out. */
    public static Map<Key, StoredMessage> lock(Tx tx, Collection<Key> keys) throws SQLException {
        var locked = new HashMap<Key, StoredMessage>();
        var list = List.copyOf(keys);
        if (list.isEmpty()) {
            return locked;
        }
        for (var message :
                tx.query(
                        """
                        SELECT m.* FROM whatsapp_messages m
                        JOIN unnest(?, ?) AS n(tenant_id, message_id)
                            ON m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                        WHERE m.direction = 'outbound'
                        ORDER BY m.tenant_id, m.message_id FOR UPDATE OF m
                        """,
                        MessageRows::read,
                        Tx.tenants(list.stream().map(Key::tenant).toList()),
                        Tx.uuids(list.stream().map(key -> key.id().value()).toList()))) {
            locked.put(new Key(message.tenant(), message.id()), message);
        }
        return locked;
    }

    /**
     * Writes changes of messages that this transaction has locked.
     *
     * @throws IllegalStateException if a row is no longer where its change starts
     */
    public static void write(Tx tx, List<Change> changes) throws SQLException {
        if (changes.isEmpty()) {
            return;
        }
        tx.updateExactly(
                changes.size(),
                """
                UPDATE whatsapp_messages m SET
                    stage = n.stage,
                    status = n.status,
                    outcome = n.outcome,
                    attempt = n.attempt,
                    retries = n.retries,
                    route = n.route,
                    fallback_after = n.fallback_after,
                    resent = n.resent,
                    error_code = n.error_code,
                    not_before = coalesce(n.not_before, m.not_before),
                    unknown_since = coalesce(n.unknown_since, m.unknown_since),
                    -- Meta gives an id once; were it given twice, the first row keeps it.
                    wa_message_id = CASE WHEN n.wa_message_id IS NULL OR n.wa_message_id = m.wa_message_id OR EXISTS (
                            SELECT FROM whatsapp_messages o
                            WHERE o.tenant_id = n.tenant_id AND o.wa_message_id = n.wa_message_id
                                AND o.message_id <> n.message_id)
                        THEN m.wa_message_id ELSE n.wa_message_id END,
                    sent_at = least(m.sent_at, n.sent_at),
                    delivered_at = least(m.delivered_at, n.delivered_at),
                    read_at = least(m.read_at, n.read_at),
                    played_at = least(m.played_at, n.played_at),
                    failed_at = least(m.failed_at, n.failed_at),
                    decision = coalesce(n.decision::jsonb, m.decision),
                    rule_version = coalesce(n.rule_version, m.rule_version),
                    template_language = coalesce(n.template_language, m.template_language),
                    reasons = CASE WHEN n.decision IS NULL THEN m.reasons
                                   ELSE string_to_array(n.reasons, ',') END,
                    billing = coalesce(n.billing::jsonb, m.billing)
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, message_id, from_stage, from_status, from_attempt,
                         stage, status, outcome, attempt, retries, route, fallback_after, resent, error_code,
                         not_before, unknown_since, wa_message_id,
                         sent_at, delivered_at, read_at, played_at, failed_at,
                         decision, rule_version, template_language, reasons, billing)
                WHERE m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                    AND m.stage = n.from_stage AND m.status = n.from_status AND m.attempt = n.from_attempt
                """,
                Tx.tenants(changes.stream().map(c -> c.before().tenant()).toList()),
                Tx.uuids(changes.stream().map(c -> c.before().id().value()).toList()),
                texts(changes, c -> code(c.before().state().stage())),
                texts(changes, c -> c.before().state().status().code()),
                integers(changes, c -> c.before().state().attempt()),
                texts(changes, c -> code(c.after().stage())),
                texts(changes, c -> c.after().status().code()),
                texts(changes, c -> code(c.after().outcome())),
                integers(changes, c -> c.after().attempt()),
                integers(changes, c -> c.after().retries()),
                texts(changes, c -> code(c.after().route())),
                integers(changes, c -> c.after().fallbackAfter()),
                Tx.booleans(changes.stream().map(c -> c.after().resent()).toList()),
                texts(changes, c -> c.after().errorCode()),
                instants(changes, Change::notBefore),
                instants(changes, Change::unknownSince),
                Tx.texts(waMessageIds(changes)),
                instants(changes, c -> c.times().sent()),
                instants(changes, c -> c.times().delivered()),
                instants(changes, c -> c.times().read()),
                instants(changes, c -> c.times().played()),
                instants(changes, c -> c.times().failed()),
                texts(changes, c -> receipt(c, Receipt::json)),
                integers(changes, c -> receipt(c, Receipt::ruleVersion)),
                texts(changes, c -> receipt(c, Receipt::language)),
                texts(changes, c -> receipt(c, r -> String.join(",", r.reasons()))),
                texts(changes, c -> c.billing() == null ? null : c.billing().json()));
    }

    /** Each of Meta's ids once, so that no two rows of a batch get the same. */
    private static List<@Nullable String> waMessageIds(List<Change> changes) {
        var given = new HashSet<Map.Entry<TenantId, String>>();
        var ids = new ArrayList<@Nullable String>();
        for (var change : changes) {
            var id = change.waMessageId();
            boolean first = id != null && given.add(Map.entry(change.before().tenant(), id));
            ids.add(first ? id : null);
        }
        return ids;
    }

    /** A row of {@code whatsapp_messages}, all columns selected, direction outbound. */
    public static StoredMessage read(Row row) throws SQLException {
        var templateName = Optional.ofNullable(row.nullableText("template_name"));
        var routing = Routing.valueOf(row.text("routing").toUpperCase(Locale.ROOT));
        var type = row.text("type");
        var state =
                new MessageState(
                        Stage.valueOf(row.text("stage").toUpperCase(Locale.ROOT)),
                        Status.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
                        value(Outcome.class, row.nullableText("outcome")),
                        row.integer("attempt"),
                        row.integer("retries"),
                        value(Route.class, row.nullableText("route")),
                        hasTemplate(type, routing, templateName),
                        row.integer("fallback_after"),
                        row.bool("resent"),
                        row.nullableText("error_code"));
        return new StoredMessage(
                row.tenant(),
                new MessageId(row.uuid("message_id")),
                row.longInteger("seq"),
                Optional.ofNullable(row.nullableUuid("conversation_id")).map(ConversationId::new),
                Optional.ofNullable(row.nullableUuid("contact_id")),
                Objects.requireNonNullElse(row.nullableText("phone_number_id"), ""),
                type,
                routing,
                row.integer("priority"),
                templateName,
                Optional.ofNullable(row.nullableText("template_language")),
                Optional.ofNullable(row.nullableText("recipient_phone")),
                Optional.ofNullable(row.nullableText("recipient_user_id")),
                Optional.ofNullable(row.nullableText("reference")),
                state,
                row.instant("accepted_at"),
                Optional.ofNullable(row.nullableInstant("not_before")),
                Optional.ofNullable(row.nullableInstant("expires_at")),
                Optional.ofNullable(row.nullableInstant("unknown_since")),
                Optional.ofNullable(row.nullableText("wa_message_id")),
                Optional.ofNullable(row.nullableText("billing")).map(Billing::ofJson));
    }

    /** Whether a message is free-form with a template to fall back on. */
    public static boolean hasTemplate(String type, Routing routing, Optional<String> templateName) {
        return routing == Routing.AUTO && !type.equals("template") && templateName.isPresent();
    }

    private static <E extends Enum<E>> @Nullable E value(Class<E> type, @Nullable String code) {
        return code == null ? null : Enum.valueOf(type, code.toUpperCase(Locale.ROOT));
    }

    /** The word for an enum's value in rows. */
    public static @Nullable String code(@Nullable Enum<?> value) {
        return value == null ? null : value.name().toLowerCase(Locale.ROOT);
    }

    private static <T> @Nullable T receipt(Change change, Function<Receipt, @Nullable T> part) {
        var receipt = change.receipt();
        return receipt == null ? null : part.apply(receipt);
    }

    private static Object texts(List<Change> changes, Function<Change, @Nullable String> value) {
        return Tx.texts(changes.stream().<@Nullable String>map(value).toList());
    }

    private static Object integers(
            List<Change> changes, Function<Change, @Nullable Integer> value) {
        return Tx.integers(changes.stream().<@Nullable Integer>map(value).toList());
    }

    private static Object instants(
            List<Change> changes, Function<Change, @Nullable Instant> value) {
        return Tx.instants(changes.stream().<@Nullable Instant>map(value).toList());
    }
}
