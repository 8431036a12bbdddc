package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.EvidenceKeys;
import dev.gesher.tenant.KeyRotations;
import dev.gesher.tenant.KeyRotations.Answer;
import dev.gesher.tenant.KeyRotations.Layer;
import dev.gesher.tenant.KeyRotations.Request;
import dev.gesher.tenant.KeyRotations.Rotation;
import dev.gesher.tenant.KeyRotations.State;
import dev.gesher.tenant.LookupHasher;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.SigningKeys;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys are replaced, layer by layer, while they are in use; several vaults are replicas. */
class KeyRotationTest {
    private static final SecretName TOKEN = SecretName.META_ACCESS_TOKEN;
    private static final Place PLACE = new Place("whatsapp_messages", "content", new UUID(0, 1));
    private static final LocalDate DAY = LocalDate.of(2026, 3, 1);

    @TempDir Path folder;
    private TestDatabase database;
    private final List<RunningVault> vaults = new ArrayList<>();

    @BeforeEach
    void aDatabase() {
        database = TestDatabase.fresh();
        KeysetTool.write(folder.resolve("old.json"));
        KeysetTool.write(folder.resolve("new.json"));
    }

    @AfterEach
    void stop() {
        vaults.forEach(RunningVault::close);
        database.close();
    }

    // --- the key-encryption key

    @Test
    void every_key_is_wrapped_anew_and_the_former_key_can_go() {
        var before = start("old.json", null);
        var tenant = tenantWithSecret(before);
        before.bean(DayKeys.class).ready(DAY);
        byte[] body = before.bean(DayKeys.class).encrypt(DAY, "body", bytes("{}"));
        byte[] seal = before.bean(EvidenceKeys.class).open().seal("consent", bytes("yes"));
        var kid = before.bean(SigningKeys.class).current().kid();
        stopAll();

        var one = start("new.json", "old.json");
        var other = start("new.json", "old.json");
        var rotation = accepted(one, all(Layer.KEY_ENCRYPTION_KEY));
        assertThat(rotation.state()).isEqualTo(State.WAITING);
        // Made by a replica that has not looked at the rotation.
        var newcomer = tenantWithSecret(other);
        run(one);

        assertThat(find(one, rotation))
                .returns(State.DONE, Rotation::state)
                .returns(0, Rotation::failed)
                .returns(3, Rotation::done)
                .returns(3, Rotation::total);
        assertThat(one.count("SELECT count(DISTINCT kek_fingerprint) FROM tenant_keys"))
                .isEqualTo(1);
        for (var vault : List.of(one, other)) {
            vault.clock().advance(Duration.ofMinutes(2));
            assertOpens(vault, tenant);
            assertOpens(vault, newcomer);
        }
        stopAll();

        var after = start("new.json", null);
        assertOpens(after, tenant);
        assertOpens(after, newcomer);
        after.bean(DayKeys.class).ready(DAY);
        assertThat(after.bean(DayKeys.class).decrypt(DAY, "body", body)).isEqualTo(bytes("{}"));
        assertThat(after.bean(EvidenceKeys.class).open().isSealed("consent", bytes("yes"), seal))
                .isTrue();
        assertThat(after.bean(SigningKeys.class).current().kid()).isEqualTo(kid);
        stopAll();
        assertThat(refusal("old.json", null)).startsWith("The key-encryption key is not the one");
    }

    @Test
    void a_rotation_waits_for_no_process_that_lacks_the_new_key() {
        var old = start("old.json", null);
        var both = start("new.json", "old.json");

        assertThat(both.bean(KeyRotations.class).request(all(Layer.KEY_ENCRYPTION_KEY), "operator"))
                .isEqualTo(new Answer.NotKnownEverywhere(1));
        assertOpens(old, tenantWithSecret(both));

        old.close();
        vaults.remove(old);
        accepted(both, all(Layer.KEY_ENCRYPTION_KEY));
        assertThat(refusal("old.json", null))
                .as("whoever starts with the old key alone now is told")
                .startsWith("The key-encryption key is not the one");
    }

    /** As if it had been killed: nobody says that it has ended. */
    @Test
    void a_process_not_heard_of_for_long_is_not_waited_for() {
        var both = start("new.json", "old.json");
        both.asAdministrator(
                """
                INSERT INTO key_holders VALUES
                    (gen_random_uuid(), '{other}', now() - interval '89 seconds')
                """);
        assertThat(both.bean(KeyRotations.class).request(all(Layer.KEY_ENCRYPTION_KEY), "operator"))
                .isInstanceOf(Answer.NotKnownEverywhere.class);
        both.asAdministrator(
                "UPDATE key_holders SET seen_at = seen_at - interval '2 seconds'"
                        + " WHERE fingerprints = '{other}'");
        accepted(both, all(Layer.KEY_ENCRYPTION_KEY));
    }

