package dev.gesher.conversation.inbound;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.ContactBook.Opened;
import dev.gesher.conversation.contact.ContactMerges;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.contact.WindowEvents;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.media.MediaArrivals;
import dev.gesher.conversation.media.MediaArrivals.Arrival;
import dev.gesher.conversation.media.MediaData;
import dev.gesher.conversation.message.EarlyStatuses;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal.Source;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what was written in conversations, each message once, whichever field brought it, and opens
 * windows by Meta's timestamps.
 */
@Singleton
final class CustomerMessages {
    /** How long answers are free after a customer came from an advertisement; price only. */
    private static final Duration FREE_ENTRY = Duration.ofDays(3);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Clock clock;
    private final ContentKeys keys;
    private final ContactMerges merges;
    private final MediaArrivals media;

    CustomerMessages(Clock clock, ContentKeys keys, ContactMerges merges, MediaArrivals media) {
        this.clock = clock;
        this.keys = keys;
        this.merges = merges;
        this.media = media;
    }

    /**
     * What was done.
     *
     * @param appeared messages of the business that its app wrote, for which statuses may wait
     * @param amended messages that an edit or a revocation waited for
     */
    record Applied(Opened people, List<EarlyStatuses.Known> appeared, Set<Sighting> amended) {}

    /** A message that was not known before, or only from history. */
    private record New(UUID id, Written written, Conversation conversation) {
        TenantId tenant() {
            return written.tenant();
        }
    }

    /** By what a message is known again. */
    record Sighting(TenantId tenant, String waMessageId) {}

    /**
     * A message that is known.
     *
     * @param lacks whether it may have gaps that a later sighting fills
     * @param lacksMedia whether it knows of no file
     * @param ofHistory whether history brought it, from whichever side
     */
    private record KnownMessage(
            Sighting sighting,
            UUID id,
            boolean inbound,
            boolean lacks,
            boolean lacksMedia,
            boolean ofHistory) {}

    /**
     * Applies messages, and what statuses tell of conversations.
     *
     * @param met who else is to be known
     * @param standing what statuses tell of conversations' windows and prices
     */
    Applied apply(
            Tx tx,
            List<Received> received,
            List<Customer> met,
            Map<ConversationId, Standing> standing,
            List<NewEvent> events)
            throws SQLException {
        var now = clock.instant();
        var first = new LinkedHashMap<Sighting, Written>();
        for (var each : received) {
            Written.of(each, now).ifPresent(w -> first.putIfAbsent(w.sighting(), w));
        }
        var amended = new HashSet<Sighting>();
        var known = known(tx, first, amended);
        var again = new HashMap<Sighting, KnownMessage>();
        known.forEach(each -> again.put(each.sighting(), each));
        var unknown =
                first.values().stream().filter(w -> !again.containsKey(w.sighting())).toList();
        // What history brought first has now come as a customer writes.
        var live =
                first.values().stream()
                        .filter(w -> w.source() == Source.LIVE)
                        .filter(w -> isFromHistory(again.get(w.sighting())))
                        .toList();
        var people = new ArrayList<>(unknown);
        people.addAll(live);
        var opened = merges.open(tx, customers(people), met, now, events);
        var locked = new HashMap<ConversationId, Conversation>();
        opened.conversations().values().forEach(c -> locked.put(c.id(), c));
        var standings = lockOthers(tx, locked, standing);
        var tenants = new LinkedHashSet<TenantId>();
        first.values().forEach(w -> tenants.add(w.tenant()));
        var ciphers = keys.of(tx, tenants);
        var inserted = insert(tx, unknown, opened, ciphers, now);
        var filled = fill(tx, first, known, ciphers);
        var heard = new LinkedHashMap<ConversationId, Heard>();
        for (var each : inserted) {
            hear(heard, each).count(each);
        }
        var fresh = new ArrayList<>(inserted);
        for (var written : live) {
            var message = again.get(written.sighting());
            var conversation = opened.conversations().get(written.customer());
            if (message != null && conversation != null) {
                var each = new New(message.id(), written, conversation);
                hear(heard, each).hear(each);
                fresh.add(each);
            }
        }
        changeConversations(tx, heard, locked, standings, ciphers, now, events);
        var files = media.arrived(tx, files(inserted, filled, now));
        for (var each : fresh) {
            told(each, files.get(new MessageId(each.id()))).ifPresent(events::add);
        }
        var appeared = inserted.stream().filter(each -> !each.written().inbound()).toList();
        return new Applied(
                opened,
                appeared.stream()
                        .map(each ->
                                new EarlyStatuses.Known(
                                        new MessageRows.Key(
                                                each.tenant(), new MessageId(each.id())),
                                        0,
                                        each.written().waMessageId()))
                        .toList(),
                amended);
    }

