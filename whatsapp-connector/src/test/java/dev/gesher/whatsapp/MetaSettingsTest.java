package dev.gesher.whatsapp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.net.URI;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;

@GesherDatabase
class MetaSettingsTest {
    private final TestDatabase database;

    MetaSettingsTest(TestDatabase database) {
        this.database = database;
    }

    @Test
    void are_read_from_configuration_and_never_print_a_secret() {
        try (var context =
                ConnectorContext.start(
                        database,
                        Map.of(
                                "gesher.meta.app-id", "123",
                                "gesher.meta.app-secret", "hush-hush",
                                "gesher.meta.verify-token", "open sesame",
                                "gesher.meta.graph-url", "http://localhost:1234"),
                        Clock.systemUTC())) {
            var settings = context.getBean(MetaSettings.class);

            assertThat(settings.appId()).isEqualTo("123");
            assertThat(settings.requiredAppSecret().reveal()).isEqualTo("hush-hush");
            assertThat(settings.appSecretPrevious()).isNull();
            assertThat(settings.graphUrl()).isEqualTo(URI.create("http://localhost:1234"));
            assertThat(settings.graphVersion()).isEqualTo("v21.0");
            assertThat(settings.toString()).doesNotContain("hush", "sesame");
        }
    }

    @Test
    void take_a_blank_secret_for_one_that_is_not_set() {
        try (var context =
                ConnectorContext.start(
                        database,
                        Map.of("gesher.meta.app-secret", "", "gesher.meta.verify-token", "  "),
                        Clock.systemUTC())) {
            var settings = context.getBean(MetaSettings.class);

            assertThat(settings.appSecret()).isNull();
            assertThat(settings.verifyToken()).isNull();
            assertThatThrownBy(settings::requiredAppSecret).hasMessageContaining("META_APP_SECRET");
        }
    }
}