    @Test
    void another_process_goes_on_where_one_died() {
        var one = start("old.json", null);
        var tenants = List.of(tenantWithSecret(one), tenantWithSecret(one), tenantWithSecret(one));
        stopAll();
        one = start("new.json", "old.json");
        var rotation = accepted(one, all(Layer.KEY_ENCRYPTION_KEY));
        one.bean(KeyRotator.class).round();
        one.bean(KeyRotator.class).round();
        assertThat(find(one, rotation).done()).isEqualTo(2);
        stopAll();
        assertThat(refusal("new.json", null)).startsWith("A rotation of the key-encryption key");

        var other = start("new.json", "old.json");
        other.asAdministrator("UPDATE leases SET expires_at = '-infinity'"); // 30 s later
        run(other);
        assertThat(find(other, rotation))
                .returns(State.DONE, Rotation::state)
                .returns(4, Rotation::done);
        tenants.forEach(tenant -> assertOpens(other, tenant));
    }

    @Test
    void a_key_that_does_not_open_fails_the_rotation_and_keeps_the_former_key() {
        var one = start("old.json", null);
        var broken = tenantWithSecret(one);
        var well = tenantWithSecret(one);
        stopAll();
        var both = start("new.json", "old.json");
        both.asAdministrator(
                "UPDATE tenant_keys SET wrapped = sha256(wrapped) WHERE tenant_id = ? AND kind = 'prf'",
                broken.value());
        var rotation = accepted(both, all(Layer.KEY_ENCRYPTION_KEY));
        run(both);

        assertThat(find(both, rotation))
                .returns(State.FAILED, Rotation::state)
                .returns(1, Rotation::failed)
                .returns(2, Rotation::done);
        assertOpens(both, well);
        stopAll();
        assertThat(refusal("new.json", null)).startsWith("A rotation of the key-encryption key");
    }

    // --- data keys

    @Test
    void secrets_move_at_once_and_content_stays_readable() {
        var one = start("old.json", null);
        var other = start("old.json", null);
        var tenant = tenantWithSecret(one);
        byte[] content = encrypt(other, tenant);
        assertOpens(other, tenant);

        var rotation = accepted(one, of(tenant, false));
        run(one);

        assertThat(find(one, rotation))
                .returns(State.DONE, Rotation::state)
                .returns(1, Rotation::total)
                .returns(1, Rotation::done);
        assertThat(one.count("SELECT key_version FROM secrets WHERE tenant_id = ?", tenant.value()))
                .isEqualTo(2);
        // The other one's copy of the keys is from before, its copy of the secret is not.
        other.store(tenant, SecretName.META_PIN, "123456");
        assertThat(
                        one.count(
                                "SELECT min(key_version) FROM secrets WHERE tenant_id = ?",
                                tenant.value()))
                .isEqualTo(2);
        assertOpens(other, tenant);
        assertThat(decrypt(other, tenant, content)).isEqualTo("שלום");
        assertThat(decrypt(one, tenant, content)).isEqualTo("שלום");
    }

    /** Else one replica would meet content that another has just written and cannot be read yet. */
    @Test
    void a_new_key_is_known_to_all_before_one_encrypts_with_it() {
        var one = start("old.json", null);
        var other = start("old.json", null);
        var tenant = tenantWithSecret(one);
        byte[] stored = hash(one, tenant);
        encrypt(other, tenant);
        accepted(one, of(tenant, false));
        run(one);

        assertThat(version(encrypt(one, tenant))).as("not yet").isEqualTo(1);
        assertThat(hash(one, tenant)).isEqualTo(stored);
        assertThat(hashes(one, tenant)).as("looked for already").hasSize(2).contains(stored);
        other.clock().advance(Duration.ofSeconds(61)); // reads the keys again, as all do
        assertThat(version(encrypt(other, tenant))).isEqualTo(1);

        inUseNow(one);
        one.clock().advance(Duration.ofSeconds(61));
        byte[] content = encrypt(one, tenant);
        assertThat(version(content)).isEqualTo(2);
        assertThat(decrypt(other, tenant, content)).isEqualTo("שלום");
        assertThat(hash(one, tenant)).isNotEqualTo(stored);
        assertThat(hashes(one, tenant)).contains(stored);
        assertThat(hashes(other, tenant)).contains(stored, hash(one, tenant));
    }

