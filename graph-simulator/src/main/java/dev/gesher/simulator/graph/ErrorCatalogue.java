package dev.gesher.simulator.graph;

import java.util.HashMap;
import java.util.Map;

/** Graph codes with the HTTP status and title that Meta documents for them. */
public final class ErrorCatalogue {
    private static final Map<Integer, Known> KNOWN = new HashMap<>();

    static {
        add(0, 401, "AuthException");
        add(1, 400, "API Unknown");
        add(2, 503, "API Service");
        add(3, 500, "API Method");
        add(4, 400, "API Too Many Calls");
        add(10, 403, "Permission Denied");
        add(17, 400, "User request limit reached");
        add(33, 400, "Parameter value is not valid");
        add(100, 400, "Invalid parameter");
        add(104, 401, "An access token is required to request this resource.");
        add(190, 401, "Access token has expired");
        add(200, 403, "Permissions error");
        add(368, 403, "Temporarily blocked for policies violations");
        add(613, 400, "Calls to this api have exceeded the rate limit.");
        add(80007, 400, "Rate limit issues");
        add(130403, 400, "Recipient is blocked by the business");
        add(130429, 400, "Rate limit hit");
        add(130472, 400, "User's number is part of an experiment");
        add(130497, 403, "Business account is restricted from messaging users in this country.");
        add(131000, 500, "Something went wrong");
        add(131005, 403, "Access denied");
        add(131008, 400, "Required parameter is missing");
        add(131009, 400, "Parameter value is not valid");
        add(131016, 500, "Service unavailable");
        add(131021, 400, "Recipient cannot be sender");
        add(131026, 400, "Message undeliverable");
        add(131030, 400, "Recipient phone number not in allowed list");
        add(131031, 403, "Business Account locked");
        add(
                131037,
                400,
                "WhatsApp provided number needs display name approval before message can be sent.");
        add(131042, 400, "Business eligibility payment issue");
        add(131045, 500, "Incorrect certificate");
        add(131047, 400, "Re-engagement message");
        add(131048, 400, "Spam Rate limit hit");
        add(
                131049,
                400,
                "This message was not delivered to maintain healthy ecosystem engagement.");
        add(131050, 400, "User has stopped marketing messages from this business");
        add(131051, 400, "Unsupported message type");
        add(131052, 400, "Media download error");
        add(131053, 400, "Media upload error");
        add(131055, 400, "Method not allowed");
        add(131056, 400, "(Business Account, Consumer Account) pair rate limit hit");
        add(131057, 500, "Account in maintenance mode");
        add(131059, 400, "Invalid pagination cursor");
        add(131062, 400, "Business-scoped user id is not allowed for this message");
        add(131063, 400, "Marketing messages are disabled on Cloud API");
        add(131064, 400, "Messaging limit because of template misclassification");
        add(132000, 400, "Template Param Count Mismatch");
        add(132001, 404, "Template name does not exist in the translation");
        add(132005, 400, "Template Hydrated Text Too Long");
        add(132007, 400, "Template Format Character Policy Violated");
        add(132008, 400, "Template parameter value is invalid");
        add(132012, 400, "Template Parameter Format Mismatch");
        add(132015, 400, "Template is Paused");
        add(132016, 400, "Template is Disabled");
        add(132018, 400, "Template parameter is invalid");
        add(132068, 400, "Flow is blocked");
        add(132069, 400, "Flow is throttled");
        add(133000, 500, "Incomplete Deregistration");
        add(133004, 503, "Server Temporarily Unavailable");
        add(133005, 400, "Two step verification PIN Mismatch");
        add(133006, 400, "Phone number re-verification needed");
        add(133008, 400, "Too Many two step verification PIN Guesses");
        add(133009, 400, "Two step verification PIN Guessed Too Fast");
        add(133010, 400, "Phone number Not Registered");
        add(
                133015,
                400,
                "Please wait a few minutes before attempting to register this phone number");
        add(133016, 400, "Account register deregister rate limit exceeded");
        add(134011, 400, "Payments terms not accepted");
        add(135000, 400, "Generic user error");
        add(136024, 400, "Request code failed");
        add(136025, 400, "Verify code failed");
        add(137000, 400, "Identity key hash mismatch");
        add(2388019, 400, "Message template limit exceeded");
        add(2593107, 400, "Synchronization request limit exceeded");
        add(2593108, 400, "Synchronization request made outside of the allowed time window");
    }

    private ErrorCatalogue() {}

    /** What Meta documents of a code. */
    public record Known(int httpStatus, String title) {}

    private static void add(int code, int httpStatus, String title) {
        KNOWN.put(code, new Known(httpStatus, title));
    }

    /** What is documented, or a plain 400 for a code nobody listed. */
    public static Known of(int code) {
        return KNOWN.getOrDefault(code, new Known(400, "Unknown error"));
    }
}
