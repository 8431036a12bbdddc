package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountFact.AccountAlert;
import dev.gesher.whatsapp.AccountFact.AccountReview;
import dev.gesher.whatsapp.AccountFact.AccountUpdate;
import dev.gesher.whatsapp.AccountFact.Capability;
import dev.gesher.whatsapp.AccountFact.Flow;
import dev.gesher.whatsapp.AccountFact.Restriction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads what fields about an account tell; empty for a value that is of another field. */
final class AccountChange {
    private AccountChange() {}

    /** {@code account_update}, in Meta's old forms too. */
    static Optional<AccountFact> update(JsonNode value) {
        return event(value)
                .map(event ->
                        new AccountUpdate(
                                event,
                                Nodes.id(value.path("waba_info").path("partner_app_id")),
                                Nodes.id(value.path("ban_info").path("waba_ban_state"))
                                        .or(() -> Nodes.id(value.path("waba_ban_state"))),
                                Nodes.text(value.path("ban_info").path("waba_ban_date"))
                                        .or(() -> Nodes.text(value.path("waba_ban_date"))),
                                restrictions(value.path("restriction_info")),
                                Nodes.text(value.path("violation_info").path("violation_type"))
                                        .or(() -> Nodes.text(value.path("violation_type"))),
                                Nodes.id(value.path("disconnection_info").path("reason"))));
    }

    private static Optional<String> event(JsonNode value) {
        return Nodes.id(value.path("event"))
                .or(() ->
                        Stream.of(
                                        when(value, "ban_info", "DISABLED_UPDATE"),
                                        when(value, "restriction_info", "ACCOUNT_RESTRICTION"),
                                        when(value, "violation_info", "ACCOUNT_VIOLATION"))
                                .flatMap(Optional::stream)
                                .findFirst());
    }

    private static Optional<String> when(JsonNode value, String key, String event) {
        return Nodes.present(value.path(key)) ? Optional.of(event) : Optional.empty();
    }

    private static List<Restriction> restrictions(JsonNode info) {
        var restrictions = new ArrayList<Restriction>();
        for (var one : Nodes.listed(info)) {
            Nodes.id(one.path("restriction_type"))
                    .ifPresent(type ->
                            restrictions.add(
                                    new Restriction(type, Nodes.time(one.path("expiration")))));
        }
        return List.copyOf(restrictions);
    }

    /** {@code account_review_update}. */
    static Optional<AccountFact> review(JsonNode value) {
        return Nodes.id(value.path("decision")).map(AccountReview::new);
    }

    /** {@code account_alerts}; older ones are flat. */
    static Optional<AccountFact> alert(JsonNode value) {
        var info = value.path("alert_info").isObject() ? value.path("alert_info") : value;
        return Nodes.id(info.path("alert_type"))
                .map(type ->
                        new AccountAlert(
                                type,
                                Nodes.id(info.path("alert_severity")),
                                Nodes.id(info.path("alert_status")),
                                Nodes.text(info.path("alert_description")),
                                Nodes.id(value.path("entity_type")),
                                Nodes.id(value.path("entity_id"))));
    }

    /** {@code business_capability_update}. */
    static Optional<AccountFact> capability(JsonNode value) {
        var capability =
                new Capability(
                        dailyPeople(value),
                        Nodes.number(value.path("max_phone_numbers_per_business")),
                        Nodes.number(value.path("max_phone_numbers_per_waba")));
        return capability.dailyPeople().isPresent()
                        || capability.numbersPerBusiness().isPresent()
                        || capability.numbersPerAccount().isPresent()
                ? Optional.of(capability)
                : Optional.empty();
    }

    static Optional<String> dailyPeople(JsonNode value) {
        return Stream.of(
                        "max_daily_conversations_per_business",
                        "max_daily_conversation_per_business",
                        "max_daily_conversation_per_phone")
                .map(key -> Nodes.id(value.path(key)))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** {@code flows}. */
    static Optional<AccountFact> flow(JsonNode value) {
        return Nodes.id(value.path("event"))
                .map(event ->
                        new Flow(
                                event,
                                Nodes.id(value.path("flow_id")),
                                Nodes.text(value.path("message"))
                                        .or(() -> Nodes.text(value.path("warning")))));
    }
}
