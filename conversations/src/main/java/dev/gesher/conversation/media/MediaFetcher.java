package dev.gesher.conversation.media;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MediaView.State;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
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
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches pending files: takes their timers while it has hands free, moves a timer on as a sign of
 * life, and records what came of it. Whatever is fetched twice is written twice with the same
 * content, so nothing hangs on who was first.
 */
@Singleton
final class MediaFetcher extends PollingWorker {
    static final String TIMER = "media.fetch";
    static final String TOPIC = "media-fetch";
    static final String HASH_MISMATCH = "hash_mismatch";

    /** A hash that is wrong so often is not the network's doing. */
    private static final int MISMATCHES = 5;

    private static final Duration LONGEST_PAUSE = Duration.ofHours(4);
    private static final double JITTER = 0.25;
    private static final Duration BETWEEN_SWEEPS = Duration.ofHours(1);
    private static final Duration TO_STOP = Duration.ofSeconds(5);

    /** Of the lease's length between two signs of life. */
    private static final int SIGNS_OF_LIFE = 4;

    private static final Logger log = LoggerFactory.getLogger(MediaFetcher.class);

    private static final Meters.Counts TRIES =
            Meters.counts("gesher.media.tries", "Tries to fetch a file from Meta", "outcome")
                    .known("stored")
                    .known("not_now")
                    .known("failed");
    private static final Meters.Counts BYTES =
            Meters.counts("gesher.media.bytes", "Bytes of files that were stored").known();

    private final TenantScope scope;
    private final ContentKeys keys;
    private final Timers timers;
    private final EventLog events;
    private final Fetch fetch;
    private final Incoming incoming;
    private final ObjectStore store;
    private final FileTypes types;
    private final MediaSettings settings;
    private final Clock clock;
    private final Wakeups wakeups;
    private final Semaphore hands;
    private final Map<TenantId, Integer> busy = new ConcurrentHashMap<>();
    private Instant sweptAt = Instant.EPOCH;

    MediaFetcher(
            TenantScope scope,
            ContentKeys keys,
            Timers timers,
            EventLog events,
            Fetch fetch,
            Incoming incoming,
            ObjectStore store,
            FileTypes types,
            MediaSettings settings,
            Clock clock,
            Wakeups wakeups) {
        super("media-fetcher", TOPIC, wakeups);
        this.scope = scope;
        this.keys = keys;
        this.timers = timers;
        this.events = events;
        this.fetch = fetch;
        this.incoming = incoming;
        this.store = store;
        this.types = types;
        this.settings = settings;
        this.clock = clock;
        this.wakeups = wakeups;
        this.hands = new Semaphore(settings.hands());
    }

    @Override
    protected boolean round() {
        sweep();
        int free = hands.availablePermits();
        if (free == 0) {
            return false;
        }
        var now = clock.instant();
        var full =
                busy.entrySet().stream()
                        .filter(entry -> entry.getValue() >= settings.handsOfOneTenant())
                        .map(Map.Entry::getKey)
                        .toList();
        var taken =
                scope.platform(tx ->
                        timers.take(
                                tx,
                                TIMER,
                                now,
                                now.plus(settings.lease()),
                                free,
                                settings.handsOfOneTenant(),
                                full));
        taken.forEach(this::begin);
        return taken.size() == free;
    }

    private void sweep() {
        var now = clock.instant();
        if (now.isBefore(sweptAt.plus(BETWEEN_SWEEPS))) {
            return;
        }
        sweptAt = now;
        try {
            incoming.sweep();
        } catch (IOException e) {
            log.warn("what a crash left of incoming files could not be deleted", e);
        }
    }

    private void begin(Timers.Due due) {
        hands.acquireUninterruptibly();
        busy.merge(due.tenant(), 1, Integer::sum);
        var _ =
                Thread.ofVirtual()
                        .name("media-fetch")
                        .start(() -> {
                            try (var _ = LogKeys.tenant(due.tenant())) {
                                fetch(due.tenant(), new MediaId(due.object()));
                            } catch (RuntimeException e) {
                                // Its timer is set: it goes on then.
                                log.warn("media={} held up", due.object(), e);
                            } finally {
                                busy.computeIfPresent(
                                        due.tenant(), (_, n) -> n == 1 ? null : n - 1);
                                hands.release();
                                wakeups.wake(TOPIC);
                            }
                        });
    }