    @Test
    void a_key_comes_into_use_later_than_any_copy_of_the_keys_is_kept() {
        var one = start("old.json", null);
        var tenant = tenantWithSecret(one);
        accepted(one, of(tenant, false));
        run(one);

        assertThat(
                        one.count(
                                """
                                SELECT count(*) FROM tenant_keys WHERE tenant_id = ? AND version = 2
                                    AND encrypts_from > now() + interval '1 minute'
                                """,
                                tenant.value()))
                .isEqualTo(2);
    }

    @Test
    void a_tenant_that_got_no_new_key_is_not_said_to_have_lost_its_old_one() {
        var one = start("old.json", null);
        var tenant = tenantWithSecret(one);
        one.asAdministrator(
                "UPDATE secrets SET ciphertext = sha256(ciphertext) WHERE tenant_id = ?",
                tenant.value());
        one.clock().advance(Duration.ofSeconds(61));
        var rotation = accepted(one, of(tenant, true));
        run(one);
        one.asAdministrator("UPDATE key_rotations SET keys_made_at = now() - interval '181 s'");
        run(one);

        assertThat(find(one, rotation))
                .returns(State.FAILED, Rotation::state)
                .returns(1, Rotation::failed)
                .returns(0, Rotation::done);
        assertThat(versions(one, tenant, "data")).isEqualTo(1);
    }

    @Test
    void old_keys_are_destroyed_when_nobody_encrypts_with_them_any_more() {
        var one = start("old.json", null);
        var tenant = tenantWithSecret(one);
        var rotation = accepted(one, of(tenant, true));
        run(one);
        one.asAdministrator("UPDATE key_rotations SET keys_made_at = now() - interval '179 s'");
        run(one);
        assertThat(find(one, rotation).state()).isEqualTo(State.RUNNING);
        assertThat(versions(one, tenant, "data")).isEqualTo(2);

        one.asAdministrator("UPDATE key_rotations SET keys_made_at = now() - interval '181 s'");
        inUseNow(one);
        one.clock().advance(Duration.ofSeconds(61));
        run(one);

        assertThat(find(one, rotation))
                .returns(State.DONE, Rotation::state)
                .returns(1, Rotation::done);
        assertThat(versions(one, tenant, "data")).isEqualTo(1);
        assertThat(versions(one, tenant, "prf")).as("for look-ups").isEqualTo(2);
        assertOpens(one, tenant);
    }

    @Test
    void all_keys_are_rotated_the_platforms_too() {
        var one = start("old.json", null);
        var tenants = List.of(tenantWithSecret(one), tenantWithSecret(one));
        var kid = one.bean(SigningKeys.class).current().kid();
        byte[] seal = one.bean(EvidenceKeys.class).open().seal("consent", bytes("yes"));
        var rotation = accepted(one, all(Layer.DATA_KEYS));
        assertThat(one.bean(KeyRotations.class).request(all(Layer.DATA_KEYS), "operator"))
                .isEqualTo(new Answer.UnderWay(rotation.id()));
        run(one);

        assertThat(find(one, rotation))
                .returns(State.DONE, Rotation::state)
                .returns(3, Rotation::done);
        assertThat(one.count("SELECT count(*) FROM secrets WHERE key_version = 1")).isZero();
        inUseNow(one);
        one.clock().advance(Duration.ofSeconds(61));
        tenants.forEach(tenant -> assertOpens(one, tenant));
        assertThat(one.bean(SigningKeys.class).current().kid()).isEqualTo(kid);
        var evidence = one.bean(EvidenceKeys.class).open();
        assertThat(evidence.isSealed("consent", bytes("yes"), seal)).isTrue();
        assertThat(evidence.seal("consent", bytes("yes"))).isNotEqualTo(seal);
        assertThat(versions(one, TenantId.PLATFORM, "evidence")).isEqualTo(2);
    }

    @Test
    void a_tenant_whose_keys_were_destroyed_gets_none() {
        var one = start("old.json", null);
        var gone = tenantWithSecret(one);
        var rotation = accepted(one, all(Layer.DATA_KEYS));
        one.scope()
                .in(
                        gone,
                        tx -> {
                            one.vault().destroyAll(tx, gone, "operator");
                            return true;
                        });
        run(one);

        assertThat(find(one, rotation)).returns(State.DONE, Rotation::state);
        assertThat(one.count("SELECT count(*) FROM tenant_keys WHERE tenant_id = ?", gone.value()))
                .isZero();
    }

