package dev.gesher.app.health;

import dev.gesher.app.config.Settings;
import dev.gesher.app.metrics.Standing;
import dev.gesher.app.metrics.Standing.Reading;
import dev.gesher.whatsapp.GraphStanding;
import io.micronaut.health.HealthStatus;
import io.micronaut.management.health.indicator.HealthIndicator;
import io.micronaut.management.health.indicator.HealthResult;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Meta, lanes, inbox and timers in the detailed health, from what is known already. What is wrong
 * there is a warning: this process could work, so it is not down.
 */
@Singleton
final class StandingIndicator implements HealthIndicator {
    /** Somebody should look; does not make the whole answer 503. */
    static final HealthStatus WARNING = new HealthStatus("WARNING", null, null, 1);

    private static final Duration LATE = Duration.ofMinutes(1);
    private static final Duration OLD = Duration.ofSeconds(30);

    private final Standing standing;
    private final GraphStanding graph;
    private final Clock clock;
    private final Duration inboxLate;

    StandingIndicator(Standing standing, GraphStanding graph, Clock clock, Settings settings) {
        this.standing = standing;
        this.graph = graph;
        this.clock = clock;
        this.inboxLate = settings.observing().inboxLate();
    }

    @Override
    public Publisher<HealthResult> getResult() {
        var results = new ArrayList<HealthResult>();
        results.add(meta());
        var age = standing.age();
        results.add(
                result("gauges", age.compareTo(OLD) > 0, Map.of("age_seconds", age.toSeconds())));
        standing.last().ifPresent(it -> results.addAll(read(it)));
        return Flux.fromIterable(results);
    }

    private HealthResult meta() {
        var now = graph.now();
        var details = new LinkedHashMap<String, Object>();
        details.put("graph_version", now.version());
        now.until()
                .ifPresent(until -> {
                    details.put("served_until", until.toString());
                    var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
                    details.put("days_left", ChronoUnit.DAYS.between(today, until));
                });
        details.put("state", now.away() ? "away" : "answering");
        details.put("calls_without_answer", now.silent());
        details.put("last_answer", text(now.lastAnswer()));
        details.put("last_silence", text(now.lastSilence()));
        return result("meta", now.away() || now.ending(), details);
    }

    private static String text(Optional<Instant> at) {
        return at.map(it -> it.truncatedTo(ChronoUnit.SECONDS).toString()).orElse("none");
    }

    private List<HealthResult> read(Reading reading) {
        var inbox = reading.inbox();
        var queue = reading.queue();
        var timers = reading.timers();
        return List.of(
                result(
                        "inbox",
                        inbox.oldest().compareTo(inboxLate) > 0,
                        Map.of(
                                "oldest_unapplied_seconds", inbox.oldest().toSeconds(),
                                "pending", inbox.pending(),
                                "parked", inbox.parked(),
                                "dead", inbox.dead())),
                result(
                        "lanes",
                        queue.oldestLeft().compareTo(LATE) > 0 || !queue.parked().isEmpty(),
                        Map.of(
                                "leased", queue.leased(),
                                "due", queue.due(),
                                "parked", queue.parked(),
                                "oldest_due_seconds", queue.oldestLeft().toSeconds())),
                result(
                        "timers",
                        timers.oldest().compareTo(LATE) > 0,
                        Map.of(
                                "overdue", timers.timers(),
                                "oldest_seconds", timers.oldest().toSeconds())));
    }

    private static HealthResult result(String name, boolean warns, Map<String, ?> details) {
        return HealthResult.builder(name, warns ? WARNING : HealthStatus.UP)
                .details(details)
                .build();
    }
}
