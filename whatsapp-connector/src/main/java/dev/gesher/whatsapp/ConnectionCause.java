package dev.gesher.whatsapp;

import java.util.Locale;

/** Why a connection does not work. */
public enum ConnectionCause {
    TOKEN_INVALID,
    PERMISSION_LOST,
    PAYMENT_REQUIRED,
    RESTRICTED,
    NUMBER_UNREGISTERED,
    /** Meta disabled the account. */
    ACCOUNT_DISABLED,
    /** The number's owner moved the WhatsApp Business app to another device. */
    ACCOUNT_OFFBOARDED;

    /** {@code token_invalid}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
