package dev.gesher.simulator.world;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An access token to be made without the signup dialog.
 *
 * @param wabaIds accounts it may touch
 * @param appId the app it was made for; the simulator's own when absent
 * @param expiresInSeconds from now on the simulator's clock; never when absent
 * @param scopes both WhatsApp scopes when absent
 * @param hideTargets {@code debug_token} leaves {@code target_ids} out, as Meta does for a system
 *     user's own token
 */
public record TokenSpec(
        List<String> wabaIds,
        @Nullable String appId,
        @Nullable Long expiresInSeconds,
        @Nullable List<String> scopes,
        boolean hideTargets) {

    /** A system-user token that never expires, with both scopes. */
    public static TokenSpec forWabas(String... wabaIds) {
        return new TokenSpec(List.of(wabaIds), null, null, null, false);
    }

    public TokenSpec withAppId(String value) {
        return new TokenSpec(wabaIds, value, expiresInSeconds, scopes, hideTargets);
    }

    public TokenSpec expiringIn(long seconds) {
        return new TokenSpec(wabaIds, appId, seconds, scopes, hideTargets);
    }

    public TokenSpec withScopes(List<String> value) {
        return new TokenSpec(wabaIds, appId, expiresInSeconds, value, hideTargets);
    }

    public TokenSpec withHiddenTargets() {
        return new TokenSpec(wabaIds, appId, expiresInSeconds, scopes, true);
    }
}
