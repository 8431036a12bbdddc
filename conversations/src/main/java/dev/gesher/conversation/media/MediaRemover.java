package dev.gesher.conversation.media;

import dev.gesher.conversation.MediaId;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.Retained;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Property;
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
 * Deletes the objects of files whose rows are gone. The row had the object's key, so nobody can
 * read the file from then on; the object follows by a timer, which outlives a process and a storage
 * that is away.
 */
@Singleton
final class MediaRemover extends PollingWorker {
    private static final String TIMER = "media.remove";
    private static final String TOPIC = "media-remove";
    private static final int AT_ONCE = 50;
    private static final Duration AGAIN = Duration.ofMinutes(5);

    private static final Logger log = LoggerFactory.getLogger(MediaRemover.class);

    private final TenantScope scope;
    private final Timers timers;
    private final ObjectStore store;
    private final Clock clock;

    MediaRemover(
            TenantScope scope, Timers timers, ObjectStore store, Clock clock, Wakeups wakeups) {
        super(TOPIC, TOPIC, wakeups);
        this.scope = scope;
        this.timers = timers;
        this.store = store;
        this.clock = clock;
    }

    @Override
    protected boolean round() {
        var now = clock.instant();
        var due =
                scope.platform(tx ->
                        timers.take(tx, TIMER, now, now.plus(AGAIN), AT_ONCE, AT_ONCE, List.of()));
        for (var each : due) {
            if (stopping()) {
                return false;
            }
            remove(each.tenant(), new MediaId(each.object()));
        }
        return due.size() == AT_ONCE;
    }

    private void remove(TenantId tenant, MediaId id) {
        try (var _ = LogKeys.tenant(tenant)) {
            store.delete(Places.object(tenant, id));
            scope.platform(tx -> {
                timers.cancel(tx, TIMER, tenant, id.value());
                return true;
            });
        } catch (IOException e) {
            log.warn("media={} could not be deleted now", id, e);
        }
    }

    /** Files are kept as long as messages. */
    @Factory
    static final class Retention {
        private final Timers timers;
        private final Clock clock;
        private final Wakeups wakeups;

        Retention(Timers timers, Clock clock, Wakeups wakeups) {
            this.timers = timers;
            this.clock = clock;
            this.wakeups = wakeups;
        }

        @Singleton
        Retained media(
                @Property(name = "gesher.retention.messages-days", defaultValue = "731") int days) {
            return new Retained("media", List.of("media"), Duration.ofDays(days), this::remove);
        }

        /** One that is pending is fetched or fails within a week. */
        private int remove(Tx tx, TenantId tenant, Instant before, int most) throws SQLException {
            var gone =
                    tx.query(
                            """
                            DELETE FROM media WHERE tenant_id = ? AND media_id = ANY (ARRAY(
                                SELECT media_id FROM media
                                WHERE tenant_id = ? AND created_at < ? AND state <> 'pending'
                                ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED))
                            RETURNING media_id
                            """,
                            row -> row.uuid("media_id"),
                            tenant,
                            tenant,
                            before,
                            most);
            var now = clock.instant();
            timers.setAll(
                    tx, TIMER, gone.stream().map(id -> new Timers.Due(tenant, id, now)).toList());
            tx.afterCommit(() -> wakeups.wake(TOPIC));
            return gone.size();
        }
    }
}