    private static Heard hear(Map<ConversationId, Heard> heard, New each) {
        return heard.computeIfAbsent(
                each.conversation().id(), id -> new Heard(each.conversation()));
    }

    private static boolean isFromHistory(@Nullable KnownMessage known) {
        return known != null && known.inbound() && known.ofHistory();
    }

    /**
     * Messages the tenant has already, whichever field brought them.
     *
     * @param amended gets those that an edit or a revocation waits for
     */
    private static List<KnownMessage> known(
            Tx tx, Map<Sighting, Written> first, Set<Sighting> amended) throws SQLException {
        if (first.isEmpty()) {
            return List.of();
        }
        var known = new ArrayList<KnownMessage>();
        var sightings = List.copyOf(first.keySet());
        tx.query(
                        """
                        WITH n AS (SELECT * FROM unnest(?, ?) AS n(tenant_id, wa_message_id))
                        SELECT m.tenant_id, m.wa_message_id, m.message_id, m.direction = 'inbound' AS inbound,
                            (m.direction = 'inbound' OR m.source IS NOT NULL) AND m.revoked_at IS NULL AS lacks, m.media_id IS NULL AS lacks_media,
                            m.source IS NOT DISTINCT FROM 'history' AS of_history
                        FROM n JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.wa_message_id = n.wa_message_id
                        UNION ALL
                        SELECT DISTINCT a.tenant_id, a.original_wa_message_id, NULL::uuid, false, false, false, false
                        FROM n JOIN message_amendments a
                            ON a.tenant_id = n.tenant_id AND a.original_wa_message_id = n.wa_message_id
                        WHERE NOT a.applied
                        """,
                        row -> {
                            var sighting = new Sighting(row.tenant(), row.text("wa_message_id"));
                            var id = row.nullableUuid("message_id");
                            return id == null
                                    ? new Found(sighting, Optional.empty())
                                    : new Found(
                                            sighting,
                                            Optional.of(
                                                    new KnownMessage(
                                                            sighting,
                                                            id,
                                                            row.bool("inbound"),
                                                            row.bool("lacks"),
                                                            row.bool("lacks_media"),
                                                            row.bool("of_history"))));
                        },
                        Tx.tenants(sightings.stream().map(Sighting::tenant).toList()),
                        Tx.texts(sightings.stream().map(Sighting::waMessageId).toList()))
                .forEach(found ->
                        found.message()
                                .ifPresentOrElse(known::add, () -> amended.add(found.sighting())));
        dropOurs(tx, first);
        return known;
    }

    private record Found(Sighting sighting, Optional<KnownMessage> message) {}

    /** What the app and history tell of may be an attempt of ours that a later one followed. */
    private static void dropOurs(Tx tx, Map<Sighting, Written> first) throws SQLException {
        var ofBusiness =
                first.values().stream().filter(w -> !w.inbound()).map(Written::sighting).toList();
        if (ofBusiness.isEmpty()) {
            return;
        }
        tx.query(
                        """
                        SELECT a.tenant_id, a.wa_message_id FROM unnest(?, ?) AS n(tenant_id, wa_message_id)
                        JOIN whatsapp_message_attempts a
                            ON a.tenant_id = n.tenant_id AND a.wa_message_id = n.wa_message_id
                        """,
                        row -> new Sighting(row.tenant(), row.text("wa_message_id")),
                        Tx.tenants(ofBusiness.stream().map(Sighting::tenant).toList()),
                        Tx.texts(ofBusiness.stream().map(Sighting::waMessageId).toList()))
                .forEach(first::remove);
    }

    private static Set<Customer> customers(List<Written> written) {
        var customers = new LinkedHashSet<Customer>();
        written.forEach(each -> customers.add(each.customer()));
        return customers;
    }

