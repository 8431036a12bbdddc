package dev.gesher.app.metrics;

import dev.gesher.app.metrics.Standing.Reading;
import dev.gesher.conversation.SendQueue.Depth;
import dev.gesher.tenant.db.BatchStats;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.GraphStanding;
import dev.gesher.whatsapp.WebhookInbox;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tags;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * Shows what is not counted where it happens: what {@link Standing} read, what batch writers and
 * the inbox tell of themselves, how Meta stands. Nothing here asks the database.
 */
@Singleton
final class Gauges implements ApplicationEventListener<ServerStartupEvent> {
    private static final List<String> STAGES = List.of("deferred", "queued", "sending", "settling");
    private static final List<String> CLASSES = List.of("reply", "utility", "bulk");

    private final MeterRegistry registry;
    private final Standing standing;
    private final BatchWriters writers;
    private final WebhookInbox inbox;
    private final GraphStanding graph;
    private final Clock clock;
    private final Set<String> shown = ConcurrentHashMap.newKeySet();

    Gauges(
            MeterRegistry registry,
            Standing standing,
            BatchWriters writers,
            WebhookInbox inbox,
            GraphStanding graph,
            Clock clock) {
        this.registry = registry;
        this.standing = standing;
        this.writers = writers;
        this.inbox = inbox;
        this.graph = graph;
        this.clock = clock;
    }

    @Override
    public void onApplicationEvent(ServerStartupEvent event) {
        Metrics.addRegistry(registry);
        inbox();
        lanes();
        queue();
        gauge("timers.overdue", "Timers that are due", it -> it.timers().timers());
        gauge(
                "timers.oldest.overdue.seconds",
                "How long the longest due timer has been",
                it -> seconds(it.timers().oldest()));
        gauge(
                "gauges.age.seconds",
                "How old what is read from the database is",
                Tags.empty(),
                this::age);
        gauge(
                "graph.version.days.left",
                "Days that Meta still serves the Graph version in use; far off when no end is known",
                Tags.empty(),
                this::daysLeft);
        gauge(
                "graph.silent.calls",
                "Calls to Graph in a row, until now, without an answer of Graph's",
                Tags.empty(),
                () -> graph.now().silent());
        showNew();
    }

    @PreDestroy
    void close() {
        Metrics.removeRegistry(registry);
    }

    private void inbox() {
        gauge("inbox.pending", "Bodies and changes not applied yet", it -> it.inbox().pending());
        gauge("inbox.parked", "Changes of numbers that nobody holds", it -> it.inbox().parked());
        gauge("inbox.dead", "Bodies and changes set aside with an error", it -> it.inbox().dead());
        gauge(
                "inbox.oldest.seconds",
                "How long the oldest pending one has waited",
                it -> seconds(it.inbox().oldest()));
    }

    private void lanes() {
        var description = "Sending lanes, by what they are in";
        gauge("lanes", description, Tags.of("state", "leased"), it -> it.queue().leased());
        gauge("lanes", description, Tags.of("state", "due"), it -> it.queue().due());
        for (var cause : ConnectionCause.values()) {
            var name = cause.name().toLowerCase(Locale.ROOT);
            gauge(
                    "lanes.parked",
                    "Lanes on which nothing may be sent, by cause",
                    Tags.of("cause", name),
                    it -> it.queue().parked().getOrDefault(name, 0L));
        }
        gauge(
                "lanes.oldest.left.seconds",
                "How long the longest due lane has waited that no process holds",
                it -> seconds(it.queue().oldestLeft()));
    }

    private void queue() {
        for (var name : CLASSES) {
            for (var stage : STAGES) {
                gauge(
                        "queue.messages",
                        "Messages that are not done, of lanes with something to do",
                        Tags.of("stage", stage, "class", name),
                        it ->
                                it.queue().depths().stream()
                                        .filter(depth -> depth.stage().equals(stage))
                                        .filter(depth -> depth.priorityClass().equals(name))
                                        .mapToLong(Depth::messages)
                                        .sum());
            }
            gauge(
                    "queue.oldest.due.seconds",
                    "How long the longest queued message has been due",
                    Tags.of("class", name),
                    it ->
                            it.queue().depths().stream()
                                    .filter(depth -> depth.priorityClass().equals(name))
                                    .mapToDouble(depth -> seconds(depth.oldestDue()))
                                    .max()
                                    .orElse(0));
        }
    }

    /** Writers and counts appear with the first that uses them, so new ones are looked for. */
    private double age() {
        showNew();
        return seconds(standing.age());
    }

