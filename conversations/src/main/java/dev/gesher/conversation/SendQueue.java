package dev.gesher.conversation;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What waits to be sent, over all tenants and without naming one: for whoever operates Gesher. */
public interface SendQueue {
    /**
     * Reads it, in transactions of its own, each bounded; not for every request.
     *
     * @throws dev.gesher.tenant.db.DatabaseUnavailableException if the database is away or too slow
     */
    Standing read();

    /**
     * How it stands.
     *
     * @param leased lanes that a process holds
     * @param due lanes that have something due
     * @param parked lanes on which nothing may be sent, by cause
     * @param oldestLeft how long the longest due lane has waited that nobody holds and that is not
     *     parked; seconds at most, where workers run
     * @param complete whether {@code depths} counts all: of very many lanes only some are looked at
     * @param depths what waits, by stage and priority class
     */
    record Standing(
            long leased,
            long due,
            Map<String, Long> parked,
            Duration oldestLeft,
            boolean complete,
            List<Depth> depths) {}

    /**
     * Messages of one kind that are not done.
     *
     * @param stage {@code deferred}, {@code queued}, {@code sending} or {@code settling}
     * @param priorityClass {@code reply}, {@code utility} or {@code bulk}
     * @param oldestDue how long the longest queued one has been due; zero if none is
     */
    record Depth(String stage, String priorityClass, long messages, Duration oldestDue) {}
}
