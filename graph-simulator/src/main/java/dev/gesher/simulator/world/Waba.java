package dev.gesher.simulator.world;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A WhatsApp Business Account with its numbers, templates and webhook subscription. Guarded by
 * itself.
 */
public final class Waba {
    private final String id;
    private final String businessId;
    private final String name;
    private final List<BusinessNumber> numbers = new ArrayList<>();
    private final List<Template> templates = new ArrayList<>();
    private boolean subscribed;
    private @Nullable WebhookOverride webhookOverride;

    Waba(String id, String businessId, String name) {
        this.id = id;
        this.businessId = businessId;
        this.name = name;
    }

    public String id() {
        return id;
    }

    public String businessId() {
        return businessId;
    }

    public String name() {
        return name;
    }

    public synchronized List<BusinessNumber> numbers() {
        return List.copyOf(numbers);
    }

    synchronized void add(BusinessNumber number) {
        numbers.add(number);
    }

    public synchronized List<Template> templates() {
        return List.copyOf(templates);
    }

    public synchronized Optional<Template> template(String templateName, String language) {
        return templates.stream()
                .filter(t -> t.name().equals(templateName) && t.language().equals(language))
                .findFirst();
    }

    /** Adds a template or replaces the one of the same name and language. */
    synchronized Template put(ObjectNode given, String newId) {
        var template = Template.of(given, newId);
        templates.removeIf(old ->
                old.name().equals(template.name()) && old.language().equals(template.language()));
        templates.add(template);
        return template;
    }

    public synchronized boolean subscribed() {
        return subscribed;
    }

    public synchronized void subscribe(@Nullable WebhookOverride override) {
        subscribed = true;
        webhookOverride = override;
    }

    public synchronized void unsubscribe() {
        subscribed = false;
        webhookOverride = null;
    }

    public synchronized @Nullable WebhookOverride webhookOverride() {
        return webhookOverride;
    }

    /** Where a number's message webhooks go when not to the app's own address. */
    public @Nullable WebhookOverride overrideFor(@Nullable String phoneNumberId) {
        var ofNumber =
                numbers().stream()
                        .filter(number -> number.id().equals(phoneNumberId))
                        .map(BusinessNumber::webhookOverride)
                        .filter(Objects::nonNull)
                        .findFirst();
        return ofNumber.orElse(webhookOverride());
    }

    public Business view() {
        return new Business(
                businessId,
                id,
                name,
                subscribed(),
                numbers().stream().map(BusinessNumber::view).toList());
    }
}
