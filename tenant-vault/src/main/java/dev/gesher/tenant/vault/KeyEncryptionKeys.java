package dev.gesher.tenant.vault;

import com.google.crypto.tink.KeysetHandle;
import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the key-encryption key that the configuration names, and holds it to the database. */
@Factory
final class KeyEncryptionKeys {
    private static final Logger LOG = LoggerFactory.getLogger(KeyEncryptionKeys.class);
    private static final String EMBEDDED_FILE = "keyset.json";

    private final VaultConfiguration source;
    private final DeploymentConfiguration configuration;
    private final Deployment deployment;
    private final Clock clock;

    KeyEncryptionKeys(
            VaultConfiguration source,
            DeploymentConfiguration configuration,
            Deployment deployment,
            Clock clock) {
        this.source = source;
        this.configuration = configuration;
        this.deployment = deployment;
        this.clock = clock;
    }

    /**
     * The key, at start and nobody without it: whoever gets it injected gets the right one.
     *
     * @throws StartRefusedException if it is missing, or not the one the database remembers
     */
    @Context
    KeyEncryptionKey keyEncryptionKey() {
        var mode = configuration.deploymentMode();
        var remembered = deployment.remembered();
        Deployment.checkMode(remembered, mode);
        var key = withPrevious(open(mode, remembered.isPresent()));
        deployment.checkAndRemember(mode, key);
        return key;
    }

    private KeyEncryptionKey withPrevious(KeyEncryptionKey key) {
        if (source.kmsUriPrevious() != null) {
            return key.with(ofKms("GESHER_KMS_URI_PREVIOUS", source.kmsUriPrevious()));
        }
        if (source.keysetFilePrevious() != null) {
            return key.with(ofKeyset(Path.of(source.keysetFilePrevious())));
        }
        return key;
    }

    private KeyEncryptionKey open(Mode mode, boolean rememberedByDatabase) {
        if (source.kmsUri() != null) {
            var key = ofKms("GESHER_KMS_URI", source.kmsUri());
            probe(key);
            return key;
        }
        if (source.keysetFile() != null) {
            return ofKeyset(Path.of(source.keysetFile()));
        }
        return switch (mode) {
            case PRODUCTION ->
                    throw new StartRefusedException(
                            "GESHER_KEYSET_FILE or GESHER_KMS_URI must be set in production mode:"
                                    + " the key-encryption key has no embedded default there.");
            case DEMO -> embedded(rememberedByDatabase);
        };
    }

    private KeyEncryptionKey embedded(boolean rememberedByDatabase) {
        var file = configuration.dataFolder().resolve(EMBEDDED_FILE);
        if (!Files.exists(file)) {
            if (rememberedByDatabase) {
                throw new StartRefusedException(
                        "The embedded key-encryption key "
                                + file
                                + " is missing, and this database was encrypted with it.");
            }
            makeFolder(configuration.dataFolder());
            KeysetFile.create(file);
            LOG.warn(
                    "Made a key-encryption key in {}: for demonstration only, real tenants' keys"
                            + " belong in a key management service or in a file kept elsewhere",
                    file);
        } else {
            LOG.info("Using the embedded key-encryption key {}: for demonstration only", file);
        }
        return ofKeyset(file);
    }

    private static void makeFolder(Path folder) {
        try {
            Files.createDirectories(
                    folder,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new StartRefusedException(
                    "The data folder "
                            + folder
                            + " (GESHER_DATA_DIR) cannot be made ("
                            + e.getClass().getSimpleName()
                            + ").");
        }
    }

    private static KeyEncryptionKey ofKeyset(Path file) {
        KeysetHandle keyset = KeysetFile.read(file);
        try {
            return new KeyEncryptionKey(
                    Fingerprints.primary(keyset), Fingerprints.aeads(keyset), false);
        } catch (GeneralSecurityException e) {
            throw new StartRefusedException(
                    "The keyset file " + file + " holds no keys for authenticated encryption.");
        }
    }

    private KeyEncryptionKey ofKms(String variable, String uri) {
        var fingerprint = Fingerprints.ofUri(uri);
        var key = KeyServices.aead(variable, uri, source.kmsEndpoint());
        var scheme = uri.substring(0, uri.indexOf("://"));
        return new KeyEncryptionKey(
                fingerprint, Map.of(fingerprint, new RemoteAead(scheme, key, clock)), true);
    }

    /** A wrong key, or one we may not use, shows now and not with the first new tenant. */
    private static void probe(KeyEncryptionKey key) {
        try {
            byte[] place = AssociatedData.of("probe");
            var wrapped = key.wrap(key.fingerprint(), KeyRows.generate(KeyKind.DATA), place);
            key.unwrap(key.fingerprint(), wrapped, place);
        } catch (KeyServiceUnavailableException e) {
            throw new StartRefusedException(
                    "The key management service of GESHER_KMS_URI does not answer ("
                            + e.getMessage()
                            + "), or this machine has no credentials for it.");
        } catch (IllegalStateException e) {
            throw new StartRefusedException(
                    "The key management service does not let us encrypt and decrypt with the key"
                            + " that GESHER_KMS_URI names.");
        }
    }
}
