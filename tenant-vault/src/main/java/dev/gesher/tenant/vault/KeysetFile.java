package dev.gesher.tenant.vault;

import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import dev.gesher.tenant.StartRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Key-encryption keys as files that only their owner may read. */
final class KeysetFile {
    private static final Logger LOG = LoggerFactory.getLogger(KeysetFile.class);
    private static final Set<PosixFilePermission> OTHERS =
            EnumSet.of(
                    PosixFilePermission.GROUP_READ,
                    PosixFilePermission.GROUP_WRITE,
                    PosixFilePermission.OTHERS_READ,
                    PosixFilePermission.OTHERS_WRITE);

    private KeysetFile() {}

    /** Makes a new AES-256-GCM keyset in a new file (0600); an existing file is left as it is. */
    static void create(Path file) {
        try {
            writeNew(
                    file,
                    json(
                            KeysetHandle.generateNew(
                                    PredefinedAeadParameters.AES256_GCM,
                                    TinkSetup.configuration())));
        } catch (FileAlreadyExistsException e) {
            throw new StartRefusedException(file + " exists already and was left as it is.");
        } catch (IOException e) {
            throw cannotBeWritten(file, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a keyset could not be made", e);
        }
    }

    /** Puts a keyset with one key more, which comes first, in the place of the old file, whole. */
    static void add(Path file) {
        var keyset = read(file);
        var beside = file.resolveSibling(file.getFileName() + ".new");
        try {
            var both =
                    KeysetHandle.newBuilder(keyset)
                            .addEntry(
                                    KeysetHandle.generateEntryFromParameters(
                                                    PredefinedAeadParameters.AES256_GCM)
                                            .withRandomId()
                                            .makePrimary())
                            .build();
            writeNew(beside, json(both));
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException e) {
            throw new StartRefusedException(
                    beside
                            + " exists already, from an attempt that was cut off: look at it first.");
        } catch (IOException e) {
            throw cannotBeWritten(file, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key could not be added", e);
        }
    }

    private static byte[] json(KeysetHandle keyset) throws GeneralSecurityException {
        return TinkJsonProtoKeysetFormat.serializeKeyset(
                        keyset, TinkSetup.configuration(), InsecureSecretKeyAccess.get())
                .getBytes(StandardCharsets.UTF_8);
    }

    private static StartRefusedException cannotBeWritten(Path file, IOException cause) {
        return new StartRefusedException(
                "The keyset file "
                        + file
                        + " cannot be written ("
                        + cause.getClass().getSimpleName()
                        + ").");
    }

    /** Reads a keyset, JSON or binary. What is wrong with it is said without quoting it. */
    static KeysetHandle read(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
            warnIfOthersMayRead(file);
        } catch (NoSuchFileException e) {
            throw new StartRefusedException("The keyset file " + file + " does not exist.");
        } catch (IOException e) {
            throw new StartRefusedException(
                    "The keyset file "
                            + file
                            + " cannot be read ("
                            + e.getClass().getSimpleName()
                            + ").");
        }
        try {
            String text = new String(bytes, StandardCharsets.UTF_8);
            return text.stripLeading().startsWith("{")
                    ? TinkJsonProtoKeysetFormat.parseKeyset(
                            text, TinkSetup.configuration(), InsecureSecretKeyAccess.get())
                    : TinkProtoKeysetFormat.parseKeyset(
                            bytes, InsecureSecretKeyAccess.get(), TinkSetup.configuration());
        } catch (GeneralSecurityException | RuntimeException e) {
            // Not kept as the cause: a parser's message may quote what it read.
            throw new StartRefusedException("The keyset file " + file + " holds no Tink keyset.");
        }
    }

    private static void writeNew(Path file, byte[] bytes) throws IOException {
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var channel =
                FileChannel.open(
                        file,
                        EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        ownerOnly)) {
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true); // losing it loses all that it wrapped
        }
    }

    private static void warnIfOthersMayRead(Path file) throws IOException {
        var permissions = EnumSet.copyOf(Files.getPosixFilePermissions(file));
        permissions.retainAll(OTHERS);
        if (!permissions.isEmpty()) {
            LOG.warn("{} is open to others than its owner; chmod 600 it", file);
        }
    }
}