    /**
     * All conversations of this batch, locked; those that a status names may be others, or have
     * gone into others. Answers what statuses tell of each.
     */
    private static Map<ConversationId, Standing> lockOthers(
            Tx tx, Map<ConversationId, Conversation> locked, Map<ConversationId, Standing> standing)
            throws SQLException {
        var others = new HashMap<ConversationId, TenantId>();
        standing.forEach((id, told) -> {
            if (!locked.containsKey(id)) {
                others.put(id, told.tenant());
            }
        });
        var found = ContactBook.lock(tx, others);
        found.values().forEach(conversation -> locked.put(conversation.id(), conversation));
        var standings = new HashMap<ConversationId, Standing>();
        standing.forEach((id, told) ->
                Optional.ofNullable(locked.get(id))
                        .or(() -> Optional.ofNullable(found.get(id)))
                        .ifPresent(c -> standings.merge(c.id(), told, Standing::and)));
        return standings;
    }

    private static List<New> insert(
            Tx tx,
            List<Written> written,
            Opened opened,
            Map<TenantId, ContentCipher> ciphers,
            Instant now)
            throws SQLException {
        var fresh = new ArrayList<New>();
        var content = new ArrayList<byte @Nullable []>();
        for (var each : written) {
            var conversation = opened.conversations().get(each.customer());
            if (conversation == null) {
                throw new IllegalStateException("no conversation was opened");
            }
            var id = UuidCreator.getTimeOrderedEpoch();
            fresh.add(new New(id, each, conversation));
            content.add(sealed(ciphers, each, id));
        }
        if (fresh.isEmpty()) {
            return fresh;
        }
        var inserted =
                new HashSet<>(
                        tx.query(
                                """
                                INSERT INTO whatsapp_messages (tenant_id, message_id, direction, conversation_id, contact_id,
                                    phone_number_id, type, content, media_id, sender_phone, sender_user_id,
                                    recipient_phone, recipient_user_id, wa_message_id, context_wa_message_id, status, stage,
                                    routing, error_code, source, correlation, accepted_at, wa_timestamp, sent_at)
                                SELECT n.tenant_id, n.message_id, n.direction, n.conversation_id, n.contact_id,
                                    n.phone_number_id, n.type, n.content, n.media_id,
                                    CASE n.direction WHEN 'inbound' THEN n.phone END, CASE n.direction WHEN 'inbound' THEN n.user_id END,
                                    CASE n.direction WHEN 'outbound' THEN n.phone END, CASE n.direction WHEN 'outbound' THEN n.user_id END,
                                    n.wa_message_id, n.context_wa_message_id, n.status, 'done',
                                    CASE n.direction WHEN 'outbound' THEN 'freeform' END,
                                    CASE n.status WHEN 'failed' THEN 'failed' END,
                                    n.source, n.correlation, ?, n.wa_timestamp,
                                    CASE WHEN n.direction = 'outbound' AND n.status <> 'failed' THEN n.wa_timestamp END
                                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WITH ORDINALITY
                                    AS n(tenant_id, message_id, direction, conversation_id, contact_id, phone_number_id, type,
                                        content, media_id, phone, user_id, wa_message_id, context_wa_message_id,
                                        status, source, correlation, wa_timestamp, ordinal)
                                ORDER BY n.ordinal
                                ON CONFLICT (tenant_id, wa_message_id) WHERE wa_message_id IS NOT NULL DO NOTHING
                                RETURNING message_id
                                """,
                                row -> row.uuid("message_id"),
                                now,
                                Tx.tenants(fresh.stream().map(New::tenant).toList()),
                                Tx.uuids(fresh.stream().map(New::id).toList()),
                                texts(fresh, w -> w.inbound() ? "inbound" : "outbound"),
                                Tx.uuids(
                                        fresh.stream()
                                                .map(f -> f.conversation().id().value())
                                                .toList()),
                                Tx.uuids(
                                        fresh.stream()
                                                .map(f -> f.conversation().contact())
                                                .toList()),
                                texts(fresh, Written::phoneNumberId),
                                texts(fresh, Written::type),
                                Tx.byteArrays(content),
                                texts(fresh, w -> w.mediaId().orElse(null)),
                                texts(fresh, w -> w.customer().phone().orElse(null)),
                                texts(fresh, w -> w.customer().userId().orElse(null)),
                                texts(fresh, Written::waMessageId),
                                texts(fresh, w -> w.context().orElse(null)),
                                texts(fresh, Written::status),
                                texts(fresh, CustomerMessages::source),
                                texts(fresh, Written::correlation),
                                Tx.instants(fresh.stream().map(f -> f.written().at()).toList())));
        return fresh.stream().filter(each -> inserted.contains(each.id())).toList();
    }

