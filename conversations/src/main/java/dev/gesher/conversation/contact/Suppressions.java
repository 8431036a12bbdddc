package dev.gesher.conversation.contact;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.contact.Identities.ContactKey;
import dev.gesher.conversation.contact.Identities.Union;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What contacts told Meta that they want no more: the newest word by Meta's time counts. */
public final class Suppressions {
    private Suppressions() {}

    /**
     * A contact's word on advertising.
     *
     * @param cause {@code meta_preference}, {@code meta_signup}, {@code meta_refused}
     * @param at by Meta's clock
     * @param source what it came with
     */
    public record Word(
            TenantId tenant,
            UUID contact,
            boolean suppressed,
            String cause,
            Instant at,
            Optional<String> source) {
        private Word of(UUID other) {
            return new Word(tenant, other, suppressed, cause, at, source);
        }

        /** Of two at one time the stricter counts. */
        boolean isNewerThan(Instant other, boolean othersWord) {
            return at.isAfter(other) || (at.equals(other) && suppressed && !othersWord);
        }
    }

    /** Keeps words and tells of those that change something. */
    public static List<NewEvent> apply(Tx tx, List<Word> words) throws SQLException {
        if (words.isEmpty()) {
            return List.of();
        }
        var newest = new TreeMap<ContactKey, Word>();
        stillThere(tx, words)
                .forEach(word ->
                        newest.merge(
                                new ContactKey(word.tenant(), word.contact()),
                                word,
                                (one, other) ->
                                        other.isNewerThan(one.at(), one.suppressed())
                                                ? other
                                                : one));
        var kept = lock(tx, List.copyOf(newest.keySet()));
        var written = new ArrayList<Word>();
        var told = new ArrayList<NewEvent>();
        newest.forEach((key, word) -> {
            var before = kept.get(key);
            if (before == null || word.isNewerThan(before.since(), before.suppressed())) {
                written.add(word);
                if ((before != null && before.suppressed()) != word.suppressed()) {
                    told.add(event(word));
                }
            }
        });
        write(tx, written);
        return told;
    }

    /** A contact may have gone into another since its message was looked up. */
    private static List<Word> stillThere(Tx tx, List<Word> words) throws SQLException {
        var into = new HashMap<ContactKey, UUID>();
        tx.query(
                        """
                        SELECT m.tenant_id, m.from_contact_id, m.into_contact_id FROM contact_merges m
                        JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                            ON m.tenant_id = n.tenant_id AND m.from_contact_id = n.contact_id
                        """,
                        row ->
                                Map.entry(
                                        new ContactKey(row.tenant(), row.uuid("from_contact_id")),
                                        row.uuid("into_contact_id")),
                        Tx.tenants(words.stream().map(Word::tenant).toList()),
                        Tx.uuids(words.stream().map(Word::contact).toList()))
                .forEach(entry -> into.put(entry.getKey(), entry.getValue()));
        return words.stream()
                .map(word ->
                        word.of(
                                into.getOrDefault(
                                        new ContactKey(word.tenant(), word.contact()),
                                        word.contact())))
                .toList();
    }

    private record Kept(boolean suppressed, Instant since) {}

    private static Map<ContactKey, Kept> lock(Tx tx, List<ContactKey> keys) throws SQLException {
        var kept = new HashMap<ContactKey, Kept>();
        tx.query(
                        """
                        SELECT s.tenant_id, s.contact_id, s.suppressed, s.since FROM contact_suppressions s
                        JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                            ON s.tenant_id = n.tenant_id AND s.contact_id = n.contact_id
                        WHERE s.scope = 'marketing'
                        ORDER BY s.tenant_id, s.contact_id FOR UPDATE OF s
                        """,
                        row ->
                                Map.entry(
                                        new ContactKey(row.tenant(), row.uuid("contact_id")),
                                        new Kept(row.bool("suppressed"), row.instant("since"))),
                        Tx.tenants(keys.stream().map(ContactKey::tenant).toList()),
                        Tx.uuids(keys.stream().map(ContactKey::id).toList()))
                .forEach(entry -> kept.put(entry.getKey(), entry.getValue()));
        return kept;
    }

    /** Should somebody have been faster, the newest stays all the same. */
    private static void write(Tx tx, List<Word> words) throws SQLException {
        if (words.isEmpty()) {
            return;
        }
        tx.update(
                """
                INSERT INTO contact_suppressions AS s (tenant_id, contact_id, scope, suppressed, cause, since, source)
                SELECT n.tenant_id, n.contact_id, 'marketing', n.suppressed, n.cause, n.since, n.source
                FROM unnest(?, ?, ?, ?, ?, ?) AS n(tenant_id, contact_id, suppressed, cause, since, source)
                ORDER BY n.tenant_id, n.contact_id
                ON CONFLICT (tenant_id, contact_id, scope) DO UPDATE
                SET suppressed = excluded.suppressed, cause = excluded.cause, since = excluded.since,
                    source = excluded.source
                WHERE excluded.since > s.since
                    OR (excluded.since = s.since AND excluded.suppressed AND NOT s.suppressed)
                """,
                Tx.tenants(words.stream().map(Word::tenant).toList()),
                Tx.uuids(words.stream().map(Word::contact).toList()),
                Tx.booleans(words.stream().map(Word::suppressed).toList()),
                Tx.texts(words.stream().map(Word::cause).toList()),
                Tx.instants(words.stream().map(Word::at).toList()),
                Tx.texts(
                        words.stream()
                                .<@Nullable String>map(word -> word.source().orElse(null))
                                .toList()));
    }

    private static NewEvent event(Word word) {
        var data = JsonNodeFactory.instance.objectNode();
        data.put("contact_id", word.contact().toString());
        data.put("cause", word.cause());
        data.put("since", word.at().toString());
        return new NewEvent(
                word.tenant(),
                word.suppressed() ? "contact.marketing_stopped" : "contact.marketing_resumed",
                word.at(),
                Optional.empty(),
                data);
    }

    /** One of two contacts does not want it: neither does the one that they are. */
    static void unite(Tx tx, Union union) throws SQLException {
        tx.update(
                """
                INSERT INTO contact_suppressions AS s (tenant_id, contact_id, scope, suppressed, cause, since, source)
                SELECT tenant_id, ?::uuid, scope, suppressed, cause, since, source FROM contact_suppressions
                WHERE tenant_id = ? AND contact_id = ?
                ON CONFLICT (tenant_id, contact_id, scope) DO UPDATE
                SET suppressed = s.suppressed OR excluded.suppressed,
                    cause = CASE WHEN excluded.suppressed AND NOT s.suppressed THEN excluded.cause ELSE s.cause END,
                    source = CASE WHEN excluded.suppressed AND NOT s.suppressed THEN excluded.source ELSE s.source END,
                    since = greatest(s.since, excluded.since)
                """,
                union.into().id(),
                union.into().tenant(),
                union.from().id());
        tx.update(
                "DELETE FROM contact_suppressions WHERE tenant_id = ? AND contact_id = ?",
                union.into().tenant(),
                union.from().id());
    }
}
