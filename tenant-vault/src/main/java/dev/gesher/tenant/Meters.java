package dev.gesher.tenant;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes meters, which belong to the process as loggers do: what they count nobody reads until the
 * application adds a registry to Micrometer's global one. docs/runbook.md lists them all. The
 * values of a label come from a closed list; a tenant, a number or an id is never one.
 */
public final class Meters {
    /** From a commit on an idle machine to what no customer waits for. */
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
        Duration.ofSeconds(6),
        Duration.ofSeconds(15),
        Duration.ofMinutes(1),
        Duration.ofMinutes(5)
    };

    private static final double[] SIZES = {1, 2, 5, 10, 25, 50, 100, 200, 300};

    private Meters() {}

    /** How often something happened, by the values of {@code labels}. */
    public static Counts counts(String name, String description, String... labels) {
        return new Counts(name, description, List.of(labels), new ConcurrentHashMap<>());
    }

    /** How long something took, as a histogram, by the values of {@code labels}. */
    public static Times times(String name, String description, String... labels) {
        return new Times(name, description, List.of(labels), new ConcurrentHashMap<>());
    }

    /** How many there were at a time, by the values of {@code labels}. */
    public static Sizes sizes(String name, String description, String... labels) {
        return new Sizes(name, description, List.of(labels), new ConcurrentHashMap<>());
    }

    private static Tags tags(List<String> labels, List<String> values) {
        var tags = Tags.empty();
        for (int n = 0; n < labels.size(); n++) {
            tags = tags.and(labels.get(n), values.get(n));
        }
        return tags;
    }

    /** Counters of one name. */
    public record Counts(
            String name, String description, List<String> labels, Map<List<String>, Counter> all) {
        /** Shows the counter with these values from now on, though nothing was counted yet. */
        public Counts known(String... values) {
            return add(0, values);
        }

        /** Counts {@code more} with these values. */
        public Counts add(long more, String... values) {
            all.computeIfAbsent(List.of(values), this::counter).increment((double) more);
            return this;
        }

        private Counter counter(List<String> values) {
            return Counter.builder(name)
                    .description(description)
                    .tags(tags(labels, values))
                    .register(Metrics.globalRegistry);
        }
    }

    /** Timers of one name. */
    public record Times(
            String name, String description, List<String> labels, Map<List<String>, Timer> all) {
        /** Shows the timer with these values from now on, though nothing was measured yet. */
        public Times known(String... values) {
            var _ = all.computeIfAbsent(List.of(values), this::timer);
            return this;
        }

        /** Notes that it took {@code time}; a negative one counts as none. */
        public void add(Duration time, String... values) {
            all.computeIfAbsent(List.of(values), this::timer)
                    .record(time.isNegative() ? Duration.ZERO : time);
        }

        /** Notes that it took the time since {@code System.nanoTime()} was {@code began}. */
        public void since(long began, String... values) {
            add(Duration.ofNanos(System.nanoTime() - began), values);
        }

        private Timer timer(List<String> values) {
            return Timer.builder(name)
                    .description(description)
                    .tags(tags(labels, values))
                    .serviceLevelObjectives(BUCKETS)
                    .register(Metrics.globalRegistry);
        }
    }

    /** Summaries of one name. */
    public record Sizes(
            String name,
            String description,
            List<String> labels,
            Map<List<String>, DistributionSummary> all) {
        /** Notes that there were {@code size}. */
        public void add(int size, String... values) {
            all.computeIfAbsent(List.of(values), this::summary).record(size);
        }

        private DistributionSummary summary(List<String> values) {
            return DistributionSummary.builder(name)
                    .description(description)
                    .tags(tags(labels, values))
                    .serviceLevelObjectives(SIZES)
                    .register(Metrics.globalRegistry);
        }
    }
}
