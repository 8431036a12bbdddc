package dev.gesher.app.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.StringEntry;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/configuration.md lists the variables that are read, and no other. */
class ConfigurationPaperTest {
    private static final Pattern ROW = Pattern.compile("^\\| `([A-Z_]+)` \\|");
    private static final Pattern VARIABLE =
            Pattern.compile("(GESHER|META|DATABASE|WHATSAPP|OTEL)_[A-Z_]+");

    @Test
    void every_variable_that_is_read_is_in_the_paper_and_the_other_way_round() throws IOException {
        var read = namesIn(classFile(SettingsReader.class));

        assertThat(read).contains("GESHER_MODE", "DATABASE_URL").hasSizeGreaterThan(20);
        assertThat(inThePaper()).isEqualTo(read);
    }

    @Test
    void no_other_class_knows_a_variable_that_the_reader_does_not() throws IOException {
        var names = new TreeSet<String>();
        try (var files = Files.walk(classes())) {
            files.filter(it -> it.toString().endsWith(".class"))
                    .forEach(it -> names.addAll(namesIn(it)));
        }

        assertThat(names).isEqualTo(namesIn(classFile(SettingsReader.class)));
    }

    private static Set<String> inThePaper() throws IOException {
        return Files.readAllLines(Path.of("../docs/configuration.md")).stream()
                .map(ROW::matcher)
                .filter(found -> found.find())
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The texts of a class that are nothing but a variable's name. */
    private static Set<String> namesIn(Path classFile) {
        try {
            var names = new TreeSet<String>();
            for (var entry : ClassFile.of().parse(classFile).constantPool()) {
                if (entry instanceof StringEntry text
                        && VARIABLE.matcher(text.stringValue()).matches()) {
                    names.add(text.stringValue());
                }
            }
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path classes() {
        try {
            return Path.of(
                    SettingsReader.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static Path classFile(Class<?> type) {
        return classes().resolve(type.getName().replace('.', '/') + ".class");
    }
}
