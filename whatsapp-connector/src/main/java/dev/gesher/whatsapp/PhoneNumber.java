package dev.gesher.whatsapp;

import java.util.regex.Pattern;

/** A number in E.164. Prints masked, so that logging one by accident leaks little. */
public record PhoneNumber(String e164) {
    private static final Pattern E164 = Pattern.compile("\\+[1-9]\\d{6,14}");

    /**
     * @throws IllegalArgumentException if {@code e164} is no E.164 number
     */
    public PhoneNumber {
        if (!isE164(e164)) {
            throw new IllegalArgumentException("not an E.164 phone number");
        }
    }

    /** Meta writes a wa_id without the plus sign. */
    public static PhoneNumber ofWaId(String waId) {
        return new PhoneNumber("+" + waId);
    }

    /** Whether {@code text} is a number in E.164. */
    public static boolean isE164(String text) {
        return E164.matcher(text).matches();
    }

    @Override
    public String toString() {
        return "+…" + e164.substring(e164.length() - 4);
    }
}
