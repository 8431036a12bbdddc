package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Customer;
import dev.gesher.simulator.world.Customers;
import java.util.regex.Pattern;

/** Whom a send means: {@code to} (a number) or {@code recipient} (a user id); {@code to} wins. */
final class Recipients {
    private static final Pattern WRITTEN = Pattern.compile("\\+?[0-9() \\-]{3,40}");

    private final Customers customers;

    Recipients(Customers customers) {
        this.customers = customers;
    }

    /**
     * A recipient.
     *
     * @param input as the caller wrote it
     */
    record Recipient(String input, Customer customer) {}

    Recipient of(JsonNode body, BusinessNumber sender) {
        if (!body.path("recipient_type").asText("individual").equals("individual")) {
            throw Refusal.of(131009, "recipient_type must be individual; groups aren't simulated.");
        }
        var to = body.path("to").asText("");
        if (!to.isEmpty()) {
            return new Recipient(to, customers.byPhone(number(to, sender)));
        }
        var userId = body.path("recipient").asText("");
        if (userId.isEmpty()) {
            throw Refusal.parameter("The parameter to is required.");
        }
        if (!Customers.isUserId(userId)) {
            throw Refusal.of(131009, "recipient must be a business-scoped user id.");
        }
        return new Recipient(
                userId,
                customers
                        .byUserId(userId)
                        .orElseThrow(() ->
                                Refusal.of(131009, "No user has this business-scoped user id.")));
    }

    /**
     * The digits Meta would dial. A plus sign makes the number international; without one the
     * business number's calling code is put before whatever doesn't begin with it, so a foreign
     * number reaches a stranger.
     */
    private static String number(String written, BusinessNumber sender) {
        if (!WRITTEN.matcher(written).matches()) {
            throw Refusal.of(131009, "Recipient phone number is not valid.");
        }
        var digits = written.replaceAll("\\D", "");
        var code = sender.callingCode();
        if (!written.startsWith("+") && !(digits.startsWith(code) && digits.length() > 9)) {
            digits = code + digits.replaceFirst("^0", "");
        }
        if (digits.length() < 7 || digits.length() > 15) {
            throw Refusal.of(131009, "Recipient phone number is not valid.");
        }
        if (digits.equals(sender.digits())) {
            throw Refusal.of(131021, "Recipient phone number cannot be the sender's phone number.");
        }
        return digits;
    }
}
