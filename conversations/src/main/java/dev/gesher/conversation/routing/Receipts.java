package dev.gesher.conversation.routing;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.Decision;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.contact.Window;
import java.util.List;
import java.util.Locale;

/** Writes down why a message went as it did: the decision and its inputs, never content. */
public final class Receipts {
    private Receipts() {}

    /** JSON text for the message's row. */
    public static String json(Facts facts, Decision decision) {
        var root = JsonNodeFactory.instance.objectNode();
        root.put("rule_version", Rules.VERSION);
        root.put("at", facts.now().toString());
        describe(decision, root.putObject("decision"));
        inputs(facts, root.putObject("inputs"));
        return root.toString();
    }

    private static void describe(Decision decision, ObjectNode node) {
        switch (decision) {
            case Decision.FreeForm(var until) -> {
                node.put("kind", "freeform");
                node.put("window_expires_at", until.toString());
            }
            case Decision.Template(var name, var language) -> {
                node.put("kind", "template");
                node.put("template", name);
                node.put("language", language);
            }
            case Decision.Deferred(var until, var reasons) -> {
                node.put("kind", "deferred");
                node.put("until", until.toString());
                reasons(reasons, node);
            }
            case Decision.Blocked(var reasons) -> {
                node.put("kind", "blocked");
                reasons(reasons, node);
            }
        }
    }

    private static void reasons(List<Reason> reasons, ObjectNode node) {
        var list = node.putArray("reasons");
        reasons.forEach(reason -> list.add(reason.code()));
    }

    private static void inputs(Facts facts, ObjectNode node) {
        node.put("tenant_active", facts.tenantActive());
        node.put(
                "connection",
                facts.connectionStatus()
                        .map(status -> status.name().toLowerCase(Locale.ROOT))
                        .orElse(null));
        node.put("phone_number_id", facts.phoneNumberId().orElse(null));
        if (!facts.restrictions().isEmpty()) {
            restrictions(facts, node.putArray("restrictions"));
        }
        node.put("recipient_is_sender", facts.recipientIsSender());
        facts.window().ifPresent(window -> window(window, node.putObject("window")));
        node.put("routing", facts.routing().name().toLowerCase(Locale.ROOT));
        node.put("free_form", facts.freeForm());
        node.put("window_refused", facts.windowRefused());
        node.put("tenant_locale", facts.tenantLocale());
        node.put("marketing_stopped", facts.marketingStopped());
        facts.template().ifPresent(wish -> wish(wish, node.putObject("template")));
        switch (facts.catalogue()) {
            case Catalogue.NotAsked() -> node.put("catalogue", "not_asked");
            case Catalogue.Unavailable() -> node.put("catalogue", "unavailable");
            case Catalogue.Listed(var variants) -> {
                var list = node.putArray("catalogue");
                for (var variant : variants) {
                    list.addObject()
                            .put("language", variant.language())
                            .put("status", variant.status())
                            .put("category", variant.category());
                }
            }
        }
    }

    private static void restrictions(Facts facts, ArrayNode list) {
        for (var restriction : facts.restrictions()) {
            list.addObject()
                    .put("limit", restriction.limit().name().toLowerCase(Locale.ROOT))
                    .put("until", restriction.until().map(Object::toString).orElse(null));
        }
    }

    private static void window(Window window, ObjectNode node) {
        node.put("phone_number_id", window.phoneNumberId());
        node.put("opened_at", window.openedAt().toString());
        node.put("expires_at", window.expiresAt().toString());
    }

    private static void wish(Facts.TemplateWish wish, ObjectNode node) {
        node.put("name", wish.name());
        node.put("language", wish.language().orElse(null));
        node.put("decided", wish.decided().orElse(null));
    }
}
