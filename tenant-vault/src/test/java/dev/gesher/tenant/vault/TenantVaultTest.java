package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class TenantVaultTest {
    private static final SecretName TOKEN = SecretName.META_ACCESS_TOKEN;

    private RunningVault running;
    private Vault vault;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) {
        running = RunningVault.demo(database);
        vault = running.vault();
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
    void what_was_stored_is_opened() {
        running.store(tenant, TOKEN, "EAAG-first");
        assertThat(opened(TOKEN)).contains("EAAG-first");

        running.store(tenant, TOKEN, "EAAG-second");
        assertThat(opened(TOKEN)).contains("EAAG-second");
        assertThat(opened(SecretName.META_PIN)).isEmpty();
    }

    @Test
    void a_replaced_secret_is_not_kept() {
        running.store(tenant, TOKEN, "one");
        running.store(tenant, TOKEN, "two");

        assertThat(running.count("SELECT count(*) FROM secrets WHERE tenant_id = ?", id()))
                .isEqualTo(1);
        assertThat(running.count("SELECT version FROM secrets WHERE tenant_id = ?", id()))
                .isEqualTo(2);
    }

    @Test
    void a_ciphertext_in_another_kinds_row_does_not_open() {
        running.store(tenant, TOKEN, "token");
        running.asAdministrator(
                "UPDATE secrets SET kind = 'pin' WHERE tenant_id = ?", tenant.value());

        assertDoesNotOpen(tenant, SecretName.META_PIN);
    }

    @Test
    void a_ciphertext_in_another_providers_row_does_not_open() {
        running.store(tenant, TOKEN, "token");
        running.asAdministrator(
                "UPDATE secrets SET provider = 'gesher' WHERE tenant_id = ?", tenant.value());

        assertDoesNotOpen(tenant, new SecretName("gesher", TOKEN.kind()));
    }

    @Test
    void a_ciphertext_under_another_version_does_not_open() {
        running.store(tenant, TOKEN, "token");
        running.asAdministrator(
                "UPDATE secrets SET version = 2 WHERE tenant_id = ?", tenant.value());

        assertDoesNotOpen(tenant, TOKEN);
    }

    @Test
    void a_ciphertext_in_another_tenants_row_does_not_open() {
        running.store(tenant, TOKEN, "token");
        var other = running.newTenant();
        running.asAdministrator(
                "UPDATE secrets SET tenant_id = ? WHERE tenant_id = ?",
                other.value(),
                tenant.value());

        assertDoesNotOpen(other, TOKEN);
    }

    /** The associated data alone keeps it apart: here both tenants have the same data key. */
    @Test
    void a_ciphertext_of_another_tenant_with_the_same_key_does_not_open() {
        running.store(tenant, TOKEN, "token");
        var other = running.newTenant();
        var kek = running.bean(KeyEncryptionKey.class);
        byte[] wrapped =
                running.scope()
                        .in(
                                tenant,
                                tx ->
                                        tx.one(
                                                        """
                                                        SELECT wrapped FROM tenant_keys
                                                        WHERE tenant_id = ? AND kind = 'data'
                                                        """,
                                                        row -> row.bytes("wrapped"),
                                                        tenant)
                                                .orElseThrow());
        var key =
                kek.unwrap(
                        kek.fingerprint(),
                        wrapped,
                        AssociatedData.of("tenant_keys", tenant, "DATA", 1));
        running.asAdministrator(
                "UPDATE tenant_keys SET wrapped = ? WHERE tenant_id = ? AND kind = 'data'",
                kek.wrap(
                        kek.fingerprint(), key, AssociatedData.of("tenant_keys", other, "DATA", 1)),
                other.value());
        running.store(other, SecretName.META_PIN, "the key is in use");
        running.asAdministrator(
                "UPDATE secrets SET tenant_id = ? WHERE tenant_id = ?",
                other.value(),
                tenant.value());

        assertThat(vault.open(other, SecretName.META_PIN, "test")).isPresent();
        assertDoesNotOpen(other, TOKEN);
    }

    @Test
    void a_wrapped_key_in_another_tenants_kinds_or_versions_row_does_not_open() {
        for (var move :
                List.of(
                        "wrapped = (SELECT wrapped FROM tenant_keys WHERE tenant_id = ? AND kind = 'data')",
                        "wrapped = (SELECT wrapped FROM tenant_keys p WHERE p.tenant_id = k.tenant_id AND"
                                + " p.kind = 'prf' AND ?::uuid IS NOT NULL)",
                        "version = CASE WHEN ?::uuid IS NULL THEN 1 ELSE 2 END")) {
            var other = running.newTenant();
            running.asAdministrator(
                    "UPDATE tenant_keys k SET " + move + " WHERE tenant_id = ? AND kind = 'data'",
                    tenant.value(),
                    other.value());
            assertThatThrownBy(() -> running.store(other, TOKEN, "token"))
                    .as(move)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("for another place");
        }
    }

    @Test
    void an_opening_is_audited_once_a_minute_with_its_purpose() {
        running.store(tenant, TOKEN, "token");

        for (int i = 0; i < 5; i++) {
            assertThat(vault.open(tenant, TOKEN, "send a message")).isPresent();
        }
        assertThat(openings()).isEqualTo(1);

        running.clock().advance(Duration.ofSeconds(61));
        assertThat(vault.open(tenant, TOKEN, "send a message")).isPresent();
        assertThat(openings()).isEqualTo(2);
        assertThat(
                        running.count(
                                """
                                SELECT count(*) FROM audit_log
                                WHERE tenant_id = ? AND action = 'secret.opened'
                                    AND object = 'meta/access_token'
                                    AND detail ->> 'purpose' = 'send a message'
                                """,
                                id()))
                .isEqualTo(2);
    }

    @Test
    void those_who_open_at_once_share_one_opening() throws Exception {
        running.store(tenant, TOKEN, "token");
        var start = new CountDownLatch(1);
        var answers = new ArrayList<Future<Optional<String>>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 32; i++) {
                answers.add(
                        threads.submit(() -> {
                            start.await();
                            return opened(TOKEN);
                        }));
            }
            start.countDown();
            for (var answer : answers) {
                assertThat(answer.get()).contains("token");
            }
        }
        assertThat(openings()).isEqualTo(1);
    }

    @Test
    void a_change_is_seen_at_once_and_only_when_it_has_committed() {
        running.store(tenant, TOKEN, "old");
        assertThat(opened(TOKEN)).contains("old");

        assertThatThrownBy(() ->
                        running.scope()
                                .in(
                                        tenant,
                                        tx -> {
                                            vault.store(
                                                    tx,
                                                    tenant,
                                                    TOKEN,
                                                    SecretText.of("never"),
                                                    null);
                                            throw new IllegalStateException("rolled back");
                                        }))
                .hasMessage("rolled back");
        assertThat(opened(TOKEN)).contains("old");
        assertThat(openings()).isEqualTo(1);

        running.store(tenant, TOKEN, "new");
        assertThat(opened(TOKEN)).contains("new");
    }

    @Test
    void a_destroyed_secret_is_gone_at_once() {
        running.store(tenant, TOKEN, "token");
        assertThat(opened(TOKEN)).contains("token");

        running.scope()
                .in(
                        tenant,
                        tx -> {
                            vault.destroy(tx, tenant, TOKEN);
                            return true;
                        });
        assertThat(opened(TOKEN)).isEmpty();
        assertThat(running.count("SELECT count(*) FROM secrets WHERE tenant_id = ?", id()))
                .isZero();
    }

    @Test
    void what_another_replica_changed_is_seen_within_a_minute() {
        running.store(tenant, TOKEN, "old");
        assertThat(opened(TOKEN)).contains("old");
        running.asAdministrator("DELETE FROM secrets WHERE tenant_id = ?", tenant.value());
        assertThat(opened(TOKEN)).contains("old");

        running.clock().advance(Duration.ofSeconds(61));
        assertThat(opened(TOKEN)).isEmpty();
    }

    @Test
    void a_copy_from_before_a_refusal_is_opened_again_once() {
        running.store(tenant, TOKEN, "token");
        assertThat(opened(TOKEN)).contains("token");
        running.clock().advance(Duration.ofSeconds(5));
        var refused = running.clock().instant();
        running.clock().advance(Duration.ofSeconds(1));

        for (int n = 0; n < 3; n++) {
            assertThat(vault.open(tenant, TOKEN, "test", refused)).isPresent();
        }
        assertThat(opened(TOKEN)).contains("token");
        assertThat(openings()).isEqualTo(2);
    }

    @Test
    void a_failed_opening_is_tried_again() {
        running.store(tenant, TOKEN, "token");
        running.asAdministrator(
                "UPDATE secrets SET version = 2 WHERE tenant_id = ?", tenant.value());
        assertDoesNotOpen(tenant, TOKEN);

        running.asAdministrator(
                "UPDATE secrets SET version = 1 WHERE tenant_id = ?", tenant.value());
        assertThat(opened(TOKEN)).contains("token");
    }

    @Test
    void two_who_store_at_once_get_two_versions() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var one = threads.submit(() -> running.store(tenant, TOKEN, "one"));
            var two = threads.submit(() -> running.store(tenant, TOKEN, "two"));
            one.get();
            two.get();
        }
        assertThat(running.count("SELECT max(version) FROM secrets WHERE tenant_id = ?", id()))
                .isEqualTo(2);
    }

    private Optional<String> opened(SecretName name) {
        return vault.open(tenant, name, "test").map(SecretText::reveal);
    }

    private void assertDoesNotOpen(TenantId whose, SecretName name) {
        assertThatThrownBy(() -> vault.open(whose, name, "test"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was encrypted for another place");
    }

    private long openings() {
        return running.count(
                "SELECT count(*) FROM audit_log WHERE tenant_id = ? AND action = 'secret.opened'",
                id());
    }

    private Object id() {
        return tenant.value();
    }
}