    /** Fetches one file whose timer is ours. */
    void fetch(TenantId tenant, MediaId id) {
        var found = scope.in(tenant, tx -> find(tx, tenant, id));
        if (found.isEmpty()) {
            // It was removed, and whoever fetched it may have died over it.
            forget(tenant, id);
            return;
        }
        var media = found.get();
        if (media.view().state() != State.PENDING) {
            return;
        }
        var result =
                clock.instant().isBefore(media.expiresAt())
                        ? fetch.run(media, new SignsOfLife(media))
                        : new Fetched.Never("expired");
        if (result instanceof Fetched.NotNow(var code, var _)
                && code.equals(HASH_MISMATCH)
                && media.view().lastError().equals(Optional.of(HASH_MISMATCH))
                && media.tries() + 1 >= MISMATCHES) {
            result = new Fetched.Never(HASH_MISMATCH);
        }
        var outcome = result;
        boolean isKnown = scope.in(tenant, tx -> record(tx, media, outcome));
        if (!isKnown && outcome instanceof Fetched.Whole) {
            forget(tenant, id);
        }
    }

    private Optional<MediaRow> find(Tx tx, TenantId tenant, MediaId id) throws SQLException {
        Optional<MediaRow> found;
        try {
            found = MediaRow.find(tx, tenant, id, keys.of(tx, tenant));
        } catch (TenantKeysDestroyedException deleted) {
            found = Optional.empty();
        }
        if (found.filter(media -> media.view().state() == State.PENDING).isEmpty()) {
            timers.cancel(tx, TIMER, tenant, id.value());
        }
        return found;
    }

    /** Of what was removed meanwhile, or whose tenant was deleted, nothing stays behind. */
    private void forget(TenantId tenant, MediaId id) {
        try {
            store.delete(Places.object(tenant, id));
        } catch (IOException e) {
            log.warn("media={} of nobody could not be deleted", id, e);
        }
    }

    private final class SignsOfLife implements Fetch.Watch {
        private final MediaRow media;
        private final long between = settings.lease().toNanos() / SIGNS_OF_LIFE;
        private long last = System.nanoTime();

        SignsOfLife(MediaRow media) {
            this.media = media;
        }

        @Override
        public boolean goesOn() {
            if (System.nanoTime() - last > between) {
                last = System.nanoTime();
                var until = clock.instant().plus(settings.lease());
                scope.platform(tx -> {
                    timers.set(tx, TIMER, media.tenant(), media.id().value(), until);
                    return true;
                });
            }
            return !stopping();
        }
    }

    /** Writes down what came of it; whether there is such a file still. */
    private boolean record(Tx tx, MediaRow media, Fetched result) throws SQLException {
        var now = clock.instant();
        var written =
                switch (result) {
                    case Fetched.Whole whole -> stored(tx, media, whole, now);
                    case Fetched.Never(var cause) -> failed(tx, media, cause, now);
                    case Fetched.NotNow notNow -> putOff(tx, media, notNow, now);
                    case Fetched.Stopped() -> {
                        timers.set(tx, TIMER, media.tenant(), media.id().value(), now);
                        yield true;
                    }
                };
        return written
                || tx.one(
                                "SELECT media_id FROM media WHERE tenant_id = ? AND media_id = ?",
                                row -> row.uuid("media_id"),
                                media.tenant(),
                                media.id().value())
                        .isPresent();
    }

