package dev.gesher.whatsapp;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Why an attempt to connect failed or waits: stable codes, with a sentence each in the
 * application's bundles. A final one ends the attempt: whoever wants to connect starts anew.
 */
public enum SignupFailure {
    /** Meta refused the code: used before, or older than 30 seconds. Open the dialog again. */
    CODE_REFUSED(true),
    /**
     * Nobody knows whether the code was spent, and it can't be tried twice. Open the dialog again.
     */
    EXCHANGE_UNCLEAR(true),
    /** The process ended while the code was being exchanged. Open the dialog again. */
    INTERRUPTED(true),
    /** Meta refused this platform's own app. An operator must look; then retry. */
    APP_REFUSED(false),
    /** The token is expired, revoked or none at all. Open the dialog again, or give a new token. */
    TOKEN_INVALID(true),
    /** The token was made for another app than ours. Make one for our app. */
    TOKEN_OF_ANOTHER_APP(true),
    /** The token lacks a permission. Open the dialog again and grant both. */
    PERMISSION_MISSING(true),
    /** The account is not among those that the token was granted. Open the dialog again. */
    ACCOUNT_NOT_GRANTED(true),
    /** Meta does not show the account to this token. Open the dialog again. */
    ACCOUNT_UNREADABLE(true),
    /** The number is not one of the account's. Open the dialog again. */
    NUMBER_NOT_IN_ACCOUNT(true),
    /** The account has no number yet. Add one in WhatsApp Manager, then retry. */
    NO_NUMBER(false),
    /** The number, or its account, is connected to another customer of this service. */
    NUMBER_CONNECTED_ELSEWHERE(true),
    /** Meanwhile another attempt connected another number. */
    SUPERSEDED(true),
    /** The connection was ended meanwhile. Start anew. */
    CONNECTION_LEFT(true),
    /** The last connection is still being ended. It goes on by itself, in a moment. */
    STILL_LEAVING(false),
    /** Meta refused to send us the account's webhooks. Retry; if it stays, ask support. */
    SUBSCRIBE_REFUSED(false),
    /** An earlier deregistration at Meta is not complete. Retry at the time that is given. */
    DEREGISTRATION_UNFINISHED(false),
    /** The number's ownership was not verified. Verify it in WhatsApp Manager, then retry. */
    NUMBER_NOT_VERIFIED(false),
    /** The number has a two-step PIN that we don't know. Give it. */
    PIN_REQUIRED(false),
    /** The PIN was wrong. Give the right one. */
    PIN_WRONG(false),
    /**
     * Too many wrong PINs. Wait until the time that is given, or reset the PIN in WhatsApp Manager.
     */
    PIN_LOCKED(false),
    /** The number was registered too often. Wait until the time that is given. */
    REGISTER_LIMIT(false),
    /** Meta refused to register the number. Retry; if it stays, ask support. */
    REGISTER_REFUSED(false),
    /** Meta shows the number as not connected. Look at it in WhatsApp Manager, then retry. */
    NUMBER_NOT_CONNECTED(false),
    /** Meta restricted the account. Look at it in WhatsApp Manager, then retry. */
    ACCOUNT_RESTRICTED(false),
    /** Meta wants a payment method. Add one in WhatsApp Manager, then retry. */
    PAYMENT_REQUIRED(false),
    /** Meta is away, or did not answer in time. Retry. */
    META_UNREACHABLE(false),
    /** Too many calls to Meta. Retry at the time that is given. */
    META_BUSY(false),
    /** Somebody closed Meta's dialog, or it failed. Open it again. */
    CANCELLED(true),
    /** Nobody went on with the attempt for a week. Open the dialog again. */
    ABANDONED(true),
    /** A fault of ours. Retry. */
    INTERNAL_ERROR(false);

    private final boolean isFinal;

    SignupFailure(boolean isFinal) {
        this.isFinal = isFinal;
    }

    /** The stable code: {@code number_connected_elsewhere}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it ends the attempt. */
    public boolean isFinal() {
        return isFinal;
    }

    /** The failure with this code, if there is one. */
    public static Optional<SignupFailure> of(String code) {
        return Arrays.stream(values()).filter(failure -> failure.code().equals(code)).findFirst();
    }
}
