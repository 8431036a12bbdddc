package dev.gesher.conversation;

import java.util.Locale;

/** Why a message is not sent, or not now: a closed list, in the order of evaluation. */
public enum Reason {
    TENANT_SUSPENDED,
    NOT_CONNECTED,
    CONNECTION_INVALID,
    RECIPIENT_IS_SENDER,
    REPLIES_RESTRICTED,
    TEMPLATES_RESTRICTED,
    WINDOW_CLOSED,
    TEMPLATE_NOT_FOUND,
    TEMPLATE_NOT_APPROVED,
    TEMPLATE_LANGUAGE_UNAVAILABLE,
    UTILITY_TEMPLATES_RESTRICTED,
    MARKETING_STOPPED,
    TEMPLATE_CATALOGUE_UNAVAILABLE;

    /** The code as clients see it; it never changes. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
