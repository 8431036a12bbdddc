package dev.gesher.tenant.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.RunningVault;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import org.junit.jupiter.api.Test;

@GesherDatabase
class TenantRepositoryTest {
    @Test
    void a_repository_called_outside_the_scope_throws_instead_of_finding_nothing(
            TestDatabase database) {
        try (var running = RunningVault.demo(database)) {
            var tenant = running.newTenant();
            var repository = running.bean(TenantRepository.class);

            assertThatThrownBy(() -> repository.find(tenant))
                    .hasStackTraceContaining("a connection was asked for outside TenantScope");
            var found = running.scope().in(tenant, tx -> repository.find(tenant));
            assertThat(found).isPresent();
        }
    }

    @Test
    void a_repository_under_another_tenants_set_finds_nothing(TestDatabase database) {
        try (var running = RunningVault.demo(database)) {
            var theirs = running.newTenant();
            var repository = running.bean(TenantRepository.class);

            var found = running.scope().in(running.newTenant(), tx -> repository.find(theirs));
            assertThat(found).isEmpty();
        }
    }
}
