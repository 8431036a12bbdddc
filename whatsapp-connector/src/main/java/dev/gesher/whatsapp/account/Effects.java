package dev.gesher.whatsapp.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountFact.AccountUpdate;
import dev.gesher.whatsapp.AccountNews.Told;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.account.AccountStates.Before;
import dev.gesher.whatsapp.account.AccountStates.State;
import dev.gesher.whatsapp.account.Suspicions.Suspicion;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What each piece of news does. It acts if it is newer than what was told of the same thing before
 * and, where that read the same thing back, than the connection's verification.
 */
@Singleton
final class Effects {
    private final Suspicions suspicions;
    private final Restrictions restrictions;
    private final TemplateNews templates;
    private final MetaSettings meta;

    Effects(
            Suspicions suspicions,
            Restrictions restrictions,
            TemplateNews templates,
            MetaSettings meta) {
        this.suspicions = suspicions;
        this.restrictions = restrictions;
        this.templates = templates;
        this.meta = meta;
    }

    Done apply(Item item) throws SQLException {
        return switch (item.news().fact()) {
            case AccountUpdate update -> update(item, update);
            case AccountFact.AccountReview(var decision) ->
                    keep(
                            item,
                            item.ofAccount(AccountStates.REVIEW, decision),
                            "connection.review_decided",
                            item.data().put("decision", decision));
            case AccountFact.AccountAlert alert -> alert(item, alert);
            case AccountFact.Capability capability ->
                    capability.dailyPeople().isPresent()
                            ? limit(item, capability.dailyPeople().get(), item.data())
                            : Done.KEPT;
            case AccountFact.Flow flow -> flow(item, flow);
            case AccountFact.TemplateStatus status -> templates.status(item, status);
            case AccountFact.TemplateQuality quality -> templates.quality(item, quality);
            case AccountFact.TemplateCategory category -> templates.category(item, category);
            case AccountFact.TemplateComponents components ->
                    templates.components(item, components);
            case AccountFact.NumberQuality quality when isOurNumber(item) ->
                    numberQuality(item, quality);
            case AccountFact.NumberName name when isOurNumber(item) -> name(item, name);
            case AccountFact.NumberUsername username when isOurNumber(item) ->
                    username(item, username);
            case AccountFact.Security security when isOurNumber(item) -> security(item, security);
            case AccountFact.NumberError(var error) when isOurNumber(item) -> {
                var data = item.numberData().put("alert", "NUMBER_ERROR").put("code", error.code());
                add(data, "title", error.title());
                add(data, "details", error.details());
                yield Done.of(item.told("account.alert", data));
            }
            case AccountFact.HistoryProgress progress when isOurNumber(item) ->
                    history(item, progress);
            case AccountFact.HistoryRefused(var error) when isOurNumber(item) ->
                    keep(
                            item,
                            item.ofNumber(AccountStates.HISTORY, AccountStates.REFUSED)
                                    .with(error.code()),
                            "connection.history_refused",
                            item.numberData().put("code", error.code()));
            case AccountFact.NumberQuality _,
                    AccountFact.NumberName _,
                    AccountFact.NumberUsername _,
                    AccountFact.Security _,
                    AccountFact.NumberError _,
                    AccountFact.HistoryProgress _,
                    AccountFact.HistoryRefused _ ->
                    Done.NOT_OURS;
        };
    }

    /** An account may have numbers that the tenant is not connected with. */
    private static boolean isOurNumber(Item item) {
        return item.about().equals(item.number());
    }

