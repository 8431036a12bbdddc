package dev.gesher.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.app.config.Settings.KeySource;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static Map<String, String> production() {
        var environment = new HashMap<String, String>();
        environment.put("GESHER_MODE", "production");
        environment.put("META_APP_ID", "670843887433847");
        environment.put("META_APP_SECRET", "9f4c1e0d5b2a48c7a1d3e6f708192a3b");
        environment.put("META_CONFIG_ID", "541276300912345");
        environment.put("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "verify");
        environment.put("DATABASE_URL", "jdbc:postgresql://db.example.com:5432/gesher");
        environment.put("DATABASE_USER", "gesher_service");
        environment.put("DATABASE_PASSWORD", "pa55word");
        environment.put("GESHER_KEYSET_FILE", "/etc/gesher/keyset.json");
        environment.put("GESHER_PUBLIC_URL", "https://gesher.example.com/");
        environment.put("GESHER_OPERATOR_CLIENT_SECRET", "0123456789abcdef0123456789abcdef");
        return environment;
    }

    @Test
    void nothing_at_all_is_the_demo() {
        var settings = Settings.from(Map.of());

        assertThat(settings.mode()).isEqualTo(Mode.DEMO);
        assertThat(settings.database()).isEmpty();
        assertThat(settings.keySources().current()).isEqualTo(new KeySource.Embedded());
        assertThat(settings.publicUrl()).isEqualTo(URI.create("http://localhost:8080"));
        assertThat(settings.meta().graphUrl()).isEqualTo(URI.create("http://127.0.0.1:8082"));
        assertThat(settings.roles()).containsExactlyInAnyOrder(Role.values());
    }

    @Test
    void an_app_at_meta_without_a_mode_is_production() {
        assertThatThrownBy(() -> Settings.from(Map.of("META_APP_ID", "1")))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("production");
    }

    @Test
    void a_whole_production_is_read() {
        var settings = Settings.from(production());

        assertThat(settings.mode()).isEqualTo(Mode.PRODUCTION);
        assertThat(settings.publicUrl()).isEqualTo(URI.create("https://gesher.example.com"));
        assertThat(settings.meta().graphUrl()).isEqualTo(URI.create("https://graph.facebook.com"));
        assertThat(settings.meta().graphVersion()).isEqualTo("v21.0");
        assertThat(settings.keySources().current())
                .isEqualTo(new KeySource.File(Path.of("/etc/gesher/keyset.json")));
        assertThat(settings.database().orElseThrow().ownerUser()).isEqualTo("gesher_service");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "META_APP_ID",
                "META_APP_SECRET",
                "WHATSAPP_WEBHOOK_VERIFY_TOKEN",
                "DATABASE_URL",
                "DATABASE_USER",
                "GESHER_KEYSET_FILE",
                "GESHER_PUBLIC_URL",
                "GESHER_OPERATOR_CLIENT_SECRET"
            })
    void production_without_what_it_needs_is_refused(String variable) {
        var environment = production();
        environment.remove(variable);

        assertRefused(environment, variable);
        environment.put(variable, " ");
        assertRefused(environment, variable);
    }

    @ParameterizedTest
    @CsvSource({
        "GESHER_MODE,staging",
        "META_APP_ID,abc",
        "META_CONFIG_ID,abc",
        "META_GRAPH_URL,ftp://graph.facebook.com",
        "META_GRAPH_URL,http://graph.facebook.com",
        "META_GRAPH_URL,https://localhost",
        "META_GRAPH_URL,https://127.0.0.1",
        "META_GRAPH_URL,https://[::1]:8443",
        "META_GRAPH_VERSION,21",
        "DATABASE_URL,mysql://db/gesher",
        "DATABASE_URL,jdbc:postgresql://db",
        "DATABASE_POOL_SIZE,0",
        "GESHER_INBOX_LATE_SECONDS,0",
        "GESHER_WEBHOOK_DAYS,6",
        "GESHER_MESSAGE_DAYS,29",
        "GESHER_MESSAGE_DAYS,for ever",
        "GESHER_EVENT_DAYS,6",
        "GESHER_AUDIT_DAYS,730",
        "GESHER_AUDIT_DAYS,36526",
        "GESHER_WEBHOOK_DAYS,91",
        "GESHER_PUBLIC_URL,http://gesher.example.com",
        "GESHER_PUBLIC_URL,https://localhost:8080",
        "GESHER_PUBLIC_URL,gesher.example.com",
        "GESHER_OPERATOR_CLIENT_SECRET,short",
        "GESHER_OPERATOR_CLIENT_ID,a b",
        "GESHER_PORT,eighty",
        "GESHER_PORT,70000",
        "GESHER_MANAGEMENT_PORT,8080",
        "GESHER_SIMULATOR_PORT,8082",
        "GESHER_TRUSTED_PROXIES,proxy.example.com",
        "GESHER_TRUSTED_PROXIES,10.0.0.0/40",
        "GESHER_ROLES,everything",
        "GESHER_ALLOW_INSECURE,yes",
        "GESHER_KMS_URI,aws-kms://key"
    })
    void a_value_that_can_not_be_is_refused_by_name(String variable, String value) {
        var environment = production();
        environment.put(variable, value);

        assertRefused(environment, variable);
    }

    @Test
    void a_former_key_is_taken_from_one_source() {
        var environment = production();
        assertThat(Settings.from(environment).keySources().previous()).isEmpty();
        environment.put("GESHER_KMS_URI_PREVIOUS", "gcp-kms://projects/p");
        assertThat(Settings.from(environment).keySources().previous())
                .contains(new KeySource.Kms("gcp-kms://projects/p"));
        environment.put("GESHER_KEYSET_FILE_PREVIOUS", "/etc/gesher/old.json");
        assertRefused(environment, "GESHER_KEYSET_FILE_PREVIOUS");
        environment.remove("GESHER_KMS_URI_PREVIOUS");
        assertThat(Settings.from(environment).keySources().previous())
                .contains(new KeySource.File(Path.of("/etc/gesher/old.json")));
    }

    @Test
    void insecure_addresses_are_taken_from_whoever_insists() {
        var environment = production();
        environment.put("GESHER_ALLOW_INSECURE", "true");
        environment.put("GESHER_PUBLIC_URL", "http://localhost:8080");
        environment.put("META_GRAPH_URL", "http://127.0.0.1:9000/");

        var settings = Settings.from(environment);

        assertThat(settings.meta().graphUrl()).isEqualTo(URI.create("http://127.0.0.1:9000"));
    }

    @Test
    void a_database_url_gives_up_its_login() {
        var environment = production();
        environment.remove("DATABASE_USER");
        environment.remove("DATABASE_PASSWORD");
        environment.put("DATABASE_URL", "postgres://me:p%40ss@db/gesher?sslmode=require");

        var database = Settings.from(environment).database().orElseThrow();

        assertThat(database.jdbcUrl()).isEqualTo("jdbc:postgresql://db/gesher?sslmode=require");
        assertThat(database.user()).isEqualTo("me");
        assertThat(database.password().orElseThrow().reveal()).isEqualTo("p@ss");
    }

    @Test
    void secrets_are_not_printed() {
        var environment = production();
        environment.put("META_APP_SECRET_PREVIOUS", "an older secret");

        var printed = Settings.from(environment).toString();

        assertThat(printed)
                .doesNotContain(
                        "9f4c1e0d5b2a48c7a1d3e6f708192a3b",
                        "an older secret",
                        "pa55word",
                        "0123456789abcdef0123456789abcdef");
    }

    @Test
    void a_range_contains_its_addresses_only() {
        var range = Cidr.parse("10.1.0.0/20").orElseThrow();

        assertThat(range.contains(InetAddress.ofLiteral("10.1.15.255"))).isTrue();
        assertThat(range.contains(InetAddress.ofLiteral("10.1.16.0"))).isFalse();
        assertThat(range.contains(InetAddress.ofLiteral("::1"))).isFalse();
    }

    @Test
    void whoever_logs_in_as_the_serving_role_need_not_drop_to_it() {
        var asService = ServerProperties.of(Settings.from(production()));
        var environment = production();
        environment.put("DATABASE_USER", "owner");

        assertThat(asService).doesNotContainKey("datasources.default.connection-init-sql");
        assertThat(ServerProperties.of(Settings.from(environment)))
                .containsEntry(
                        "datasources.default.connection-init-sql", "SET ROLE gesher_service");
    }

    @Test
    void a_frozen_network_hangs_no_connection_of_the_pool_for_ever() {
        assertThat(ServerProperties.of(Settings.from(production())))
                .containsEntry("datasources.default.data-source-properties.socketTimeout", "30");
    }

    private static void assertRefused(Map<String, String> environment, String variable) {
        assertThatThrownBy(() -> Settings.from(environment))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining(variable)
                .hasMessageMatching("[^\\n]+\\.");
    }

    @Test
    void files_of_messages_are_in_the_data_folder_or_where_one_says() {
        var dir = Settings.from(Map.of("GESHER_DATA_DIR", "/srv/gesher")).mediaStorage();
        assertThat(dir.dir()).isEqualTo(Path.of("/srv/gesher/media"));
        assertThat(dir.s3()).isEmpty();

        var environment = production();
        environment.put("GESHER_MEDIA_DIR", "/mnt/media");
        environment.put("GESHER_MEDIA_S3_BUCKET", "gesher-media");
        environment.put("GESHER_MEDIA_S3_ENDPOINT", "https://s3.example.com/");
        environment.put("GESHER_MEDIA_S3_ACCESS_KEY", "AKIDEXAMPLE");
        environment.put("GESHER_MEDIA_S3_SECRET_KEY", "a secret");
        var both = Settings.from(environment).mediaStorage();
        assertThat(both.dir()).isEqualTo(Path.of("/mnt/media"));
        assertThat(both.s3().orElseThrow().endpoint())
                .contains(URI.create("https://s3.example.com"));
        assertThat(both.s3().orElseThrow().region()).isEqualTo("us-east-1");
        assertThat(both.s3().orElseThrow().keys().orElseThrow().accessKey())
                .isEqualTo("AKIDEXAMPLE");
        assertThat(both.toString()).doesNotContain("a secret");
    }

    @ParameterizedTest
    @CsvSource({
        "GESHER_MEDIA_S3_BUCKET, Not A Bucket, GESHER_MEDIA_S3_BUCKET",
        "GESHER_MEDIA_S3_ENDPOINT, http://s3.example.com, GESHER_MEDIA_S3_ENDPOINT",
        "GESHER_MEDIA_S3_ENDPOINT, nowhere, GESHER_MEDIA_S3_ENDPOINT",
        "GESHER_MEDIA_S3_SECRET_KEY, '', GESHER_MEDIA_S3_SECRET_KEY",
        "GESHER_MEDIA_S3_BUCKET, '', GESHER_MEDIA_S3_BUCKET"
    })
    void a_storage_that_makes_no_sense_is_refused(String name, String value, String named) {
        var environment = production();
        environment.put("GESHER_MEDIA_S3_BUCKET", "gesher-media");
        environment.put("GESHER_MEDIA_S3_ACCESS_KEY", "AKIDEXAMPLE");
        environment.put("GESHER_MEDIA_S3_SECRET_KEY", "a secret");
        environment.put(name, value);

        assertThatThrownBy(() -> Settings.from(environment))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining(named);
    }
}
