package dev.gesher.conversation.media;

import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;

/** Objects as files of a folder, which all replicas must share. */
@Singleton
@Requires(missingProperty = "gesher.media.s3-bucket")
final class FolderStore implements ObjectStore {
    private static final int FILES_AT_ONCE = 1_000;

    private final Path root;

    FolderStore(MediaFolder folder) {
        this.root = folder.objects();
    }

    private Path path(String name) {
        var path = root.resolve(name).normalize();
        if (!path.startsWith(root) || path.equals(root)) {
            throw new IllegalArgumentException("not the name of an object");
        }
        return path;
    }

    @Override
    public void put(String name, Path file) throws IOException {
        var path = path(name);
        var folder = Objects.requireNonNull(path.getParent());
        Folders.make(folder);
        Files.move(file, path, StandardCopyOption.ATOMIC_MOVE);
        // The folders above may be new as well.
        for (var each = folder;
                each.startsWith(root);
                each = Objects.requireNonNull(each.getParent())) {
            Folders.sync(each);
        }
    }

    @Override
    public InputStream open(String name) throws IOException {
        return Files.newInputStream(path(name));
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(path(name));
    }

    @Override
    public boolean deleteSome(String firstPart) throws IOException {
        var folder = path(firstPart);
        if (!Files.isDirectory(folder)) {
            return false;
        }
        int deleted = 0;
        try (var files = Files.walk(folder)) {
            for (var file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                Files.deleteIfExists(file);
                if (++deleted == FILES_AT_ONCE) {
                    return true;
                }
            }
        }
        try (var folders = Files.walk(folder)) {
            for (var empty : folders.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(empty);
            }
        } catch (DirectoryNotEmptyException | NoSuchFileException somebodyElseIsAtIt) {
            return true;
        }
        return false;
    }
}
