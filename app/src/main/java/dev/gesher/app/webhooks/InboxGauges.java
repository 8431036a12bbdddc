package dev.gesher.app.webhooks;

import dev.gesher.whatsapp.WebhookInbox;
import dev.gesher.whatsapp.WebhookInbox.Backlog;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micronaut.context.BeanProvider;
import jakarta.inject.Singleton;
import java.util.function.ToDoubleFunction;

/**
 * Tells what is left of the webhooks that came in: {@code gesher_inbox_pending} and its siblings.
 */
@Singleton
final class InboxGauges implements MeterBinder {
    private final BeanProvider<WebhookInbox> inbox;

    InboxGauges(BeanProvider<WebhookInbox> inbox) {
        this.inbox = inbox;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        gauge(registry, "pending", "Bodies and changes not applied yet", Backlog::pending);
        gauge(registry, "parked", "Changes of numbers that nobody holds", Backlog::parked);
        gauge(registry, "dead", "Bodies and changes set aside with an error", Backlog::dead);
        gauge(
                registry,
                "oldest.seconds",
                "How long the oldest pending one has waited",
                backlog -> backlog.oldest().toMillis() / 1_000.0);
    }

    private void gauge(
            MeterRegistry registry,
            String name,
            String description,
            ToDoubleFunction<Backlog> value) {
        Gauge.builder("gesher.inbox." + name, inbox, it -> value.applyAsDouble(it.get().backlog()))
                .description(description)
                .register(registry);
    }
}
