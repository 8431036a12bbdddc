package dev.gesher.conversation.outbound;

import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import jakarta.inject.Singleton;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Tells this process's dispatcher which lanes have something to do, once that is committed. */
@Singleton
public final class LaneSignals {
    static final String TOPIC = "dispatch";

    private final Set<String> lanes = ConcurrentHashMap.newKeySet();
    private final Wakeups wakeups;

    LaneSignals(Wakeups wakeups) {
        this.wakeups = wakeups;
    }

    /** Wakes the lanes of {@code phoneNumberIds} when {@code tx} has committed. */
    public void afterCommit(Tx tx, Collection<String> phoneNumberIds) {
        if (!phoneNumberIds.isEmpty()) {
            var woken = List.copyOf(phoneNumberIds);
            tx.afterCommit(() -> {
                lanes.addAll(woken);
                wakeups.wake(TOPIC);
            });
        }
    }

    /** The lanes that were woken since the last call. */
    List<String> drain() {
        var drained = List.copyOf(lanes);
        drained.forEach(lanes::remove);
        return drained;
    }
}
