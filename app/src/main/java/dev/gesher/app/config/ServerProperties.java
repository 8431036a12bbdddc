package dev.gesher.app.config;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.app.config.Settings.KeySource;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.SecretText;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The settings in the words of the parts that read them: Micronaut's properties. */
public final class ServerProperties {
    private static final String SERVICE_ROLE = "gesher_service";
    private static final int POOL_PATIENCE_MILLIS = 2_000;
    private static final int SOCKET_PATIENCE_SECONDS = 30;

    private ServerProperties() {}

    /** All properties of a server with these settings, whose database must be known. */
    public static Map<String, Object> of(Settings settings) {
        var properties = new LinkedHashMap<String, Object>();
        properties.put("gesher.mode", settings.mode().name().toLowerCase(Locale.ROOT));
        properties.put("gesher.data-dir", settings.dataDir().toString());
        key(properties, "", settings.keySources().current());
        settings.keySources().previous().ifPresent(it -> key(properties, "-previous", it));
        properties.put("gesher.deleted-tenants-file", settings.deletedTenantsFile().toString());
        meta(properties, settings.meta());
        database(properties, settings.database().orElseThrow());
        mediaStorage(properties, settings.mediaStorage());
        listeners(properties, settings);
        retention(properties, settings.retention());
        settings.observing()
                .otlp()
                .ifPresent(it -> properties.put("gesher.otlp.endpoint", it.toString()));
        return properties;
    }

    private static void retention(Map<String, Object> properties, Settings.Retention retention) {
        properties.put("gesher.webhooks.kept.days", retention.webhooks());
        properties.put("gesher.retention.messages-days", retention.messages());
        properties.put("gesher.retention.events-days", retention.events());
        properties.put("gesher.retention.audit-days", retention.audit());
    }

    private static void key(Map<String, Object> properties, String suffix, KeySource source) {
        switch (source) {
            case KeySource.File(var path) ->
                    properties.put("gesher.vault.keyset-file" + suffix, path.toString());
            case KeySource.Kms(var uri) -> properties.put("gesher.vault.kms-uri" + suffix, uri);
            case KeySource.Embedded() -> {
                // the vault makes one in the data folder
            }
        }
    }

    private static void meta(Map<String, Object> properties, Settings.Meta meta) {
        properties.put("gesher.meta.app-id", meta.appId());
        properties.put("gesher.meta.app-secret", meta.appSecret().reveal());
        meta.appSecretPrevious()
                .ifPresent(it -> properties.put("gesher.meta.app-secret-previous", it.reveal()));
        meta.configId().ifPresent(it -> properties.put("gesher.meta.config-id", it));
        properties.put("gesher.meta.verify-token", meta.webhookVerifyToken().reveal());
        properties.put("gesher.meta.graph-url", meta.graphUrl().toString());
        properties.put("gesher.meta.graph-version", meta.graphVersion());
    }

    private static void mediaStorage(
            Map<String, Object> properties, Settings.MediaStorage storage) {
        properties.put("gesher.media.dir", storage.dir().toString());
        storage.s3()
                .ifPresent(s3 -> {
                    properties.put("gesher.media.s3-bucket", s3.bucket());
                    properties.put("gesher.media.s3-region", s3.region());
                    s3.endpoint()
                            .ifPresent(it ->
                                    properties.put("gesher.media.s3-endpoint", it.toString()));
                    s3.keys()
                            .ifPresent(keys -> {
                                properties.put("gesher.media.s3-access-key", keys.accessKey());
                                properties.put(
                                        "gesher.media.s3-secret-key", keys.secretKey().reveal());
                            });
                });
    }

    private static void database(Map<String, Object> properties, Database database) {
        var prefix = "datasources.default.";
        properties.put(prefix + "url", database.jdbcUrl());
        properties.put(prefix + "username", database.user());
        properties.put(prefix + "password", database.password().map(SecretText::reveal).orElse(""));
        properties.put(prefix + "driver-class-name", "org.postgresql.Driver");
        properties.put(prefix + "maximum-pool-size", database.poolSize());
        properties.put(prefix + "connection-timeout", POOL_PATIENCE_MILLIS);
        if (!database.user().equals(SERVICE_ROLE)) {
            properties.put(prefix + "connection-init-sql", "SET ROLE " + SERVICE_ROLE);
        }
        // The detail of an error quotes values of rows, and errors are logged.
        properties.put(prefix + "data-source-properties.logServerErrorDetail", "false");
        properties.put(prefix + "data-source-properties.ApplicationName", "gesher");
        // A network that freezes under a statement or a COMMIT, which no statement_timeout ends.
        properties.put(
                prefix + "data-source-properties.socketTimeout",
                Integer.toString(SOCKET_PATIENCE_SECONDS));
    }

    private static void listeners(Map<String, Object> properties, Settings settings) {
        var api = "micronaut.server.netty.listeners.api.";
        properties.put("micronaut.server.port", settings.ports().api());
        properties.put(api + "host", settings.mode() == Mode.DEMO ? "127.0.0.1" : "0.0.0.0");
        properties.put(api + "port", settings.ports().api());
        var management = "micronaut.server.netty.listeners.management.";
        properties.put(management + "host", "127.0.0.1");
        properties.put(management + "port", settings.ports().management());
        properties.put(management + "expose-default-routes", false);
        properties.put("endpoints.all.port", settings.ports().management());
    }
}
