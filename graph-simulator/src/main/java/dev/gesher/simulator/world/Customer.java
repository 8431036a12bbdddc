package dev.gesher.simulator.world;

import org.jspecify.annotations.Nullable;

/**
 * A WhatsApp user.
 *
 * @param key the phone number's digits, or {@code user:} and the user id of one known by that only
 * @param phone digits with country code, without plus; absent when only a user id is known
 * @param country ISO code that leads the user id
 */
public record Customer(String key, @Nullable String phone, String country) {

    /** What people would call this customer: number or user id. */
    public String address() {
        return phone == null ? key.substring("user:".length()) : phone;
    }
}
