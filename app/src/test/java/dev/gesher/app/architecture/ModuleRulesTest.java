package dev.gesher.app.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the code to the map of the modules (design §1). */
class ModuleRulesTest {
    private static JavaClasses product;

    @BeforeAll
    static void read() {
        product =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .withImportOption(it -> !it.contains("/dev/gesher/testkit/"))
                        .importPackages("dev.gesher");
    }

    static List<Rule> rules() {
        return Rules.all();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void the_product_keeps_it(Rule rule) {
        rule.rule().check(product);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void code_that_breaks_it_is_found(Rule rule) {
        var broken = Compiled.of(rule.broken());

        assertThat(rule.rule().evaluate(broken).hasViolation()).isTrue();
    }

    @Test
    void the_whole_product_is_looked_at() {
        for (var root : Rules.ARROWS.keySet()) {
            assertThat(product.stream().filter(it -> it.getPackageName().startsWith(root)))
                    .as(root)
                    .isNotEmpty();
        }
        assertThat(product.stream().map(it -> it.getPackageName()))
                .allMatch(name ->
                        Rules.ARROWS.keySet().stream()
                                .anyMatch(
                                        root -> name.equals(root) || name.startsWith(root + ".")));
    }

    @Test
    void every_exception_is_still_there() {
        for (var name : Rules.exceptions()) {
            assertThat(product.contain(name)).as(name).isTrue();
        }
    }
}
