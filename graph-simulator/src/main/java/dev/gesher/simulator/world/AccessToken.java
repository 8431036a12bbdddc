package dev.gesher.simulator.world;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A token as Meta knows it.
 *
 * @param businessId the portfolio whose grants it follows, or absent when {@code wabaIds} says it
 *     all
 * @param expiresAt absent: never
 */
public record AccessToken(
        String value,
        String appId,
        String userId,
        @Nullable String businessId,
        List<String> wabaIds,
        List<String> scopes,
        boolean hideTargets,
        Instant issuedAt,
        @Nullable Instant expiresAt) {

    public static final String MANAGEMENT = "whatsapp_business_management";
    public static final String MESSAGING = "whatsapp_business_messaging";

    AccessToken without(String wabaId) {
        return new AccessToken(
                value,
                appId,
                userId,
                businessId,
                wabaIds.stream().filter(id -> !id.equals(wabaId)).toList(),
                scopes,
                hideTargets,
                issuedAt,
                expiresAt);
    }

    boolean expired(Instant now) {
        return expiresAt != null && !now.isBefore(expiresAt);
    }

    @Override
    public String toString() {
        return "AccessToken[user=" + userId + "]";
    }
}
