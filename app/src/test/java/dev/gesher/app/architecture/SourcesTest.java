package dev.gesher.app.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.StringEntry;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What classes and their references do not show: packages' papers, and words. */
class SourcesTest {
    private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([\\w.]+);");
    private static final Pattern SQL =
            Pattern.compile(
                    "(?is).*\\b(SELECT\\s.+\\sFROM|INSERT\\s+INTO|UPDATE\\s+\\w+\\s+SET|DELETE\\s+FROM)\\b.*");
    private static final Pattern GRAPH =
            Pattern.compile("graph\\.facebook\\.com|(?<![\\w.])13[0-5]\\d{3}(?!\\d)");

    @Test
    void every_package_says_what_it_is_for_and_that_nothing_is_null() throws IOException {
        var papers = new TreeMap<String, List<String>>();
        for (var file : sources("src/main/java", "src/test/java")) {
            var text = Files.readString(file);
            var found = PACKAGE.matcher(text);
            assertThat(found.find()).as(file.toString()).isTrue();
            var module = Path.of("..").relativize(file).getName(0).toString();
            var papersOf =
                    papers.computeIfAbsent(module + ":" + found.group(1), it -> new ArrayList<>());
            if (file.endsWith("package-info.java")) {
                papersOf.add(text);
            }
        }

        assertThat(papers).hasSizeGreaterThan(30);
        assertThat(unmarked(papers)).isEmpty();
    }

    @Test
    void a_package_without_its_paper_is_found() {
        assertThat(
                        unmarked(
                                Map.of(
                                        "silent", List.of(),
                                        "nullable", List.of("/** Says. */\npackage a;"),
                                        "marked",
                                                List.of("/** Says. */\n@NullMarked\npackage a;"))))
                .containsExactlyInAnyOrder("silent", "nullable");
    }

    private static List<String> unmarked(Map<String, List<String>> papers) {
        return papers.entrySet().stream()
                .filter(it ->
                        it.getValue().stream().noneMatch(text -> text.contains("@NullMarked")))
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void app_writes_no_sql() throws IOException, URISyntaxException {
        var classes =
                Path.of(
                        dev.gesher.app.Main.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI());

        assertThat(withSql(classes)).isEmpty();
    }

    @Test
    void sql_is_found_where_it_is_written() throws IOException {
        var folder =
                Compiled.folderOf(
                        List.of(
                                "package bad; class Bad { String it = \"SELECT a\\n FROM b\"; }",
                                "package good; class Good { String it = \"choose from these\"; }"));

        assertThat(withSql(folder)).containsExactly("bad/Bad.class");
    }

    private static List<String> withSql(Path classes) throws IOException {
        var found = new ArrayList<String>();
        try (var files = Files.walk(classes)) {
            for (var file : files.filter(it -> it.toString().endsWith(".class")).toList()) {
                for (var entry : ClassFile.of().parse(file).constantPool()) {
                    if (entry instanceof StringEntry text
                            && SQL.matcher(text.stringValue()).matches()) {
                        found.add(classes.relativize(file).toString());
                    }
                }
            }
        }
        return found;
    }

    /** Graph's address and codes are words, which byte code does not tell apart. */
    @Test
    void only_the_connector_knows_graphs_address_and_codes() throws IOException {
        for (var file : sources("src/main/java")) {
            var module = Path.of("..").relativize(file).getName(0).toString();
            if (List.of("whatsapp-connector", "graph-simulator").contains(module)
                    // The variable's default is what configuration is for.
                    || file.endsWith("SettingsReader.java")) {
                continue;
            }
            assertThat(knowsGraph(Files.readString(file))).as(file.toString()).isFalse();
        }
    }

    @Test
    void graphs_codes_are_found_in_code_and_not_in_comments() {
        assertThat(knowsGraph("if (code == 131047) {}")).isTrue();
        assertThat(knowsGraph("var url = \"https://graph.facebook.com\";")).isTrue();
        assertThat(knowsGraph("/** Meta says 131047. */\nint x = 1; // not 131047")).isFalse();
    }

    private static boolean knowsGraph(String source) {
        return GRAPH.matcher(
                        source.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("(?m)\\s//.*$", ""))
                .find();
    }

    private static List<Path> sources(String... folders) throws IOException {
        var sources = new ArrayList<Path>();
        try (var modules = Files.list(Path.of(".."))) {
            for (var module : modules.filter(it -> Files.exists(it.resolve("pom.xml"))).toList()) {
                for (var folder : folders) {
                    sources.addAll(javaFiles(module.resolve(folder)));
                }
            }
        }
        return sources;
    }

    private static List<Path> javaFiles(Path folder) {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(it -> it.toString().endsWith(".java")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
