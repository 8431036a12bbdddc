package dev.gesher.conversation.outbound;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.conversation.SendRequest.Idempotency;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.outbound.AcceptBatch.Judged;
import dev.gesher.conversation.routing.Rules;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.MessageContent;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The SQL of accepting: keys and answers, messages, counts. */
final class AcceptRows {
    /** How long an answer is kept under its key. */
    static final Duration KEPT = Duration.ofHours(24);

    private static final String SERIALIZATION_FAILURE = "40001";

    private AcceptRows() {}

    /**
     * Answers to requests that were kept before: under the same key, or by this very item, when its
     * batch's commit was in doubt.
     */
    static Map<MessageId, SendAnswer> alreadyAnswered(
            Tx tx, ContentKeys keys, List<AcceptItem> items, Instant now) throws SQLException {
        var answers = new HashMap<MessageId, SendAnswer>();
        var keyed = items.stream().filter(i -> i.request().idempotency().isPresent()).toList();
        var kept = keptAnswers(tx, keyed, now);
        if (!kept.isEmpty()) {
            var ciphers = keys.of(tx, kept.stream().map(Kept::tenant).distinct().toList());
            for (var answer : kept) {
                var item = keyed.get(answer.ordinal());
                answers.put(item.id(), answerOf(item, answer, ciphers));
            }
        }
        var unkeyed = items.stream().filter(i -> i.request().idempotency().isEmpty()).toList();
        answers.putAll(ownMessages(tx, unkeyed));
        return answers;
    }

    private static SendAnswer answerOf(
            AcceptItem item, Kept kept, Map<TenantId, ContentCipher> ciphers) {
        var key = item.request().idempotency().orElseThrow();
        if (!Arrays.equals(key.fingerprint(), kept.fingerprint())) {
            return new SendAnswer.KeyReused();
        }
        var json =
                cipher(ciphers, kept.tenant()).decrypt(answerPlace(kept.object()), kept.answer());
        boolean replayed = !kept.object().equals(item.id().value());
        return Answers.read(new String(json, StandardCharsets.UTF_8), replayed);
    }

    private static List<Kept> keptAnswers(Tx tx, List<AcceptItem> items, Instant now)
            throws SQLException {
        if (items.isEmpty()) {
            return List.of();
        }
        return tx.query(
                """
                SELECT n.ordinal::int AS ordinal, k.tenant_id, k.fingerprint, k.answer, k.object_id
                FROM unnest(?, ?, ?, ?, ?) WITH ORDINALITY AS n(tenant_id, client_id, method, path, idempotency_key, ordinal)
                JOIN idempotency_keys k ON k.tenant_id = n.tenant_id AND k.client_id = n.client_id
                    AND k.method = n.method AND k.path = n.path AND k.idempotency_key = n.idempotency_key
                WHERE k.created_at > ? AND k.state = 'done'
                """,
                row ->
                        new Kept(
                                row.integer("ordinal") - 1,
                                row.tenant(),
                                row.bytes("fingerprint"),
                                row.bytes("answer"),
                                row.uuid("object_id")),
                tenants(items),
                Tx.texts(items.stream().map(i -> i.request().clientId()).toList()),
                keyTexts(items, Idempotency::method),
                keyTexts(items, Idempotency::path),
                keyTexts(items, Idempotency::key),
                now.minus(KEPT));
    }

    private static Map<MessageId, SendAnswer> ownMessages(Tx tx, List<AcceptItem> items)
            throws SQLException {
        var answers = new HashMap<MessageId, SendAnswer>();
        if (items.isEmpty()) {
            return answers;
        }
        tx.query(
                        """
                        SELECT m.message_id, m.conversation_id, m.decision::text AS decision
                        FROM unnest(?, ?) AS n(tenant_id, message_id)
                        JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                        """,
                        row ->
                                Answers.ofReceipt(
                                        new MessageId(row.uuid("message_id")),
                                        row.nullableUuid("conversation_id"),
                                        row.text("decision")),
                        tenants(items),
                        Tx.uuids(items.stream().map(i -> i.id().value()).toList()))
                .forEach(answer -> answers.put(Answers.messageOf(answer), answer));
        return answers;
    }

