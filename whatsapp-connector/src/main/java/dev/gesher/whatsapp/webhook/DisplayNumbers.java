package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The digits of tenants' numbers as people see them: some fields name a number of an account by
 * nothing else.
 *
 * @param byNumber by phone number id, of the tenants that were asked for
 */
record DisplayNumbers(Map<String, String> byNumber) {
    static final DisplayNumbers NONE = new DisplayNumbers(Map.of());

    private record Shown(String phoneNumberId, String displayed) {}

    static DisplayNumbers read(TenantScope scope, Collection<TenantId> tenants) {
        var digits = new HashMap<String, String>();
        var all = tenants.stream().distinct().toList();
        for (int from = 0; from < all.size(); from += TenantScope.MAX_TENANTS) {
            var some = all.subList(from, Math.min(all.size(), from + TenantScope.MAX_TENANTS));
            read(scope, new ArrayList<>(some))
                    .forEach(one -> digits.put(one.phoneNumberId(), Nodes.digits(one.displayed())));
        }
        return new DisplayNumbers(Map.copyOf(digits));
    }

    private static List<Shown> read(TenantScope scope, List<TenantId> tenants) {
        return scope.in(
                tenants,
                tx ->
                        tx.query(
                                """
                                SELECT phone_number_id, display_phone_number FROM whatsapp_connections
                                WHERE tenant_id = ANY(?) AND phone_number_id IS NOT NULL
                                  AND display_phone_number IS NOT NULL
                                """,
                                row ->
                                        new Shown(
                                                row.text("phone_number_id"),
                                                row.text("display_phone_number")),
                                Tx.tenants(tenants)));
    }

    /** Whether {@code displayed} is certainly another number than the one with this id. */
    boolean isAnother(String phoneNumberId, String displayed) {
        var digits = Nodes.digits(displayed);
        var known = byNumber.get(phoneNumberId);
        return known != null && !digits.isEmpty() && !known.equals(digits);
    }
}
