package dev.gesher.simulator.world;

import org.jspecify.annotations.Nullable;

/**
 * A business phone number to be made.
 *
 * @param id phone number id; one is made when absent
 * @param displayPhoneNumber as WhatsApp shows it, e.g. {@code +972 3-555-0101}
 * @param verifiedName the display name; the business's name when absent
 * @param coexistence the number also lives in the WhatsApp Business app ({@code is_on_biz_app})
 * @param pin the two-step PIN it already has, or absent
 * @param registered already registered with Cloud API (coexistence numbers are, always)
 * @param codeVerified the number's ownership was verified (true when absent)
 * @param throughputLevel STANDARD (80/s, coexistence 20/s) or HIGH (1,000/s); STANDARD when absent
 */
public record NumberSpec(
        @Nullable String id,
        String displayPhoneNumber,
        @Nullable String verifiedName,
        boolean coexistence,
        @Nullable String pin,
        boolean registered,
        @Nullable Boolean codeVerified,
        @Nullable String throughputLevel) {

    /** A fresh number: verified, not registered, without a PIN. */
    public static NumberSpec of(String displayPhoneNumber) {
        return new NumberSpec(null, displayPhoneNumber, null, false, null, false, null, null);
    }

    public NumberSpec withId(String value) {
        return new NumberSpec(
                value,
                displayPhoneNumber,
                verifiedName,
                coexistence,
                pin,
                registered,
                codeVerified,
                throughputLevel);
    }

    public NumberSpec withVerifiedName(String value) {
        return new NumberSpec(
                id,
                displayPhoneNumber,
                value,
                coexistence,
                pin,
                registered,
                codeVerified,
                throughputLevel);
    }

    public NumberSpec onBusinessApp() {
        return new NumberSpec(
                id,
                displayPhoneNumber,
                verifiedName,
                true,
                pin,
                registered,
                codeVerified,
                throughputLevel);
    }

    public NumberSpec withPin(String value) {
        return new NumberSpec(
                id,
                displayPhoneNumber,
                verifiedName,
                coexistence,
                value,
                registered,
                codeVerified,
                throughputLevel);
    }

    public NumberSpec alreadyRegistered() {
        return new NumberSpec(
                id,
                displayPhoneNumber,
                verifiedName,
                coexistence,
                pin,
                true,
                codeVerified,
                throughputLevel);
    }

    public NumberSpec notVerified() {
        return new NumberSpec(
                id,
                displayPhoneNumber,
                verifiedName,
                coexistence,
                pin,
                registered,
                false,
                throughputLevel);
    }

    public NumberSpec withThroughputLevel(String value) {
        return new NumberSpec(
                id,
                displayPhoneNumber,
                verifiedName,
                coexistence,
                pin,
                registered,
                codeVerified,
                value);
    }
}
