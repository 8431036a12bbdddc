package dev.gesher.app.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.micronaut.data.jdbc.annotation.JdbcRepository;
import io.micronaut.http.annotation.Controller;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What design §1 demands of the code, each rule with code that breaks it. */
final class Rules {
    static final String TENANT = "dev.gesher.tenant";
    static final String WHATSAPP = "dev.gesher.whatsapp";
    static final String CONVERSATION = "dev.gesher.conversation";
    static final String APP = "dev.gesher.app";
    static final String SIMULATOR = "dev.gesher.simulator";
    static final String POSTGRES = "dev.gesher.postgres";

    /** Which modules a module may know. */
    static final Map<String, List<String>> ARROWS = new LinkedHashMap<>();

    static {
        ARROWS.put(TENANT, List.of());
        ARROWS.put(WHATSAPP, List.of(TENANT));
        ARROWS.put(CONVERSATION, List.of(WHATSAPP, TENANT));
        // The embedded server is started by app alone (ADR 1).
        ARROWS.put(APP, List.of(CONVERSATION, WHATSAPP, TENANT, POSTGRES));
        ARROWS.put(SIMULATOR, List.of());
        ARROWS.put(POSTGRES, List.of());
    }

    /** What a module offers to others; everything else in it is its own. */
    private static final Map<String, List<String>> OFFERED =
            Map.of(
                    TENANT, List.of(TENANT, TENANT + ".db"),
                    WHATSAPP, List.of(WHATSAPP),
                    CONVERSATION, List.of(CONVERSATION),
                    POSTGRES, List.of(POSTGRES),
                    SIMULATOR, List.of(SIMULATOR, SIMULATOR + ".control"),
                    APP, List.of());

    /** Types that others use although they stand in no offered package, with the reason. */
    private static final Map<String, String> OFFERED_TOO =
            Map.of(
                    TENANT + ".vault.KeysetTool",
                    "./run keyset works without a database or context");

    /** Public types that no other package of their module uses, with the reason. */
    private static final Map<String, String> PUBLIC_ANYWAY =
            Map.of(
                    APP + ".Main", "where the process starts",
                    APP + ".demo.Demo", "found by ServiceLoader, which wants it public",
                    APP + ".log.CleanLine", "made by Logback, which wants it public",
                    APP + ".log.CleanTrace", "made by Logback, which wants it public",
                    APP + ".log.CleanValues", "made by Logback, which wants it public",
                    TENANT + ".vault.KeysetTool", "used by app's Main",
                    WHATSAPP + ".graph.GraphErrors",
                            "signup uses its numbers, which byte code copies");

    /** Who may open a connection besides the door, with the reason. */
    private static final Map<String, String> OTHER_DOORS =
            Map.of(
                    POSTGRES + ".EmbeddedPostgres",
                            "creates the database and asks whether the server answers",
                    APP + ".start.Schema", "Flyway opens the owner's connection to migrate");

    /** Who may ask the system for the time, with the reason. */
    private static final Map<String, String> CLOCKS =
            Map.of(
                    APP + ".Clocks", "the one clock that all others are given",
                    SIMULATOR + ".SimulatorOptions", "the simulator's own default",
                    SIMULATOR + ".Main", "the simulator as a process");

    /** Who may print besides the demo, which tells its story, with the reason. */
    private static final Map<String, String> PRINTERS =
            Map.of(
                    APP + ".Main", "says in one sentence why it refuses to start",
                    SIMULATOR + ".Main", "the simulator as a process");

    private Rules() {}

    static List<Rule> all() {
        var rules = new ArrayList<Rule>();
        rules.addAll(arrows());
        rules.addAll(circles());
        rules.addAll(database());
        rules.addAll(time());
        rules.addAll(outside());
        rules.addAll(visibility());
        return rules;
    }

