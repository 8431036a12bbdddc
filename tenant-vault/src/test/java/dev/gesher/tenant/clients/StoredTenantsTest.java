package dev.gesher.tenant.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.Tenants.NewTenant;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class StoredTenantsTest {
    private RunningVault running;
    private Tenants tenants;

    @BeforeAll
    void start(TestDatabase database) {
        running = RunningVault.demo(database);
        tenants = running.bean(Tenants.class);
    }

    @AfterAll
    void stop() {
        running.close();
    }

    @Test
    void a_new_tenant_is_found_and_has_its_keys_and_its_place_in_the_directory() {
        var created = tenants.create(new NewTenant("מאפיית דנה", "he", "IL"), "operator");

        assertThat(created)
                .isEqualTo(
                        new Tenant(
                                created.id(),
                                "מאפיית דנה",
                                "he",
                                "IL",
                                Tenant.OnUnknown.FAIL,
                                Tenant.Status.ACTIVE,
                                running.clock().instant()));
        assertThat(created.id().value().version()).isEqualTo(7);
        assertThat(tenants.find(created.id())).contains(created);
        assertThat(
                        running.count(
                                "SELECT count(*) FROM tenant_keys WHERE tenant_id = ? AND kind IN ('data', 'prf')",
                                created.id().value()))
                .isEqualTo(2);
        assertThat(
                        running.count(
                                "SELECT count(*) FROM tenant_directory WHERE tenant_id = ?",
                                created.id().value()))
                .isEqualTo(1);
        assertThat(
                        running.count(
                                "SELECT count(*) FROM audit_log WHERE tenant_id = ? AND actor = 'operator' AND action = 'tenant.created'",
                                created.id().value()))
                .isEqualTo(1);
    }

    @Test
    void several_are_found_at_once_and_only_those_of_the_set() {
        var one = tenants.create(new NewTenant("one", "he", "IL"), "operator");
        var two = tenants.create(new NewTenant("two", "en_US", "US"), "operator");
        var both = Set.of(one.id(), two.id());

        var ofOne = running.scope().in(one.id(), tx -> tenants.find(tx, both));
        assertThat(ofOne).containsOnlyKeys(one.id());
        var ofBoth = running.scope().in(both, tx -> tenants.find(tx, both));
        assertThat(ofBoth).containsEntry(one.id(), one).containsEntry(two.id(), two);
        assertThat(tenants.find(new TenantId(UUID.randomUUID()))).isEmpty();
    }

    @Test
    void a_tenant_that_the_schema_refuses_leaves_nothing_behind() {
        long before = running.count("SELECT count(*) FROM tenant_directory");

        assertThatThrownBy(() -> tenants.create(new NewTenant("x", "hebrew!", "IL"), "operator"))
                .isInstanceOf(DatabaseException.class);
        assertThat(running.count("SELECT count(*) FROM tenant_directory")).isEqualTo(before);
    }
}
