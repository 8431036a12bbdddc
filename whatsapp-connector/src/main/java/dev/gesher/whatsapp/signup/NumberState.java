package dev.gesher.whatsapp.signup;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A phone number as Graph shows it; its words are open enumerations. */
record NumberState(
        @Nullable String displayPhoneNumber,
        @Nullable String verifiedName,
        @Nullable String status,
        @Nullable String qualityRating,
        @Nullable String nameStatus,
        @Nullable String platformType,
        @Nullable String throughputLevel,
        @Nullable String limitTier,
        boolean onBusinessApp,
        boolean hasPin) {
    // Flagged and rate-limited numbers still send; so does one whose status Meta leaves out.
    private static final Set<String> SENDS = Set.of("CONNECTED", "FLAGGED", "RATE_LIMITED");
    private static final int COEXISTENCE_PER_SECOND = 20;
    private static final int HIGH_PER_SECOND = 1000;
    private static final int STANDARD_PER_SECOND = 80;

    static NumberState of(JsonNode node) {
        return new NumberState(
                node.path("display_phone_number").textValue(),
                node.path("verified_name").textValue(),
                node.path("status").textValue(),
                node.path("quality_rating").textValue(),
                node.path("name_status").textValue(),
                node.path("platform_type").textValue(),
                node.path("throughput").path("level").textValue(),
                node.has("whatsapp_business_manager_messaging_limit")
                        ? node.path("whatsapp_business_manager_messaging_limit").textValue()
                        : node.path("messaging_limit_tier").textValue(),
                node.path("is_on_biz_app").asBoolean(false),
                node.path("is_pin_enabled").asBoolean(false));
    }

    boolean sends() {
        return status == null || SENDS.contains(status);
    }

    boolean registered() {
        return "CONNECTED".equals(status) && "CLOUD_API".equals(platformType);
    }

    /** What Meta lets the number send, in messages per second. */
    int messagesPerSecond() {
        if (onBusinessApp) {
            return COEXISTENCE_PER_SECOND;
        }
        return "HIGH".equals(throughputLevel) ? HIGH_PER_SECOND : STANDARD_PER_SECOND;
    }
}