    static void insertMessages(
            Tx tx,
            List<Judged> judged,
            Map<Customer, Conversation> conversations,
            Map<TenantId, ContentCipher> ciphers,
            Instant now)
            throws SQLException {
        var linked =
                judged.stream()
                        .map(j -> Optional.ofNullable(conversations.get(j.customer())))
                        .toList();
        var content = new ArrayList<byte @Nullable []>();
        for (var each : judged) {
            content.add(
                    cipher(ciphers, each.tenant())
                            .encrypt(
                                    new Place(
                                            "whatsapp_messages",
                                            "content",
                                            each.item().id().value()),
                                    each.item().contentJson().getBytes(StandardCharsets.UTF_8)));
        }
        tx.updateExactly(
                judged.size(),
                """
                INSERT INTO whatsapp_messages (tenant_id, message_id, direction, conversation_id, contact_id, phone_number_id,
                    type, content, media_id, template_name, template_language, recipient_phone, recipient_user_id,
                    status, stage, routing, route, priority, reasons, decision, rule_version,
                    reference, client_id, correlation, trace_parent, accepted_at, not_before, expires_at)
                SELECT n.tenant_id, n.message_id, 'outbound', n.conversation_id, n.contact_id, n.phone_number_id,
                    n.type, n.content, n.media_id, n.template_name, n.template_language, n.recipient_phone, n.recipient_user_id,
                    n.status, n.stage, n.routing, n.route, n.priority, string_to_array(n.reasons, ','), n.decision::jsonb, ?,
                    n.reference, n.client_id, n.correlation, n.trace_parent, ?, n.not_before, n.expires_at
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    WITH ORDINALITY AS n(tenant_id, message_id, conversation_id, contact_id, phone_number_id,
                        type, content, media_id, template_name, template_language, recipient_phone, recipient_user_id,
                        status, stage, routing, route, priority, reasons, decision,
                        reference, client_id, correlation, trace_parent, not_before, expires_at, ordinal)
                ORDER BY n.ordinal
                ON CONFLICT DO NOTHING
                """,
                Rules.VERSION,
                now,
                Tx.tenants(judged.stream().map(Judged::tenant).toList()),
                Tx.uuids(judged.stream().map(j -> j.item().id().value()).toList()),
                Tx.uuids(
                        linked.stream()
                                .map(c -> c.map(found -> found.id().value()).orElse(null))
                                .toList()),
                Tx.uuids(
                        linked.stream()
                                .map(c -> c.map(Conversation::contact).orElse(null))
                                .toList()),
                texts(judged, j -> j.facts().phoneNumberId().orElse(null)),
                texts(judged, Judged::type),
                Tx.byteArrays(content),
                texts(judged, AcceptRows::mediaId),
                texts(judged, j -> j.item().shape().template().map(t -> t.name()).orElse(null)),
                texts(judged, Expiry::language),
                texts(judged, j -> j.customer().phone().orElse(null)),
                texts(judged, j -> j.customer().userId().orElse(null)),
                texts(judged, j -> j.state().status().code()),
                texts(judged, j -> MessageRows.code(j.state().stage())),
                texts(judged, j -> MessageRows.code(j.item().request().routing())),
                texts(judged, j -> MessageRows.code(j.state().route())),
                Tx.integers(judged.stream().map(Expiry::priority).toList()),
                texts(judged, j -> String.join(",", Expiry.reasons(j))),
                texts(judged, Judged::receipt),
                texts(judged, j -> j.item().request().reference().orElse(null)),
                texts(judged, j -> j.item().request().clientId()),
                texts(judged, j -> j.item().request().correlation()),
                texts(judged, j -> j.item().traceParent()),
                Tx.instants(judged.stream().map(j -> Expiry.notBefore(j, now)).toList()),
                Tx.instants(judged.stream().map(j -> Expiry.expiresAt(j, now)).toList()));
    }

    private static @Nullable String mediaId(Judged judged) {
        return judged.item().shape().freeForm().orElse(null)
                        instanceof MessageContent.Image(var id, var link, var caption)
                ? id
                : null;
    }

    /** Counts what was accepted in the conversations, whose rows are locked. */
    static void countMessages(
            Tx tx, List<Judged> allowed, Map<Customer, Conversation> conversations, Instant now)
            throws SQLException {
        var counts = new HashMap<UUID, Integer>();
        var tenantOf = new HashMap<UUID, TenantId>();
        for (var each : allowed) {
            var id = AcceptBatch.conversationOf(each, conversations).id().value();
            counts.merge(id, 1, Integer::sum);
            tenantOf.put(id, each.tenant());
        }
        if (counts.isEmpty()) {
            return;
        }
        var ids = List.copyOf(counts.keySet());
        tx.updateExactly(
                ids.size(),
                """
                UPDATE whatsapp_conversations c
                SET message_count = c.message_count + n.count, last_message_at = greatest(c.last_message_at, ?)
                FROM unnest(?, ?, ?) AS n(tenant_id, conversation_id, count)
                WHERE c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                """,
                now,
                Tx.uuids(ids.stream().map(id -> uuidOf(tenantOf, id)).toList()),
                Tx.uuids(ids),
                Tx.integers(ids.stream().<@Nullable Integer>map(counts::get).toList()));
    }

