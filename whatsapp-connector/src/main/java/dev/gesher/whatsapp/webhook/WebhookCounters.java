package dev.gesher.whatsapp.webhook;

import jakarta.inject.Singleton;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts by name; the names come from closed lists, never from what somebody sent. */
@Singleton
final class WebhookCounters {
    private final ConcurrentHashMap<String, LongAdder> counters = new ConcurrentHashMap<>();

    void add(String name, long count) {
        counters.computeIfAbsent(name, ignored -> new LongAdder()).add(count);
    }

    Map<String, Long> all() {
        var all = new TreeMap<String, Long>();
        counters.forEach((name, count) -> all.put(name, count.sum()));
        return all;
    }
}
