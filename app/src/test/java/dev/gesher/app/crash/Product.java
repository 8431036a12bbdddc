package dev.gesher.app.crash;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;

/**
 * The product's class path as jars, with the test's clock and nothing else of tests, so that the
 * JVM can start it from an ahead-of-time cache. Made once for each state of the classes.
 */
final class Product {
    private static final Path FOLDER =
            Path.of(System.getProperty("java.io.tmpdir"), "product").toAbsolutePath();

    private final List<String> classPath;
    private final Path cache;

    private Product(List<String> classPath, Path cache) {
        this.classPath = classPath;
        this.cache = cache;
    }

    static Product get() {
        return Made.PRODUCT;
    }

    /** Made when it is first asked for. */
    private static final class Made {
        private static final Product PRODUCT = made();

        private static Product made() {
            try {
                return make();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    String classPath() {
        return String.join(File.pathSeparator, classPath);
    }

    /** Where the cache is or will be. */
    Path cache() {
        return cache;
    }

    private static Product make() throws IOException {
        var entries =
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .toList();
        // Others may run the same tests on other classes.
        var folder = Files.createDirectories(FOLDER.resolve(UUID.randomUUID().toString()));
        var jars = new ArrayList<String>();
        for (var entry : entries) {
            if (entry.matches(".*[/\\\\](testkit|graph-simulator)\\b.*")) {
                continue;
            }
            var path = Path.of(entry);
            if (entry.matches(".*[/\\\\]test-classes\\b.*")) {
                jars.add(jar(path, folder.resolve("clock.jar"), "OffsetClock").toString());
            } else if (Files.isDirectory(path)) {
                jars.add(
                        jar(path, folder.resolve("classes-" + jars.size() + ".jar"), "")
                                .toString());
            } else if (Files.exists(path)) {
                jars.add(entry);
            }
        }
        return new Product(List.copyOf(jars), folder.resolve("gesher.aot"));
    }

    /** A jar of a folder's files whose path holds a word. */
    private static Path jar(Path folder, Path jar, String word) throws IOException {
        try (var out = new JarOutputStream(Files.newOutputStream(jar));
                var files = Files.walk(folder)) {
            for (var file : files.sorted().collect(Collectors.toList())) {
                var name = folder.relativize(file).toString().replace(File.separatorChar, '/');
                if (Files.isDirectory(file) && !name.isEmpty()) {
                    out.putNextEntry(new JarEntry(name + "/")); // folders are looked up too
                    out.closeEntry();
                } else if (name.contains(word) && !name.isEmpty()) {
                    out.putNextEntry(new JarEntry(name));
                    Files.copy(file, out);
                    out.closeEntry();
                }
            }
        }
        return jar;
    }
}
