package dev.gesher.tenant.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.ApiClients.ApiClient;
import dev.gesher.tenant.ApiClients.Authentication;
import dev.gesher.tenant.ApiClients.Created;
import dev.gesher.tenant.ApiClients.Standing;
import dev.gesher.tenant.DriverLog;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class StoredApiClientsTest {
    private static final Authentication WRONG = new Authentication.Wrong();

    private RunningVault running;
    private ApiClients clients;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) {
        running = RunningVault.demo(database);
        clients = running.bean(ApiClients.class);
    }

    @BeforeEach
    void aTenant() {
        tenant = running.newTenant();
    }

    @AfterAll
    void stop() {
        running.close();
    }

    @Test
    void a_client_proves_itself_with_its_own_secret_only() {
        var shop = created("shop");
        var other = created("other");

        assertThat(clients.authenticate(shop.client().clientId(), shop.secret()))
                .isEqualTo(new Authentication.Right(shop.client()));
        assertThat(clients.authenticate(shop.client().clientId(), other.secret())).isEqualTo(WRONG);
        assertThat(shop.client().clientId()).startsWith(tenant + ".");
        assertThat(shop.client().scopes()).containsExactlyInAnyOrder("messages:send", "media");
    }

    @Test
    void a_secret_has_256_bits_and_is_stored_as_a_hash_only() {
        var shop = created("shop");

        assertThat(shop.secret().reveal()).matches("[A-Za-z0-9_-]{43}");
        assertThat(shop.toString()).doesNotContain(shop.secret().reveal());
        assertThat(
                        running.count(
                                """
                                SELECT count(*) FROM api_clients
                                WHERE client_id = ? AND secret_hash = sha256(?::bytea)
                                """,
                                shop.client().clientId(),
                                shop.secret().reveal().getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(1);
        assertThat(
                        running.count(
                                "SELECT count(*) FROM audit_log WHERE action = 'client.created' AND object = ?",
                                shop.client().clientId()))
                .isEqualTo(1);
    }

    /** Same answer and same work: one question to the database, as for a known client. */
    @Test
    void whoever_is_unknown_gets_the_same_answer_for_the_same_work() {
        var shop = created("shop");
        var known = shop.client().clientId();
        var wrong = SecretText.of("wrong");
        assertThat(questionsFor(known, wrong)).isEqualTo(1);

        for (var unknown :
                List.of(
                        tenant + ".AAAAAAAAAAAAAAAAAAAAAA",
                        UUID.randomUUID() + ".AAAAAAAAAAAAAAAAAAAAAA",
                        TenantId.PLATFORM + ".AAAAAAAAAAAAAAAAAAAAAA",
                        known.toUpperCase(Locale.ROOT),
                        known + " ",
                        "x".repeat(100_000),
                        "'; DROP TABLE tenants; --",
                        "")) {
            assertThat(clients.authenticate(unknown, shop.secret())).isEqualTo(WRONG);
            assertThat(questionsFor(unknown, wrong)).isEqualTo(1);
        }
    }

    @Test
    void a_revoked_client_and_a_suspended_tenants_are_refused() {
        var shop = created("shop");
        var other = created("other");
        var id = shop.client().clientId();

        assertThat(clients.revoke(running.newTenant(), id, "operator")).isFalse();
        assertThat(clients.authenticate(id, shop.secret())).isNotEqualTo(WRONG);
        assertThat(clients.revoke(tenant, id, "operator")).isTrue();
        assertThat(clients.revoke(tenant, id, "operator")).isFalse();
        assertThat(clients.authenticate(id, shop.secret())).isEqualTo(WRONG);
        assertThat(clients.standing(tenant, id)).isEqualTo(Standing.GONE);
        assertThat(listed()).containsExactly(other.client());

        var otherId = other.client().clientId();
        assertThat(clients.standing(tenant, otherId)).isEqualTo(Standing.ACTIVE);
        assertThat(clients.standing(running.newTenant(), otherId)).isEqualTo(Standing.GONE);
        running.bean(Tenants.class).suspend(tenant, "why", "operator");
        assertThat(clients.authenticate(otherId, other.secret()))
                .isEqualTo(new Authentication.Suspended());
        assertThat(clients.authenticate(otherId, shop.secret())).isEqualTo(WRONG);
        assertThat(clients.standing(tenant, otherId)).isEqualTo(Standing.SUSPENDED);
    }

    @Test
    void clients_are_listed_a_page_at_a_time() {
        var all = List.of(created("a").client(), created("b").client(), created("c").client());

        assertThat(listed()).containsExactlyInAnyOrderElementsOf(all);
        assertThat(clients.list(new TenantId(UUID.randomUUID()), Optional.empty(), 10)).isEmpty();
    }

    private List<ApiClient> listed() {
        var seen = new ArrayList<ApiClient>();
        var cursor = Optional.<String>empty();
        do {
            var page = clients.list(tenant, cursor, 2).orElseThrow();
            seen.addAll(page.data());
            cursor = page.nextCursor();
        } while (cursor.isPresent());
        assertThat(seen).doesNotHaveDuplicates();
        return seen;
    }

    @Test
    void a_tenant_that_does_not_exist_gets_no_client() {
        assertThat(clients.create(new TenantId(UUID.randomUUID()), "x", Set.of(), "operator"))
                .isEmpty();
    }

    private Created created(String name) {
        return clients.create(tenant, name, Set.of("messages:send", "media"), "operator")
                .orElseThrow();
    }

    private long questionsFor(String clientId, SecretText secret) {
        try (var driver = new DriverLog()) {
            assertThat(clients.authenticate(clientId, secret)).isEqualTo(WRONG);
            return driver.questions();
        }
    }
}