    private Done update(Item item, AccountUpdate update) throws SQLException {
        return switch (update.event()) {
            case "PARTNER_REMOVED" ->
                    doubt(item, AccountStates.PARTNER, update, Suspicion.PARTNER_REMOVED);
            case "PARTNER_ADDED" -> doubt(item, AccountStates.PARTNER, update, null);
            case "PARTNER_APP_UNINSTALLED" ->
                    isOurApp(update)
                            ? doubt(item, AccountStates.APP, update, Suspicion.APP_UNINSTALLED)
                            : Done.NOT_OURS;
            case "PARTNER_APP_INSTALLED" ->
                    isOurApp(update) ? doubt(item, AccountStates.APP, update, null) : Done.NOT_OURS;
            case "ACCOUNT_DELETED" ->
                    doubt(item, AccountStates.ACCOUNT, update, Suspicion.ACCOUNT_DELETED);
            case "ACCOUNT_OFFBOARDED" ->
                    doubt(item, AccountStates.DEVICE, update, Suspicion.OFFBOARDED);
            case "ACCOUNT_RECONNECTED" ->
                    doubt(item, AccountStates.DEVICE, update, Suspicion.RECONNECTED);
            case "DISABLED_UPDATE" -> ban(item, update);
            case "ACCOUNT_RESTRICTION" -> restrictions.apply(item, update.restrictions());
            case "ACCOUNT_VIOLATION" -> violation(item, update);
            default ->
                    Done.of(item.told("account.updated", item.data().put("event", update.event())));
        };
    }

    /** Where a partner has several apps, Meta tells each of the others' too. */
    private boolean isOurApp(AccountUpdate update) {
        return update.partnerAppId().filter(id -> !id.equals(meta.appId())).isEmpty();
    }

    /** Nothing ends on a webhook's word: what it says is kept, and Graph is asked. */
    private Done doubt(Item item, String kind, AccountUpdate update, @Nullable Suspicion suspicion)
            throws SQLException {
        var state =
                item.ofAccount(kind, update.event()).with(update.disconnectReason().orElse(null));
        if (!item.isNewerThanTheConnection() || put(item, state).isEmpty()) {
            return Done.OUTDATED;
        }
        if (suspicion != null) {
            suspicions.raise(item, suspicion);
        }
        return Done.KEPT;
    }

    private Done ban(Item item, AccountUpdate update) throws SQLException {
        var ban = update.banState().orElse("");
        var state = item.ofAccount(AccountStates.BAN, ban).with(update.banDate().orElse(null));
        if (!item.isNewerThanTheConnection() || put(item, state).isEmpty()) {
            return Done.OUTDATED;
        }
        var told = new ArrayList<Told>();
        var data = item.data().put("alert", update.event()).put("ban_state", ban);
        add(data, "ban_date", update.banDate());
        told.add(item.told("account.alert", data));
        switch (ban) {
            case "DISABLE" -> suspicions.raise(item, Suspicion.DISABLED);
            case "REINSTATE" -> {
                suspicions.raise(item, Suspicion.REINSTATED);
                told.addAll(restrictions.lift(item));
            }
            default -> {}
        }
        return Done.of(told);
    }

    private static Done violation(Item item, AccountUpdate update) throws SQLException {
        var violation = update.violation().orElse("");
        return keep(
                item,
                item.ofAccount(AccountStates.VIOLATION, violation),
                "account.alert",
                item.data().put("alert", update.event()).put("violation", violation));
    }

    private static Done alert(Item item, AccountFact.AccountAlert alert) {
        var data = item.data().put("alert", alert.type());
        add(data, "severity", alert.severity());
        add(data, "status", alert.status());
        add(data, "description", alert.description());
        add(data, "entity_type", alert.entityType());
        add(data, "entity_id", alert.entityId());
        return Done.of(item.told("account.alert", data));
    }

    private static Done flow(Item item, AccountFact.Flow flow) {
        var data = item.data().put("event", flow.event());
        add(data, "flow_id", flow.flowId());
        add(data, "message", flow.message());
        return Done.of(item.told("flow.alert", data));
    }

