package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import io.micronaut.context.annotation.Bean;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices in the table {@code notices}, read once a second. Runs in every process, and as long as
 * it serves: it is no {@link Worker} to the container, which ends those first.
 */
@Singleton
@Bean(typed = Notices.class)
final class DatabaseNotices extends PollingWorker implements Notices {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseNotices.class);

    private final TenantScope scope;
    private final Duration deafAfter;
    private final Map<String, List<Listener>> listeners = new ConcurrentHashMap<>();

    /** Who must forget everything before it counts as having heard. */
    private final Set<Listener> behind = ConcurrentHashMap.newKeySet();

    /** When the last look began that succeeded, by {@link System#nanoTime}. */
    private volatile @Nullable Long heardAt;

    private @Nullable String from;

    DatabaseNotices(TenantScope scope, Wakeups wakeups, NoticeSettings settings) {
        super("notices", "notices", wakeups);
        this.scope = scope;
        this.deafAfter = settings.deafAfter();
    }

    private record Notice(String kind, TenantId tenant, String object) {}

    /**
     * What one look found.
     *
     * @param from the oldest transaction that had not ended, where the next look begins
     */
    private record Look(String from, List<Notice> notices) {}

    @Override
    public void announce(Tx tx, String kind, TenantId tenant, String object) throws SQLException {
        tx.updateExactly(
                1,
                "INSERT INTO notices (kind, tenant_id, object) VALUES (?, ?, ?)",
                kind,
                tenant,
                object);
        tx.afterCommit(() -> tell(new Notice(kind, tenant, object)));
    }

    @Override
    public void listen(String kind, Listener listener) {
        listeners.computeIfAbsent(kind, ignored -> new CopyOnWriteArrayList<>()).add(listener);
    }

    @Override
    public boolean hears() {
        var at = heardAt;
        return at != null && System.nanoTime() - at < deafAfter.toNanos();
    }

    @Override
    protected boolean round() {
        long began = System.nanoTime();
        if (!hears()) {
            listeners.values().forEach(behind::addAll);
        }
        var look = scope.platform(this::look);
        for (var listener : List.copyOf(behind)) {
            behind.remove(listener);
            quietly(listener, listener::missed);
        }
        look.notices().forEach(this::tell);
        from = look.from();
        heardAt = began;
        return false;
    }

    private Look look(Tx tx) throws SQLException {
        // One statement, so one snapshot: what it does not see has a number of at least xmin.
        record Line(String xmin, @Nullable Notice notice) {}
        var lines =
                tx.query(
                        """
                        SELECT s.xmin::text AS xmin, n.kind, n.tenant_id, n.object
                        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) AS s
                        LEFT JOIN notices n ON n.xid >= coalesce(?::text::xid8, s.xmin)
                        ORDER BY n.seq
                        """,
                        row -> {
                            var kind = row.nullableText("kind");
                            return new Line(
                                    row.text("xmin"),
                                    kind == null
                                            ? null
                                            : new Notice(kind, row.tenant(), row.text("object")));
                        },
                        from);
        return new Look(
                lines.getFirst().xmin(),
                lines.stream()
                        .<Notice>mapMulti((line, found) -> {
                            if (line.notice() != null) {
                                found.accept(line.notice());
                            }
                        })
                        .toList());
    }

    private void tell(Notice notice) {
        for (var listener : listeners.getOrDefault(notice.kind(), List.of())) {
            quietly(listener, () -> listener.heard(notice.tenant(), notice.object()));
        }
    }

    /** One that fails must not keep the others from hearing; it is told to forget everything. */
    private void quietly(Listener listener, Runnable telling) {
        try {
            telling.run();
        } catch (RuntimeException e) {
            LOG.error("a listener did not take a notice and will be told again", e);
            behind.add(listener);
        }
    }
}
