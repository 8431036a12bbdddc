package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.webhook.Told.Read;
import dev.gesher.whatsapp.webhook.Told.Reader;
import dev.gesher.whatsapp.webhook.Told.Reading;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The fields of Meta's webhooks: which of them are read, by what, and how a value is known. */
final class Fields {
    static final String UNKNOWN = "unknown";

    /** Kept as they came, and counted. */
    private static final Set<String> KEPT_RAW =
            Set.of(
                    "calls",
                    "group_lifecycle_update",
                    "group_participants_update",
                    "group_settings_update",
                    "group_status_update",
                    "partner_solutions",
                    "payment_configuration_update",
                    "automatic_events",
                    "standby",
                    "messaging_handovers",
                    "account_settings_update",
                    "template_correct_category_detection");

    private static final Set<String> ACCOUNT_EVENTS =
            Set.of(
                    "PARTNER_ADDED",
                    "PARTNER_REMOVED",
                    "PARTNER_APP_INSTALLED",
                    "PARTNER_APP_UNINSTALLED",
                    "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
                    "ACCOUNT_DELETED",
                    "ACCOUNT_VIOLATION",
                    "ACCOUNT_RESTRICTION",
                    "DISABLED_UPDATE",
                    "ACCOUNT_OFFBOARDED",
                    "ACCOUNT_RECONNECTED",
                    "AD_ACCOUNT_LINKED",
                    "MM_LITE_TERMS_SIGNED",
                    "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
                    "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
                    "VOLUME_BASED_PRICING_TIER_UPDATE",
                    "VERIFIED_ACCOUNT");

    /**
     * A field that is read.
     *
     * @param names Meta's, the one it is counted by first
     * @param sign what a value of it is known by
     * @param fits what is enough if it is called so, and nothing says that it is another's
     */
    private record Field(
            List<String> names,
            Predicate<JsonNode> sign,
            Predicate<JsonNode> fits,
            Reader reader) {}

    /** A value that has several signs is of the first. */
    private static final List<Field> READ =
            List.of(
                    customers("smb_message_echoes", has("message_echoes"), EchoesChange::read),
                    customers("smb_app_state_sync", has("state_sync"), CustomerChanges::contacts),
                    customers(
                            "user_preferences",
                            has("user_preferences"),
                            CustomerChanges::preferences),
                    new Field(
                            List.of("messages"),
                            not("history").and(has("messages", "statuses").or(errorsOfANumber())),
                            has("messages", "statuses", "errors"),
                            MessagesChange::read),
                    customers(
                            "history",
                            has("history", "messages").or(errorsOfANumber()),
                            HistoryChange::read),
                    news(
                            "message_template_quality_update",
                            ofTemplate("new_quality_score"),
                            TemplateChange::quality),
                    news(
                            "template_category_update",
                            ofTemplate("new_category"),
                            TemplateChange::category),
                    news(
                            "message_template_status_update",
                            ofTemplate("event"),
                            TemplateChange::status),
                    news(
                            "message_template_components_update",
                            has("message_template_id"),
                            TemplateChange::components),
                    news("account_alerts", has("alert_info", "alert_type"), AccountChange::alert),
                    news(
                            "phone_number_name_update",
                            has("decision").and(has("requested_verified_name")),
                            has("decision"),
                            NumberChange::name),
                    news(
                            "account_review_update",
                            has("decision")
                                    .and(not("event"))
                                    .and(not("requested_verified_name"))
                                    .and(not("display_phone_number"))
                                    .and(not("rejection_reason")),
                            AccountChange::review),
                    news(
                            "security",
                            event(one -> one.startsWith("PIN_")),
                            has("event"),
                            NumberChange::security),
                    news(
                            "phone_number_quality_update",
                            has("event").and(has("current_limit", "old_limit")),
                            has("event"),
                            NumberChange::quality),
                    new Field(
                            List.of(
                                    "business_username_updates",
                                    "business_username_update",
                                    "phone_number_username_update"),
                            has("username").and(has("status")),
                            has("status"),
                            news(NumberChange::username)),
                    news(
                            "business_capability_update",
                            not("event").and(value -> AccountChange.capability(value).isPresent()),
                            AccountChange::capability),
                    news(
                            "flows",
                            has("flow_id").and(has("event")),
                            has("event"),
                            AccountChange::flow),
                    news(
                            "account_update",
                            event(ACCOUNT_EVENTS::contains)
                                    .or(
                                            has(
                                                    "waba_info",
                                                    "ban_info",
                                                    "restriction_info",
                                                    "violation_info")),
                            has("event"),
                            AccountChange::update));

    private Fields() {}

    private static Field customers(String name, Predicate<JsonNode> sign, Reader reader) {
        return new Field(List.of(name), sign, sign, reader);
    }

    private static Field news(
            String name, Predicate<JsonNode> sign, Function<JsonNode, Optional<AccountFact>> fact) {
        return news(name, sign, sign, fact);
    }

    private static Field news(
            String name,
            Predicate<JsonNode> sign,
            Predicate<JsonNode> fits,
            Function<JsonNode, Optional<AccountFact>> fact) {
        return new Field(List.of(name), sign, fits, news(fact));
    }

    private static Reader news(Function<JsonNode, Optional<AccountFact>> fact) {
        return (told, into) ->
                fact.apply(told.value())
                        .ifPresentOrElse(
                                one -> into.signal(NewsSignals.of(told, one, told.value())),
                                () -> into.problem(Told.NOTHING_TO_READ));
    }

    /** Others have errors too, but say of no number. */
    private static Predicate<JsonNode> errorsOfANumber() {
        return has("errors").and(has("metadata"));
    }

    /** Has one of {@code keys}. */
    private static Predicate<JsonNode> has(String... keys) {
        return value -> Stream.of(keys).anyMatch(key -> Nodes.present(value.path(key)));
    }

    private static Predicate<JsonNode> not(String key) {
        return has(key).negate();
    }

    private static Predicate<JsonNode> ofTemplate(String key) {
        return has("message_template_id").and(has(key));
    }

    private static Predicate<JsonNode> event(Predicate<String> event) {
        return value -> Nodes.id(value.path("event")).filter(event).isPresent();
    }

    /** What a change holds; pure. */
    static Read read(Told told) {
        var into = new Reading();
        var named = named(told.field());
        // Meta gives some values another field's name: what they are shows in their keys.
        var field =
                named.filter(one -> one.sign().test(told.value()))
                        .or(() ->
                                named.isPresent() || told.field().equals(UNKNOWN)
                                        ? signed(told.value())
                                        : Optional.empty())
                        .or(() -> named.filter(one -> one.fits().test(told.value())));
        if (field.isPresent()) {
            field.get().reader().read(told, into);
        } else if (named.isPresent()) {
            into.problem(Told.NOTHING_TO_READ);
        } else {
            into.ignored(name(told.field()));
        }
        return into.done();
    }

    private static Optional<Field> named(String name) {
        return READ.stream().filter(field -> field.names().contains(name)).findFirst();
    }

    private static Optional<Field> signed(JsonNode value) {
        return READ.stream().filter(field -> field.sign().test(value)).findFirst();
    }

    /** The field that a value without one can only be of. */
    static Optional<String> of(JsonNode value) {
        return signed(value).map(field -> field.names().getFirst());
    }

    /** A field's name for counters, from a closed list. */
    static String name(String field) {
        return named(field)
                .map(one -> one.names().getFirst())
                .orElseGet(() -> KEPT_RAW.contains(field) ? field : "other");
    }
}
