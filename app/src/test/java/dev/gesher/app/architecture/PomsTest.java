package dev.gesher.app.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/** The modules' dependencies on each other are those of design §1 and ADR 1, and no more. */
class PomsTest {
    private static final Path ROOT = Path.of("..");

    /** What a module may put on the class path of those who use it. */
    private static final Map<String, Set<String>> PRODUCT =
            Map.ofEntries(
                    Map.entry("migrations", Set.of()),
                    Map.entry("embedded-postgres", Set.of()),
                    Map.entry("testkit", Set.of("embedded-postgres", "migrations")),
                    Map.entry("tenant-vault", Set.of()),
                    Map.entry("graph-simulator", Set.of()),
                    Map.entry("whatsapp-connector", Set.of("tenant-vault")),
                    Map.entry("conversations", Set.of("whatsapp-connector", "tenant-vault")),
                    Map.entry(
                            "app",
                            Set.of(
                                    "conversations",
                                    "whatsapp-connector",
                                    "tenant-vault",
                                    "migrations",
                                    "embedded-postgres")),
                    Map.entry("openapi", Set.of()),
                    // Nothing depends on it, so it may know everything.
                    Map.entry("benchmarks", Set.of("app", "embedded-postgres", "graph-simulator")));

    /** What only tests may use besides; the simulator learns nothing of ours, not even in tests. */
    private static final Map<String, Set<String>> TESTS =
            Map.ofEntries(
                    Map.entry("migrations", Set.of()),
                    Map.entry("embedded-postgres", Set.of()),
                    Map.entry("testkit", Set.of()),
                    Map.entry("tenant-vault", Set.of("testkit")),
                    Map.entry("graph-simulator", Set.of()),
                    Map.entry("whatsapp-connector", Set.of("testkit", "graph-simulator")),
                    Map.entry("conversations", Set.of("testkit", "graph-simulator")),
                    Map.entry("app", Set.of("testkit", "graph-simulator")),
                    Map.entry("openapi", Set.of("app")),
                    Map.entry("benchmarks", Set.of()));

    /** A dependency of one of our modules on another. */
    private record Arrow(String from, String to, String scope) {}

    @Test
    void the_poms_draw_the_arrows_of_the_table_only() {
        assertThat(forbidden(arrows())).isEmpty();
    }

    @Test
    void every_module_has_its_row() {
        assertThat(modules()).isEqualTo(new TreeSet<>(PRODUCT.keySet()));
        assertThat(TESTS).containsOnlyKeys(PRODUCT.keySet());
    }

    @Test
    void an_arrow_that_is_not_in_the_table_is_found() {
        var upwards = new Arrow("tenant-vault", "conversations", "compile");
        var testOnly = new Arrow("app", "graph-simulator", "compile");
        var circle = new Arrow("graph-simulator", "testkit", "test");

        assertThat(forbidden(List.of(upwards, testOnly, circle)))
                .containsExactly(upwards, testOnly, circle);
    }

    @Test
    void the_poms_are_really_read() {
        assertThat(arrows())
                .contains(
                        new Arrow("app", "conversations", "compile"),
                        new Arrow("app", "testkit", "test"),
                        new Arrow("whatsapp-connector", "tenant-vault", "compile"));
    }

    private static List<Arrow> forbidden(List<Arrow> arrows) {
        return arrows.stream()
                .filter(arrow -> {
                    boolean inProduct = row(PRODUCT, arrow).contains(arrow.to());
                    return arrow.scope().equals("test")
                            ? !inProduct && !row(TESTS, arrow).contains(arrow.to())
                            : !inProduct;
                })
                .toList();
    }

    private static Set<String> row(Map<String, Set<String>> table, Arrow arrow) {
        return table.getOrDefault(arrow.from(), Set.of());
    }

    private static Set<String> modules() {
        var modules = new TreeSet<String>();
        for (var module : children(child(pom(ROOT), "modules"), "module")) {
            modules.add(module.getTextContent().strip());
        }
        return modules;
    }

    private static List<Arrow> arrows() {
        var arrows = new ArrayList<Arrow>();
        for (var module : modules()) {
            for (var dependency : dependencies(pom(ROOT.resolve(module)))) {
                if (text(dependency, "groupId", "").equals("dev.gesher")) {
                    arrows.add(
                            new Arrow(
                                    module,
                                    text(dependency, "artifactId", ""),
                                    text(dependency, "scope", "compile")));
                }
            }
        }
        // What the parent gives to all of them is none of ours.
        for (var dependency : dependencies(pom(ROOT))) {
            assertThat(text(dependency, "groupId", "")).isNotEqualTo("dev.gesher");
        }
        return arrows;
    }

    /** Its own and its profiles', not those of its plugins. */
    private static List<Element> dependencies(Element project) {
        var found = new ArrayList<Element>();
        for (var list : children(project, "dependencies")) {
            found.addAll(children(list, "dependency"));
        }
        for (var profiles : children(project, "profiles")) {
            for (var profile : children(profiles, "profile")) {
                found.addAll(dependencies(profile));
            }
        }
        return found;
    }

    private static Element pom(Path folder) {
        try (var stream = Files.newInputStream(folder.resolve("pom.xml"))) {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(stream)
                    .getDocumentElement();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ParserConfigurationException | SAXException e) {
            throw new AssertionError(e);
        }
    }

    private static Element child(Element parent, String name) {
        var found = children(parent, name);
        assertThat(found).as(name).hasSize(1);
        return found.getFirst();
    }

    private static List<Element> children(Element parent, String name) {
        var found = new ArrayList<Element>();
        for (var node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }

    private static String text(Element parent, String name, String byDefault) {
        var found = children(parent, name);
        return found.isEmpty() ? byDefault : found.getFirst().getTextContent().strip();
    }
}
