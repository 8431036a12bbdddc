package dev.gesher.app.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Classes made from source, so that a test can hold up code that must not be written: it may stand
 * in any package, and is part of no build.
 */
final class Compiled {
    private static final Pattern PACKAGE = Pattern.compile("package ([\\w.]+);");
    private static final Pattern TYPE =
            Pattern.compile("(?:class|interface|record|enum|@interface) (\\w+)");

    private Compiled() {}

    /** What {@code sources} compile to; each has a package line and a type's name first of all. */
    static JavaClasses of(List<String> sources) {
        return new ClassFileImporter().importPath(folderOf(sources));
    }

    /** The folder with the class files of {@code sources}. */
    static Path folderOf(List<String> sources) {
        try {
            var folder = Files.createTempDirectory("compiled");
            var said = new StringWriter();
            var done =
                    ToolProvider.getSystemJavaCompiler()
                            .getTask(
                                    said,
                                    null,
                                    null,
                                    List.of("-d", folder.toString(), "-proc:none", "-nowarn"),
                                    null,
                                    sources.stream().map(Compiled::file).toList())
                            .call();
            assertThat(done).as(said.toString()).isTrue();
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JavaFileObject file(String source) {
        var folder = found(PACKAGE, source).replace('.', '/');
        return new SimpleJavaFileObject(
                URI.create("string:///" + folder + "/" + found(TYPE, source) + ".java"),
                JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
    }

    private static String found(Pattern pattern, String source) {
        var matcher = pattern.matcher(source);
        assertThat(matcher.find()).as(source).isTrue();
        return matcher.group(1);
    }
}
