package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.prf.PredefinedPrfParameters;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.testkit.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyEncryptionKeysTest {
    @TempDir Path folder;
    private TestDatabase database;

    @BeforeEach
    void aDatabase() {
        database = TestDatabase.fresh();
    }

    @AfterEach
    void dropIt() {
        database.close();
    }

    @Test
    void the_demo_makes_a_key_that_only_its_owner_may_read_and_finds_it_again() throws Exception {
        var data = folder.resolve("data");
        var demo = Map.of("gesher.mode", "demo", "gesher.data-dir", data.toString());
        start(demo);
        assertThat(permissions(data)).isEqualTo("rwx------");
        assertThat(permissions(data.resolve("keyset.json"))).isEqualTo("rw-------");

        byte[] made = Files.readAllBytes(data.resolve("keyset.json"));
        start(demo);
        assertThat(Files.readAllBytes(data.resolve("keyset.json"))).isEqualTo(made);
    }

    @Test
    void the_database_remembers_mode_and_fingerprint_and_the_fingerprint_gives_nothing_away()
            throws Exception {
        var file = keyset("kek.json");
        start(production(file));

        var remembered = remembered();
        assertThat(remembered).startsWith("production ");
        String fingerprint = remembered.substring("production ".length());
        assertThat(fingerprint).matches("[0-9a-f]{32}");
        assertThat(fingerprint)
                .isEqualTo(Fingerprints.primary(KeysetFile.read(file)))
                .isNotEqualTo(Fingerprints.primary(KeysetFile.read(keyset("other.json"))));
        start(production(file));
        assertThat(remembered()).isEqualTo(remembered);
    }

    @Test
    void another_key_refuses_the_start() throws Exception {
        start(production(keyset("right.json")));

        assertThat(refusal(production(keyset("wrong.json"))))
                .startsWith(
                        "The key-encryption key is not the one this database was encrypted with");
    }

    @Test
    void a_key_that_has_the_name_but_does_not_open_refuses_the_start() throws Exception {
        var file = keyset("kek.json");
        try (var running = RunningVault.start(database, production(file))) {
            running.asAdministrator(
                    "UPDATE tenant_keys SET wrapped = sha256(wrapped) WHERE kind = 'data'");
        }
        assertThat(refusal(production(file)))
                .isEqualTo(
                        "The key-encryption key does not open the platform's keys in this"
                                + " database.");
    }

    @Test
    void a_missing_keyset_file_refuses_the_start() throws Exception {
        assertThat(refusal(production(folder.resolve("nowhere.json"))))
                .isEqualTo(
                        "The keyset file " + folder.resolve("nowhere.json") + " does not exist.");
    }

    @Test
    void a_lost_key_of_the_demo_refuses_the_start_instead_of_being_made_anew() throws Exception {
        var demo = Map.of("gesher.mode", "demo", "gesher.data-dir", folder.toString());
        start(demo);
        Files.delete(folder.resolve("keyset.json"));

        assertThat(refusal(demo)).endsWith("is missing, and this database was encrypted with it.");
        assertThat(folder.resolve("keyset.json")).doesNotExist();
    }

    @Test
    void production_has_no_embedded_key() {
        assertThat(refusal(Map.of("gesher.mode", "production", "gesher.data-dir", folder + "/d")))
                .startsWith("GESHER_KEYSET_FILE or GESHER_KMS_URI must be set");
        assertThat(refusal(Map.of("gesher.data-dir", folder + "/d")))
                .as("no mode is production")
                .startsWith("GESHER_KEYSET_FILE or GESHER_KMS_URI must be set");
        assertThat(folder.resolve("d")).doesNotExist();
    }

    @Test
    void a_database_of_the_other_mode_refuses_the_start() throws Exception {
        var file = keyset("kek.json");
        start(production(file));

        assertThat(refusal(with(production(file), "gesher.mode", "demo")))
                .isEqualTo(
                        "This database belongs to a deployment in mode production, and GESHER_MODE"
                                + " is demo.");
    }

    @Test
    void configuration_that_makes_no_sense_refuses_the_start() throws Exception {
        var file = keyset("kek.json");
        assertThat(refusal(Map.of("gesher.mode", "staging")))
                .isEqualTo("GESHER_MODE must be demo or production, not \"staging\".");
        assertThat(refusal(with(production(file), "gesher.vault.kms-uri", "aws-kms://key")))
                .startsWith("GESHER_KEYSET_FILE and GESHER_KMS_URI are both set");
        assertThat(
                        refusal(
                                with(
                                        with(
                                                production(file),
                                                "gesher.vault.keyset-file-previous",
                                                file.toString()),
                                        "gesher.vault.kms-uri-previous",
                                        "aws-kms://key")))
                .startsWith("GESHER_KEYSET_FILE_PREVIOUS and GESHER_KMS_URI_PREVIOUS are both");
        assertThat(refusal(Map.of("gesher.mode", "production", "gesher.vault.kms-uri", "arn:key")))
                .startsWith("GESHER_KMS_URI is no key URI");
        assertThat(
                        refusal(
                                Map.of(
                                        "gesher.mode",
                                        "production",
                                        "gesher.vault.kms-uri",
                                        "no-kms://key")))
                .startsWith("GESHER_KMS_URI names a key management service that this build has no");
    }

    @Test
    void a_file_that_is_no_keyset_is_refused_without_being_quoted() throws Exception {
        var json = Files.writeString(folder.resolve("a.json"), "{\"planted-secret\": [tr ue");
        var binary = Files.writeString(folder.resolve("a.bin"), "planted-secret");
        for (var file : new Path[] {json, binary}) {
            var thrown = catchThrowable(() -> start(production(file)));
            assertThat(StartRefusedException.among(thrown).orElseThrow())
                    .hasMessage("The keyset file " + file + " holds no Tink keyset.")
                    .hasNoCause();
        }
    }

    @Test
    void a_keyset_for_something_else_is_refused() throws Exception {
        var prf =
                KeysetHandle.generateNew(
                        PredefinedPrfParameters.HMAC_SHA256_PRF, TinkSetup.configuration());
        var file = folder.resolve("prf.json");
        write(file, prf);

        assertThat(refusal(production(file)))
                .isEqualTo(
                        "The keyset file " + file + " holds no keys for authenticated encryption.");
    }

    @Test
    void a_binary_keyset_is_the_same_key() throws Exception {
        var json = keyset("kek.json");
        var binary = folder.resolve("kek.bin");
        Files.write(
                binary,
                TinkProtoKeysetFormat.serializeKeyset(
                        KeysetFile.read(json),
                        InsecureSecretKeyAccess.get(),
                        TinkSetup.configuration()));
        start(production(json));
        start(production(binary));
    }

    /** Until a rotation is asked for, whoever has only the old key can read everything. */
    @Test
    void another_key_wraps_nothing_before_a_rotation() throws Exception {
        var old = keyset("old.json");
        start(production(old));
        var both = folder.resolve("both.json");
        write(both, withNewer(KeysetFile.read(old)));
        var newer = keyset("newer.json");
        for (var configured :
                List.of(
                        production(both),
                        with(
                                production(newer),
                                "gesher.vault.keyset-file-previous",
                                old.toString()))) {
            try (var running = RunningVault.start(database, configured)) {
                var tenant = running.newTenant();
                running.store(tenant, SecretName.META_PIN, "123456");
                try (var without = RunningVault.start(database, production(old))) {
                    assertThat(
                                    without.vault()
                                            .open(tenant, SecretName.META_PIN, "test")
                                            .map(SecretText::reveal))
                            .contains("123456");
                }
            }
        }
        assertThat(refusal(production(newer)))
                .startsWith("The key-encryption key is not the one this database was encrypted");
    }

    @Test
    void a_former_key_that_is_still_needed_and_missing_refuses_the_start() throws Exception {
        var old = keyset("old.json");
        start(production(old));
        var newer = keyset("newer.json");
        var both = with(production(newer), "gesher.vault.keyset-file-previous", old.toString());
        try (var running = RunningVault.start(database, both)) {
            running.scope()
                    .platform(tx -> {
                        running.bean(Deployment.class)
                                .wrapWith(tx, running.bean(KeyEncryptionKey.class).fingerprint());
                        return true;
                    });
        }
        start(both);
        assertThat(refusal(production(newer)))
                .startsWith("A rotation of the key-encryption key is not finished")
                .contains(Fingerprints.primary(KeysetFile.read(old)));
        assertThat(refusal(production(old)))
                .startsWith("The key-encryption key is not the one this database was encrypted");
    }

    private static KeysetHandle withNewer(KeysetHandle keyset) throws Exception {
        return KeysetHandle.newBuilder(keyset)
                .addEntry(
                        KeysetHandle.generateEntryFromParameters(
                                        PredefinedAeadParameters.AES256_GCM)
                                .withRandomId()
                                .makePrimary())
                .build();
    }

    @Test
    void the_tool_makes_a_keyset_and_never_overwrites_one() throws Exception {
        var file = folder.resolve("kek.json");
        KeysetTool.write(file);
        assertThat(permissions(file)).isEqualTo("rw-------");
        byte[] made = Files.readAllBytes(file);

        assertThatThrownBy(() -> KeysetTool.write(file))
                .isInstanceOf(StartRefusedException.class)
                .hasMessage(file + " exists already and was left as it is.");
        assertThat(Files.readAllBytes(file)).isEqualTo(made);
        assertThatThrownBy(() -> KeysetTool.write(folder.resolve("no/such/folder")))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("cannot be written");
    }

    @Test
    void the_tool_adds_a_newer_key_and_keeps_the_older() throws Exception {
        var file = folder.resolve("kek.json");
        var first = KeysetTool.write(file);
        start(production(file));
        var newer = KeysetTool.add(file);

        assertThat(newer).isNotEqualTo(first);
        assertThat(permissions(file)).isEqualTo("rw-------");
        assertThat(Fingerprints.aeads(KeysetFile.read(file))).containsOnlyKeys(first, newer);
        start(production(file));
        assertThat(remembered()).isEqualTo("production " + first);
        assertThatThrownBy(() -> KeysetTool.add(folder.resolve("nowhere.json")))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("does not exist");
    }

    private void start(Map<String, String> properties) {
        RunningVault.start(database, properties).close();
    }

    private String refusal(Map<String, String> properties) {
        var thrown = catchThrowable(() -> start(properties));
        return Objects.requireNonNull(
                StartRefusedException.among(thrown).orElseThrow().getMessage());
    }

    private Path keyset(String name) {
        var file = folder.resolve(name);
        KeysetTool.write(file);
        return file;
    }

    private static void write(Path file, KeysetHandle keyset) throws Exception {
        Files.writeString(
                file,
                TinkJsonProtoKeysetFormat.serializeKeyset(
                        keyset, TinkSetup.configuration(), InsecureSecretKeyAccess.get()));
    }

    private static Map<String, String> production(Path keyset) {
        return Map.of("gesher.mode", "production", "gesher.vault.keyset-file", keyset.toString());
    }

    private static Map<String, String> with(Map<String, String> all, String name, String value) {
        var more = new HashMap<>(all);
        more.put(name, value);
        return more;
    }

    private static String permissions(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private String remembered() throws SQLException {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.createStatement();
                var result =
                        statement.executeQuery(
                                "SELECT mode || ' ' || key_fingerprint FROM deployment")) {
            assertThat(result.next()).isTrue();
            return result.getString(1);
        }
    }
}
