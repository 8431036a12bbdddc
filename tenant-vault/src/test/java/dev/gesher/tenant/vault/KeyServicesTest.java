package dev.gesher.tenant.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.KeyRotations;
import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.RunningVault;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.vault.FakeKeyService.Mood;
import dev.gesher.testkit.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both providers' real clients and default credentials, against a fake of the services. */
@TestInstance(Lifecycle.PER_CLASS)
class KeyServicesTest {
    private static final String AWS = "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/one";
    private static final String GCP =
            "gcp-kms://projects/p/locations/europe-west3/keyRings/r/cryptoKeys/one";
    private static final SecretName TOKEN = SecretName.META_ACCESS_TOKEN;

    @TempDir static Path home;
    private final Map<String, @Nullable String> before = new HashMap<>();
    private FakeKeyService service;
    private TestDatabase database;

    @BeforeAll
    void credentials() throws Exception {
        service = new FakeKeyService();
        set("aws.accessKeyId", "AKIAFAKE");
        set("aws.secretKey", "fake");
        // Where Google's library looks when no variable says otherwise.
        set("user.home", home.toString());
        var folder = Files.createDirectories(home.resolve(".config/gcloud"));
        var pair = KeyPairGenerator.getInstance("RSA").generateKeyPair();
        var pem =
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
                        + "\n-----END PRIVATE KEY-----\n";
        new ObjectMapper()
                .writeValue(
                        folder.resolve("application_default_credentials.json").toFile(),
                        Map.of(
                                "type", "service_account",
                                "project_id", "p",
                                "client_id", "1",
                                "client_email", "gesher@p.iam.gserviceaccount.com",
                                "private_key_id", "1",
                                "private_key", pem,
                                "token_uri", service.url() + "/token"));
    }

    private void set(String property, String value) {
        before.put(property, System.getProperty(property));
        System.setProperty(property, value);
    }

