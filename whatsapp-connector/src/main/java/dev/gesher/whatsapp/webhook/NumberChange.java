package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountFact.NumberName;
import dev.gesher.whatsapp.AccountFact.NumberQuality;
import dev.gesher.whatsapp.AccountFact.NumberUsername;
import dev.gesher.whatsapp.AccountFact.Security;
import java.util.Optional;

/**
 * Reads what fields about one number of an account tell, which they name by its display number
 * only; empty for a value that is of another field.
 */
final class NumberChange {
    private NumberChange() {}

    /** {@code phone_number_quality_update}: the limit's key has changed over time. */
    static Optional<AccountFact> quality(JsonNode value) {
        return Nodes.id(value.path("event"))
                .map(event ->
                        new NumberQuality(
                                event,
                                Nodes.id(value.path("current_limit"))
                                        .or(() -> AccountChange.dailyPeople(value)),
                                Nodes.id(value.path("old_limit"))));
    }

    /** {@code phone_number_name_update}. */
    static Optional<AccountFact> name(JsonNode value) {
        return Nodes.id(value.path("decision"))
                .map(decision ->
                        new NumberName(
                                decision,
                                Nodes.text(value.path("requested_verified_name")),
                                Nodes.text(value.path("rejection_reason"))
                                        .filter(reason -> !reason.equals("NONE"))));
    }

    /** {@code business_username_updates}, which has had other names. */
    static Optional<AccountFact> username(JsonNode value) {
        return Nodes.id(value.path("status"))
                .map(status -> new NumberUsername(People.username(value.path("username")), status));
    }

    /** {@code security}. */
    static Optional<AccountFact> security(JsonNode value) {
        return Nodes.id(value.path("event"))
                .map(event -> new Security(event, Nodes.id(value.path("requester"))));
    }
}
