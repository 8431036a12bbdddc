package dev.gesher.app.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.micronaut.data.jdbc.annotation.JdbcRepository;
import io.micronaut.http.annotation.Controller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the code to the map of the modules (design §1). */
class ModuleRulesTest {
    private static final String TENANT = "dev.gesher.tenant..";
    private static final String WHATSAPP = "dev.gesher.whatsapp..";
    private static final String CONVERSATION = "dev.gesher.conversation..";
    private static final String APP = "dev.gesher.app..";
    private static final String SIMULATOR = "dev.gesher.simulator..";
    private static final String POSTGRES = "dev.gesher.postgres..";
    private static final String DEMO = "dev.gesher.app.demo..";

    private static JavaClasses product;

    @BeforeAll
    static void read() {
        product =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .withImportOption(it -> !it.contains("/dev/gesher/testkit/"))
                        .withImportOption(it ->
                                !it.contains("/graph-simulator/") || !it.contains("/test-classes/"))
                        .importPackages("dev.gesher");
    }

    @Test
    void the_whole_product_is_looked_at() {
        for (var part : List.of(TENANT, WHATSAPP, CONVERSATION, APP, SIMULATOR, POSTGRES)) {
            var root = part.substring(0, part.length() - 2);
            assertThat(product.stream().filter(it -> it.getPackageName().startsWith(root)))
                    .as(root)
                    .isNotEmpty();
        }
    }

    @Test
    void arrows_point_one_way() {
        noArrow(TENANT, WHATSAPP, CONVERSATION, APP, SIMULATOR, POSTGRES).check(product);
        noArrow(WHATSAPP, CONVERSATION, APP, SIMULATOR, POSTGRES).check(product);
        noArrow(CONVERSATION, APP, SIMULATOR, POSTGRES).check(product);
        noArrow(APP, SIMULATOR).check(product);
    }

    @Test
    void the_simulator_and_the_embedded_database_share_nothing_with_the_product() {
        noArrow(SIMULATOR, TENANT, WHATSAPP, CONVERSATION, APP, POSTGRES).check(product);
        noArrow(POSTGRES, TENANT, WHATSAPP, CONVERSATION, APP, SIMULATOR).check(product);
    }

    @Test
    void a_forbidden_arrow_would_be_found() {
        assertThatThrownBy(() -> noArrow(APP, TENANT).check(product))
                .isInstanceOf(AssertionError.class);
    }

    private static ArchRule noArrow(String from, String... to) {
        return noClasses()
                .that()
                .resideInAPackage(from)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(to);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dev.gesher.(*)..",
                "dev.gesher.app.(*)..",
                "dev.gesher.conversation.(*)..",
                "dev.gesher.whatsapp.(*)..",
                "dev.gesher.simulator.(*).."
            })
    void packages_do_not_go_in_circles(String slices) {
        slices().matching(slices).should().beFreeOfCycles().check(product);
    }

    @Test
    void one_door_leads_to_the_database() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.gesher.tenant.db..", POSTGRES)
                .should()
                .dependOnClassesThat(
                        DescribedPredicate.describe(
                                "open or hold connections",
                                (JavaClass it) ->
                                        it.getPackageName().equals("javax.sql")
                                                || (it.getPackageName().equals("java.sql")
                                                        && !it.getSimpleName()
                                                                .equals("SQLException"))))
                .check(product);
    }

    @Test
    void controllers_translate_and_nothing_else() {
        noClasses()
                .that()
                .areAnnotatedWith(Controller.class)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.gesher.tenant.db..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.sql.SQLException")
                .check(product.that(isNot("dev.gesher.app.http.Errors")));
        classes()
                .that()
                .areAnnotatedWith(Controller.class)
                .should()
                .bePackagePrivate()
                .check(product);
    }

    @Test
    void repositories_stay_in_their_feature() {
        classes()
                .that()
                .areAnnotatedWith(JdbcRepository.class)
                .should()
                .bePackagePrivate()
                .check(product);
    }

    @Test
    void nobody_looks_at_the_wall_clock_but_the_clock() {
        var rule =
                noClasses()
                        .that()
                        .resideInAnyPackage(TENANT, WHATSAPP, CONVERSATION, APP)
                        .and()
                        .resideOutsideOfPackage(DEMO)
                        .and()
                        .doNotHaveFullyQualifiedName("dev.gesher.app.Clocks")
                        .should()
                        .callMethod(System.class, "currentTimeMillis")
                        .orShould()
                        .callMethod(Clock.class, "systemUTC")
                        .orShould()
                        .callMethod(Clock.class, "systemDefaultZone");
        for (var type :
                List.of(
                        Instant.class,
                        LocalDate.class,
                        LocalDateTime.class,
                        OffsetDateTime.class,
                        ZonedDateTime.class)) {
            rule = rule.orShould().callMethod(type, "now");
        }
        rule.check(product);
    }

    @Test
    void only_the_graph_package_speaks_http_to_others() {
        noClasses()
                .that()
                .resideInAnyPackage(TENANT, WHATSAPP, CONVERSATION, APP)
                .and()
                .resideOutsideOfPackages("dev.gesher.whatsapp.graph..", DEMO)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micronaut.http.client..", "java.net.http..")
                .check(product);
    }

    /** Graph's address and codes are words, which byte code does not show: the sources are read. */
    @Test
    void only_the_connector_knows_graphs_address_and_codes() throws IOException {
        var known = Pattern.compile("graph\\.facebook\\.com|(?<![\\w.])13[0-5]\\d{3}(?!\\d)");
        for (var module : List.of("tenant-vault", "conversations", "app")) {
            try (var files = Files.walk(Path.of("..", module, "src/main/java"))) {
                for (var file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
                    // The variable's default is what configuration is for.
                    if (file.endsWith("SettingsReader.java")) {
                        continue;
                    }
                    var code = withoutComments(Files.readString(file));
                    assertThat(known.matcher(code).find()).as(file.toString()).isFalse();
                }
            }
        }
    }

    private static String withoutComments(String source) {
        return source.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("(?m)\\s//.*$", "");
    }

    private static DescribedPredicate<JavaClass> isNot(String name) {
        return DescribedPredicate.describe("are not " + name, it -> !it.getFullName().equals(name));
    }
}