    private void showNew() {
        writers.stats().keySet().stream()
                .filter(name -> shown.add("writer " + name))
                .forEach(this::writer);
        inbox.counters().keySet().stream()
                .filter(name -> shown.add("inbox " + name))
                .forEach(this::webhooks);
    }

    private void writer(String name) {
        var of = Tags.of("writer", name);
        counter(
                "batch.items",
                "Items handed to a group-committing writer",
                of.and("outcome", "committed"),
                name,
                BatchStats::items);
        counter(
                "batch.items",
                "Items handed to a group-committing writer",
                of.and("outcome", "failed"),
                name,
                BatchStats::failed);
        counter(
                "batch.items",
                "Items handed to a group-committing writer",
                of.and("outcome", "refused"),
                name,
                BatchStats::refused);
        counter("batch.repeats", "Transactions run again", of, name, BatchStats::repeats);
        counter(
                "batch.splits",
                "Batches divided to find the item to blame",
                of,
                name,
                BatchStats::splits);
        counter(
                "batch.set.aside",
                "Times that a tenant's items met a locked row",
                of,
                name,
                BatchStats::setAside);
        gauge(
                "batch.waiting.items",
                "Items handed in and not answered",
                of,
                () -> stats(name).waitingItems());
        gauge("batch.waiting.bytes", "Their bytes", of, () -> stats(name).waitingBytes());
    }

    private BatchStats stats(String name) {
        var stats = writers.stats().get(name);
        return stats == null ? new BatchStats(0, 0, 0, 0, 0, 0, 0, 0, 0) : stats;
    }

    private void counter(
            String name,
            String description,
            Tags tags,
            String writer,
            ToLongFunction<BatchStats> value) {
        FunctionCounter.builder("gesher." + name, this, it -> value.applyAsLong(it.stats(writer)))
                .description(description)
                .tags(tags)
                .register(registry);
    }

    /** The parts of a count's name are labels: {@code applied.messages.text}. */
    private void webhooks(String name) {
        var parts = name.split("\\.", 3);
        var rest = parts.length > 1 ? parts[1] : "";
        switch (parts[0]) {
            case "received" ->
                    webhooks(name, "webhook.received", "Bodies that were stored", Tags.empty());
            case "received_bytes" ->
                    webhooks(
                            name,
                            "webhook.bytes",
                            "Bytes of webhooks that were stored",
                            Tags.empty());
            case "refused" -> rejected(name, rest);
            case "unavailable" -> rejected(name, name);
            case "handshake" ->
                    webhooks(
                            name,
                            "webhook.handshakes",
                            "Meta's handshakes, by what came of them",
                            Tags.of("outcome", rest));
            case "applied" -> {
                if (parts.length == 3) {
                    webhooks(
                            name,
                            "inbox.applied",
                            "What changes told and was applied, by Meta's field and its type",
                            Tags.of("field", rest, "type", parts[2]));
                } else {
                    changes(name, parts[0], rest);
                }
            }
            default -> changes(name, parts[0], rest);
        }
    }

    private void rejected(String name, String reason) {
        webhooks(
                name,
                "webhook.rejected",
                "Webhooks that were not taken, by reason",
                Tags.of("reason", reason));
    }

    private void changes(String name, String outcome, String detail) {
        webhooks(
                name,
                "inbox.changes",
                "Bodies and changes, by what became of them",
                Tags.of("outcome", outcome, "detail", detail));
    }

    private void webhooks(String name, String meter, String description, Tags tags) {
        FunctionCounter.builder(
                        "gesher." + meter, inbox, it -> it.counters().getOrDefault(name, 0L))
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private void gauge(String name, String description, ToDoubleFunction<Reading> value) {
        gauge(name, description, Tags.empty(), value);
    }

    private void gauge(
            String name, String description, Tags tags, ToDoubleFunction<Reading> value) {
        gauge(
                name,
                description,
                tags,
                () ->
                        standing.last()
                                .map(it -> (Double) value.applyAsDouble(it))
                                .orElse(Double.NaN));
    }

    private void gauge(
            String name, String description, Tags tags, java.util.function.Supplier<Number> value) {
        Gauge.builder("gesher." + name, value)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private double daysLeft() {
        var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        return graph.now()
                .until()
                .map(until -> (double) ChronoUnit.DAYS.between(today, until))
                .orElse(Double.POSITIVE_INFINITY);
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1_000.0;
    }
}
