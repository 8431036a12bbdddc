package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.LookupHasher;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

@GesherDatabase
class LookupHasherTest {
    @Test
    void a_hash_is_the_same_for_the_same_tenant_purpose_and_value_only(TestDatabase database) {
        try (var running = RunningVault.demo(database)) {
            var tenant = running.newTenant();
            byte[] hash = hash(running, tenant, "suppression", "+972502345678");

            assertThat(hash)
                    .hasSize(LookupHasher.LENGTH)
                    .isEqualTo(hash(running, tenant, "suppression", "+972502345678"))
                    .isNotEqualTo(hash(running, tenant, "suppression", "+972502345679"))
                    .isNotEqualTo(hash(running, tenant, "search", "+972502345678"))
                    .isNotEqualTo(
                            hash(running, running.newTenant(), "suppression", "+972502345678"));
        }
    }

    @Test
    void what_was_stored_under_an_old_key_is_still_found(TestDatabase database) {
        try (var running = RunningVault.demo(database)) {
            var tenant = running.newTenant();
            byte[] stored = hash(running, tenant, "suppression", "+972502345678");
            var fresh = running.bean(KeyRows.class).make(new KeyRows.Slot(tenant, KeyKind.PRF, 2));
            running.scope()
                    .in(
                            tenant,
                            tx -> {
                                running.bean(KeyRows.class).insert(tx, fresh);
                                return true;
                            });
            running.clock().advance(Duration.ofSeconds(61));

            byte[] newest = hash(running, tenant, "suppression", "+972502345678");
            assertThat(newest).isNotEqualTo(stored);
            List<byte[]> lookups =
                    running.scope()
                            .in(
                                    tenant,
                                    tx ->
                                            running.bean(LookupHasher.class)
                                                    .hashes(
                                                            tx,
                                                            tenant,
                                                            "suppression",
                                                            "+972502345678"));
            assertThat(lookups).containsExactly(newest, stored);
        }
    }

    private static byte[] hash(
            RunningVault running, TenantId tenant, String purpose, String value) {
        return running.scope()
                .in(
                        tenant,
                        tx -> running.bean(LookupHasher.class).hash(tx, tenant, purpose, value));
    }
}
