package dev.gesher.conversation.media;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MessageId;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.ObjectCipher;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.InboundSignal;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Notes files that came with messages, and has them fetched at once. */
@Singleton
public final class MediaArrivals {
    /** How long Meta gives a file of a customer's out (30 days until October 2025). */
    static final Duration GIVEN_OUT = Duration.ofDays(7);

    private final Clock clock;
    private final ContentKeys keys;
    private final Timers timers;
    private final Wakeups wakeups;
    private final MediaRemoval removal;

    MediaArrivals(
            Clock clock, ContentKeys keys, Timers timers, Wakeups wakeups, MediaRemoval removal) {
        this.removal = removal;
        this.clock = clock;
        this.keys = keys;
        this.timers = timers;
        this.wakeups = wakeups;
    }

    /**
     * A file of a message that is being written in this transaction.
     *
     * @param phoneNumberId the business number of the conversation
     * @param type the message's
     * @param givenOutSince when Meta made the file's id: the time of a message that just came
     */
    public record Arrival(
            TenantId tenant,
            MessageId message,
            String phoneNumberId,
            String type,
            Instant givenOutSince,
            InboundSignal.Media media) {}

    /** Writes them as pending; their ids by message. Locks nothing that others lock. */
    public Map<MessageId, MediaId> arrived(Tx tx, List<Arrival> arrivals) throws SQLException {
        var ids = new HashMap<MessageId, MediaId>();
        if (arrivals.isEmpty()) {
            return ids;
        }
        var now = clock.instant();
        var ciphers = keys.of(tx, arrivals.stream().map(Arrival::tenant).distinct().toList());
        var details = new ArrayList<byte @Nullable []>();
        var objectKeys = new ArrayList<byte @Nullable []>();
        var mimeTypes = new ArrayList<@Nullable String>();
        var media = new ArrayList<UUID>();
        for (var arrival : arrivals) {
            var id = new MediaId(UuidCreator.getTimeOrderedEpoch());
            var cipher = cipher(ciphers, arrival.tenant());
            ids.put(arrival.message(), id);
            media.add(id.value());
            mimeTypes.add(arrival.media().mimeType().orElse(null));
            details.add(cipher.encrypt(Places.details(id), Details.of(arrival.media()).bytes()));
            // Made once and for all, so that two who fetch the file write the same object.
            objectKeys.add(cipher.encrypt(Places.objectKey(id), ObjectCipher.newKey()));
        }
        tx.updateExactly(
                arrivals.size(),
                """
                INSERT INTO media (tenant_id, media_id, message_id, phone_number_id, wa_media_id, type, state, details,
                    object_key, mime_type, created_at, expires_at)
                SELECT n.tenant_id, n.media_id, n.message_id, n.phone_number_id, n.wa_media_id, n.type, 'pending', n.details,
                    n.object_key, n.mime_type, ?, n.expires_at
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, media_id, message_id, phone_number_id, wa_media_id, type, details, object_key, mime_type,
                        expires_at)
                ON CONFLICT DO NOTHING
                """,
                now,
                Tx.tenants(arrivals.stream().map(Arrival::tenant).toList()),
                Tx.uuids(media),
                Tx.uuids(arrivals.stream().map(arrival -> arrival.message().value()).toList()),
                Tx.texts(arrivals.stream().map(Arrival::phoneNumberId).toList()),
                Tx.texts(arrivals.stream().map(arrival -> arrival.media().id()).toList()),
                Tx.texts(arrivals.stream().map(Arrival::type).toList()),
                Tx.byteArrays(details),
                Tx.byteArrays(objectKeys),
                Tx.texts(mimeTypes),
                Tx.instants(arrivals.stream().map(arrival -> until(arrival, now)).toList()));
        timers.setAll(
                tx,
                MediaFetcher.TIMER,
                arrivals.stream()
                        .map(arrival ->
                                new Timers.Due(arrival.tenant(), id(ids, arrival.message()), now))
                        .toList());
        tx.afterCommit(() -> wakeups.wake(MediaFetcher.TOPIC));
        return ids;
    }

    /** Removes the files of a message that was taken back: at once nobody can read them. */
    public void revoked(Tx tx, TenantId tenant, MessageId message) throws SQLException {
        removal.ofMessage(tx, tenant, message);
    }

    private static Instant until(Arrival arrival, Instant now) {
        var since = arrival.givenOutSince();
        return (since.isBefore(now) ? since : now).plus(GIVEN_OUT);
    }

    private static UUID id(Map<MessageId, MediaId> ids, MessageId message) {
        var id = ids.get(message);
        if (id == null) {
            throw new IllegalStateException("a file without an id");
        }
        return id.value();
    }

    private static ContentCipher cipher(Map<TenantId, ContentCipher> ciphers, TenantId tenant) {
        var cipher = ciphers.get(tenant);
        if (cipher == null) {
            throw new IllegalStateException("no data key of tenant " + tenant);
        }
        return cipher;
    }
}
