package dev.gesher.app.config;

import dev.gesher.tenant.Mode;
import dev.gesher.tenant.SecretText;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that can be configured, checked. {@link SettingsReader} reads it from the environment;
 * docs/configuration.md lists the variables.
 *
 * @param database where PostgreSQL is; empty only in demo mode, until the embedded server runs
 * @param publicUrl what the world reaches us under, without a trailing slash; also the tokens'
 *     issuer
 * @param dataDir the folder of the demo: embedded database, key, {@code demo.json}
 * @param deletedTenantsFile where the ids of deleted tenants are kept, outside the database's
 *     backups
 * @param trustedProxies whose {@code X-Forwarded-For} is believed
 */
public record Settings(
        Mode mode,
        Meta meta,
        Optional<Database> database,
        KeySources keySources,
        Operator operator,
        URI publicUrl,
        Ports ports,
        Path dataDir,
        Path deletedTenantsFile,
        MediaStorage mediaStorage,
        List<Cidr> trustedProxies,
        Set<Role> roles,
        boolean allowInsecure,
        Observing observing,
        Retention retention) {

    /**
     * Our app at Meta.
     *
     * @param appSecretPrevious also verifies webhooks while Meta moves to a new secret
     * @param configId Embedded Signup's login configuration; without it the connect page is closed
     * @param graphUrl without version and trailing slash; in demo mode the simulator's
     */
    public record Meta(
            String appId,
            SecretText appSecret,
            Optional<SecretText> appSecretPrevious,
            Optional<String> configId,
            SecretText webhookVerifyToken,
            URI graphUrl,
            String graphVersion) {}

    /**
     * A PostgreSQL database.
     *
     * @param jdbcUrl without user and password
     * @param user the login that serves requests, as {@code gesher_service} or a member of it
     * @param ownerUser the login that migrates
     * @param poolSize the most connections at once
     */
    public record Database(
            String jdbcUrl,
            String user,
            Optional<SecretText> password,
            String ownerUser,
            Optional<SecretText> ownerPassword,
            int poolSize) {}

    /** Where the key-encryption key comes from. */
    public sealed interface KeySource {
        /** A Tink keyset file, made by {@code ./run keyset FILE}. */
        record File(Path path) implements KeySource {}

        /** A key in a key management service, by Tink's URI. */
        record Kms(String uri) implements KeySource {}

        /** One of our own in the data folder, demo only. */
        record Embedded() implements KeySource {}
    }

    /**
     * The key-encryption key.
     *
     * @param previous the former one while a rotation goes on
     */
    public record KeySources(KeySource current, Optional<KeySource> previous) {}

    /** How the operator gets a token. */
    public record Operator(String clientId, SecretText clientSecret) {}

    /**
     * What this process shows of itself.
     *
     * @param otlp where traces go, without {@code /v1/traces}; none are made when empty
     * @param inboxLate how old the oldest unapplied webhook may be before health says so
     */
    public record Observing(LogFormat logFormat, Optional<URI> otlp, Duration inboxLate) {}

    /**
     * How many days rows are kept; docs/configuration.md says from when.
     *
     * @param webhooks raw webhooks, after they were applied
     */
    public record Retention(int webhooks, int messages, int events, int audit) {}

    /**
     * Where the files of messages are kept, encrypted.
     *
     * @param dir the folder that keeps them, and that they come together in
     * @param s3 what keeps them instead
     */
    public record MediaStorage(Path dir, Optional<S3> s3) {}

    /**
     * A bucket of Amazon's S3, or of something that speaks like it.
     *
     * @param endpoint where it is, if it is not Amazon's
     * @param keys the credentials; Amazon's default chain when empty
     */
    public record S3(String bucket, Optional<URI> endpoint, String region, Optional<S3Keys> keys) {}

    /** A pair of S3 credentials. */
    public record S3Keys(String accessKey, SecretText secretKey) {}

    /** TCP ports; management and simulator listen on loopback only. */
    public record Ports(int api, int management, int simulator) {}

    /** Whether this process takes on {@code role}. */
    public boolean has(Role role) {
        return roles.contains(role);
    }

    /** The same with a database, once the embedded one runs. */
    public Settings with(Database other) {
        return new Settings(
                mode,
                meta,
                Optional.of(other),
                keySources,
                operator,
                publicUrl,
                ports,
                dataDir,
                deletedTenantsFile,
                mediaStorage,
                trustedProxies,
                roles,
                allowInsecure,
                observing,
                retention);
    }

    /** The same with another app at Meta: the demo's simulator makes one up. */
    public Settings with(Meta other) {
        return new Settings(
                mode,
                other,
                database,
                keySources,
                operator,
                publicUrl,
                ports,
                dataDir,
                deletedTenantsFile,
                mediaStorage,
                trustedProxies,
                roles,
                allowInsecure,
                observing,
                retention);
    }

    /** The settings the environment describes. */
    public static Settings from(Map<String, String> environment) {
        return new SettingsReader(environment).read();
    }
}