    @Test
    void what_cannot_be_is_refused() {
        var one = start("old.json", null);
        var rotations = one.bean(KeyRotations.class);
        for (var tenant : List.of(new TenantId(new UUID(1, 1)), TenantId.PLATFORM)) {
            assertThat(rotations.request(of(tenant, false), "operator"))
                    .isEqualTo(new Answer.NoSuchTenant());
        }
        assertThatThrownBy(() ->
                        rotations.request(
                                new Request(Layer.KEY_ENCRYPTION_KEY, Optional.empty(), true),
                                "operator"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // --- helpers

    private RunningVault start(String keyset, @Nullable String previous) {
        var vault = RunningVault.start(database, properties(keyset, previous));
        vaults.add(vault);
        return vault;
    }

    private Map<String, String> properties(String keyset, @Nullable String previous) {
        return Map.of(
                "gesher.mode",
                "production",
                "gesher.vault.keyset-file",
                folder.resolve(keyset).toString(),
                "gesher.vault.keyset-file-previous",
                previous == null ? "" : folder.resolve(previous).toString());
    }

    private String refusal(String keyset, @Nullable String previous) {
        var thrown =
                catchThrowable(
                        () -> RunningVault.start(database, properties(keyset, previous)).close());
        return String.valueOf(StartRefusedException.among(thrown).orElseThrow().getMessage());
    }

    private void stopAll() {
        vaults.forEach(RunningVault::close);
        vaults.clear();
    }

    private static TenantId tenantWithSecret(RunningVault vault) {
        var tenant = vault.newTenant();
        vault.store(tenant, TOKEN, "EAAG");
        return tenant;
    }

    private static Request all(Layer layer) {
        return new Request(layer, Optional.empty(), false);
    }

    private static Request of(TenantId tenant, boolean destroy) {
        return new Request(Layer.DATA_KEYS, Optional.of(tenant), destroy);
    }

    private static Rotation accepted(RunningVault vault, Request request) {
        var answer = vault.bean(KeyRotations.class).request(request, "operator:test");
        assertThat(answer).isInstanceOf(Answer.Accepted.class);
        return ((Answer.Accepted) answer).rotation();
    }

    private static Rotation find(RunningVault vault, Rotation rotation) {
        return vault.bean(KeyRotations.class).find(rotation.id()).orElseThrow();
    }

    /** As the worker does, until there is nothing left for now. */
    private static void run(RunningVault vault) {
        while (vault.bean(KeyRotator.class).round()) {
            // goes on
        }
    }

    private static void inUseNow(RunningVault vault) {
        vault.asAdministrator("UPDATE tenant_keys SET encrypts_from = now() - interval '1 s'");
    }

    private static void assertOpens(RunningVault vault, TenantId tenant) {
        assertThat(vault.vault().open(tenant, TOKEN, "test").map(SecretText::reveal))
                .contains("EAAG");
        assertThat(hash(vault, tenant)).hasSize(LookupHasher.LENGTH);
    }

    private static byte[] encrypt(RunningVault vault, TenantId tenant) {
        return cipher(vault, tenant).encrypt(PLACE, bytes("שלום"));
    }

    private static String decrypt(RunningVault vault, TenantId tenant, byte[] content) {
        return new String(cipher(vault, tenant).decrypt(PLACE, content), StandardCharsets.UTF_8);
    }

    private static ContentCipher cipher(RunningVault vault, TenantId tenant) {
        return vault.scope().in(tenant, tx -> vault.bean(ContentKeys.class).of(tx, tenant));
    }

    private static int version(byte[] content) {
        return content[4];
    }

    private static byte[] hash(RunningVault vault, TenantId tenant) {
        return vault.scope()
                .in(tenant, tx -> vault.bean(LookupHasher.class).hash(tx, tenant, "test", "v"));
    }

    private static List<byte[]> hashes(RunningVault vault, TenantId tenant) {
        return vault.scope()
                .in(tenant, tx -> vault.bean(LookupHasher.class).hashes(tx, tenant, "test", "v"));
    }

    private static long versions(RunningVault vault, TenantId tenant, String kind) {
        return vault.count(
                "SELECT count(*) FROM tenant_keys WHERE tenant_id = ? AND kind = ?",
                tenant.value(),
                kind);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