    private static List<Rule> arrows() {
        var bad =
                Map.of(
                        TENANT, "dev.gesher.whatsapp.PhoneNumber",
                        WHATSAPP, "dev.gesher.conversation.MessageId",
                        CONVERSATION, "dev.gesher.postgres.Durability",
                        APP, "dev.gesher.simulator.GraphSimulator",
                        SIMULATOR, "dev.gesher.whatsapp.PhoneNumber",
                        POSTGRES, "dev.gesher.tenant.TenantId");
        var rules = new ArrayList<Rule>();
        ARROWS.forEach((from, to) -> {
            var known = new ArrayList<>(to);
            known.add(from);
            rules.add(
                    Rule.of(
                            from + " knows only " + known,
                            noClasses()
                                    .that()
                                    .resideInAPackage(from + "..")
                                    .should()
                                    .dependOnClassesThat(
                                            resideInAnyPackage("dev.gesher..")
                                                    .and(not(resideInAnyPackage(within(known))))),
                            "package " + from + "; class Bad { " + bad.get(from) + " known; }"));
        });
        for (var module : OFFERED.keySet()) {
            rules.add(
                    Rule.of(
                            "others use of " + module + " only what it offers",
                            noClasses()
                                    .that()
                                    .resideInAPackage("dev.gesher..")
                                    .and()
                                    .resideOutsideOfPackage(module + "..")
                                    .should()
                                    .dependOnClassesThat(
                                            resideInAnyPackage(module + "..")
                                                    .and(
                                                            not(
                                                                    resideInAnyPackage(
                                                                            OFFERED.get(module)
                                                                                    .toArray(
                                                                                            String[]
                                                                                                    ::new))))
                                                    .and(not(named(OFFERED_TOO)))),
                            "package dev.gesher.other; class Bad { "
                                    + switch (module) {
                                        case TENANT -> "dev.gesher.tenant.vault.TenantKeyMaker";
                                        case WHATSAPP -> "dev.gesher.whatsapp.graph.GraphErrors";
                                        case CONVERSATION ->
                                                "dev.gesher.conversation.message.Stage";
                                        case SIMULATOR -> "dev.gesher.simulator.world.World";
                                        case APP -> "dev.gesher.app.http.ProblemKind";
                                        default -> "dev.gesher.postgres.inner.Bad2";
                                    }
                                    + " known; }",
                            "package dev.gesher.postgres.inner; public class Bad2 {}"));
        }
        for (var module : List.of(WHATSAPP, CONVERSATION)) {
            rules.add(
                    Rule.of(
                            "what " + module + " offers knows nothing of how it is done",
                            noClasses()
                                    .that()
                                    .resideInAPackage(module)
                                    .should()
                                    .dependOnClassesThat()
                                    .resideInAnyPackage(module + ".*.."),
                            "package "
                                    + module
                                    + "; class Bad { "
                                    + (module.equals(WHATSAPP)
                                            ? WHATSAPP + ".graph.GraphErrors"
                                            : CONVERSATION + ".message.Stage")
                                    + " known; }"));
        }
        return rules;
    }

    private static List<Rule> circles() {
        var rules = new ArrayList<Rule>();
        for (var within :
                List.of("", ".tenant", ".whatsapp", ".conversation", ".app", ".simulator")) {
            var root = "dev.gesher" + within;
            rules.add(
                    Rule.of(
                            "no circles in " + root,
                            slices().matching(root + ".(*)..").should().beFreeOfCycles(),
                            "package "
                                    + root
                                    + ".one; public class Bad { "
                                    + root
                                    + ".two.Bad2 b; }",
                            "package "
                                    + root
                                    + ".two; public class Bad2 { "
                                    + root
                                    + ".one.Bad b; }"));
        }
        return rules;
    }

    private static List<Rule> database() {
        return List.of(
                Rule.of(
                        "only the door opens and holds connections",
                        noClasses()
                                .that()
                                .resideInAPackage("dev.gesher..")
                                .and()
                                .resideOutsideOfPackage(TENANT + ".db..")
                                .and(not(named(OTHER_DOORS)))
                                .should()
                                .dependOnClassesThat(
                                        describe(
                                                "open or hold connections",
                                                (JavaClass it) ->
                                                        resideInAnyPackage(
                                                                                "javax.sql..",
                                                                                "com.zaxxer..",
                                                                                "org.postgresql..",
                                                                                "org.flywaydb..",
                                                                                "io.micronaut.transaction..",
                                                                                "io.micronaut.data.connection..",
                                                                                "io.micronaut.data.jdbc.runtime..")
                                                                        .test(it)
                                                                || (it.getPackageName()
                                                                                .equals("java.sql")
                                                                        && !it.getName()
                                                                                .equals(
                                                                                        "java.sql.SQLException")))),
                        "package dev.gesher.conversation.bad; class Bad { java.sql.Connection it; }",
                        "package dev.gesher.app.bad; class Bad2 { javax.sql.DataSource it; }"),
                Rule.of(
                        "controllers neither open transactions nor write SQL",
                        noClasses()
                                .that()
                                .areAnnotatedWith(Controller.class)
                                .should()
                                .dependOnClassesThat(
                                        resideInAnyPackage(TENANT + ".db..")
                                                .and(
                                                        not(
                                                                named(
                                                                        Map.of(
                                                                                TENANT
                                                                                        + ".db.DatabaseUnavailableException",
                                                                                "Errors answers 503 for it"))))),
                        """
                        package dev.gesher.app.bad;
                        @io.micronaut.http.annotation.Controller
                        class Bad { dev.gesher.tenant.db.TenantScope scope; }
                        """),
                Rule.of(
                        "repositories and controllers stay in their feature",
                        classes()
                                .that()
                                .areAnnotatedWith(JdbcRepository.class)
                                .or()
                                .areAnnotatedWith(Controller.class)
                                .should()
                                .bePackagePrivate(),
                        """
                        package dev.gesher.app.bad;
                        @io.micronaut.http.annotation.Controller
                        public class Bad {}
                        """));
    }

