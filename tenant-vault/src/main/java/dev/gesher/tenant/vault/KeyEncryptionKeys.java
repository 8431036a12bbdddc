package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.KmsClient;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.ServiceLoader;
import java.util.Set;
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

    KeyEncryptionKeys(
            VaultConfiguration source,
            DeploymentConfiguration configuration,
            Deployment deployment) {
        this.source = source;
        this.configuration = configuration;
        this.deployment = deployment;
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
        var key = open(mode, remembered.isPresent());
        deployment.checkAndRemember(mode, key);
        return key;
    }

    private KeyEncryptionKey open(Mode mode, boolean rememberedByDatabase) {
        if (source.kmsUri() != null) {
            return ofKms(source.kmsUri());
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
            var aead = keyset.getPrimitive(TinkSetup.configuration(), Aead.class);
            return new KeyEncryptionKey(
                    aead, Fingerprints.primary(keyset), Fingerprints.all(keyset));
        } catch (GeneralSecurityException e) {
            throw new StartRefusedException(
                    "The keyset file " + file + " holds no keys for authenticated encryption.");
        }
    }

    private static KeyEncryptionKey ofKms(String uri) {
        var client =
                ServiceLoader.load(KmsClient.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .filter(it -> it.doesSupport(uri))
                        .findFirst()
                        .orElseThrow(() ->
                                new StartRefusedException(
                                        "GESHER_KMS_URI names a key management service"
                                                + " that this build has no client for."));
        try {
            var fingerprint = Fingerprints.ofUri(uri);
            var aead = client.withDefaultCredentials().getAead(uri);
            return new KeyEncryptionKey(aead, fingerprint, Set.of(fingerprint));
        } catch (GeneralSecurityException e) {
            throw new StartRefusedException(
                    "The key that GESHER_KMS_URI names cannot be reached with the credentials of"
                            + " this machine.");
        }
    }
}
