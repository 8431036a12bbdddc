package dev.gesher.whatsapp.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.tenant.db.Notices;
import dev.gesher.whatsapp.AccountFact.Template;
import dev.gesher.whatsapp.AccountFact.TemplateCategory;
import dev.gesher.whatsapp.AccountFact.TemplateComponents;
import dev.gesher.whatsapp.AccountFact.TemplateQuality;
import dev.gesher.whatsapp.AccountFact.TemplateStatus;
import dev.gesher.whatsapp.WhatsAppClients;
import jakarta.inject.Singleton;
import java.sql.SQLException;

/** What Meta tells about templates, as rows of {@code whatsapp_templates}. */
@Singleton
final class TemplateNews {
    private final Notices notices;

    TemplateNews(Notices notices) {
        this.notices = notices;
    }

    /** Status of a template by the event that told of it. */
    private static String status(String event) {
        return switch (event) {
            // All of them are sendable: flagged is a warning.
            case "APPROVED", "REINSTATED", "UNARCHIVED", "FLAGGED" -> "APPROVED";
            default -> event;
        };
    }

    Done status(Item item, TemplateStatus told) throws SQLException {
        var template = told.template();
        int kept =
                item.tx()
                        .update(
                                """
                                INSERT INTO whatsapp_templates AS t
                                    (tenant_id, template_id, waba_id, name, language, status, status_at, reason)
                                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                                ON CONFLICT (tenant_id, template_id) DO UPDATE
                                SET waba_id = excluded.waba_id, name = coalesce(nullif(excluded.name, ''), t.name),
                                    language = coalesce(nullif(excluded.language, ''), t.language),
                                    status = excluded.status, status_at = excluded.status_at, reason = excluded.reason
                                WHERE t.status_at IS NULL OR (t.status_at, t.status) < (excluded.status_at, excluded.status)
                                """,
                                item.tenant(),
                                template.id(),
                                item.waba(),
                                template.name(),
                                template.language(),
                                status(told.event()),
                                item.at(),
                                told.reason().orElse(null));
        if (kept == 0) {
            return Done.OUTDATED;
        }
        changed(item, template);
        var data = data(item, template).put("event", told.event());
        data.put("status", status(told.event()));
        Effects.add(data, "reason", told.reason());
        Effects.add(data, "title", told.title());
        Effects.add(data, "description", told.description());
        return Done.of(item.told("template.status_changed", data));
    }

    Done quality(Item item, TemplateQuality told) throws SQLException {
        var template = told.template();
        int kept =
                item.tx()
                        .update(
                                """
                                INSERT INTO whatsapp_templates AS t
                                    (tenant_id, template_id, waba_id, name, language, quality, quality_at)
                                VALUES (?, ?, ?, ?, ?, ?, ?)
                                ON CONFLICT (tenant_id, template_id) DO UPDATE
                                SET quality = excluded.quality, quality_at = excluded.quality_at
                                WHERE t.quality_at IS NULL OR (t.quality_at, t.quality) < (excluded.quality_at, excluded.quality)
                                """,
                                item.tenant(),
                                template.id(),
                                item.waba(),
                                template.name(),
                                template.language(),
                                told.now(),
                                item.at());
        if (kept == 0) {
            return Done.OUTDATED;
        }
        var data = data(item, template).put("quality", told.now());
        Effects.add(data, "previous", told.before());
        return Done.of(item.told("template.quality_changed", data));
    }

    Done category(Item item, TemplateCategory told) throws SQLException {
        var template = told.template();
        int kept =
                item.tx()
                        .update(
                                """
                                INSERT INTO whatsapp_templates AS t
                                    (tenant_id, template_id, waba_id, name, language, category, category_at,
                                     announced_category, announced_from)
                                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                                ON CONFLICT (tenant_id, template_id) DO UPDATE
                                SET category = excluded.category, category_at = excluded.category_at,
                                    announced_category = excluded.announced_category,
                                    announced_from = excluded.announced_from
                                WHERE t.category_at IS NULL OR (t.category_at, t.category) < (excluded.category_at, excluded.category)
                                """,
                                item.tenant(),
                                template.id(),
                                item.waba(),
                                template.name(),
                                template.language(),
                                told.now(),
                                item.at(),
                                told.announced().orElse(null),
                                told.from().orElse(null));
        if (kept == 0) {
            return Done.OUTDATED;
        }
        changed(item, template);
        var data = data(item, template).put("category", told.now());
        Effects.add(data, "previous", told.before());
        Effects.add(data, "announced", told.announced());
        told.from().ifPresent(from -> data.put("from", from.toString()));
        return Done.of(item.told("template.category_changed", data));
    }

    Done components(Item item, TemplateComponents told) throws SQLException {
        var template = told.template();
        int kept =
                item.tx()
                        .update(
                                """
                                INSERT INTO whatsapp_templates AS t
                                    (tenant_id, template_id, waba_id, name, language, components_at)
                                VALUES (?, ?, ?, ?, ?, ?)
                                ON CONFLICT (tenant_id, template_id) DO UPDATE
                                SET components_at = excluded.components_at
                                WHERE t.components_at IS NULL OR t.components_at < excluded.components_at
                                """,
                                item.tenant(),
                                template.id(),
                                item.waba(),
                                template.name(),
                                template.language(),
                                item.at());
        if (kept == 0) {
            return Done.OUTDATED;
        }
        changed(item, template);
        return Done.of(item.told("template.components_changed", data(item, template)));
    }

    /** What processes remember of it is to be read anew. */
    private void changed(Item item, Template template) throws SQLException {
        notices.announce(
                item.tx(), WhatsAppClients.TEMPLATE_CHANGED, item.tenant(), template.name());
    }

    private static ObjectNode data(Item item, Template template) {
        return item.data()
                .put("template_id", template.id())
                .put("template_name", template.name())
                .put("language", template.language());
    }
}