    @AfterAll
    void restore() {
        before.forEach((property, value) -> {
            if (value == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, value);
            }
        });
        service.close();
    }

    @BeforeEach
    void aDatabase() {
        database = TestDatabase.fresh();
        service.be(Mood.WELL);
    }

    @AfterEach
    void dropIt() {
        database.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {AWS, GCP})
    void keys_are_wrapped_and_opened_by_the_service_and_few_calls_suffice(String uri) {
        try (var running = start(uri)) {
            var tenant = running.newTenant();
            running.store(tenant, TOKEN, "EAAG");
            assertThat(
                            running.count(
                                    """
                                    SELECT count(*) FROM tenant_keys
                                    WHERE tenant_id = ? AND kek_fingerprint LIKE 'kms-%'
                                    """,
                                    tenant.value()))
                    .isEqualTo(2);
            int calls = service.calls();
            for (int i = 0; i < 20; i++) {
                running.scope().in(tenant, tx -> running.bean(ContentKeys.class).of(tx, tenant));
                assertThat(opened(running, tenant)).isEqualTo("EAAG");
            }
            assertThat(service.calls()).as("within a minute").isEqualTo(calls);
            running.clock().advance(Duration.ofSeconds(61));
            assertThat(opened(running, tenant)).isEqualTo("EAAG");
            assertThat(service.calls()).as("once a minute").isEqualTo(calls + 1);
        }
        start(uri).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {AWS, GCP})
    void another_key_of_the_service_is_refused(String uri) {
        start(uri).close();
        assertThat(refusal(uri.replace("one", "two")))
                .startsWith("The key-encryption key is not the one this database");
        // Somebody calls the wrong key by the right name: the service itself refuses.
        try (var other = TestDatabase.fresh()) {
            RunningVault.start(other, properties(uri.replace("one", "three"))).close();
            try (var administrator = other.connectAsAdministrator();
                    var statement = administrator.createStatement()) {
                statement.execute(
                        "UPDATE deployment SET key_fingerprint = '%s'"
                                .formatted(Fingerprints.ofUri(uri)));
                statement.execute(
                        "UPDATE tenant_keys SET kek_fingerprint = '%s'"
                                .formatted(Fingerprints.ofUri(uri)));
            } catch (java.sql.SQLException e) {
                throw new IllegalStateException(e);
            }
            var thrown = catchThrowable(() -> RunningVault.start(other, properties(uri)).close());
            assertThat(StartRefusedException.among(thrown).orElseThrow())
                    .hasMessage(
                            "The key-encryption key does not open the platform's keys in this"
                                    + " database.");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {AWS, GCP})
    void a_service_that_is_away_refuses_the_start_with_a_sentence(String uri) {
        for (var mood : new Mood[] {Mood.BROKEN, Mood.THROTTLING, Mood.SILENT}) {
            service.be(mood);
            assertThat(refusal(uri))
                    .as(mood.toString())
                    .startsWith("The key management service of GESHER_KMS_URI does not answer");
        }
        service.be(Mood.DENYING);
        assertThat(refusal(uri))
                .startsWith("The key management service does not let us encrypt and decrypt");
    }

    @ParameterizedTest
    @ValueSource(strings = {AWS, GCP})
    void a_service_that_goes_away_fails_what_needs_it_and_holds_no_transaction(String uri) {
        try (var running = start(uri)) {
            var tenant = running.newTenant();
            running.store(tenant, TOKEN, "EAAG");
            running.clock().advance(Duration.ofSeconds(61));
            service.be(Mood.BROKEN);

            assertThatThrownBy(() -> opened(running, tenant))
                    .isInstanceOf(KeyServiceUnavailableException.class);
            int calls = service.calls();
            for (int i = 0; i < 10; i++) {
                assertThat(running.scope().<Boolean>in(tenant, _ -> true))
                        .as("needs no key")
                        .isEqualTo(true);
                assertThatThrownBy(() ->
                                running.scope()
                                        .in(
                                                tenant,
                                                tx ->
                                                        running.bean(ContentKeys.class)
                                                                .of(tx, tenant)))
                        .isInstanceOf(KeyServiceUnavailableException.class);
            }
            assertThat(service.calls()).as("asked no more for a moment").isEqualTo(calls);
            assertThatThrownBy(running::newTenant)
                    .isInstanceOf(KeyServiceUnavailableException.class);

            service.be(Mood.WELL);
            running.clock().advance(Duration.ofSeconds(3));
            assertThat(opened(running, tenant)).isEqualTo("EAAG");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {AWS, GCP})
    void a_key_that_does_not_open_leaves_those_that_opened_ahead_with_it(String uri) {
        try (var running = start(uri)) {
            var tenant = running.newTenant();
            var broken = running.newTenant();
            running.clock().advance(Duration.ofSeconds(61));
            running.asAdministrator(
                    "UPDATE tenant_keys SET wrapped = set_byte(wrapped, 40, 255 - get_byte(wrapped, 40)) WHERE tenant_id = ?",
                    broken.value());

            assertThat(running.scope().<Boolean>in(List.of(tenant, broken), _ -> true))
                    .isEqualTo(true);

            service.be(Mood.BROKEN);
            assertThat(
                            running.scope()
                                    .<Object>in(
                                            tenant,
                                            tx -> running.bean(ContentKeys.class).of(tx, tenant)))
                    .isNotNull();
            assertThatThrownBy(() ->
                            running.scope()
                                    .in(
                                            broken,
                                            tx -> running.bean(ContentKeys.class).of(tx, broken)))
                    .isInstanceOf(RuntimeException.class);
        }
    }

    /** From one service's key to another's, or between two of one service. */
    @ParameterizedTest
    @CsvSource({AWS + "," + GCP, GCP + "," + GCP + "2", AWS + "," + AWS + "2"})
    void a_key_of_a_service_is_rotated_into_another(String former, String newer) {
        dev.gesher.tenant.TenantId tenant;
        try (var running = start(former)) {
            tenant = running.newTenant();
            running.store(tenant, TOKEN, "EAAG");
        }
        var both = new HashMap<>(properties(newer));
        both.put("gesher.vault.kms-uri-previous", former);
        try (var running = RunningVault.start(database, both)) {
            var asked =
                    running.bean(KeyRotations.class)
                            .request(
                                    new KeyRotations.Request(
                                            KeyRotations.Layer.KEY_ENCRYPTION_KEY,
                                            Optional.empty(),
                                            false),
                                    "operator");
            assertThat(asked).isInstanceOf(KeyRotations.Answer.Accepted.class);
            var rotator = running.bean(KeyRotator.class);
            assertThat(rotator.round()).isTrue();
            service.be(Mood.BROKEN);
            assertThatThrownBy(rotator::round).isInstanceOf(KeyServiceUnavailableException.class);
            service.be(Mood.WELL);
            running.clock().advance(Duration.ofSeconds(3));
            while (rotator.round()) {
                // goes on where it was
            }
            assertThat(running.count("SELECT count(*) FROM key_rotations WHERE state = 'done'"))
                    .isEqualTo(1);
        }
        try (var running = start(newer)) {
            assertThat(opened(running, tenant)).isEqualTo("EAAG");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aws-kms://key",
                "aws-kms://arn:aws:kms:eu-central-1:111122223333:alias/one",
                "aws-kms://arn:aws:s3:eu-central-1:1:key/one",
                "gcp-kms://key",
                "hcvault://host/key"
            })
    void a_uri_that_names_no_key_refuses_the_start(String uri) {
        assertThat(refusal(uri)).startsWith("GESHER_KMS_URI ");
    }

    private static String opened(RunningVault running, dev.gesher.tenant.TenantId tenant) {
        return running.vault().open(tenant, TOKEN, "test").map(SecretText::reveal).orElseThrow();
    }

    private RunningVault start(String uri) {
        return RunningVault.start(database, properties(uri));
    }

    private Map<String, String> properties(String uri) {
        return Map.of(
                "gesher.mode",
                "production",
                "gesher.vault.kms-uri",
                uri,
                "gesher.vault.kms-endpoint",
                service.url());
    }

    private String refusal(String uri) {
        var thrown = catchThrowable(() -> start(uri).close());
        return Objects.requireNonNull(
                StartRefusedException.among(thrown).orElseThrow().getMessage());
    }
}