    private static @Nullable UUID uuidOf(Map<UUID, TenantId> tenants, UUID id) {
        var tenant = tenants.get(id);
        return tenant == null ? null : tenant.value();
    }

    /**
     * Keeps answers under their keys.
     *
     * @throws SQLException as a serialization failure, so that the batch runs again, when another
     *     process took a key meanwhile
     */
    static void insertKeys(
            Tx tx,
            List<Judged> judged,
            Map<MessageId, SendAnswer> answers,
            Map<TenantId, ContentCipher> ciphers,
            Instant now)
            throws SQLException {
        var items =
                judged.stream()
                        .map(Judged::item)
                        .filter(item -> item.request().idempotency().isPresent())
                        .toList();
        if (items.isEmpty()) {
            return;
        }
        var codes = new ArrayList<@Nullable Integer>();
        var sealed = new ArrayList<byte @Nullable []>();
        var fingerprints = new ArrayList<byte @Nullable []>();
        for (var item : items) {
            var answer = answers.get(item.id());
            if (answer == null) {
                throw new IllegalStateException("a request was not answered");
            }
            codes.add(Answers.statusCode(answer));
            sealed.add(
                    cipher(ciphers, item.request().tenant())
                            .encrypt(
                                    answerPlace(item.id().value()),
                                    Answers.write(answer).getBytes(StandardCharsets.UTF_8)));
            fingerprints.add(item.request().idempotency().orElseThrow().fingerprint());
        }
        int written =
                tx.update(
                        """
                        INSERT INTO idempotency_keys AS k (tenant_id, client_id, method, path, idempotency_key,
                            fingerprint, state, status_code, answer, object_id, created_at)
                        SELECT n.tenant_id, n.client_id, n.method, n.path, n.idempotency_key,
                            n.fingerprint, 'done', n.status_code, n.answer, n.object_id, ?
                        FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?)
                            AS n(tenant_id, client_id, method, path, idempotency_key, fingerprint, status_code, answer, object_id)
                        ORDER BY n.tenant_id, n.client_id, n.method, n.path, n.idempotency_key
                        ON CONFLICT (tenant_id, client_id, method, path, idempotency_key) DO UPDATE
                        SET fingerprint = excluded.fingerprint, state = 'done', status_code = excluded.status_code,
                            answer = excluded.answer, object_id = excluded.object_id, created_at = excluded.created_at
                        WHERE k.created_at <= ?
                        """,
                        now,
                        tenants(items),
                        Tx.texts(items.stream().map(i -> i.request().clientId()).toList()),
                        keyTexts(items, Idempotency::method),
                        keyTexts(items, Idempotency::path),
                        keyTexts(items, Idempotency::key),
                        Tx.byteArrays(fingerprints),
                        Tx.integers(codes),
                        Tx.byteArrays(sealed),
                        Tx.uuids(items.stream().map(i -> i.id().value()).toList()),
                        now.minus(KEPT));
        if (written != items.size()) {
            throw new SQLException("an idempotency key was taken meanwhile", SERIALIZATION_FAILURE);
        }
    }

    static ContentCipher cipher(Map<TenantId, ContentCipher> ciphers, TenantId tenant) {
        var cipher = ciphers.get(tenant);
        if (cipher == null) {
            throw new IllegalStateException("no data key of tenant " + tenant);
        }
        return cipher;
    }

    private static Place answerPlace(UUID object) {
        return new Place("idempotency_keys", "answer", object);
    }

    private static Object tenants(List<AcceptItem> items) {
        return Tx.tenants(items.stream().map(i -> i.request().tenant()).toList());
    }

    private static Object keyTexts(List<AcceptItem> items, Function<Idempotency, String> part) {
        return Tx.texts(
                items.stream()
                        .map(i -> part.apply(i.request().idempotency().orElseThrow()))
                        .toList());
    }

    private static Object texts(List<Judged> judged, Function<Judged, @Nullable String> value) {
        return Tx.texts(judged.stream().<@Nullable String>map(value).toList());
    }

    private record Kept(
            int ordinal, TenantId tenant, byte[] fingerprint, byte[] answer, UUID object) {}
}