    private static Done numberQuality(Item item, AccountFact.NumberQuality quality)
            throws SQLException {
        if (!item.isNewerThanTheConnection()) {
            return Done.OUTDATED;
        }
        return switch (quality.event()) {
            case "FLAGGED", "UNFLAGGED" ->
                    keep(
                            item,
                            item.ofNumber(AccountStates.QUALITY, quality.event()),
                            "connection.quality_changed",
                            item.numberData().put("quality", quality.event()));
            case "THROUGHPUT_UPGRADE" -> {
                var done =
                        keep(
                                item,
                                item.ofNumber(AccountStates.THROUGHPUT, "HIGH"),
                                "connection.throughput_changed",
                                item.numberData().put("throughput", "HIGH"));
                if (!done.equals(Done.OUTDATED)) {
                    raiseLane(item);
                }
                yield done;
            }
            default ->
                    quality.limit().isPresent()
                            ? limit(item, quality.limit().get(), item.numberData())
                            : Done.KEPT;
        };
    }

    /** Ten times and more; a number that is also in the Business app keeps its twenty a second. */
    private static void raiseLane(Item item) throws SQLException {
        item.tx()
                .update(
                        """
                        UPDATE lanes l SET messages_per_second = 1000
                        FROM whatsapp_connections c
                        WHERE l.phone_number_id = ? AND l.tenant_id = ? AND c.tenant_id = l.tenant_id
                          AND c.phone_number_id = l.phone_number_id AND NOT c.coexistence
                        """,
                        item.number(),
                        item.tenant());
    }

    private static Done limit(Item item, String limit, ObjectNode data) throws SQLException {
        return item.isNewerThanTheConnection()
                ? keep(
                        item,
                        item.ofAccount(AccountStates.LIMIT, limit),
                        "connection.limit_changed",
                        data.put("limit", limit))
                : Done.OUTDATED;
    }

    private static Done name(Item item, AccountFact.NumberName name) throws SQLException {
        if (!item.isNewerThanTheConnection()) {
            return Done.OUTDATED;
        }
        var data = item.numberData().put("decision", name.decision());
        add(data, "name", name.name());
        add(data, "reason", name.rejectionReason());
        return keep(
                item,
                item.ofNumber(AccountStates.NAME, name.decision())
                        .with(name.rejectionReason().or(name::name).orElse(null)),
                "connection.name_decided",
                data);
    }

    private static Done username(Item item, AccountFact.NumberUsername username)
            throws SQLException {
        var data = item.numberData().put("status", username.status());
        add(data, "username", username.username());
        return keep(
                item,
                item.ofNumber(AccountStates.USERNAME, username.status())
                        .with(username.username().orElse(null)),
                "connection.username_changed",
                data);
    }

    /** Whoever changed the PIN, it was not we, who did so before the verification. */
    private static Done security(Item item, AccountFact.Security security) throws SQLException {
        var data = item.numberData().put("event", security.event());
        if (!security.event().equals("PIN_CHANGED")) {
            return Done.of(item.told("connection.security_alert", data));
        }
        return item.isNewerThanTheConnection()
                ? keep(
                        item,
                        item.ofNumber(AccountStates.PIN, security.event()),
                        "connection.security_alert",
                        data)
                : Done.OUTDATED;
    }

    /** Chunks come by the hundred: only the last is told. */
    private static Done history(Item item, AccountFact.HistoryProgress progress)
            throws SQLException {
        var value = AccountStates.progress(progress.progress());
        var before =
                AccountStates.putProgress(
                        item.tx(), item.tenant(), item.ofNumber(AccountStates.HISTORY, value));
        if (before.isEmpty()) {
            return Done.OUTDATED;
        }
        return progress.progress() == 100 && !before.get().value().equals(Optional.of(value))
                ? Done.of(item.told("connection.history_received", item.numberData()))
                : Done.KEPT;
    }

    private static Optional<Before> put(Item item, State state) throws SQLException {
        return AccountStates.put(item.tx(), item.tenant(), state);
    }

    /** Keeps a state and tells of it with what it was before. */
    private static Done keep(Item item, State state, String type, ObjectNode data)
            throws SQLException {
        var before = put(item, state);
        if (before.isEmpty()) {
            return Done.OUTDATED;
        }
        add(data, "previous", before.get().value());
        return Done.of(item.told(type, data));
    }

    static void add(ObjectNode data, String name, Optional<String> value) {
        value.ifPresent(text -> data.put(name, text));
    }
}