    private static @Nullable String source(Written written) {
        return switch (written.source()) {
            case LIVE -> null;
            case ECHO -> "app";
            case HISTORY -> "history";
        };
    }

    private static byte[] sealed(
            Map<TenantId, ContentCipher> ciphers, Written written, UUID message) {
        return cipher(ciphers, written.tenant())
                .encrypt(
                        new Place("whatsapp_messages", "content", message),
                        written.storedContent().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Later sightings fill gaps and change nothing else. What history brought is of no history any
     * more once it has come as it was written.
     *
     * @return what brought the file of a message that had none
     */
    private static Map<UUID, Written> fill(
            Tx tx,
            Map<Sighting, Written> first,
            List<KnownMessage> known,
            Map<TenantId, ContentCipher> ciphers)
            throws SQLException {
        var filled = new ArrayList<KnownMessage>();
        var by = new ArrayList<Written>();
        var content = new ArrayList<byte @Nullable []>();
        for (var each : known) {
            var written = first.get(each.sighting());
            if (written != null && each.lacks() && written.inbound() == each.inbound()) {
                filled.add(each);
                by.add(written);
                content.add(sealed(ciphers, written, each.id()));
            }
        }
        var files = new LinkedHashMap<UUID, Written>();
        if (filled.isEmpty()) {
            return files;
        }
        var tenants = Tx.tenants(by.stream().map(Written::tenant).toList());
        var ids = Tx.uuids(filled.stream().map(KnownMessage::id).toList());
        tx.lockInOrder(
                """
                SELECT FROM whatsapp_messages m JOIN unnest(?, ?) AS n(tenant_id, message_id)
                    ON m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                ORDER BY m.tenant_id, m.message_id FOR UPDATE OF m
                """,
                tenants,
                ids);
        tx.update(
                """
                UPDATE whatsapp_messages m SET
                    content = CASE WHEN m.type = 'media_placeholder' THEN n.content ELSE coalesce(m.content, n.content) END,
                    type = CASE WHEN m.type = 'media_placeholder' THEN n.type ELSE m.type END,
                    media_id = coalesce(m.media_id, n.media_id),
                    sender_phone = CASE m.direction WHEN 'inbound' THEN coalesce(m.sender_phone, n.phone) END,
                    sender_user_id = CASE m.direction WHEN 'inbound' THEN coalesce(m.sender_user_id, n.user_id) END,
                    recipient_phone = CASE m.direction WHEN 'outbound' THEN coalesce(m.recipient_phone, n.phone) END,
                    recipient_user_id = CASE m.direction WHEN 'outbound' THEN coalesce(m.recipient_user_id, n.user_id) END,
                    context_wa_message_id = coalesce(m.context_wa_message_id, n.context_wa_message_id),
                    source = CASE WHEN n.live THEN NULL ELSE m.source END
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, message_id, type, content, media_id, phone, user_id, context_wa_message_id, live)
                WHERE m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                    AND (m.type = 'media_placeholder' OR m.content IS NULL OR (n.live AND m.source IS NOT NULL)
                        OR (m.media_id IS NULL AND n.media_id IS NOT NULL)
                        OR (m.context_wa_message_id IS NULL AND n.context_wa_message_id IS NOT NULL)
                        OR (coalesce(m.sender_phone, m.recipient_phone) IS NULL AND n.phone IS NOT NULL)
                        OR (coalesce(m.sender_user_id, m.recipient_user_id) IS NULL AND n.user_id IS NOT NULL))
                """,
                tenants,
                ids,
                Tx.texts(by.stream().map(Written::type).toList()),
                Tx.byteArrays(content),
                Tx.texts(by.stream().<@Nullable String>map(w -> w.mediaId().orElse(null)).toList()),
                Tx.texts(
                        by.stream()
                                .<@Nullable String>map(w -> w.customer().phone().orElse(null))
                                .toList()),
                Tx.texts(
                        by.stream()
                                .<@Nullable String>map(w -> w.customer().userId().orElse(null))
                                .toList()),
                Tx.texts(by.stream().<@Nullable String>map(w -> w.context().orElse(null)).toList()),
                Tx.booleans(by.stream().map(w -> w.source() == Source.LIVE).toList()));
        for (int i = 0; i < filled.size(); i++) {
            if (filled.get(i).lacksMedia() && by.get(i).media().isPresent()) {
                files.put(filled.get(i).id(), by.get(i));
            }
        }
        return files;
    }

    private static void changeConversations(
            Tx tx,
            Map<ConversationId, Heard> heard,
            Map<ConversationId, Conversation> locked,
            Map<ConversationId, Standing> standings,
            Map<TenantId, ContentCipher> ciphers,
            Instant now,
            List<NewEvent> events)
            throws SQLException {
        var changed = new HashMap<ConversationId, Conversation>();
        locked.forEach((id, conversation) -> {
            var window = windowAfter(conversation, heard.get(id), standings.get(id));
            window.filter(after -> !Optional.of(after).equals(conversation.window()))
                    .ifPresent(after -> changed.put(id, conversation.with(after)));
        });
        ContactBook.setWindows(
                tx, changed.values().stream().filter(c -> !heard.containsKey(c.id())).toList());
        countAndName(tx, List.copyOf(heard.values()), changed, ciphers);
        keepReferrals(tx, heard.values());
        keepFreeEntries(tx, standings);
        for (var after : changed.values()) {
            var before = Optional.ofNullable(locked.get(after.id())).flatMap(Conversation::window);
            WindowEvents.of(before, after, now).ifPresent(events::add);
        }
    }

    private static Optional<Window> windowAfter(
            Conversation conversation, @Nullable Heard heard, @Nullable Standing standing) {
        var window = conversation.window();
        if (heard != null) {
            for (var opening : heard.openings) {
                var number = opening.phoneNumberId();
                var at = opening.bounded();
                window =
                        Optional.of(
                                window.map(before -> before.heard(number, at))
                                        .orElseGet(() -> Window.opened(number, at)));
            }
        }
        if (standing == null || standing.closed().isEmpty()) {
            return window;
        }
        var closed = standing.closed().get();
        return window.map(open -> open.closed(closed.phoneNumberId(), closed.at()));
    }

    /** What is new in a conversation in one writing of its row, and of its contact's if need be. */
    private static void countAndName(
            Tx tx,
            List<Heard> heard,
            Map<ConversationId, Conversation> changed,
            Map<TenantId, ContentCipher> ciphers)
            throws SQLException {
        if (heard.isEmpty()) {
            return;
        }
        var names = new ArrayList<byte @Nullable []>();
        var contactNames = new ArrayList<byte @Nullable []>();
        for (var each : heard) {
            var cipher = cipher(ciphers, each.conversation.tenant());
            var name = each.name().filter(text -> !text.equals(known(each.conversation, cipher)));
            names.add(
                    name.map(text ->
                                    cipher.encrypt(
                                            new Place(
                                                    "whatsapp_conversations",
                                                    "customer_name",
                                                    each.conversation.id().value()),
                                            text.getBytes(StandardCharsets.UTF_8)))
                            .orElse(null));
            contactNames.add(
                    name.map(text ->
                                    cipher.encrypt(
                                            new Place(
                                                    "contacts",
                                                    "name",
                                                    each.conversation.contact()),
                                            text.getBytes(StandardCharsets.UTF_8)))
                            .orElse(null));
        }
        tx.updateExactly(
                heard.size(),
                """
                UPDATE whatsapp_conversations c
                SET message_count = c.message_count + n.count, last_message_at = greatest(c.last_message_at, n.last_at),
                    customer_name = coalesce(n.name, c.customer_name),
                    phone_number_id = coalesce(n.phone_number_id, c.phone_number_id),
                    window_opened_at = coalesce(n.opened_at, c.window_opened_at),
                    window_expires_at = coalesce(n.expires_at, c.window_expires_at)
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?) AS n(tenant_id, conversation_id, count, last_at, name,
                    phone_number_id, opened_at, expires_at)
                WHERE c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                """,
                Tx.tenants(heard.stream().map(h -> h.conversation.tenant()).toList()),
                Tx.uuids(heard.stream().map(h -> h.conversation.id().value()).toList()),
                Tx.integers(heard.stream().map(h -> h.count).toList()),
                Tx.instants(heard.stream().map(h -> h.last).toList()),
                Tx.byteArrays(names),
                Tx.texts(windows(heard, changed, Window::phoneNumberId)),
                Tx.instants(windows(heard, changed, Window::openedAt)),
                Tx.instants(windows(heard, changed, Window::expiresAt)));
        if (contactNames.stream().allMatch(Objects::isNull)) {
            return;
        }
        tx.update(
                """
                UPDATE contacts c SET name = n.name FROM unnest(?, ?, ?) AS n(tenant_id, contact_id, name)
                WHERE c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id AND n.name IS NOT NULL
                """,
                Tx.tenants(heard.stream().map(h -> h.conversation.tenant()).toList()),
                Tx.uuids(heard.stream().map(h -> h.conversation.contact()).toList()),
                Tx.byteArrays(contactNames));
    }

    /** Whoever writes often has the same name each time, and a row costs more than to look. */
    private static @Nullable String known(Conversation conversation, ContentCipher cipher) {
        var sealed = conversation.sealedName();
        return sealed == null
                ? null
                : new String(
                        cipher.decrypt(
                                new Place(
                                        "whatsapp_conversations",
                                        "customer_name",
                                        conversation.id().value()),
                                sealed),
                        StandardCharsets.UTF_8);
    }

    private static <T> List<@Nullable T> windows(
            List<Heard> heard,
            Map<ConversationId, Conversation> changed,
            Function<Window, T> part) {
        var parts = new ArrayList<@Nullable T>();
        for (var each : heard) {
            var after = changed.get(each.conversation.id());
            parts.add(after == null ? null : after.window().map(part).orElse(null));
        }
        return parts;
    }

    /** The advertisement that a customer came from last. */
    private static void keepReferrals(Tx tx, Collection<Heard> heard) throws SQLException {
        var referred = heard.stream().filter(h -> h.referral.isPresent()).toList();
        if (referred.isEmpty()) {
            return;
        }
        tx.update(
                """
                UPDATE whatsapp_conversations c SET referral = n.referral::jsonb, referral_at = n.at
                FROM unnest(?, ?, ?, ?) AS n(tenant_id, conversation_id, referral, at)
                WHERE c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                    AND (c.referral_at IS NULL OR c.referral_at < n.at)
                """,
                Tx.tenants(referred.stream().map(h -> h.conversation.tenant()).toList()),
                Tx.uuids(referred.stream().map(h -> h.conversation.id().value()).toList()),
                Tx.texts(
                        referred.stream()
                                .map(h -> h.referral.flatMap(Written::referralJson).orElseThrow())
                                .toList()),
                Tx.instants(
                        referred.stream().map(h -> h.referral.orElseThrow().bounded()).toList()));
    }

    /** Meta's own end of it where it tells one; else 72 hours from the first answer we know of. */
    private static void keepFreeEntries(Tx tx, Map<ConversationId, Standing> standings)
            throws SQLException {
        var free =
                standings.entrySet().stream()
                        .filter(each -> each.getValue().freeEntry().isPresent())
                        .toList();
        if (free.isEmpty()) {
            return;
        }
        var entries = free.stream().map(each -> each.getValue().freeEntry().orElseThrow()).toList();
        tx.update(
                """
                UPDATE whatsapp_conversations c SET free_entry_expires_at = CASE
                    WHEN n.told_end IS NOT NULL THEN greatest(c.free_entry_expires_at, n.told_end)
                    WHEN c.free_entry_expires_at >= n.next_end THEN c.free_entry_expires_at
                    WHEN c.free_entry_expires_at > n.at THEN least(c.free_entry_expires_at, n.first_end)
                    ELSE n.first_end END
                FROM unnest(?, ?, ?, ?, ?, ?) AS n(tenant_id, conversation_id, at, told_end, first_end, next_end)
                WHERE c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                """,
                Tx.tenants(free.stream().map(each -> each.getValue().tenant()).toList()),
                Tx.uuids(free.stream().map(each -> each.getKey().value()).toList()),
                Tx.instants(entries.stream().map(Standing.FreeEntry::at).toList()),
                Tx.instants(
                        entries.stream()
                                .<@Nullable Instant>map(entry -> entry.until().orElse(null))
                                .toList()),
                Tx.instants(entries.stream().map(entry -> entry.at().plus(FREE_ENTRY)).toList()),
                Tx.instants(
                        entries.stream()
                                .map(entry -> entry.at().plus(FREE_ENTRY.multipliedBy(2)))
                                .toList()));
    }

    /** Files of messages that are new, and of those that told before only that there is one. */
    private static List<Arrival> files(List<New> inserted, Map<UUID, Written> filled, Instant now) {
        var files = new ArrayList<Arrival>();
        inserted.forEach(each -> file(each.id(), each.written(), now).ifPresent(files::add));
        filled.forEach((id, written) -> file(id, written, now).ifPresent(files::add));
        return files;
    }

    private static Optional<Arrival> file(UUID message, Written written, Instant now) {
        // Of history Meta does not tell when it made the id.
        var since = written.source() == Source.HISTORY ? now : written.at();
        return written.media()
                .map(file ->
                        new Arrival(
                                written.tenant(),
                                new MessageId(message),
                                written.phoneNumberId(),
                                written.type(),
                                since,
                                file));
    }

    /** What is from before the number was connected is told of by nobody. */
    private static Optional<NewEvent> told(New each, @Nullable MediaId file) {
        var written = each.written();
        if (written.source() == Source.HISTORY) {
            return Optional.empty();
        }
        var data = JsonNodeFactory.instance.objectNode();
        data.put("message_id", each.id().toString());
        data.put("conversation_id", each.conversation().id().toString());
        data.put("type", written.type());
        var side = written.inbound() ? "sender" : "recipient";
        written.customer().phone().ifPresent(value -> data.put(side + "_phone", value));
        written.customer().userId().ifPresent(value -> data.put(side + "_user_id", value));
        written.name().ifPresent(value -> data.put(side + "_name", value));
        if (file != null) {
            data.set("media", MediaData.json(file, written.media().orElseThrow()));
        }
        written.context().ifPresent(value -> data.put("context_wa_message_id", value));
        data.put("wa_message_id", written.waMessageId());
        data.set("content", json(written.contentJson()));
        return Optional.of(
                new NewEvent(
                        each.tenant(),
                        written.inbound() ? "message.received" : "message.echo",
                        written.at(),
                        Optional.of(each.conversation().id()),
                        data));
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a message of Meta's does not read", e);
        }
    }

    private static ContentCipher cipher(Map<TenantId, ContentCipher> ciphers, TenantId tenant) {
        var cipher = ciphers.get(tenant);
        if (cipher == null) {
            throw new IllegalStateException("no data key of tenant " + tenant);
        }
        return cipher;
    }

    private static Object texts(List<New> list, Function<Written, @Nullable String> value) {
        return Tx.texts(
                list.stream().<@Nullable String>map(each -> value.apply(each.written())).toList());
    }

    /** What is new in one conversation. */
    private static final class Heard {
        private final Conversation conversation;
        private final List<Written> openings = new ArrayList<>();
        private int count;
        private Instant last = Instant.EPOCH;
        private Instant namedAt = Instant.EPOCH;
        private Optional<String> name = Optional.empty();
        private Optional<Written> referral = Optional.empty();

        Heard(Conversation conversation) {
            this.conversation = conversation;
        }

        /** A message that the conversation did not have. */
        void count(New message) {
            count++;
            hear(message);
        }

        void hear(New message) {
            var written = message.written();
            var at = written.bounded();
            last = at.isAfter(last) ? at : last;
            if (written.opensWindow()) {
                openings.add(written);
            }
            if (written.referralJson().isPresent()
                    && referral.filter(before -> !before.bounded().isBefore(at)).isEmpty()) {
                referral = Optional.of(written);
            }
            var profile = written.name().filter(text -> written.inbound());
            if (profile.isPresent() && !at.isBefore(namedAt)) {
                namedAt = at;
                name = profile;
            }
        }

        /** The name, unless a later message may have brought a newer one already. */
        Optional<String> name() {
            return conversation.sealedName() != null
                            && namedAt.isBefore(conversation.lastMessageAt())
                    ? Optional.empty()
                    : name;
        }
    }
}
