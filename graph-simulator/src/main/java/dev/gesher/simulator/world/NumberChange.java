package dev.gesher.simulator.world;

import org.jspecify.annotations.Nullable;

/**
 * What to change on a number; an absent value stays.
 *
 * @param status overrides the status Meta would tell, e.g. FLAGGED, BANNED
 * @param pin a new PIN; the empty string removes it
 */
public record NumberChange(
        @Nullable String status,
        @Nullable String qualityRating,
        @Nullable String nameStatus,
        @Nullable String messagingLimitTier,
        @Nullable String throughputLevel,
        @Nullable Boolean registered,
        @Nullable Boolean codeVerified,
        @Nullable String pin) {

    public static NumberChange none() {
        return new NumberChange(null, null, null, null, null, null, null, null);
    }

    public NumberChange withStatus(String value) {
        return new NumberChange(
                value,
                qualityRating,
                nameStatus,
                messagingLimitTier,
                throughputLevel,
                registered,
                codeVerified,
                pin);
    }

    public NumberChange withRegistered(boolean value) {
        return new NumberChange(
                status,
                qualityRating,
                nameStatus,
                messagingLimitTier,
                throughputLevel,
                value,
                codeVerified,
                pin);
    }

    public NumberChange withThroughputLevel(String value) {
        return new NumberChange(
                status,
                qualityRating,
                nameStatus,
                messagingLimitTier,
                value,
                registered,
                codeVerified,
                pin);
    }

    public NumberChange withPin(String value) {
        return new NumberChange(
                status,
                qualityRating,
                nameStatus,
                messagingLimitTier,
                throughputLevel,
                registered,
                codeVerified,
                value);
    }
}
