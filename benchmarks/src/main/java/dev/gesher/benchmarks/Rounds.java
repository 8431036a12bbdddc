package dev.gesher.benchmarks;

import dev.gesher.benchmarks.Load.Outcome;
import dev.gesher.benchmarks.Processor.Who;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is compared in turns, A B C A B C …, so that a machine that slows down slows all of
 * them; a ratio is taken within its round, and the median of the rounds counts.
 */
final class Rounds {
    private static final int COUNT = 5;
    private static final int WARM_UP = 4;

    /** Runs only what is named so, again and again: to profile it. */
    private static final @Nullable String ONLY = System.getProperty("benchmarks.only");

    private final Map<String, Measurement> measurements = new LinkedHashMap<>();
    private final Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();

    /** One thing that is measured once in each round. */
    interface Measurement {
        Outcome take() throws Exception;
    }

    /** What brings the server to the state it would reach by itself. */
    interface Settling {
        void settle() throws Exception;
    }

    Rounds add(String name, Measurement measurement) {
        if (ONLY != null && !ONLY.equals(name)) {
            return this;
        }
        measurements.put(name, measurement);
        outcomes.put(name, new ArrayList<>());
        return this;
    }

    /**
     * Runs everything unmeasured at first, for the compilers' sake, then the rounds.
     *
     * @param settle done between the two
     */
    Rounds run(Settling settle) throws Exception {
        for (int n = 0; n < WARM_UP; n++) {
            for (var measurement : measurements.values()) {
                measurement.take();
            }
            settle.settle();
        }
        for (int round = 1; round <= COUNT; round++) {
            var line = new StringBuilder("round ").append(round).append(':');
            for (var each : measurements.entrySet()) {
                var outcome = each.getValue().take();
                outcomesOf(each.getKey()).add(outcome);
                line.append(String.format(Locale.ROOT, "  %s %.0f", each.getKey(), outcome.rate()));
            }
            Stage.say(line.toString());
        }
        return this;
    }

    /** Whether it was measured. */
    boolean has(String name) {
        return outcomes.containsKey(name);
    }

    /** The median of a measurement's answers per second. */
    double rate(String name) {
        return median(outcomesOf(name).stream().map(Outcome::rate).toList());
    }

    /** Prints a table of everything measured. */
    void table() {
        Stage.say("");
        Stage.say(
                "| | per second, median | lowest – highest | p50 ms | p99 ms | Java µs each | PostgreSQL µs each |");
        Stage.say("|---|---|---|---|---|---|---|");
        outcomes.forEach((name, all) -> {
            var rates = all.stream().map(Outcome::rate).sorted().toList();
            Stage.say(
                    String.format(
                            Locale.ROOT,
                            "| %s | %.0f | %.0f – %.0f | %.1f | %.1f | %.0f | %.0f |",
                            name,
                            median(rates),
                            rates.getFirst(),
                            rates.getLast(),
                            median(all.stream().map(it -> it.millis(0.5)).toList()),
                            median(all.stream().map(it -> it.millis(0.99)).toList()),
                            median(all.stream().map(Outcome::javaMicros).toList()),
                            median(all.stream().map(it -> it.micros(Who.POSTGRES)).toList())));
        });
        Stage.say("");
    }

    /** Prints who took how much of the processor for each answer, in microseconds. */
    void processor() {
        outcomes.forEach((name, all) -> {
            var parts = new ArrayList<String>();
            for (var who : Who.values()) {
                parts.add(
                        String.format(
                                Locale.ROOT,
                                "%s %.0f",
                                who,
                                median(all.stream().map(it -> it.micros(who)).toList())));
            }
            Stage.say("µs each, " + name + ": " + String.join(", ", parts));
        });
        Stage.say("");
    }

    /**
     * Prints how many times as fast {@code name} is as {@code other}, and what it should be.
     *
     * @return the median of the rounds
     */
    double ratio(String name, String other, double target) {
        if (ONLY != null) {
            return Double.NaN;
        }
        var ratios = new ArrayList<Double>();
        for (int round = 0; round < COUNT; round++) {
            ratios.add(outcomesOf(name).get(round).rate() / outcomesOf(other).get(round).rate());
        }
        ratios.sort(null);
        Stage.say(
                String.format(
                        Locale.ROOT,
                        "%s : %s = %.2f (%.2f – %.2f), target %.1f",
                        name,
                        other,
                        median(ratios),
                        ratios.getFirst(),
                        ratios.getLast(),
                        target));
        return median(ratios);
    }

    private List<Outcome> outcomesOf(String name) {
        var found = outcomes.get(name);
        if (found == null) {
            throw new IllegalArgumentException("nothing is measured as " + name);
        }
        return found;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
