package dev.gesher.conversation.media;

import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MessageId;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes files: the row with the key in the transaction that wants it so, and from then on nobody
 * can read the file; what is stored of it afterwards, by a timer, as often as it takes.
 */
@Singleton
final class MediaRemoval extends PollingWorker {
    private static final Logger log = LoggerFactory.getLogger(MediaRemoval.class);

    static final String TIMER = "media.remove";
    private static final String TOPIC = "media-removal";
    private static final int AT_ONCE = 50;

    /** Longer than a storage is waited for; then it is tried again. */
    private static final Duration LEASE = Duration.ofMinutes(5);

    private final TenantScope scope;
    private final Timers timers;
    private final ObjectStore store;
    private final Clock clock;
    private final Wakeups wakeups;

    MediaRemoval(
            TenantScope scope, Timers timers, ObjectStore store, Clock clock, Wakeups wakeups) {
        super("media-removal", TOPIC, wakeups);
        this.scope = scope;
        this.timers = timers;
        this.store = store;
        this.clock = clock;
        this.wakeups = wakeups;
    }

    /** Removes what came with a message. */
    void ofMessage(Tx tx, TenantId tenant, MessageId message) throws SQLException {
        forget(
                tx,
                tenant,
                tx.query(
                        "DELETE FROM media WHERE tenant_id = ? AND message_id = ? RETURNING media_id",
                        row -> new MediaId(row.uuid("media_id")),
                        tenant,
                        message.value()));
    }

    /** Removes at most so many that came before a time; how many. */
    int old(Tx tx, TenantId tenant, Instant before, int most) throws SQLException {
        var old =
                tx.query(
                        """
                        DELETE FROM media WHERE tenant_id = ? AND media_id = ANY (ARRAY(
                            SELECT media_id FROM media WHERE tenant_id = ? AND created_at < ?
                            ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED))
                        RETURNING media_id
                        """,
                        row -> new MediaId(row.uuid("media_id")),
                        tenant,
                        tenant,
                        before,
                        most);
        forget(tx, tenant, old);
        return old.size();
    }

    private void forget(Tx tx, TenantId tenant, List<MediaId> gone) throws SQLException {
        if (gone.isEmpty()) {
            return;
        }
        var now = clock.instant();
        timers.setAll(
                tx,
                TIMER,
                gone.stream().map(id -> new Timers.Due(tenant, id.value(), now)).toList());
        tx.afterCommit(() -> wakeups.wake(TOPIC));
    }

    @Override
    protected boolean round() {
        var now = clock.instant();
        var taken =
                scope.platform(tx ->
                        timers.take(tx, TIMER, now, now.plus(LEASE), AT_ONCE, AT_ONCE, List.of()));
        for (var due : taken) {
            if (stopping()) {
                return false;
            }
            delete(due);
        }
        return taken.size() == AT_ONCE;
    }

    private void delete(Timers.Due due) {
        try {
            store.delete(Places.object(due.tenant(), new MediaId(due.object())));
        } catch (IOException e) {
            // Its timer is set: it goes then.
            log.warn("media={} that was removed could not be deleted", due.object(), e);
            return;
        }
        scope.platform(tx -> {
            timers.cancel(tx, TIMER, due.tenant(), due.object());
            return true;
        });
    }
}
