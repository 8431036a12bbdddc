package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
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
class ContentKeysTest {
    private static final byte[] TEXT = "שלום דנה".getBytes(StandardCharsets.UTF_8);
    private static final Place PLACE =
            new Place("whatsapp_messages", "content", UUID.fromString("0-0-0-0-1"));

    private RunningVault running;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) {
        running = RunningVault.demo(database);
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
    void content_is_decrypted_where_it_was_encrypted() {
        var cipher = cipherOf(tenant);

        assertThat(cipher.decrypt(PLACE, cipher.encrypt(PLACE, TEXT))).isEqualTo(TEXT);
        assertThat(cipher.encrypt(PLACE, TEXT))
                .as("never the same twice")
                .isNotEqualTo(cipher.encrypt(PLACE, TEXT));
    }

    @Test
    void content_moved_to_another_row_column_or_table_does_not_decrypt() {
        var cipher = cipherOf(tenant);
        byte[] encrypted = cipher.encrypt(PLACE, TEXT);

        for (var elsewhere :
                List.of(
                        new Place(PLACE.table(), PLACE.column(), UUID.fromString("0-0-0-0-2")),
                        new Place(PLACE.table(), "name", PLACE.row()),
                        new Place("events", PLACE.column(), PLACE.row()))) {
            assertThatThrownBy(() -> cipher.decrypt(elsewhere, encrypted))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("another place or tenant");
        }
    }

    @Test
    void content_moved_to_another_tenant_does_not_decrypt_even_under_the_same_key() {
        byte[] encrypted = cipherOf(tenant).encrypt(PLACE, TEXT);
        assertThatThrownBy(() -> cipherOf(running.newTenant()).decrypt(PLACE, encrypted))
                .isInstanceOf(IllegalStateException.class);

        var keys = running.bean(TenantKeys.class);
        var keyring = running.scope().in(tenant, tx -> keys.data(tx, tenant));
        var other = new KeyringCipher(running.newTenant(), keyring);
        assertThatThrownBy(() -> other.decrypt(PLACE, encrypted))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("another place or tenant");
    }

    @Test
    void what_is_damaged_or_of_a_key_that_is_gone_is_refused() {
        var cipher = cipherOf(tenant);
        byte[] encrypted = cipher.encrypt(PLACE, TEXT);

        for (int i = 0; i < encrypted.length; i++) {
            byte[] damaged = encrypted.clone();
            damaged[i] ^= 1;
            assertThatThrownBy(() -> cipher.decrypt(PLACE, damaged))
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(() -> cipher.decrypt(PLACE, new byte[0]))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void an_older_key_still_decrypts_and_the_newest_encrypts() {
        byte[] old = cipherOf(tenant).encrypt(PLACE, TEXT);
        var fresh = running.bean(KeyRows.class).make(new KeyRows.Slot(tenant, KeyKind.DATA, 2));
        running.scope()
                .in(
                        tenant,
                        tx -> {
                            running.bean(KeyRows.class).insert(tx, fresh);
                            return true;
                        });
        running.clock().advance(Duration.ofSeconds(61));

        var cipher = cipherOf(tenant);
        assertThat(cipher.decrypt(PLACE, old)).isEqualTo(TEXT);
        byte[] newer = cipher.encrypt(PLACE, TEXT);
        running.asAdministrator(
                "DELETE FROM tenant_keys WHERE tenant_id = ? AND kind = 'data' AND version = 1",
                tenant.value());
        running.clock().advance(Duration.ofSeconds(61));

        assertThat(cipherOf(tenant).decrypt(PLACE, newer)).isEqualTo(TEXT);
        assertThatThrownBy(() -> cipherOf(tenant).decrypt(PLACE, old))
                .hasMessage("key version 1 does not exist");
    }

    @Test
    void many_tenants_keys_come_at_once_and_only_those_of_the_set() {
        var other = running.newTenant();
        var keys = running.bean(ContentKeys.class);

        var ciphers =
                running.scope()
                        .in(List.of(tenant, other), tx -> keys.of(tx, Set.of(tenant, other)));
        assertThat(ciphers).containsOnlyKeys(tenant, other);

        var third = running.newTenant();
        assertThatThrownBy(
                        () -> running.scope().in(tenant, tx -> keys.of(tx, Set.of(tenant, third))))
                .hasMessage("tenant " + third + " has no key");
    }

    @Test
    void a_destroyed_key_is_out_of_memory_within_a_minute() {
        assertThat(cipherOf(tenant)).isNotNull();
        running.asAdministrator("DELETE FROM tenant_keys WHERE tenant_id = ?", tenant.value());
        assertThat(cipherOf(tenant)).as("from the cache").isNotNull();

        running.clock().advance(Duration.ofSeconds(61));
        assertThatThrownBy(() -> cipherOf(tenant)).hasMessage("tenant " + tenant + " has no key");
    }

    @Test
    void caches_are_bounded() {
        var cache = VaultCaches.<Integer, Integer>bounded(running.clock());
        for (int i = 0; i < VaultCaches.ENTRIES + 500; i++) {
            cache.put(i, i);
        }
        cache.cleanUp();
        assertThat(cache.estimatedSize()).isLessThanOrEqualTo(VaultCaches.ENTRIES);
    }

    private ContentCipher cipherOf(TenantId whose) {
        return running.scope().in(whose, tx -> running.bean(ContentKeys.class).of(tx, whose));
    }
}
