package dev.gesher.tenant.clients;

import dev.gesher.tenant.TenantId;
import java.util.Optional;
import java.util.regex.Pattern;

/** A client id taken apart: {@code <tenant id>.<random>}. */
record ClientId(TenantId tenant, String text) {
    private static final Pattern SHAPE =
            Pattern.compile(
                    "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\.[A-Za-z0-9_-]{22}");

    static ClientId make(TenantId tenant) {
        return new ClientId(tenant, tenant + "." + RandomText.of(16));
    }

    /** Empty for what no client of a tenant can have, the reserved tenant's included. */
    static Optional<ClientId> parse(String text) {
        var matcher = SHAPE.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var tenant = TenantId.of(matcher.group(1));
        return tenant.equals(TenantId.PLATFORM)
                ? Optional.empty()
                : Optional.of(new ClientId(tenant, text));
    }
}