    private boolean stored(Tx tx, MediaRow media, Fetched.Whole whole, Instant now)
            throws SQLException {
        var said = media.view().mimeType().or(whole::mimeType);
        boolean mismatch = types.mismatch(said, whole.detected());
        timers.cancel(tx, TIMER, media.tenant(), media.id().value());
        int written =
                tx.update(
                        """
                        UPDATE media SET state = 'stored', stored_at = ?, size_bytes = ?, mime_type = ?,
                            detected_mime_type = ?, type_mismatch = ?, last_error = NULL, next_try_at = NULL
                        WHERE tenant_id = ? AND media_id = ? AND state = 'pending'
                        """,
                        now,
                        whole.bytes(),
                        said.orElse(null),
                        whole.detected(),
                        mismatch,
                        media.tenant(),
                        media.id().value());
        if (written == 0) {
            return false;
        }
        tx.afterCommit(() -> {
            TRIES.add(1, "stored");
            BYTES.add(whole.bytes());
            log.info("stored media={} bytes={}", media.id(), whole.bytes());
        });
        tell(tx, media, "media.stored", now);
        return true;
    }

    private boolean failed(Tx tx, MediaRow media, String cause, Instant now) throws SQLException {
        timers.cancel(tx, TIMER, media.tenant(), media.id().value());
        int written =
                tx.update(
                        """
                        UPDATE media SET state = 'failed', failed_at = ?, cause = ?, next_try_at = NULL
                        WHERE tenant_id = ? AND media_id = ? AND state = 'pending'
                        """,
                        now,
                        cause,
                        media.tenant(),
                        media.id().value());
        if (written == 0) {
            return false;
        }
        tx.afterCommit(() -> {
            TRIES.add(1, "failed");
            log.warn("media={} will not come: {}", media.id(), cause);
        });
        tell(tx, media, "media.failed", now);
        return true;
    }

    private boolean putOff(Tx tx, MediaRow media, Fetched.NotNow result, Instant now)
            throws SQLException {
        var later = now.plus(pause(media.tries(), result.after()));
        // Once more when Meta's time is over, to say so.
        var next = later.isBefore(media.expiresAt()) ? later : media.expiresAt();
        int written =
                tx.update(
                        """
                        UPDATE media SET tries = tries + 1, last_error = ?, next_try_at = ?
                        WHERE tenant_id = ? AND media_id = ? AND state = 'pending'
                        """,
                        result.code(),
                        next,
                        media.tenant(),
                        media.id().value());
        if (written == 0) {
            timers.cancel(tx, TIMER, media.tenant(), media.id().value());
            return false;
        }
        timers.set(tx, TIMER, media.tenant(), media.id().value(), next);
        tx.afterCommit(() -> {
            TRIES.add(1, "not_now");
            log.info("media={} not now: {}", media.id(), result.code());
        });
        return true;
    }

    /** Doubles from the first to the longest, spread by a quarter; longer where Meta asks. */
    private Duration pause(int tries, Optional<Duration> asked) {
        var pause = settings.firstPause();
        for (int i = 0; i < tries && pause.compareTo(LONGEST_PAUSE) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        if (pause.compareTo(LONGEST_PAUSE) > 0) {
            pause = LONGEST_PAUSE;
        }
        if (asked.isPresent() && asked.get().compareTo(pause) > 0) {
            pause = asked.get();
        }
        double more = ThreadLocalRandom.current().nextDouble() * JITTER;
        return pause.plusMillis((long) (pause.toMillis() * more));
    }

    private void tell(Tx tx, MediaRow before, String type, Instant now) throws SQLException {
        var conversation =
                tx
                        .query(
                                "SELECT conversation_id FROM whatsapp_messages WHERE tenant_id = ? AND message_id = ?",
                                row -> Optional.ofNullable(row.nullableUuid("conversation_id")),
                                before.tenant(),
                                before.view().message().value())
                        .stream()
                        .flatMap(Optional::stream)
                        .findFirst()
                        .map(ConversationId::new);
        var view =
                MediaRow.find(tx, before.tenant(), before.id(), keys.of(tx, before.tenant()))
                        .orElseThrow()
                        .view();
        var data = MediaData.json(view);
        data.put("message_id", view.message().toString());
        conversation.ifPresent(id -> data.put("conversation_id", id.toString()));
        events.append(tx, List.of(new NewEvent(before.tenant(), type, now, conversation, data)));
    }

    @Override
    protected void ended() {
        try {
            if (hands.tryAcquire(settings.hands(), TO_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                hands.release(settings.hands());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
