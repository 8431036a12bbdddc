package dev.gesher.tenant.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.Page;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.Tenants.NewTenant;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
                                Optional.empty(),
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
                                "SELECT count(*) FROM audit_log WHERE tenant_id = ? AND object = ? AND actor = 'operator' AND action = 'tenant.created'",
                                TenantId.PLATFORM.value(),
                                created.id().toString()))
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
    void a_change_touches_what_it_names_and_is_audited() {
        var tenant = tenants.create(new NewTenant("one", "he", "IL"), "operator");

        var changed = tenants.change(tenant.id(), change("two"), "operator").orElseThrow();

        assertThat(changed.name()).isEqualTo("two");
        assertThat(changed.locale()).isEqualTo("he");
        assertThat(changed.onUnknown()).isEqualTo(Tenant.OnUnknown.RESEND);
        assertThat(tenants.find(tenant.id())).contains(changed);
        assertThat(tenants.change(tenant.id(), change("two"), "operator")).contains(changed);
        assertThat(audited("tenant.changed", tenant.id())).isEqualTo(1);
        assertThat(tenants.change(new TenantId(UUID.randomUUID()), change("x"), "operator"))
                .isEmpty();
    }

    private static Tenants.Change change(String name) {
        return new Tenants.Change(
                Optional.of(name),
                Optional.empty(),
                Optional.empty(),
                Optional.of(Tenant.OnUnknown.RESEND));
    }

    @Test
    void suspending_and_resuming_happen_once_each() {
        var tenant = tenants.create(new NewTenant("one", "he", "IL"), "operator").id();

        var suspended = tenants.suspend(tenant, "no payment", "operator").orElseThrow();
        assertThat(suspended.status()).isEqualTo(Tenant.Status.SUSPENDED);
        assertThat(suspended.suspension())
                .contains(new Tenant.Suspension(running.clock().instant(), "no payment"));
        assertThat(tenants.suspend(tenant, "again", "operator")).contains(suspended);
        var resumed = tenants.resume(tenant, "paid", "operator").orElseThrow();
        assertThat(resumed.status()).isEqualTo(Tenant.Status.ACTIVE);
        assertThat(resumed.suspension()).isEmpty();
        assertThat(tenants.resume(tenant, "again", "operator")).contains(resumed);

        assertThat(audited("tenant.suspended", tenant)).isEqualTo(1);
        assertThat(audited("tenant.resumed", tenant)).isEqualTo(1);
        assertThat(tenants.suspend(new TenantId(UUID.randomUUID()), "x", "operator")).isEmpty();
        assertThat(tenants.suspend(TenantId.PLATFORM, "x", "operator")).isEmpty();
    }

    private long audited(String action, TenantId tenant) {
        return running.count(
                "SELECT count(*) FROM audit_log WHERE tenant_id = ? AND action = ? AND object = ?",
                TenantId.PLATFORM.value(),
                action,
                tenant.toString());
    }

    @Test
    void all_tenants_are_listed_once_also_more_than_fit_one_transaction() {
        for (int n = 0; n < 70; n++) {
            tenants.create(new NewTenant("listed " + n, "he", "IL"), "operator");
        }
        long all = running.count("SELECT count(*) FROM tenants");
        var seen = new ArrayList<Tenant>();
        var page = tenants.list(Optional.empty(), 66);
        seen.addAll(page.data());
        while (page.nextCursor().isPresent()) {
            page = tenants.list(page.nextCursor(), 66);
            seen.addAll(page.data());
        }

        assertThat(seen).doesNotHaveDuplicates().hasSize((int) all);
        assertThat(seen).isSortedAccordingTo(Comparator.comparing(Tenant::createdAt));
        for (var cursor :
                List.of(
                        "",
                        "x",
                        encoded("k1 2026-03-01T10:00:00Z a"),
                        encoded("t1 2026-03-01T10:00:00Z a"),
                        encoded("t1 +999999999-01-01T00:00:00Z a"))) {
            assertThatThrownBy(() -> tenants.list(Optional.of(cursor), 10))
                    .isInstanceOf(Page.BadCursorException.class);
        }
    }

    private static String encoded(String cursor) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(cursor.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_tenant_that_the_schema_refuses_leaves_nothing_behind() {
        long before = running.count("SELECT count(*) FROM tenant_directory");

        assertThatThrownBy(() -> tenants.create(new NewTenant("x", "hebrew!", "IL"), "operator"))
                .isInstanceOf(DatabaseException.class);
        assertThat(running.count("SELECT count(*) FROM tenant_directory")).isEqualTo(before);
    }
}
