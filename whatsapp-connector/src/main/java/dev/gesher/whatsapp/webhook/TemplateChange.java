package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountFact.Template;
import dev.gesher.whatsapp.AccountFact.TemplateCategory;
import dev.gesher.whatsapp.AccountFact.TemplateComponents;
import dev.gesher.whatsapp.AccountFact.TemplateQuality;
import dev.gesher.whatsapp.AccountFact.TemplateStatus;
import java.util.Optional;

/** Reads what fields about a template tell; empty for a value that is of another field. */
final class TemplateChange {
    private static final String PREFIX = "message_template_";

    private TemplateChange() {}

    private static Optional<Template> template(JsonNode value) {
        return Nodes.id(value.path(PREFIX + "id"))
                .map(id ->
                        new Template(
                                id,
                                Nodes.text(value.path(PREFIX + "name")).orElse(""),
                                Nodes.id(value.path(PREFIX + "language"))
                                        .map(language -> language.replace('-', '_'))
                                        .orElse(""),
                                Nodes.id(value.path(PREFIX + "category"))));
    }

    /** {@code message_template_status_update}. */
    static Optional<AccountFact> status(JsonNode value) {
        return template(value)
                .flatMap(template ->
                        Nodes.id(value.path("event"))
                                .map(event ->
                                        new TemplateStatus(
                                                template,
                                                event,
                                                reason(value),
                                                Nodes.text(value.path("other_info").path("title")),
                                                Nodes.text(
                                                                value.path("other_info")
                                                                        .path("description"))
                                                        .or(() ->
                                                                Nodes.text(
                                                                        value.path("rejection_info")
                                                                                .path(
                                                                                        "reason"))))));
    }

    private static Optional<String> reason(JsonNode value) {
        return Nodes.text(value.path("reason")).filter(reason -> !reason.equals("NONE"));
    }

    /** {@code message_template_quality_update}. */
    static Optional<AccountFact> quality(JsonNode value) {
        return template(value)
                .flatMap(template ->
                        Nodes.id(value.path("new_quality_score"))
                                .map(now ->
                                        new TemplateQuality(
                                                template,
                                                Nodes.id(value.path("previous_quality_score")),
                                                now)));
    }

    /** {@code message_template_components_update}. */
    static Optional<AccountFact> components(JsonNode value) {
        return template(value).map(TemplateComponents::new);
    }

    /**
     * {@code template_category_update}: while it is only announced, the "new" one is what it is.
     */
    static Optional<AccountFact> category(JsonNode value) {
        return template(value)
                .flatMap(template ->
                        Nodes.id(value.path("new_category"))
                                .map(now ->
                                        new TemplateCategory(
                                                template,
                                                Nodes.id(value.path("previous_category")),
                                                now,
                                                Nodes.id(value.path("correct_category")),
                                                Nodes.time(
                                                        value.path("category_update_timestamp")))));
    }
}
