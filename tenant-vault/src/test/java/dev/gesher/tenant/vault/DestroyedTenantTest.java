package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.LookupHasher;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.Worker;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What is left of a tenant whose keys were destroyed: here nothing, elsewhere for a minute. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class DestroyedTenantTest {
    private static final SecretName TOKEN = SecretName.META_ACCESS_TOKEN;
    private static final Place PLACE = new Place("whatsapp_messages", "content", new UUID(0, 1));

    private RunningVault here;
    private RunningVault elsewhere;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) {
        here = RunningVault.demo(database);
        elsewhere = RunningVault.demo(database);
    }

    @BeforeEach
    void aTenant() {
        tenant = here.newTenant();
        here.store(tenant, TOKEN, "EAAG");
    }

    @AfterAll
    void stop() {
        here.close();
        elsewhere.close();
    }

    @Test
    void it_is_unreadable_at_once_here_and_elsewhere_within_a_minute() {
        byte[] content = encrypt(here);
        assertThat(decrypt(here, content)).isEqualTo("שלום");
        useAll(elsewhere, content);

        destroy();

        assertGone(here, content);
        elsewhere.clock().advance(Duration.ofSeconds(59));
        useAll(elsewhere, content);
        elsewhere.clock().advance(Duration.ofSeconds(1));
        assertGone(elsewhere, content);
    }

    /** A minute is the most: processes that run tell each other. */
    @Test
    void another_process_hears_of_it() {
        byte[] content = encrypt(here);
        var notices = elsewhere.bean(Notices.class);
        var worker = (Worker) notices;
        worker.start();
        try {
            Awaitility.await().until(notices::hears);
            useAll(elsewhere, content);
            destroy();

            Awaitility.await().untilAsserted(() -> assertGone(elsewhere, content));
        } finally {
            worker.close();
        }
    }

    /** Used all the time, an opened key gets no older for it. */
    @Test
    void use_does_not_keep_a_key_open() {
        byte[] content = encrypt(here);
        useAll(elsewhere, content);
        destroy();

        for (int i = 0; i < 59; i++) {
            elsewhere.clock().advance(Duration.ofSeconds(1));
            useAll(elsewhere, content);
        }
        elsewhere.clock().advance(Duration.ofSeconds(1));
        assertGone(elsewhere, content);
    }

    @Test
    void no_key_is_ever_made_for_it_again() {
        destroy();
        assertThatThrownBy(() -> here.store(tenant, TOKEN, "another"))
                .isInstanceOf(TenantKeysDestroyedException.class);
        elsewhere.clock().advance(Duration.ofMinutes(2));
        assertThatThrownBy(() -> elsewhere.store(tenant, TOKEN, "another"))
                .isInstanceOf(TenantKeysDestroyedException.class);
        assertThat(rows("tenant_keys")).isZero();
        assertThat(rows("secrets")).isZero();
    }

    /** Whose vault has the key still open stores nothing either. */
    @Test
    void a_secret_is_not_stored_under_a_key_that_is_gone() {
        elsewhere.store(tenant, SecretName.META_PIN, "123456");
        destroy();

        assertThatThrownBy(() -> elsewhere.store(tenant, SecretName.META_PIN, "654321"))
                .isInstanceOf(TenantKeysDestroyedException.class);
        assertThat(rows("secrets")).isZero();
    }

    @Test
    void nothing_is_destroyed_before_the_commit() {
        byte[] content = encrypt(here);
        assertThatThrownBy(() ->
                        here.scope()
                                .in(
                                        tenant,
                                        tx -> {
                                            here.vault().destroyAll(tx, tenant, "operator:test");
                                            throw new IllegalStateException("rolled back");
                                        }))
                .hasMessage("rolled back");

        useAll(here, content);
        assertThat(rows("tenant_keys")).isEqualTo(2);
    }

    @Test
    void what_was_read_before_the_keys_were_dropped_is_not_kept() {
        var opened = new OpenedKeys<Aead>(here.clock());
        var keyring = here.scope().in(tenant, tx -> here.bean(TenantKeys.class).data(tx, tenant));
        var before = opened.mark();
        opened.drop(tenant);

        opened.keep(before, Map.of(tenant, keyring));
        assertThat(opened.of(List.of(tenant))).isEmpty();
        opened.keep(opened.mark(), Map.of(tenant, keyring));
        assertThat(opened.of(List.of(tenant))).containsKey(tenant);
    }

    /** The minute begins before the reading, however long that took. */
    @Test
    void a_slow_reading_lengthens_no_minute() {
        var opened = new OpenedKeys<Aead>(here.clock());
        var keyring = here.scope().in(tenant, tx -> here.bean(TenantKeys.class).data(tx, tenant));
        var before = opened.mark();
        here.clock().advance(Duration.ofSeconds(50));
        opened.keep(before, Map.of(tenant, keyring));

        assertThat(opened.of(List.of(tenant))).containsKey(tenant);
        here.clock().advance(Duration.ofSeconds(10));
        assertThat(opened.of(List.of(tenant))).isEmpty();
    }

    @Test
    void it_is_audited_once_and_the_platform_is_spared() {
        destroy();
        destroy();
        assertThat(
                        here.count(
                                """
                                SELECT count(*) FROM audit_log WHERE tenant_id = ?
                                    AND action = 'keys.destroyed' AND actor = 'operator:test'
                                """,
                                tenant.value()))
                .isEqualTo(1);
        tenant = TenantId.PLATFORM;
        assertThatThrownBy(this::destroy).isInstanceOf(IllegalArgumentException.class);
    }

    private void destroy() {
        here.scope()
                .in(
                        tenant,
                        tx -> {
                            here.vault().destroyAll(tx, tenant, "operator:test");
                            return true;
                        });
    }

    private void useAll(RunningVault vault, byte[] content) {
        assertThat(decrypt(vault, content)).isEqualTo("שלום");
        assertThat(encrypt(vault)).isNotEmpty();
        assertThat(hash(vault)).isNotEmpty();
        assertThat(vault.vault().open(tenant, TOKEN, "test").map(SecretText::reveal))
                .contains("EAAG");
    }

    private void assertGone(RunningVault vault, byte[] content) {
        assertThatThrownBy(() -> decrypt(vault, content))
                .isInstanceOf(TenantKeysDestroyedException.class);
        assertThatThrownBy(() -> encrypt(vault)).isInstanceOf(TenantKeysDestroyedException.class);
        assertThatThrownBy(() -> hash(vault)).isInstanceOf(TenantKeysDestroyedException.class);
        assertThat(vault.vault().open(tenant, TOKEN, "test")).isEmpty();
    }

    private byte[] encrypt(RunningVault vault) {
        return cipher(vault).encrypt(PLACE, "שלום".getBytes(StandardCharsets.UTF_8));
    }

    private String decrypt(RunningVault vault, byte[] content) {
        return new String(cipher(vault).decrypt(PLACE, content), StandardCharsets.UTF_8);
    }

    private ContentCipher cipher(RunningVault vault) {
        return vault.scope().in(tenant, tx -> vault.bean(ContentKeys.class).of(tx, tenant));
    }

    private byte[] hash(RunningVault vault) {
        return vault.scope()
                .in(tenant, tx -> vault.bean(LookupHasher.class).hash(tx, tenant, "test", "value"));
    }

    private long rows(String table) {
        return here.count("SELECT count(*) FROM " + table + " WHERE tenant_id = ?", tenant.value());
    }
}