    private static List<Rule> time() {
        var rule =
                noClasses()
                        .that()
                        .resideInAPackage("dev.gesher..")
                        .and(not(named(CLOCKS)))
                        .should()
                        .callMethod(System.class, "currentTimeMillis")
                        .orShould()
                        .callMethod(Clock.class, "systemUTC")
                        .orShould()
                        .callMethod(Clock.class, "systemDefaultZone")
                        .orShould()
                        .callConstructor(Date.class);
        for (var type :
                List.of(
                        Instant.class,
                        LocalDate.class,
                        LocalTime.class,
                        LocalDateTime.class,
                        OffsetDateTime.class,
                        ZonedDateTime.class)) {
            rule = rule.orShould().callMethod(type, "now");
        }
        return List.of(
                Rule.of(
                        "nobody looks at the wall clock but the clock",
                        rule,
                        "package dev.gesher.tenant.bad; class Bad { Object at = java.time.Instant.now(); }"));
    }

    private static List<Rule> outside() {
        ArchRule rule =
                noClasses()
                        .that()
                        .resideInAPackage("dev.gesher..")
                        // The demo drives our own API; the simulator posts Meta's webhooks.
                        .and()
                        .resideOutsideOfPackages(
                                WHATSAPP + ".graph..", APP + ".demo..", SIMULATOR + "..")
                        .should()
                        .dependOnClassesThat(
                                resideInAnyPackage("io.micronaut.http.client..", "java.net.http..")
                                        .or(
                                                describe(
                                                        "are java.net's client",
                                                        it ->
                                                                Set.of(
                                                                                "java.net.URL",
                                                                                "java.net.URLConnection",
                                                                                "java.net.HttpURLConnection")
                                                                        .contains(it.getName()))));
        return List.of(
                Rule.of(
                        "only the Graph client speaks HTTP to others",
                        rule,
                        "package dev.gesher.conversation.bad; class Bad { java.net.http.HttpClient it; }"),
                Rule.of(
                        "only who must prints",
                        noClasses()
                                .that()
                                .resideInAPackage("dev.gesher..")
                                .and()
                                .resideOutsideOfPackages(APP + ".demo..")
                                .and(not(named(PRINTERS)))
                                .should()
                                .accessField(System.class, "out")
                                .orShould()
                                .accessField(System.class, "err")
                                .orShould()
                                .callMethod(Throwable.class, "printStackTrace"),
                        "package dev.gesher.app.bad; class Bad { Object it = System.out; }"));
    }

    private static List<Rule> visibility() {
        return List.of(
                Rule.of(
                        "what is public is offered, or used by another package of its module",
                        classes()
                                .that()
                                .resideInAPackage("dev.gesher..")
                                .and()
                                .areTopLevelClasses()
                                .and()
                                .haveModifier(JavaModifier.PUBLIC)
                                .and(
                                        describe(
                                                "are written by hand",
                                                it -> !it.getName().contains("$")))
                                .and(not(named(PUBLIC_ANYWAY)))
                                .and(not(offered()))
                                .should(beUsedByAnotherPackage()),
                        "package dev.gesher.conversation.bad; public class Bad {}"));
    }

    private static DescribedPredicate<JavaClass> offered() {
        return resideInAnyPackage(
                OFFERED.values().stream().flatMap(List::stream).toArray(String[]::new));
    }

    private static ArchCondition<JavaClass> beUsedByAnotherPackage() {
        return new ArchCondition<>("be used by another package") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                boolean used =
                        item.getDirectDependenciesToSelf().stream()
                                .anyMatch(it ->
                                        !it.getOriginClass()
                                                .getPackageName()
                                                .equals(item.getPackageName()));
                events.add(
                        new SimpleConditionEvent(
                                item, used, item.getName() + " is public for nobody"));
            }
        };
    }

    private static <T> DescribedPredicate<T> not(DescribedPredicate<T> predicate) {
        return DescribedPredicate.not(predicate);
    }

    /** The classes of that name, and those within them. */
    private static DescribedPredicate<JavaClass> named(Map<String, String> reasons) {
        return describe(
                "are " + reasons.keySet(),
                it ->
                        reasons.keySet().stream()
                                .anyMatch(name ->
                                        it.getName().equals(name)
                                                || it.getName().startsWith(name + "$")));
    }

    private static String[] within(List<String> roots) {
        return roots.stream().map(it -> it + "..").toArray(String[]::new);
    }

    /** Every class that a rule excepts by name; a test finds those that are no more. */
    static List<String> exceptions() {
        return Arrays.asList(OFFERED_TOO, PUBLIC_ANYWAY, OTHER_DOORS, CLOCKS, PRINTERS).stream()
                .flatMap(it -> it.keySet().stream())
                .distinct()
                .toList();
    }
}
